import type { Host } from '../network.ts'
import { areHealthy, type Fault } from './fault.ts'

const sql = (text: string) => ['mariadb', '--batch', '--skip-column-names', '--execute', text]
/** max_connections of lab/config/mariadb. */
const USUAL = 300

/**
 * The node's connection table is full: every connection above ten is ended, and every new one is refused with error 1040.
 * The node's own agent, as an administrator, still gets in, so balancers go on taking it for healthy.
 */
export const fullConnections = (...hosts: [Host, ...Host[]]): Fault => ({
  name: `full connection table of ${hosts.join(' and ')}`,
  inject: async lab => {
    for (const host of hosts) await lab.exec(host, sql("set global max_connections = 10; kill user 'carrinho'"))
  },
  heal: async lab => {
    for (const host of hosts) await lab.exec(host, sql(`set global max_connections = ${USUAL}`))
  },
  isHealed: lab => areHealthy(lab, hosts)
})
