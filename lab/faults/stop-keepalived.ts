import type { Host } from '../network.ts'
import { areHealthy, type Fault } from './fault.ts'

/** Keepalived alone is stopped, in order; HAProxy goes on serving whoever is still connected. */
export const stopKeepalived = (host: Host): Fault => ({
  name: `keepalived stopped on ${host}`,
  // The host's supervisor starts nothing while this file is there.
  inject: async lab =>
    void (await lab.exec(host, ['sh', '-c', 'touch /run/no-keepalived && kill -TERM $(cat /run/keepalived.pid)'])),
  heal: async lab => void (await lab.exec(host, ['rm', '-f', '/run/no-keepalived'])),
  isHealed: lab => areHealthy(lab, [host])
})
