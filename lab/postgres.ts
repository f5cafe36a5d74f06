import { HEALED, STATE_REACHED } from './budgets.ts'
import { docker } from './docker.ts'
import { type Lab, LOOK_EVERY_MS } from './lab.ts'
import type { Host } from './network.ts'
import { ifReached, type Stage } from './stage.ts'

export const POSTGRES_HOSTS: readonly Host[] = ['pg01', 'pg02', 'pg03']
export const PGPOOLS: readonly Host[] = ['pgpool01', 'pgpool02', 'pgpool03']

export const isPostgres = (host: Host): boolean => POSTGRES_HOSTS.includes(host)

/** As a superuser, for whom PostgreSQL keeps places: gets in although the table is full. @throws CommandError */
export const askPostgres = async (lab: Lab, host: Host, text: string): Promise<string> =>
  (await lab.exec(host, ['psql', '-U', 'postgres', '-h', '127.0.0.1', '-AXtqc', text])).trim()

/** The answer of one host to one query; empty when it does not answer. */
export const queryPostgres = ({ lab }: Stage, host: Host, text: string): Promise<string> =>
  askPostgres(lab, host, text).catch(() => '')

/** Ends the application's sessions on the host, as an administrator would. @throws CommandError */
export const endSessionsOfPostgres = async (lab: Lab, host: Host): Promise<void> => {
  await askPostgres(lab, host, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'carrinho'")
}

export async function findPrimaries(stage: Stage, hosts = POSTGRES_HOSTS): Promise<Host[]> {
  const found: Host[] = []
  for (const host of hosts)
    if ((await queryPostgres(stage, host, 'select pg_is_in_recovery()')) === 'f') found.push(host)
  return found
}

/** Waits until there is one primary. @throws when there is none in time */
export async function findHostsOfPostgres(stage: Stage): Promise<{ primary: Host; standbys: Host[] }> {
  let primaries: Host[] = []
  await stage.waitFor(
    'one PostgreSQL host is primary',
    STATE_REACHED,
    async () => {
      primaries = await findPrimaries(stage)
      return primaries.length === 1
    },
    LOOK_EVERY_MS
  )
  const [primary] = primaries as [Host]
  return { primary, standbys: POSTGRES_HOSTS.filter(host => host !== primary) }
}

/** Waits until pgpool sends queries to all three hosts again; how long that took, in milliseconds. */
export const waitForAllAttached = (stage: Stage): Promise<number> =>
  stage.waitFor(
    'pgpool sends queries to all three again',
    HEALED,
    async () => {
      const [holder] = await stage.lab.holders(stage.lab.databaseVirtualAddress, PGPOOLS)
      if (!holder) return false
      const nodes = await queryPostgres(stage, holder, 'show pool_nodes')
      // The fourth field is pgpool's own view; the next one only says that the host answers.
      return nodes.split('\n').filter(line => line.split('|')[3] === 'up').length === POSTGRES_HOSTS.length
    },
    3 * LOOK_EVERY_MS
  )

/** Waits for the pgpools to hear each other's heartbeats, before which none misses a silent one; those that do, as their logs say. */
export async function findWatchful(stage: Stage): Promise<Host[]> {
  let watchful: Host[] = []
  await ifReached(
    stage.waitFor(
      'each pgpool hears the others',
      STATE_REACHED,
      async () => {
        watchful = []
        for (const host of PGPOOLS) {
          const log = await docker(['logs', stage.lab.container(host)], { withStderr: true })
          if (log.includes('watchdog: lifecheck started')) watchful.push(host)
        }
        return watchful.length === PGPOOLS.length
      },
      LOOK_EVERY_MS
    )
  )
  return watchful
}
