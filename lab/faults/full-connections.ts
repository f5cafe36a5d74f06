import { HEALED, STATE_REACHED } from '../budgets.ts'
import { docker } from '../docker.ts'
import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { askPostgres, endSessionsOfPostgres, isPostgres } from '../postgres.ts'
import { waitFor } from '../waiting.ts'
import { areHealthy, type Fault } from './fault.ts'

/** max_connections of lab/config/mariadb. */
const USUAL = 300
/** max_connections of MariaDB while it lasts, and as many connections that do nothing. PostgreSQL cannot change it as it runs. */
const FULL = 10

const sql = (lab: Lab, host: Host, text: string) =>
  lab.exec(host, ['mariadb', '--batch', '--skip-column-names', '--execute', text])

/** Connections that were refused for want of a place: MariaDB counts since it started, PostgreSQL's log is read. */
async function countRefused(lab: Lab, host: Host, since: Date): Promise<number> {
  if (isPostgres(host)) {
    const log = await docker(['logs', '--since', since.toISOString(), lab.container(host)], { withStderr: true })
    return log.split('\n').filter(line => / carrinho .*(slots are reserved|too many clients)/.test(line)).length
  }
  const row = await sql(lab, host, "show global status like 'Connection_errors_max_connections'")
  return Number(row.trim().split(/\s+/)[1])
}

async function fill(lab: Lab, host: Host): Promise<void> {
  if (!isPostgres(host)) {
    const idle = '{ sleep 900 | mariadb --user=sst --password=sst; } >/dev/null 2>&1 &'
    await lab.exec(host, ['sh', '-c', `for n in $(seq ${FULL}); do ${idle} done; sleep 1`])
    await sql(lab, host, `set global max_connections = ${FULL}; kill user 'carrinho'`)
    return
  }
  // Two hundred processes have to be made, which takes a busy machine half a minute.
  lab.spawnIn(host, ['fill-connections']).on('error', () => undefined)
  await waitFor(`a full connection table on ${host}`, HEALED, async () => {
    // Whoever watches the host has places too: ordinary users are refused while no more than the reserved ones are free.
    const left = await askPostgres(
      lab,
      host,
      `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int - count(*)
       from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`
    ).catch(() => '1')
    return Number(left) <= 0
  })
  // Their places go to whoever asks first, which is seldom the application.
  await waitFor(`the end of the sessions on ${host}`, STATE_REACHED, () =>
    endSessionsOfPostgres(lab, host).then(
      () => true,
      () => false
    )
  )
}

async function empty(lab: Lab, host: Host): Promise<void> {
  if (isPostgres(host)) {
    await lab.exec(host, ['pkill', '-f', '^/usr/bin/perl.*fill-connections']).catch(() => '')
    return
  }
  // With no place free nobody gets in, not even to say that there are more.
  await lab.exec(host, ['pkill', '-x', 'mariadb']).catch(() => '')
  await waitFor(`a place on ${host}`, STATE_REACHED, async () => {
    const done = await sql(lab, host, `set global max_connections = ${USUAL}`).catch(() => undefined)
    return done !== undefined
  })
}

/**
 * The node's connection table is full, of connections that do nothing: the application's are ended, and every new one is
 * refused (MariaDB's error 1040, PostgreSQL's 53300). Whoever asks the node whether it is well still gets in: MariaDB's agent
 * keeps the connection that it has, so that balancers go on taking the node for healthy. PostgreSQL keeps a few places for
 * superusers; pgpools whose health checks find none of them free may vote the host out.
 */
export const fullConnections = (...hosts: [Host, ...Host[]]): Fault => {
  const before = new Map<Host, number>()
  let since = new Date()
  return {
    name: `full connection table of ${hosts.join(' and ')}`,
    inject: async lab => {
      since = new Date()
      for (const host of hosts) {
        before.set(host, await countRefused(lab, host, since))
        await fill(lab, host)
      }
    },
    heal: async lab => {
      for (const host of hosts) await empty(lab, host)
    },
    isHealed: lab => areHealthy(lab, hosts),
    effect: async lab => {
      const refused = await Promise.all(
        hosts.map(async host => (await countRefused(lab, host, since)) - (before.get(host) ?? Number.POSITIVE_INFINITY))
      )
      return refused.every(count => count > 0)
        ? `connections refused for want of a place: ${refused.join(', ')}`
        : undefined
    }
  }
}
