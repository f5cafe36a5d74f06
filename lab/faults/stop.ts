import { docker } from '../docker.ts'
import { areHealthy, type FaultKind } from './fault.ts'

/** A stop in order: the hosts are told to end and given 20 s. */
export const stop: FaultKind = (...hosts) => ({
  name: `stop of ${hosts.join(' and ')}`,
  inject: async lab =>
    void (await docker(['stop', '--time', '20', ...hosts.map(host => lab.container(host))], { timeoutMs: 60_000 })),
  heal: async lab => void (await docker(['start', ...hosts.map(host => lab.container(host))])),
  isHealed: lab => areHealthy(lab, hosts)
})
