import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { areHealthy, type Fault } from './fault.ts'
import { rolling } from './rolling.ts'

const readCurrent = async (lab: Lab, host: Host) =>
  (await lab.exec(host, ['sh', '-c', 'basename "$(readlink /srv/web/current)"'])).trim()

/**
 * A release on shared storage: written there once, the link moved to it, each web server started again in turn. Healed by moving
 * the link back, and the same turns.
 */
export function switchRelease(release: string, ...hosts: [Host, ...Host[]]): Fault {
  const [first] = hosts
  let before: string | undefined
  return {
    name: `release ${release} written once, ${hosts.join(' and ')} started again by turns`,
    inject: async lab => {
      before = await readCurrent(lab, first)
      await lab.exec(first, ['deploy', release])
      await rolling(...hosts).inject(lab)
    },
    heal: async lab => {
      if (before === undefined || before === (await readCurrent(lab, first))) return
      await lab.exec(first, ['switch-release', before])
      await rolling(...hosts).inject(lab)
    },
    isHealed: lab => areHealthy(lab, hosts)
  }
}
