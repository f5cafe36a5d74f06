import { STATE_REACHED } from '../budgets.ts'
import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { waitFor } from '../waiting.ts'
import { areHealthy, type Fault } from './fault.ts'

const DELAY_MS = 2_000
const RELAY_PORT = 3307
const BALANCERS = ['haproxy03', 'haproxy04'] as const

/**
 * Every statement of the application reaches the node two seconds late, while the node is well and says so: signs of life
 * and logins are as quick as ever. A relay on the node does it; the balancers' connections are led through it by their
 * administration socket.
 */
export const slowDatabase = (...hosts: [Host, ...Host[]]): Fault => ({
  name: `statements on ${hosts.join(' and ')} delayed ${DELAY_MS / 1000} s`,
  inject: async lab => {
    for (const host of hosts) {
      await lab.exec(host, ['rm', '-f', '/run/lab/slow-relay'])
      const relay = lab.spawnIn(host, ['slow-relay', String(RELAY_PORT), '3306', String(DELAY_MS)])
      relay.on('error', () => undefined)
      await waitFor(`the relay on ${host}`, STATE_REACHED, async () => (await countDelayed(lab, host)) !== undefined)
      await lead(lab, host, RELAY_PORT)
    }
  },
  heal: async lab => {
    for (const host of hosts) {
      await lead(lab, host, 3306)
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

/** New connections to the node go to that port; those that are open are ended. */
async function lead(lab: Lab, host: Host, port: number): Promise<void> {
  const server = `galera_cluster_backend/${host}`
  for (const balancer of BALANCERS.filter(each => lab.hosts.includes(each))) {
    await lab.exec(balancer, ['haproxy-admin', `set server ${server} addr ${lab.address(host)} port ${port}`])
    await lab.exec(balancer, ['haproxy-admin', `shutdown sessions server ${server}`])
  }
}
