import { checkLedger } from './checker/ledger.ts'
import { countStaleReads } from './checker/stale-reads.ts'
import { countSessions } from './checker/tally.ts'
import type { FaultRecord } from './report/result.ts'
import type { Stage } from './stage.ts'

/** Of a run that did not come to its end: what a shopper was promised and did not get, if anything, is told all the same. */
export function claimNothingBroken(stage: Stage): void {
  const { verdict, evidence } = checkLedger(stage.history)
  const { stale, examples } = countStaleReads(stage.history)
  if (verdict !== 'bad' && stale === 0) return
  stage.promise(
    'until it ended nothing acknowledged was lost, twice, back or stale',
    false,
    [...evidence, ...examples].join('; ')
  )
}

/** What every scenario owes its customers, whatever was broken. Call it when the workload has ended. */
export function claimNothingLost(stage: Stage): void {
  const { ledger, verdict, evidence } = checkLedger(stage.history)
  stage.promise(
    'nothing acknowledged is lost, nothing appears twice, nothing comes back',
    verdict === 'good',
    verdict === 'good'
      ? `${ledger.acknowledged} acknowledged, ${ledger.present} of them to be there at the end and there, 0 lost, 0 twice, 0 back, ${ledger.unknown} unknown`
      : `${verdict}: ${evidence.join('; ')}`
  )
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
}

/** Of the customers' requests under way while a fault lasted: those sent and answered well in that time, and all the others. */
export function countDuring(stage: Stage, fault: FaultRecord): { ok: number; unanswered: number } {
  const from = stage.startedAt + fault.struckMs
  const to = stage.startedAt + fault.healingMs
  const touching = stage.history.filter(line => line.who !== 'probe' && line.at <= to && line.at + line.ms >= from)
  const ok = touching.filter(line => line.outcome === 'ok' && line.at >= from && line.at + line.ms <= to).length
  return { ok, unanswered: touching.length - ok }
}

export function claimTotalOutage(stage: Stage, fault: FaultRecord): void {
  const { ok, unanswered } = countDuring(stage, fault)
  stage.claim(
    `${fault.name} is a total outage`,
    ok === 0 && unanswered > 0,
    `while it lasted ${ok} of the customers' requests were answered well and ${unanswered} were not`
  )
}

export function claimSurvived(stage: Stage, fault: FaultRecord, withinMs: number): void {
  stage.claim(
    `${fault.name} is survived`,
    fault.longestGapMs !== null &&
      fault.longestGapMs < withinMs &&
      (fault.longestDatabaseGapMs ?? Number.POSITIVE_INFINITY) < withinMs &&
      fault.requests > 100 &&
      countDuring(stage, fault).ok > 0,
    `longest gap ${fault.longestGapMs} ms, ${fault.longestDatabaseGapMs} ms without a database, ${fault.failedProbes} probes and ${fault.failedRequests} requests failed of ${fault.requests}`
  )
}
