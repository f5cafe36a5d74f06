import { STATE_REACHED } from '../budgets.ts'
import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { endSessionsOfPostgres, isPostgres } from '../postgres.ts'
import { waitFor } from '../waiting.ts'
import { areHealthy, type Fault } from './fault.ts'

const DELAY_MS = 2_000
const BALANCERS = ['haproxy03', 'haproxy04'] as const
/** Of the relay, and of the server behind it. */
const PORTS = { mariadb: [3307, 3306], postgres: [5433, 5432] } as const

/**
 * Every statement of the application reaches the node two seconds late, while the node is well and says so: signs of life
 * and logins are as quick as ever. A relay on the node does it. MariaDB's connections are led through it by the balancers'
 * administration socket; PostgreSQL's, as pgpool cannot be told another port, by the host's own packet filter.
 */
export const slowDatabase = (...hosts: [Host, ...Host[]]): Fault => ({
  name: `statements on ${hosts.join(' and ')} delayed ${DELAY_MS / 1000} s`,
  inject: async lab => {
    for (const host of hosts) {
      const [port, target] = PORTS[isPostgres(host) ? 'postgres' : 'mariadb']
      await lab.exec(host, ['rm', '-f', '/run/lab/slow-relay'])
      const relay = lab.spawnIn(host, ['slow-relay', String(port), String(target), String(DELAY_MS)])
      relay.on('error', () => undefined)
      await waitFor(`the relay on ${host}`, STATE_REACHED, async () => (await countDelayed(lab, host)) !== undefined)
      await lead(lab, host, true)
    }
  },
  heal: async lab => {
    for (const host of hosts) {
      await lead(lab, host, false)
      await lab.exec(host, ['pkill', '-f', '^/usr/bin/perl.*slow-relay']).catch(() => '')
    }
  },
  isHealed: lab => areHealthy(lab, hosts),
  effect: async lab => {
    const counts = await Promise.all(hosts.map(host => countDelayed(lab, host)))
    return counts.every(Boolean) ? `statements delayed: ${counts.join(', ')}` : undefined
  }
})

/** Statements that the relay has held back; undefined where there was none. */
async function countDelayed(lab: Lab, host: Host): Promise<number | undefined> {
  const text = await lab.exec(host, ['cat', '/run/lab/slow-relay']).catch(() => '')
  return text.trim() === '' ? undefined : Number(text)
}

/** New connections to the node go through the relay, or past it; those that are open are ended. */
async function lead(lab: Lab, host: Host, throughRelay: boolean): Promise<void> {
  if (isPostgres(host)) {
    const [port, target] = PORTS.postgres
    await lab.exec(host, ['nft', 'delete', 'table', 'ip', 'slow']).catch(() => '')
    if (throughRelay) {
      const chain = 'add chain ip slow in { type nat hook prerouting priority dstnat; }'
      const rule = `add rule ip slow in tcp dport ${target} redirect to :${port}`
      await lab.exec(host, ['nft', `add table ip slow; ${chain}; ${rule}`])
    }
    return endSessionsOfPostgres(lab, host)
  }
  const port = PORTS.mariadb[throughRelay ? 0 : 1]
  const server = `galera_cluster_backend/${host}`
  for (const balancer of BALANCERS.filter(each => lab.hosts.includes(each))) {
    await lab.exec(balancer, ['haproxy-admin', `set server ${server} addr ${lab.address(host)} port ${port}`])
    await lab.exec(balancer, ['haproxy-admin', `shutdown sessions server ${server}`])
  }
}
