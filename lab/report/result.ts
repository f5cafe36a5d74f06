import { checkLedger, type Ledger } from '../checker/ledger.ts'
import { countStaleReads } from '../checker/stale-reads.ts'
import { countBy, countRequests, countSessions, type Requests, type Sessions } from '../checker/tally.ts'
import type { Line } from '../workload/history.ts'
import type { FileLine } from '../workload/storage.ts'

export interface Claim {
  claim: string
  holds: boolean
  evidence: string
  /** What a shopper was promised: that nothing is lost, that nobody logs in again. */
  isPromise: boolean
}

/** Times are milliseconds since the start of the run; null where nothing was measured. */
export interface FaultRecord {
  name: string
  atMs: number
  /** It is complete from here on: on a busy machine the command that breaks something may take seconds. */
  struckMs: number
  healingMs: number
  healedMs: number
  /** Until when it was watched: the heal, and what a scenario gives the cluster to settle. */
  untilMs: number
  /** From the start of what had been broken to the first answer that a database node had part in. */
  servedAgainMs: number | null
  /** Longest time without a good answer to a probe, from the fault to the end of the heal. */
  longestGapMs: number | null
  gapAtMs: number | null
  /** The same for answers that name a database node: a web server may answer while its database does not. */
  longestDatabaseGapMs: number | null
  databaseGapAtMs: number | null
  /** Longest time that one action of a customer took, repetitions included. */
  longestPauseMs: number | null
  pauseAtMs: number | null
  failedProbes: number
  failedRequests: number
  requests: number
}

export interface Figure {
  name: string
  unit: string
  values: number[]
}

/** What a scenario shows in a table of its own. */
export interface Table {
  title: string
  /** The sentence below it. */
  note: string
  head: string[]
  rows: (string | number)[][]
}

export interface Result {
  scenario: string
  title: string
  source: string
  startedAt: string
  seconds: number
  requests: Requests
  byServer: Record<string, number>
  byDatabaseNode: Record<string, number>
  byBalancer: Record<string, number>
  faults: FaultRecord[]
  ledger: Ledger & { verdict: string; evidence: string[] }
  sessions: Sessions
  staleReads: number
  readsChecked: number
  figures: Figure[]
  tables: Table[]
  claims: Claim[]
  /** The options that made it a part of the experiment; empty for the whole. */
  asked: string
  machine: string
  passed: boolean
}

export interface RunFacts {
  scenario: string
  title: string
  source: string
  startedAtMs: number
  endedAtMs: number
  history: readonly Line[]
  /** What was written to shared storage and read from it, where a scenario has one. */
  files: readonly FileLine[]
  faults: FaultRecord[]
  figures: Figure[]
  tables: Table[]
  claims: Claim[]
  asked: string
  machine: string
}

/** A run passes when every claim holds and there is at least one. */
export function summarize(facts: RunFacts): Result {
  const { ledger, verdict, evidence } = checkLedger(facts.history)
  const stale = countStaleReads(facts.history)
  return {
    scenario: facts.scenario,
    title: facts.title,
    source: facts.source,
    startedAt: new Date(facts.startedAtMs).toISOString(),
    seconds: Math.round((facts.endedAtMs - facts.startedAtMs) / 1000),
    requests: countRequests(facts.history),
    byServer: countBy(facts.history, 'server'),
    byDatabaseNode: countBy(facts.history, 'node'),
    byBalancer: countBy(facts.history, 'balancer'),
    faults: facts.faults,
    ledger: { ...ledger, verdict, evidence },
    sessions: countSessions(facts.history),
    staleReads: stale.stale,
    readsChecked: stale.checked,
    figures: facts.figures,
    tables: facts.tables,
    claims: facts.claims,
    asked: facts.asked,
    machine: facts.machine,
    passed: facts.claims.length > 0 && facts.claims.every(claim => claim.holds)
  }
}
