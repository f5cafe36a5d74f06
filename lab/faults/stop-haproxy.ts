import type { Host } from '../network.ts'
import { areHealthy, type Fault } from './fault.ts'

/** The HAProxy service alone is stopped, as in the report's experiments 2 and 4; the host and its Keepalived go on. */
export const stopHaproxy = (host: Host): Fault => ({
  name: `service haproxy stop on ${host}`,
  inject: async lab => void (await lab.exec(host, ['service', 'haproxy', 'stop'])),
  heal: async lab => {
    const isRunning = await lab.exec(host, ['service', 'haproxy', 'status']).then(
      () => true,
      () => false
    )
    if (!isRunning) await lab.exec(host, ['service', 'haproxy', 'start'])
  },
  isHealed: lab => areHealthy(lab, [host])
})
