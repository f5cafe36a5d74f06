import { claimNothingLost, claimSurvived } from '../common-claims.ts'
import { kill, stopHaproxy } from '../faults/index.ts'
import type { Host } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

/** An outage longer than this is not "survived", whatever comes after. The measured figures are far below. */
const SURVIVED_WITHIN_MS = 5_000

async function findHolder(stage: Stage, address: string, hosts: Host[]): Promise<Host> {
  const [holder] = await stage.lab.holders(address, hosts)
  if (!holder) throw new Error(`none of ${hosts.join(', ')} holds ${address}`)
  return holder
}

export const scenario: Scenario = {
  number: '04',
  title: 'Two balancers before each tier: no single point of failure',
  source: 'Report, experiment 4: haproxy03 and haproxy04 with 192.168.1.250; here with an arbitrator for Galera',
  async run(stage) {
    const { lab } = stage
    stage.explain(
      `${lab.webVirtualAddress} → haproxy01|02 → web01|02 → ${lab.databaseVirtualAddress} → haproxy03|04 → mariadb01|02`
    )
    await stage.startWorkload()
    await stage.pause(4_000)

    const survive = async (host: Host, prediction: string) => {
      stage.predict(prediction)
      const fault = await stage.break(kill(host))
      claimSurvived(stage, fault, SURVIVED_WITHIN_MS)
    }

    const web = await findHolder(stage, lab.webVirtualAddress, ['haproxy01', 'haproxy02'])
    await survive(
      web,
      `${web} holds the web address. Its adverts stop; after 3 × 0.12 s and the skew the other one takes over`
    )
    const now = await findHolder(stage, lab.webVirtualAddress, ['haproxy01', 'haproxy02'])
    stage.claim(
      'the web address is with the other balancer, and stays there',
      now !== web,
      `before ${web}, after its return ${now}`
    )
    const otherWeb: Host = web === 'haproxy01' ? 'haproxy02' : 'haproxy01'
    await survive(otherWeb, 'The other way round')

    const database = await findHolder(stage, lab.databaseVirtualAddress, ['haproxy03', 'haproxy04'])
    await survive(
      database,
      `${database} carries every database connection. All break at once; pools connect again where the address is`
    )
    const otherDatabase: Host = database === 'haproxy03' ? 'haproxy04' : 'haproxy03'
    await survive(otherDatabase, 'The other way round')

    await survive('web01', 'Requests in flight on web01 are repeated on web02 by HAProxy: every write carries a key')
    await survive('web02', 'The other way round')

    stage.predict(
      'The report stops only the HAProxy service. Keepalived is told within 50 ms and resigns with priority 0'
    )
    const holder = await findHolder(stage, lab.webVirtualAddress, ['haproxy01', 'haproxy02'])
    const stopped = await stage.break(stopHaproxy(holder))
    stage.claim(
      'stopping the HAProxy service is noticed faster than a killed host',
      stopped.longestGapMs !== null && stopped.longestGapMs < 1_000,
      `longest gap ${stopped.longestGapMs} ms`
    )
    await stage.stopWorkload()
    claimNothingLost(stage)
  }
}
