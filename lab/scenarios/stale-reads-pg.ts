import { findHostsOfPostgres, queryPostgres } from '../postgres.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { type Circumstance, compareReads } from '../stale-trials.ts'

/** A standby on a network, with work of its own. */
const BEHIND_MS = 50

async function delayStandbys(stage: Stage, delayMs: number): Promise<void> {
  for (const host of (await findHostsOfPostgres(stage)).standbys) {
    // One at a time: ALTER SYSTEM refuses to run within a transaction, which two statements in one call would be.
    await queryPostgres(stage, host, `alter system set recovery_min_apply_delay = ${delayMs}`)
    await queryPostgres(stage, host, 'select pg_reload_conf()')
    await stage.waitFor(`${host} applies ${delayMs} ms late`, 5_000, async () => {
      const setting = await queryPostgres(stage, host, 'show recovery_min_apply_delay')
      return setting === (delayMs === 0 ? '0' : `${delayMs}ms`)
    })
  }
}

const circumstances: readonly Circumstance[] = [
  { name: 'pgpool-II' },
  {
    name: `pgpool-II, standbys ${BEHIND_MS} ms behind`,
    begin: stage => delayStandbys(stage, BEHIND_MS),
    end: stage => delayStandbys(stage, 0)
  }
]

export const scenario: Scenario = {
  number: 'stale-reads-pg',
  title: 'Stale reads behind pgpool-II, with reads kept on the primary and without',
  source: 'The pgpool document, whose load_balance_mode sends reads to any host',
  run: stage => compareReads(stage, 'reads kept on the primary', ['pg01', 'pg02', 'pg03'], circumstances)
}
