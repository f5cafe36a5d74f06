import type { Line } from '../workload/history.ts'

export interface Gap {
  /** Unix time of the last good answer before it. */
  fromMs: number
  toMs: number
  ms: number
}

/** A web server answered, and it had an answer of a database node too. */
export const namesDatabaseNode = (line: Line) => line.node !== undefined

/**
 * The longest time without a good answer to a probe that touches the window. Times are those at which answers arrived.
 * Undefined when no probe was answered in or around it.
 * @param isGood what a good answer must have besides
 */
export function findLongestGap(
  history: readonly Line[],
  windowFromMs: number,
  windowToMs: number,
  isGood: (line: Line) => boolean = () => true
): Gap | undefined {
  const answered = history
    .filter(line => line.what === 'probe' && line.outcome === 'ok' && isGood(line))
    .map(line => line.at + line.ms)
    .sort((a, b) => a - b)
  if (answered.length === 0) return undefined
  let longest: Gap | undefined
  const consider = (fromMs: number, toMs: number) => {
    if (toMs < windowFromMs || fromMs > windowToMs) return
    if (!longest || toMs - fromMs > longest.ms) longest = { fromMs, toMs, ms: Math.round(toMs - fromMs) }
  }
  for (let index = 1; index < answered.length; index += 1)
    consider(answered[index - 1] as number, answered[index] as number)
  // An outage that lasts until the end of the history has no answer after it.
  const last = answered[answered.length - 1] as number
  const sent = history.filter(line => line.what === 'probe').map(line => line.at)
  const lastSent = sent.reduce((a, b) => Math.max(a, b), last)
  if (lastSent > last) consider(last, lastSent)
  return longest
}

/** The longest time any customer had to wait for one action, repetitions included, among those that touch the window. */
export function findLongestPause(history: readonly Line[], windowFromMs: number, windowToMs: number) {
  let longest: { fromMs: number; ms: number; who: string; what: string } | undefined
  const startedAt = new Map<string, number>()
  for (const line of history) {
    if (line.who === 'probe') continue
    const key = `${line.who} ${line.what}`
    if ((line.attempt ?? 1) === 1) startedAt.set(key, line.at)
    const from = startedAt.get(key) ?? line.at
    const to = line.at + line.ms
    if (to < windowFromMs || from > windowToMs) continue
    if (!longest || to - from > longest.ms)
      longest = { fromMs: from, ms: Math.round(to - from), who: line.who, what: line.what }
  }
  return longest
}
