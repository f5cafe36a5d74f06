import { docker } from '../docker.ts'
import { areHealthy, type FaultKind } from './fault.ts'

/** A deployment, or an upgrade: each host is stopped in order, started, and awaited before the next one's turn. */
export const rolling: FaultKind = (...hosts) => ({
  name: `rolling restart of ${hosts.join(' and ')}`,
  inject: async lab => {
    for (const host of hosts) {
      await docker(['stop', '--time', '20', lab.container(host)], { timeoutMs: 60_000 })
      await docker(['start', lab.container(host)])
      await lab.waitUntilHealthy(host)
    }
  },
  heal: async lab => void (await docker(['start', ...hosts.map(host => lab.container(host))])),
  isHealed: lab => areHealthy(lab, hosts)
})
