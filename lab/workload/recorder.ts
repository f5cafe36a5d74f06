import { type Answer, NoAnswer } from './browser.ts'
import { type Action, isWrite, type Line, type Outcome } from './history.ts'

/** A write is done at these, and at no other. */
const DONE = new Set([200, 201, 204, 302, 303])

/** The one place that decides what an answer, or its absence, means. */
export function judge(isWrite: boolean, result: Answer | NoAnswer): Outcome {
  if (result instanceof NoAnswer) return isWrite && result.sent ? 'unknown' : 'fail'
  if (DONE.has(result.status)) return 'ok'
  // A balancer or server that answers 5xx may have lost the answer of a write that was carried out.
  return isWrite && result.status >= 500 ? 'unknown' : 'fail'
}

export interface Recorded {
  line: Line
  answer: Answer | undefined
}

const header = (answer: Answer, name: string) => {
  const value = answer.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** Sends once, and hands the line to `write` whatever happens. */
export async function record(
  write: (line: Line) => void,
  about: { who: string; what: Action } & Partial<Line>,
  send: () => Promise<Answer>,
  read?: (answer: Answer, line: Line) => void
): Promise<Recorded> {
  const at = performance.timeOrigin + performance.now()
  let result: Answer | NoAnswer
  try {
    result = await send()
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    result = error
  }
  const line: Line = {
    at: round(at),
    ms: round(performance.timeOrigin + performance.now() - at),
    ...about,
    outcome: judge(isWrite(about.what), result)
  }
  const answer = result instanceof NoAnswer ? undefined : result
  if (result instanceof NoAnswer) line.error = result.code
  else {
    line.status = result.status
    const server = header(result, 'x-served-by')
    const node = header(result, 'x-database-node')
    const balancer = header(result, 'x-balancer')
    if (server) line.server = server
    if (node) line.node = node
    if (balancer) line.balancer = balancer
    read?.(result, line)
  }
  write(line)
  return { line, answer }
}

const round = (ms: number) => Math.round(ms * 10) / 10
