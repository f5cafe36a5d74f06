import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { claimSurvived, type Survival } from '../../lab/common-claims.ts'
import { Lab } from '../../lab/lab.ts'
import type { FaultRecord } from '../../lab/report/result.ts'
import { Stage } from '../../lab/stage.ts'
import type { Line } from '../../lab/workload/history.ts'

const CUSTOMERS = ['c01', 'c02', 'c03', 'c04', 'c05', 'c06']
const NODE = 'pg01'

/** Ten seconds of shopping with a fault from the third to the seventh; a probe each 20 ms and each customer's reads are answered, but for what `happens`. */
async function judgeSurvival(happens: (at: number, line: Line) => Partial<Line>, survival: Survival) {
  const stage = new Stage(new Lab('08'), '.', new AbortController().signal, {})
  const add = (at: number, who: string, what: Line['what']) => {
    const line: Line = { at: stage.startedAt + at, ms: 5, who, what, outcome: 'ok', server: 'web01', node: NODE }
    stage.history.push({ ...line, ...happens(at, line) })
  }
  for (let at = 0; at < 10_000; at += 20) {
    add(at, 'probe', 'probe')
    const who = CUSTOMERS[(at / 20) % 40]
    if (who) add(at, who, 'read')
  }
  const fault: FaultRecord = {
    name: 'kill -9 of pgpool01',
    atMs: 3_000,
    struckMs: 3_050,
    healingMs: 5_500,
    healedMs: 6_500,
    untilMs: 7_000,
    servedAgainMs: 10,
    longestGapMs: 40,
    gapAtMs: 3_000,
    longestDatabaseGapMs: 40,
    databaseGapAtMs: 3_000,
    longestPauseMs: 5,
    pauseAtMs: 3_000,
    failedProbes: 0,
    failedRequests: 0,
    requests: 220
  }
  stage.faults.push(fault)
  const console_ = mock.method(console, 'log', () => undefined)
  try {
    claimSurvived(stage, fault, survival)
    assert.equal(stage.claims.length, 0, 'nothing is said while requests may be under way')
    await stage.stopWorkload()
  } finally {
    console_.mock.restore()
  }
  return stage.claims[0] as (typeof stage.claims)[number]
}

const isRead = (line: Line) => line.what === 'read'

test('a fault that nobody notices is survived', async () => {
  const { holds, evidence } = await judgeSurvival(() => ({}), { withinMs: 3_000 })
  assert.ok(holds, evidence)
})

test('a page that apologises is a failed request, however short the gap of the probe was', async () => {
  const apologies = (at: number, line: Line): Partial<Line> =>
    isRead(line) && at >= 3_000 && at < 4_000 ? { outcome: 'fail', status: 503 } : {}
  const { holds, evidence } = await judgeSurvival(apologies, { withinMs: 3_000 })
  assert.equal(holds, false)
  assert.match(evidence, /× read 503/)
})

test('what was in flight on a dead host may fail where a scenario says so: once for each customer', async () => {
  const lost =
    (until: number) =>
    (at: number, line: Line): Partial<Line> =>
      isRead(line) && at >= 3_000 && at < until ? { outcome: 'fail', error: 'ECONNRESET' } : {}
  const survival = { withinMs: 3_000, mayFail: 'in flight' } as const
  assert.equal((await judgeSurvival(lost(3_300), survival)).holds, true)
  assert.equal((await judgeSurvival(lost(3_300), { withinMs: 3_000 })).holds, false)
  assert.equal((await judgeSurvival(lost(7_000), survival)).holds, false)
})

test('a shopper who waits too long was not spared, though the wait ended after the fault was healed', async () => {
  const waits = (at: number, line: Line): Partial<Line> => (isRead(line) && at === 3_200 ? { ms: 13_900 } : {})
  const { holds, evidence } = await judgeSurvival(waits, { withinMs: 3_000 })
  assert.equal(holds, false, evidence)
  assert.match(evidence, /a shopper waited 13900 ms/)
})
