import { cut, freeze, kill, stop } from '../faults/index.ts'
import type { Host } from '../network.ts'
import { findHostsOfPostgres, POSTGRES_HOSTS, waitForAllAttached } from '../postgres.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { runTrials, type Trial } from '../trials.ts'

const primary = async (stage: Stage): Promise<Host> => (await findHostsOfPostgres(stage)).primary
const standby = async (stage: Stage): Promise<Host> => (await findHostsOfPostgres(stage)).standbys[0] ?? 'pg02'
const pool = async ({ lab }: Stage): Promise<Host> =>
  (await lab.holders(lab.databaseVirtualAddress, ['pgpool01', 'pgpool02', 'pgpool03']))[0] ?? 'pgpool01'
const web = async (_stage: Stage, round: number): Promise<Host> => (round % 2 === 0 ? 'web01' : 'web02')

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
    holdMs: 12_000
  },
  { row: 'PostgreSQL primary: frozen', host: primary, fault: freeze, failed: 'a page that retries', holdMs: 15_000 },
  {
    row: 'PostgreSQL primary: cut from the network',
    host: primary,
    fault: cut,
    failed: 'a page that retries',
    holdMs: 15_000
  },
  { row: 'PostgreSQL standby: kill -9', host: standby, fault: kill, failed: 'a page that retries', holdMs: 8_000 },
  {
    row: 'pgpool that holds the address: kill -9',
    host: pool,
    fault: kill,
    failed: 'a page that retries',
    holdMs: 10_000
  },
  { row: 'web server: kill -9', host: web, fault: kill, failed: 0, pauseMs: 1_000 },
  // pgpool lives on, and has to take back a primary that it knows as dead.
  { row: 'all PostgreSQL hosts at once: kill -9', fault: () => kill(...POSTGRES_HOSTS), servingWithinMs: 60_000 }
]

export const scenario: Scenario = {
  number: 'nothing-lost-pg',
  title: 'Nothing lost on PostgreSQL behind pgpool-II',
  source: 'What none of the documents measured',
  run: stage => runTrials(stage, trials, waitForAllAttached)
}
