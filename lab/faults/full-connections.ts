import { STATE_REACHED } from '../budgets.ts'
import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { waitFor } from '../waiting.ts'
import { areHealthy, type Fault } from './fault.ts'

/** max_connections of lab/config/mariadb. */
const USUAL = 300
/** max_connections while it lasts, and as many connections that do nothing. */
const FULL = 10

const sql = (lab: Lab, host: Host, text: string) =>
  lab.exec(host, ['mariadb', '--batch', '--skip-column-names', '--execute', text])

/** Connections that were refused for want of a place since the server started. */
async function countRefused(lab: Lab, host: Host): Promise<number> {
  const row = await sql(lab, host, "show global status like 'Connection_errors_max_connections'")
  return Number(row.trim().split(/\s+/)[1])
}

/**
 * The node's connection table is full, of connections that do nothing: the application's are ended, and every new one is
 * refused with error 1040. The node's own agent keeps the connection that it has, so balancers go on taking the node for
 * healthy.
 */
export const fullConnections = (...hosts: [Host, ...Host[]]): Fault => {
  const before = new Map<Host, number>()
  return {
    name: `full connection table of ${hosts.join(' and ')}`,
    inject: async lab => {
      for (const host of hosts) {
        before.set(host, await countRefused(lab, host))
        const idle = '{ sleep 900 | mariadb --user=sst --password=sst; } >/dev/null 2>&1 &'
        await lab.exec(host, ['sh', '-c', `for n in $(seq ${FULL}); do ${idle} done; sleep 1`])
        await sql(lab, host, `set global max_connections = ${FULL}; kill user 'carrinho'`)
      }
    },
    heal: async lab => {
      for (const host of hosts) {
        // With no place free nobody gets in, not even to say that there are more.
        await lab.exec(host, ['pkill', '-x', 'mariadb']).catch(() => '')
        await waitFor(`a place on ${host}`, STATE_REACHED, async () => {
          const done = await sql(lab, host, `set global max_connections = ${USUAL}`).catch(() => undefined)
          return done !== undefined
        })
      }
    },
    isHealed: lab => areHealthy(lab, hosts),
    effect: async lab => {
      const refused = await Promise.all(
        hosts.map(async host => (await countRefused(lab, host)) - (before.get(host) ?? Number.POSITIVE_INFINITY))
      )
      return refused.every(count => count > 0) ? `connections refused with 1040: ${refused.join(', ')}` : undefined
    }
  }
}
