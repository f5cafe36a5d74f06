import { STATE_REACHED } from '../budgets.ts'
import { claimForgeriesDropped, claimNothingLost, claimSurvived } from '../common-claims.ts'
import { kill } from '../faults/index.ts'
import type { Host } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { ifReached, type Stage } from '../stage.ts'
import type { Line } from '../workload/history.ts'

/** The one that stands by first: settings are changed in this order. */
const APACHES: Host[] = ['apache02', 'apache01']
/** Three adverts of a second each, the skew, and a lost packet's second. */
const SURVIVED_WITHIN_MS = 7_000

const findHolder = (stage: Stage) => stage.findHolder(stage.lab.webVirtualAddress, APACHES)

/** The web servers that answered each customer. */
function serversByCustomer(lines: readonly Line[]): Map<string, Set<string>> {
  const servers = new Map<string, Set<string>>()
  for (const line of lines) {
    if (line.who === 'probe' || line.outcome !== 'ok' || !line.server) continue
    // The session begins with the answer to the sign-up: before it there is nothing to stick to.
    if (line.what === 'signup') continue
    servers.set(line.who, (servers.get(line.who) ?? new Set()).add(line.server))
  }
  return servers
}

export const scenario: Scenario = {
  number: '07',
  title: 'Two Apache balancers with Keepalived: sticky sessions, and what happens when the sticky server dies',
  source: 'The Keepalived + Apache document',
  async run(stage) {
    const { lab } = stage
    stage.explain(
      `apache01 (priority 51) and apache02 (50) share ${lab.webVirtualAddress}; mod_proxy_balancer reads the route at the end of the session's cookie`
    )
    await claimForgeriesDropped(stage)
    stage.predict('Sticky: each customer stays with the web server that made the session')
    await stage.startWorkload()
    const stickyFrom = Date.now()
    await stage.pause(5_000)
    const sticky = serversByCustomer(stage.history.filter(line => line.at > stickyFrom))
    const faithful = [...sticky.values()].filter(servers => servers.size === 1).length
    stage.claim(
      'with stickysession each customer meets one web server',
      sticky.size === 6 && faithful === sticky.size,
      `${faithful} of ${sticky.size} customers`
    )

    const customersOf = (server: string) => [...sticky].filter(([, servers]) => servers.has(server)).map(([who]) => who)
    // The one with more customers: how they fall is Apache's choice.
    const [doomed, other]: [Host, Host] =
      customersOf('web01').length >= customersOf('web02').length ? ['web01', 'web02'] : ['web02', 'web01']
    const stuck = customersOf(doomed)
    stage.predict(
      `${doomed} dies with the ${stuck.length} sessions that stick to it. They are in the database: ${other} goes on with them`
    )
    const before = stage.history.length
    const died = await stage.break(kill(doomed), {
      holdMs: 8_000,
      why: `Whoever stuck to ${doomed} waited until Apache gave up connecting to it, 1 s at most (connectiontimeout), and was sent to ${other}, as nofailover=Off allows. Apache then leaves ${doomed} alone for 5 s (retry) before it tries it again`
    })
    // Apache sends a request again only when it could not connect: what was under way on the dead server gets its 502.
    claimSurvived(stage, died, { withinMs: SURVIVED_WITHIN_MS, mayFail: 'in flight' })
    const since = stage.history.slice(before)
    const moved = stuck.filter(who =>
      since.some(line => line.who === who && line.server === other && line.outcome === 'ok')
    )
    const asked = since.filter(line => line.loggedOut).length
    stage.claim(
      'the customers of the dead sticky server go on, signed in, on the other',
      stuck.length > 0 && moved.length === stuck.length && asked === 0,
      `${moved.length} of ${stuck.length} moved from ${doomed} to ${other}, ${asked} were asked to log in`
    )

    stage.predict('apache01 dies: after three silent seconds and the skew apache02 takes the address')
    const first = await findHolder(stage)
    let taken: Host | undefined
    let takenMs: number | undefined
    const fault = await stage.break(kill(first), {
      holdMs: SURVIVED_WITHIN_MS + 1_000,
      during: async () => {
        const others = APACHES.filter(host => host !== first)
        const isTaken = async () => {
          taken = (await lab.holders(lab.webVirtualAddress, others))[0]
          return taken !== undefined
        }
        takenMs = await ifReached(stage.waitFor('the other Apache holds the address', STATE_REACHED, isTaken))
      },
      why: 'The adverts are all that is listened to. apache02 takes the address when three are missing, at one a second, and its skew of (256 - 50) / 256 s is over: about 3.8 s after the last one'
    })
    claimSurvived(stage, fault, { withinMs: SURVIVED_WITHIN_MS, mayFail: 'in flight' })
    stage.claim(
      'Keepalived moves the address between the Apaches',
      takenMs !== undefined && taken !== first,
      takenMs === undefined
        ? `${first} held it, and then nobody`
        : `from ${first} to ${taken}, ${takenMs} ms after the kill`
    )
    await stage.waitFor(`${first} is preempted back`, STATE_REACHED, async () => (await findHolder(stage)) === first)

    stage.explain('Without stickysession: every request may go to either server')
    await stage.reconfigure({ STICKY: '' }, APACHES)
    await findHolder(stage)
    await stage.pause(2_000)
    const looseFrom = Date.now()
    let loose = new Map<string, Set<string>>()
    let wandering = 0
    // Sticky customers would not meet both, however long one waits.
    await ifReached(
      stage.waitFor('the customers have met both', STATE_REACHED, async () => {
        loose = serversByCustomer(stage.history.filter(line => line.at > looseFrom))
        wandering = [...loose.values()].filter(servers => servers.size === 2).length
        return wandering === 6
      })
    )
    stage.claim(
      'without it the customers meet both, and are signed in on both',
      loose.size === 6 && wandering === 6,
      `${wandering} of ${loose.size} customers met both`
    )

    await stage.stopWorkload()
    await claimNothingLost(stage)
  }
}
