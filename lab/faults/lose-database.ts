import { docker } from '../docker.ts'
import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { areHealthy, type FaultKind } from './fault.ts'

/** Who may hold the database's address. */
const KEEPERS: readonly Host[] = ['haproxy03', 'haproxy04', 'pgpool01', 'pgpool02', 'pgpool03']
const keepersOf = (lab: Lab) => KEEPERS.filter(host => lab.hosts.includes(host))

const route = (lab: Lab, action: 'replace' | 'del', hosts: readonly Host[]) =>
  Promise.all(
    keepersOf(lab).flatMap(keeper =>
      hosts.map(host => lab.exec(keeper, ['ip', 'route', action, 'blackhole', `${lab.address(host)}/32`]))
    )
  )

/**
 * No packet comes from the database's address to these web servers any more; all others, and the balancers that look after
 * the web servers, notice nothing.
 */
export const loseDatabase: FaultKind = (...hosts) => {
  let since = new Date()
  return {
    name: `loss of the database on ${hosts.join(' and ')} alone`,
    inject: async lab => {
      since = new Date()
      await route(lab, 'replace', hosts)
    },
    heal: async lab => void (await route(lab, 'del', hosts).catch(() => undefined)),
    isHealed: lab => areHealthy(lab, hosts),
    effect: async lab => {
      const said = await Promise.all(
        hosts.map(host => docker(['logs', '--since', since.toISOString(), lab.container(host)]))
      )
      return said.every(log => /database does not answer|no database here/.test(log))
        ? `${hosts.join(' and ')} said so`
        : undefined
    }
  }
}
