import type { Line } from '../workload/history.ts'

/** DB_REQUEST_MS, as the web servers have it. */
const REQUEST_DEADLINE_MS = 8_000

/**
 * Requests of the customers that may fail: a number; `in flight`: one for each customer and repetition, those that were on
 * the dead host's connections; `a page that retries`: those that waited for the database as long as a request may, or
 * came after one that did, if each got the site's own 503.
 */
export type Allowance = number | 'in flight' | 'a page that retries'

type Failure = Pick<Line, 'at' | 'ms' | 'server' | 'status'>

/**
 * @param bad the customers' failed requests, of all repetitions
 * @param perRound how many of them touch each repetition
 */
export function mayFail(
  allowed: Allowance | undefined,
  bad: readonly Failure[],
  perRound: readonly number[],
  customers: number
): boolean {
  if (allowed === 'in flight') return Math.max(...perRound) <= customers && bad.length <= customers * perRound.length
  if (allowed !== 'a page that retries') return bad.length <= (allowed ?? 0)
  // Each waited as long as it may, or came while its web server had been without a database for that long.
  const patient = bad.filter(line => line.ms >= 0.95 * REQUEST_DEADLINE_MS)
  const isExcused = (line: Failure) =>
    patient.some(
      other =>
        other.server === line.server && other.at <= line.at && line.at <= other.at + other.ms + REQUEST_DEADLINE_MS
    )
  return bad.every(line => line.status === 503 && isExcused(line))
}

export function describeFailures(bad: readonly Line[]): string {
  const counts = new Map<string, number>()
  for (const { what, status, error } of bad) {
    const name = `${what} ${status ?? error ?? '?'}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => `${count} × ${name}`).join(', ') || 'none'
}
