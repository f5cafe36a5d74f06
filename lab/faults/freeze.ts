import { docker } from '../docker.ts'
import { areHealthy, type FaultKind } from './fault.ts'

/** The hosts' processes stand still; their connections stay open and say nothing. */
export const freeze: FaultKind = (...hosts) => ({
  name: `freeze of ${hosts.join(' and ')}`,
  inject: async lab => void (await docker(['pause', ...hosts.map(host => lab.container(host))])),
  heal: async lab => {
    for (const host of hosts) {
      const paused = await docker(['inspect', '--format', '{{.State.Paused}}', lab.container(host)])
      if (paused.trim() === 'true') await docker(['unpause', lab.container(host)])
    }
  },
  isHealed: lab => areHealthy(lab, hosts)
})
