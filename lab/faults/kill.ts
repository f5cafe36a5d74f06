import { HEALED } from '../budgets.ts'
import { docker } from '../docker.ts'
import { areHealthy, type FaultKind } from './fault.ts'

/** kill -9 of every process of the hosts, at one moment. The engine does not start them again by itself. */
export const kill: FaultKind = (...hosts) => ({
  name: `kill -9 of ${hosts.join(' and ')}`,
  inject: async lab => void (await docker(['kill', ...hosts.map(host => lab.container(host))])),
  heal: async lab => void (await docker(['start', ...hosts.map(host => lab.container(host))], { timeoutMs: HEALED })),
  isHealed: lab => areHealthy(lab, hosts)
})
