import type { Line } from '../workload/history.ts'

export interface Gap {
  /** Unix time of the last good answer before it. */
  fromMs: number
  toMs: number
  ms: number
}

/** A web server answered, and it had an answer of a database node too. */
export const namesDatabaseNode = (line: Line) => line.node !== undefined

/** Unix time in milliseconds. */
export interface Span {
  fromMs: number
  toMs: number
}

const touches = (one: Span, other: Span) => one.toMs >= other.fromMs && one.fromMs <= other.toMs

/** Every time between two good answers to the probe, and that after the last one if more were sent. Times are those at which answers arrived. */
function listGaps(history: readonly Line[], isGood: (line: Line) => boolean): Gap[] {
  const probes = history.filter(line => line.what === 'probe')
  const answered = probes.filter(line => line.outcome === 'ok' && isGood(line)).map(line => line.at + line.ms)
  // An outage that lasts until the end of the history has no answer after it.
  return findGaps(
    answered,
    probes.reduce((latest, { at }) => Math.max(latest, at), 0)
  )
}

/** Every time between two of these, and that from the last one to when the last attempt began. */
export function findGaps(times: readonly number[], lastAttempt: number): Gap[] {
  const sorted = [...times].sort((a, b) => a - b)
  const last = sorted.at(-1)
  if (last === undefined) return []
  if (lastAttempt > last) sorted.push(lastAttempt)
  return sorted
    .slice(1)
    .map((toMs, index) => ({ fromMs: sorted[index] as number, toMs }))
    .map(span => ({ ...span, ms: Math.round(span.toMs - span.fromMs) }))
}

const longestOf = <T extends { ms: number }>(all: readonly T[]): T | undefined =>
  all.reduce<T | undefined>((longest, each) => (longest && longest.ms >= each.ms ? longest : each), undefined)

/**
 * The longest time without a good answer to a probe that touches the window. Undefined when no probe was answered in or around it.
 * @param isGood what a good answer must have besides
 */
export function findLongestGap(
  history: readonly Line[],
  windowFromMs: number,
  windowToMs: number,
  isGood: (line: Line) => boolean = () => true
): Gap | undefined {
  const window = { fromMs: windowFromMs, toMs: windowToMs }
  return longestOf(listGaps(history, isGood).filter(gap => touches(gap, window)))
}

interface Pause extends Span {
  ms: number
  who: string
  what: Line['what']
  line: Line
}

/** For each of the customers' requests how long its action had taken by its end, repetitions included. */
function listPauses(history: readonly Line[]): Pause[] {
  const startedAt = new Map<string, number>()
  return history
    .filter(line => line.who !== 'probe')
    .map(line => {
      const { who, what, at } = line
      const key = `${who} ${what}`
      if ((line.attempt ?? 1) === 1) startedAt.set(key, at)
      const fromMs = startedAt.get(key) ?? at
      const toMs = at + line.ms
      return { fromMs, toMs, ms: Math.round(toMs - fromMs), who, what, line }
    })
}

/** The longest time any customer had to wait for one action, repetitions included, among those that touch the window. */
export function findLongestPause(history: readonly Line[], windowFromMs: number, windowToMs: number) {
  const window = { fromMs: windowFromMs, toMs: windowToMs }
  const longest = longestOf(listPauses(history).filter(pause => touches(pause, window)))
  return longest && { fromMs: longest.fromMs, ms: longest.ms, who: longest.who, what: longest.what }
}

export interface Calm {
  /** Longest gap of the probe, the same for answers that name a database node, and a customer's longest wait; null where nothing was measured. */
  longestGapMs: number | null
  longestDatabaseGapMs: number | null
  longestPauseMs: number | null
  /** When the longest of the three began. */
  atMs: number | null
  failed: Line[]
}

/**
 * What was noticed while nothing was broken: gaps and waits that touch no fault.
 * @param watched the times at which customers shopped; between them nobody asked, which is no gap
 */
export function findUnrest(history: readonly Line[], watched: readonly Span[], faults: readonly Span[]): Calm {
  const isCalm = (span: Span) => !faults.some(fault => touches(span, fault))
  const gap = (isGood: (line: Line) => boolean) =>
    longestOf(
      watched.flatMap(span =>
        listGaps(
          history.filter(line => line.at >= span.fromMs && line.at <= span.toMs),
          isGood
        ).filter(isCalm)
      )
    )
  const pauses = listPauses(history).filter(isCalm)
  const longest = [gap(() => true), gap(namesDatabaseNode), longestOf(pauses)] as const
  return {
    longestGapMs: longest[0]?.ms ?? null,
    longestDatabaseGapMs: longest[1]?.ms ?? null,
    longestPauseMs: longest[2]?.ms ?? null,
    atMs: longestOf(longest.filter(each => each !== undefined))?.fromMs ?? null,
    failed: pauses.map(({ line }) => line).filter(line => line.outcome !== 'ok')
  }
}
