import { cut, freeze, fullConnections, kill, powerCut, rolling, slowDatabase, stop } from '../faults/index.ts'
import type { Host } from '../network.ts'
import { findHostsOfPostgres, PGPOOLS, POSTGRES_HOSTS, waitForAllAttached } from '../postgres.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { runTrials, type Trial } from '../trials.ts'
import { holderOf, webTrials } from '../web-trials.ts'

const primary = async (stage: Stage): Promise<Host> => (await findHostsOfPostgres(stage)).primary
const standby = async (stage: Stage): Promise<Host> => (await findHostsOfPostgres(stage)).standbys[0] ?? 'pg02'
const pool = holderOf('databaseVirtualAddress', PGPOOLS)
/** One of those through which no statement goes: it votes, and perhaps leads. */
const sparePool = async (stage: Stage, round: number): Promise<Host> => {
  const holder = await pool(stage)
  return PGPOOLS.filter(host => host !== holder)[round % 2] as Host
}

/**
 * Where the database itself fails a request may wait as long as its deadline, 8 s, and be sent once more; nobody need notice that
 * a pgpool dies.
 */
const trials: Trial[] = [
  {
    row: 'PostgreSQL primary: kill -9',
    host: primary,
    fault: kill,
    failed: 'a page that retries',
    pauseMs: 10_000,
    holdMs: 12_000
  },
  {
    row: 'PostgreSQL primary: graceful stop',
    host: primary,
    fault: stop,
    failed: 'a page that retries',
    pauseMs: 10_000,
    times: 1,
    holdMs: 12_000
  },
  {
    row: 'PostgreSQL primary: frozen',
    host: primary,
    fault: freeze,
    failed: 'a page that retries',
    pauseMs: 10_000,
    times: 1,
    holdMs: 15_000
  },
  {
    row: 'PostgreSQL primary: cut from the network',
    host: primary,
    fault: cut,
    failed: 'a page that retries',
    pauseMs: 10_000,
    times: 1,
    holdMs: 15_000
  },
  {
    row: 'PostgreSQL standby: kill -9',
    host: standby,
    fault: kill,
    failed: 0,
    pauseMs: 8_000,
    times: 1,
    holdMs: 8_000
  },
  {
    row: 'pgpool that holds the address: kill -9',
    host: pool,
    fault: kill,
    failed: 0,
    pauseMs: 2_500,
    holdMs: 10_000
  },
  {
    row: 'pgpool that does not hold the address: kill -9',
    host: sparePool,
    fault: kill,
    failed: 0,
    pauseMs: 1_000,
    holdMs: 10_000
  },
  { row: 'PostgreSQL standby: graceful stop', host: standby, fault: stop, failed: 0, pauseMs: 8_000, times: 1 },
  {
    row: 'PostgreSQL standby: frozen',
    host: standby,
    fault: freeze,
    failed: 0,
    pauseMs: 8_000,
    times: 1,
    holdMs: 15_000
  },
  {
    row: 'PostgreSQL standby: cut from the network',
    host: standby,
    fault: cut,
    failed: 0,
    pauseMs: 8_000,
    times: 1,
    holdMs: 15_000
  },
  { row: 'pgpool that holds the address: graceful stop', host: pool, fault: stop, failed: 0, pauseMs: 2_500 },
  {
    row: 'pgpool that holds the address: frozen',
    host: pool,
    fault: freeze,
    failed: 0,
    pauseMs: 2_500,
    holdMs: 12_000
  },
  {
    row: 'pgpool that holds the address: cut from the network',
    host: pool,
    fault: cut,
    failed: 0,
    pauseMs: 2_500,
    holdMs: 12_000
  },
  // Every write goes to the primary, and no other host takes its place while it is only slow: the database is away meanwhile.
  {
    row: 'PostgreSQL primary: statements delayed 2 s',
    host: primary,
    fault: slowDatabase,
    failed: 'a page that retries'
  },
  {
    row: 'PostgreSQL primary: connection table full',
    host: primary,
    fault: fullConnections,
    failed: 'a page that retries'
  },
  // Once each, and without their figures for the pause, which are judged on Galera: the web tier is the same, but here twelve hosts
  // with a hundred and fifty processes share the machine.
  ...webTrials.map(({ pauseMs: _, ...trial }) => trial),
  {
    row: 'PostgreSQL hosts: rolling restart',
    fault: () => rolling(...POSTGRES_HOSTS),
    failed: 'a page that retries',
    holdMs: 0
  },
  // pgpool lives on, and has to take back a primary that it knows as dead.
  {
    row: 'all PostgreSQL hosts at once: kill -9',
    fault: () => kill(...POSTGRES_HOSTS),
    servingWithinMs: 60_000,
    times: 1
  },
  { row: 'power cut of everything', fault: powerCut, servingWithinMs: 60_000 }
]

export const scenario: Scenario = {
  number: 'nothing-lost-pg',
  title: 'Nothing lost on PostgreSQL behind pgpool-II',
  source: 'What none of the documents measured',
  run: stage =>
    runTrials(stage, trials, async () => {
      await waitForAllAttached(stage)
      // One that was cut off must not stay primary beside the one that took its place.
      await findHostsOfPostgres(stage)
    })
}
