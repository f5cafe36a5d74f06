import { docker } from '../docker.ts'
import { areHealthy, type FaultKind } from './fault.ts'

/** The network cable is pulled: no packet in or out, and nobody is told. */
export const cut: FaultKind = (...hosts) => ({
  name: `network cut of ${hosts.join(' and ')}`,
  inject: async lab => {
    for (const host of hosts) await docker(['network', 'disconnect', `${lab.project}_lab`, lab.container(host)])
  },
  heal: async lab => {
    for (const host of hosts) {
      const networks = await docker(['inspect', '--format', '{{json .NetworkSettings.Networks}}', lab.container(host)])
      if (Object.hasOwn(JSON.parse(networks), `${lab.project}_lab`)) continue
      await docker(['network', 'connect', '--ip', lab.address(host), `${lab.project}_lab`, lab.container(host)])
    }
  },
  isHealed: lab => areHealthy(lab, hosts)
})
