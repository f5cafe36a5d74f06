import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { areHealthy, type Fault } from './fault.ts'

const processOf = async (lab: Lab, host: Host) =>
  (await lab.exec(host, ['cat', '/run/haproxy.pid']).catch(() => '')).trim()

/** kill -9 of the HAProxy processes alone. Nobody heals it but the hosts themselves, which start a crashed HAProxy again. */
export const crashHaproxy = (...hosts: [Host, ...Host[]]): Fault => {
  const crashed = new Map<Host, string>()
  return {
    name: `crash of HAProxy on ${hosts.join(' and ')}`,
    inject: async lab => {
      for (const host of hosts) crashed.set(host, await processOf(lab, host))
      await Promise.all(hosts.map(host => lab.exec(host, ['kill', '-KILL', crashed.get(host) as string])))
    },
    heal: async () => undefined,
    isHealed: lab => areHealthy(lab, hosts),
    effect: async lab => {
      const again = await Promise.all(hosts.map(host => processOf(lab, host)))
      return hosts.every((host, index) => again[index] !== '' && again[index] !== crashed.get(host))
        ? `started again by itself: process ${hosts.map((host, index) => `${crashed.get(host)} and then ${again[index]}`).join(', ')}`
        : undefined
    }
  }
}
