import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { areHealthy, type Fault } from './fault.ts'

const DELAY_MS = 2_000
const RELAY_PORT = 3307
const BALANCERS = ['haproxy03', 'haproxy04'] as const

/**
 * What is sent to the node reaches it two seconds later: every statement is slow, while the node is well and says so. A
 * relay on the node does it; the balancers' connections are led through it by their administration socket.
 */
export const slowDatabase = (...hosts: [Host, ...Host[]]): Fault => ({
  name: `statements on ${hosts.join(' and ')} delayed ${DELAY_MS / 1000} s`,
  inject: async lab => {
    for (const host of hosts) {
      const relay = lab.spawnIn(host, ['slow-relay', String(RELAY_PORT), '3306', String(DELAY_MS)])
      relay.on('error', () => undefined)
      await lead(lab, host, RELAY_PORT)
    }
  },
  heal: async lab => {
    for (const host of hosts) {
      await lead(lab, host, 3306)
      await lab.exec(host, ['pkill', '-f', 'slow-relay']).catch(() => '')
    }
  },
  isHealed: lab => areHealthy(lab, hosts)
})

/** New connections to the node go to that port; those that are open are ended. */
async function lead(lab: Lab, host: Host, port: number): Promise<void> {
  const server = `galera_cluster_backend/${host}`
  for (const balancer of BALANCERS.filter(each => lab.hosts.includes(each))) {
    await lab.exec(balancer, ['haproxy-admin', `set server ${server} addr ${lab.address(host)} port ${port}`])
    await lab.exec(balancer, ['haproxy-admin', `shutdown sessions server ${server}`])
  }
}
