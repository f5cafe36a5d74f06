import { STATE_REACHED } from './budgets.ts'
import { type Allowance, describeFailures, mayFail } from './checker/failures.ts'
import { checkLedger } from './checker/ledger.ts'
import { countStaleReads } from './checker/stale-reads.ts'
import {
  countSessions,
  countSpreadLists,
  countUnanswered,
  countWrites,
  describeWrites,
  median
} from './checker/tally.ts'
import { claimCalm, claimMuchCompared, claimNumbered } from './common-claims.ts'
import type { Fault } from './faults/index.ts'
import { MachineWatch } from './machine-watch.ts'
import type { Host } from './network.ts'
import type { FaultRecord } from './report/result.ts'
import type { Stage } from './stage.ts'
import type { Line } from './workload/history.ts'

/** One row of the table: a fault, repeated while customers shop, and the figures that it is held to. */
export interface Trial {
  row: string
  /** Whom it strikes, asked before each repetition; `fault` knows it by itself otherwise. */
  host?: (stage: Stage, round: number) => Promise<Host>
  fault: (host: Host) => Fault
  /** Absent: shown, not judged. */
  failed?: Allowance
  /** The longest that any action of a customer may take, repetitions included. Absent: shown, not judged. */
  pauseMs?: number
  /** From the last machine's start to the first answer that a database had part in. */
  servingWithinMs?: number
  holdMs?: number
  /** Tabs of each customer: with two, half as many customers. */
  tabs?: number
  /** At most so often, although it has a figure: where each repetition takes minutes and the same is judged in another row. */
  times?: number
}

/** What one repetition showed; and meanwhile the longest wait of the machine's disk and processor, in milliseconds. */
type Round = FaultRecord & ReturnType<MachineWatch['longest']> & { standstillMs: number }

interface Outcome {
  trial: Trial
  rounds: Round[]
  /** The lines of this trial's customers. */
  history: Line[]
  customers: number
}

/** Repetitions that the figures ask for; a fault without a figure is shown, not judged, and needs fewer. */
const TIMES = 5
const TIMES_WITHOUT_FIGURE = 1
const CUSTOMERS = 20
/** With the three requests of an action this makes about 100 requests/s of 20 customers. */
const THINK_MS = 500
/**
 * With fewer repetitions, as in CI, on machines that do other things too, a pause is judged by this multiple, and what disk and
 * processor stood still meanwhile does not count.
 */
const LENIENCE = 3

/** @param betweenRounds awaited after each heal: what must be whole again before the next fault, besides the broken host */
export async function runTrials(
  stage: Stage,
  trials: readonly Trial[],
  betweenRounds?: (stage: Stage) => Promise<unknown>
): Promise<void> {
  const { short = false, only = '' } = stage.settings
  const times = stage.settings.times ?? (short ? 1 : TIMES)
  const chosen = trials.filter(
    trial => (hasFigure(trial) || !short) && only.split('|').some(part => trial.row.includes(part))
  )
  if (chosen.length === 0) throw new Error(`no fault's name holds "${only}"`)
  const outcomes: Outcome[] = []
  const watch = new MachineWatch(stage.lab)
  stage.explain(
    `${chosen.length} faults, those with a figure ${times} times each, while ${CUSTOMERS} customers shop; every acknowledged write is looked for at the end`
  )
  try {
    for (const [index, trial] of chosen.entries()) {
      stage.predict(`${index + 1} of ${chosen.length}: ${trial.row}. ${describeFigures(trial)}`)
      const outcome = await runTrial(stage, trial, times, watch, betweenRounds)
      outcomes.push(outcome)
      judge(stage, outcome, times)
    }
    claimCalm(stage)
    await claimNumbered(stage)
  } finally {
    watch.end()
    // What was measured before an interruption is worth showing.
    stage.table(toTable(outcomes))
  }
}

const hasFigure = ({ pauseMs, servingWithinMs }: Trial) => (pauseMs ?? servingWithinMs) !== undefined

async function runTrial(
  stage: Stage,
  trial: Trial,
  times: number,
  watch: MachineWatch,
  betweenRounds?: (stage: Stage) => Promise<unknown>
): Promise<Outcome> {
  const { tabs = 1 } = trial
  const customers = CUSTOMERS / tabs
  const prefix = await stage.startWorkload({ customers, tabs, thinkMs: THINK_MS })
  await stage.pause(2_000)
  // A fault strikes lists that really are in use everywhere, however slow the machine.
  const spreadBy = Date.now() + STATE_REACHED
  while (trial.tabs !== undefined && !isSpread(stage, prefix, customers) && Date.now() < spreadBy)
    await stage.pause(250)
  const rounds: Round[] = []
  const count = Math.min(times, trial.times ?? (hasFigure(trial) ? times : TIMES_WITHOUT_FIGURE))
  for (let round = 0; round < count; round += 1) {
    const fault = trial.fault((await trial.host?.(stage, round)) as Host)
    const record = await stage.break(fault, { as: trial.row, holdMs: trial.holdMs ?? 4_000, settleMs: 1_500 })
    const machine = watch.longest(stage.startedAt + record.atMs, Date.now())
    stage.observe(`the machine itself: a write waited ${machine.disk} ms for the disk, a timer ${machine.processor} ms`)
    // The same object: what its customers noticed is known for good when the workload has ended.
    rounds.push(Object.assign(record, machine, { standstillMs: 0 }))
    await betweenRounds?.(stage)
  }
  await stage.stopWorkload()
  for (const round of rounds) {
    const from = stage.startedAt + (round.pauseAtMs ?? round.atMs)
    const { disk, processor } = watch.longest(from, from + (round.longestPauseMs ?? 0))
    round.standstillMs = disk + processor
  }
  return { trial, rounds, customers, history: linesOf(stage, prefix) }
}

const linesOf = (stage: Stage, prefix: string) => stage.history.filter(line => line.who.startsWith(prefix))

function isSpread(stage: Stage, prefix: string, customers: number): boolean {
  const { lists, spread } = countSpreadLists(linesOf(stage, prefix))
  return lists === customers && spread === lists
}

function describeFigures({ failed, pauseMs, servingWithinMs }: Trial): string {
  const figures = [
    failed === undefined ? '' : `failed requests: ${failed === 'in flight' ? 'only those in flight' : failed}`,
    pauseMs === undefined ? '' : `longest pause ${pauseMs} ms`,
    servingWithinMs === undefined ? '' : `serving within ${servingWithinMs / 1000} s`
  ].filter(Boolean)
  return figures.length > 0 ? `Figures: ${figures.join(', ')}` : 'No figure is set'
}

const servingMs = (round: FaultRecord) => round.servedAgainMs ?? Number.POSITIVE_INFINITY

function judge(stage: Stage, { trial, rounds, history, customers }: Outcome, times: number): void {
  const lenience = times < TIMES ? LENIENCE : 1
  const { ledger, verdict, evidence } = checkLedger(history)
  const stale = countStaleReads(history)
  const { repeatedLogins } = countSessions(history)
  stage.promise(
    `${trial.row}: nothing lost, nothing twice, nothing back, nothing altered, nothing stale, no login repeated, no write left undecided`,
    verdict === 'good' && stale.stale === 0 && stale.checked > 0 && repeatedLogins === 0 && ledger.unknown === 0,
    `${describeWrites(history)} acknowledged; ${ledger.lost} lost, ${ledger.duplicated} twice, ${ledger.resurrected} back, ${ledger.altered} altered; ` +
      `${countUnanswered(history)} writes without an answer, of which ${ledger.unknown} stayed so; ${stale.stale} of ${stale.checked} reads stale; ${repeatedLogins} logins repeated. ${[...evidence, ...stale.examples].join('; ')}`
  )
  claimMuchCompared(stage, history, `${trial.row}: `)
  if (trial.failed !== undefined) {
    const failures = rounds.map(round => round.failedRequests)
    // Of the whole trial, so that what failed after a repetition's time was up counts too.
    const bad = history.filter(line => line.outcome !== 'ok')
    stage.claim(
      `${trial.row}: failed requests`,
      mayFail(trial.failed, bad, failures, customers),
      `${failures.join(', ')} (${describeFailures(bad)})`
    )
  }
  // On connections of their own, through whichever web server has its turn: a customer's kept one may spare a sick server.
  if (trial.failed === 0) {
    const probes = rounds.map(round => round.failedProbes)
    stage.claim(
      `${trial.row}: every look at the probe's list is answered with it`,
      probes.every(count => count === 0),
      `${probes.join(', ')} failed`
    )
  }
  if (trial.tabs !== undefined) {
    const { lists, spread } = countSpreadLists(history)
    stage.claim(
      `${trial.row}: each list was written from several tabs through both web servers and both database nodes`,
      lists === customers && spread === lists,
      `${spread} of ${customers} lists`
    )
  }
  if (trial.pauseMs !== undefined) {
    const pauses = rounds.map(round => round.longestPauseMs ?? Number.POSITIVE_INFINITY)
    stage.claim(
      `${trial.row}: no shopper waits longer than ${trial.pauseMs * lenience} ms`,
      rounds.every(({ longestPauseMs, standstillMs }) => {
        const allowance = lenience > 1 ? standstillMs : 0
        return (longestPauseMs ?? Number.POSITIVE_INFINITY) <= (trial.pauseMs as number) * lenience + allowance
      }),
      `${pauses.join(', ')} ms; in that time disk and processor of the one machine stood still for ${rounds.map(round => round.standstillMs).join(', ')} ms${lenience > 1 ? ', which do not count' : ''}`
    )
  }
  if (trial.servingWithinMs !== undefined) {
    stage.claim(
      `${trial.row}: serving again within ${(trial.servingWithinMs * lenience) / 1000} s of the last machine's start`,
      rounds.every(round => servingMs(round) <= (trial.servingWithinMs as number) * lenience),
      `${rounds.map(servingMs).join(', ')} ms`
    )
  }
}

function toTable(outcomes: readonly Outcome[]) {
  const spread = (values: number[]) => {
    const known = values.filter(Number.isFinite)
    return known.length > 0 ? `${Math.round(median(known))} / ${Math.max(...known)}` : '–'
  }
  return {
    title: 'What a shopper noticed',
    note:
      `Median / worst. ${CUSTOMERS} customers, about 100 requests/s, and a look at a list every 20 ms, on one machine that runs all the hosts. ` +
      'The last two columns are the longest waits of the machine itself meanwhile: a 4 KB write for the disk, a timer for a processor. ' +
      'It says what was tried and what was seen. It does not say what can never happen: see the notes on Galera.',
    head: [
      'fault',
      'times',
      'failed requests',
      'figure',
      'longest pause of a shopper, ms',
      'figure',
      'writes acknowledged',
      'lost / twice / back / altered',
      'stale reads',
      'logins repeated',
      'the disk stood still, ms',
      'the processor, ms'
    ],
    rows: outcomes.map(({ trial, rounds, history }) => {
      const { ledger } = checkLedger(history)
      const stale = countStaleReads(history)
      const isPowerCut = trial.servingWithinMs !== undefined
      return [
        trial.row,
        rounds.length,
        isPowerCut ? '–' : spread(rounds.map(round => round.failedRequests)),
        trial.failed ?? '–',
        isPowerCut
          ? `serving again after ${spread(rounds.map(servingMs))}`
          : spread(rounds.map(round => round.longestPauseMs ?? Number.NaN)),
        trial.pauseMs ?? trial.servingWithinMs ?? '–',
        countWrites(history),
        `${ledger.lost} / ${ledger.duplicated} / ${ledger.resurrected} / ${ledger.altered}`,
        `${stale.stale} of ${stale.checked}`,
        countSessions(history).repeatedLogins,
        spread(rounds.map(round => round.disk)),
        spread(rounds.map(round => round.processor))
      ]
    })
  }
}
