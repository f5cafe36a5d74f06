import { type Allowance, describeFailures, mayFail } from './checker/failures.ts'
import { checkLedger, provesMuch } from './checker/ledger.ts'
import { checkNumbers } from './checker/numbers.ts'
import { countStaleReads } from './checker/stale-reads.ts'
import { countSessions, describeWrites } from './checker/tally.ts'
import { findNodesWithAll, readNumbers } from './numbers.ts'
import type { FaultRecord } from './report/result.ts'
import type { Stage } from './stage.ts'
import { type Line, listOf } from './workload/history.ts'

/** Of a run that did not come to its end: what a shopper was promised and did not get, if anything, is told all the same. */
export function claimNothingBroken(stage: Stage): void {
  const { verdict, evidence } = checkLedger(stage.history)
  const { stale, examples } = countStaleReads(stage.history)
  if (verdict !== 'bad' && stale === 0) return
  stage.promise(
    'until it ended nothing acknowledged was lost, twice, back, altered or stale',
    false,
    [...evidence, ...examples].join('; ')
  )
}

/** What every scenario owes its customers, whatever was broken. Call it when the workload has ended. */
export async function claimNothingLost(stage: Stage): Promise<void> {
  const { ledger, verdict, evidence } = checkLedger(stage.history)
  stage.promise(
    'nothing acknowledged is lost, nothing appears twice, nothing comes back, nothing is ticked or counted otherwise',
    verdict === 'good',
    verdict === 'good'
      ? `${ledger.acknowledged} acknowledged, ${ledger.present} of them to be there at the end and there, 0 lost, 0 twice, 0 back, 0 altered, ${ledger.unknown} unknown; in all ${describeWrites(stage.history)}`
      : `${verdict}: ${evidence.join('; ')}`
  )
  claimMuchCompared(stage, stage.history)
  const stale = countStaleReads(stage.history)
  stage.promise(
    'a list read after a write shows it, whichever server answers',
    stale.stale === 0 && stale.checked > 0 && stale.elsewhere > 0,
    `${stale.stale} stale of ${stale.checked} reads, ${stale.elsewhere} of them through another server or node than the write. ${stale.examples.join('; ')}`.trim()
  )
  const sessions = countSessions(stage.history)
  stage.promise(
    'nobody has to log in again',
    sessions.repeatedLogins === 0 && sessions.logins > 0,
    `${sessions.logins} sessions, ${sessions.movedBetweenServers} of them served by more than one web server, ${sessions.repeatedLogins} logins repeated`
  )
  claimCalm(stage)
  await claimNumbered(stage)
}

/** Of every list in every database that has all of them, whatever was broken. Call it when the workload has ended. */
export async function claimNumbered(stage: Stage): Promise<void> {
  const nodes = await findNodesWithAll(stage)
  if (nodes.length === 0) stage.claim('a database node can be asked for the changes', false, 'none is in service')
  for (const node of nodes) {
    const { lists, changes, ofRun, wrong } = checkNumbers(await readNumbers(stage, node), stage.history, stage.run)
    stage.promise(
      `${node}: each list's changes are numbered 1, 2, 3 … up to its version, lead to the items that are there, and are one for each write`,
      wrong.length === 0 && ofRun > 0,
      `${changes} changes on ${lists} lists, ${ofRun} of them of this run. ${wrong.slice(0, 10).join('; ')}`.trim()
    )
  }
}

/** The application believes its balancers: which request this is, and that it came by HTTPS. A client must not say so in their place. */
export async function claimForgeriesDropped(stage: Stage): Promise<void> {
  const forged = { 'X-Forwarded-Proto': 'https', 'X-Request-Id': 'forged', Forwarded: 'proto=https' }
  const { status, headers } = await stage.lab.get('/whoami', { headers: forged })
  const { 'x-request-id': id, 'strict-transport-security': transport } = headers
  stage.claim(
    'what a client says in the balancer’s name is not believed',
    status === 200 && Boolean(id) && id !== forged['X-Request-Id'] && transport === undefined,
    `sent ${Object.entries(forged)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', ')}; the request was ${id}, ${transport === undefined ? 'not ' : ''}taken for HTTPS`
  )
}

/** That nothing was lost says as much as what was looked for. */
export function claimMuchCompared(stage: Stage, history: readonly Line[], of = ''): void {
  const { ledger } = checkLedger(history)
  const lists = new Set(history.filter(line => line.what === 'final').map(listOf)).size
  stage.claim(
    `${of}at least half of what was acknowledged is in the final lists, or they are half full`,
    provesMuch(ledger, lists),
    `${ledger.present} items of ${ledger.acknowledged} acknowledged, in ${lists} lists`
  )
}

/** Of the customers' requests under way while a fault lasted: those sent and answered well in that time, and all the others. */
export function countDuring(stage: Stage, fault: FaultRecord): { ok: number; unanswered: number } {
  const from = stage.startedAt + fault.struckMs
  const to = stage.startedAt + fault.healingMs
  const touching = stage.history.filter(line => line.who !== 'probe' && line.at <= to && line.at + line.ms >= from)
  const ok = touching.filter(line => line.outcome === 'ok' && line.at >= from && line.at + line.ms <= to).length
  return { ok, unanswered: touching.length - ok }
}

/** A database server's start, its recovery and its return to the group. */
const SERVED_AGAIN_WITHIN_MS = 20_000

export function claimTotalOutage(stage: Stage, fault: FaultRecord): void {
  const { ok, unanswered } = countDuring(stage, fault)
  stage.claim(
    `${fault.name} is a total outage`,
    ok === 0 && unanswered > 0,
    `while it lasted ${ok} of the customers' requests were answered well and ${unanswered} were not`
  )
  stage.judgeAtEnd(() =>
    stage.claim(
      `${fault.name}: it is over within ${SERVED_AGAIN_WITHIN_MS / 1000} s of the start of what died`,
      fault.servedAgainMs !== null && fault.servedAgainMs < SERVED_AGAIN_WITHIN_MS,
      `a database's answer ${fault.servedAgainMs ?? '?'} ms after the start, a shopper waited ${fault.longestPauseMs ?? '?'} ms at most, the outage's length included`
    )
  )
}

export interface Survival {
  /** Neither a gap nor a shopper's wait may be longer. */
  withinMs: number
  /** None where it is left out. */
  mayFail?: Allowance
  /** What is survived, where it is not the one fault. */
  what?: string
}

/** Of one fault, or of one that was repeated: what a shopper noticed. Judged when the workload has ended. */
export function claimSurvived(
  stage: Stage,
  fault: FaultRecord | readonly FaultRecord[],
  { withinMs, mayFail: allowed = 0, what }: Survival
): void {
  const faults = [fault].flat() as FaultRecord[]
  const [first] = faults as [FaultRecord]
  stage.judgeAtEnd(() => {
    const failures = faults.map(each => stage.failuresOf(each))
    const customers = new Set(stage.history.filter(line => line.who !== 'probe').map(line => line.who)).size
    const longest = (field: 'longestGapMs' | 'longestDatabaseGapMs' | 'longestPauseMs') =>
      Math.max(...faults.map(each => each[field] ?? Number.POSITIVE_INFINITY))
    const [gap, databaseGap, pause] = [
      longest('longestGapMs'),
      longest('longestDatabaseGapMs'),
      longest('longestPauseMs')
    ]
    stage.claim(
      `${what ?? first.name} is survived: no shopper waits ${withinMs / 1000} s, ${describeAllowance(allowed)}`,
      Math.max(gap, databaseGap, pause) < withinMs &&
        mayFail(
          allowed,
          failures.flat(),
          failures.map(({ length }) => length),
          customers
        ) &&
        faults.every(each => each.requests > 100 && countDuring(stage, each).ok > 0),
      `${faults.length > 1 ? `of ${faults.length}, ` : ''}longest gap ${gap} ms, ${databaseGap} ms without a database, a shopper waited ${pause} ms at most; ` +
        `of ${faults.map(each => each.requests).join(', ')} requests of probe and shoppers ${failures.map(({ length }) => length).join(', ')} of the shoppers' failed (${describeFailures(failures.flat())})`
    )
  })
}

const describeAllowance = (allowed: Allowance): string =>
  allowed === 0
    ? 'no request fails'
    : allowed === 'in flight'
      ? 'no request fails but those in flight'
      : allowed === 'a page that retries'
        ? 'no request fails but to a page that retries'
        : `at most ${allowed} requests fail`

/** Nobody has to wait for it, nothing being broken: longer than a lost packet's second and a moment of a busy machine. */
const CALM_WITHIN_MS = 2_500

/** Outside of faults, changes of settings among it, shopping goes on. */
export function claimCalm(stage: Stage): void {
  const { longestGapMs, longestDatabaseGapMs, longestPauseMs, atMs, failed } = stage.measureCalm()
  const isShort = (ms: number | null) => ms !== null && ms < CALM_WITHIN_MS
  stage.claim(
    `while nothing is broken no shopper waits ${CALM_WITHIN_MS / 1000} s, and no request fails`,
    [longestGapMs, longestDatabaseGapMs, longestPauseMs].every(isShort) && failed.length === 0,
    `longest gap ${longestGapMs} ms, ${longestDatabaseGapMs} ms without a database, a shopper waited ${longestPauseMs} ms at most` +
      `${atMs === null ? '' : `, the longest of them ${((atMs - stage.startedAt) / 1000).toFixed(1)} s after the start`}; ${failed.length} requests failed (${describeFailures(failed)})`
  )
}
