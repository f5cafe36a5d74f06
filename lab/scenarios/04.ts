import type { Allowance } from '../checker/failures.ts'
import { findLongestGap } from '../checker/gaps.ts'
import { median } from '../checker/tally.ts'
import { claimNothingLost, claimSurvived } from '../common-claims.ts'
import { kill, stopHaproxy } from '../faults/index.ts'
import type { Host } from '../network.ts'
import type { FaultRecord } from '../report/result.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

/** An outage longer than this is not "survived", whatever comes after. The measured figures are far below. */
const SURVIVED_WITHIN_MS = 5_000

/** Of the fault alone, without its heal: from the blow until the address has long been elsewhere, in milliseconds. */
function gapOfBlow(stage: Stage, { atMs, struckMs }: FaultRecord): number {
  const gap = findLongestGap(stage.history, stage.startedAt + atMs, stage.startedAt + struckMs + 2_000)
  return gap?.ms ?? Number.NaN
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

    const survive = async (host: Host, prediction: string, why: string, mayFail: Allowance = 0) => {
      stage.predict(prediction)
      const fault = await stage.break(kill(host), { holdMs: SURVIVED_WITHIN_MS + 1_000, why })
      claimSurvived(stage, fault, { withinMs: SURVIVED_WITHIN_MS, mayFail })
      return fault
    }

    const web = await stage.findHolder(lab.webVirtualAddress, ['haproxy01', 'haproxy02'])
    const firstKill = await survive(
      web,
      `${web} holds the web address. Its adverts stop; after 3 × 0.12 s and the skew the other one takes over`,
      'The address moved 0.44 s at most after the last advert. TCP repeats what got no answer after 0.2 s and 0.6 s; the second time the new holder resets it, and the browser sends the request again: about 0.65 s',
      'in flight'
    )
    const now = await stage.findHolder(lab.webVirtualAddress, ['haproxy01', 'haproxy02'])
    stage.claim(
      'the web address is with the other balancer, and stays there',
      now !== web,
      `before ${web}, after its return ${now}`
    )
    const secondKill = await survive(
      now,
      'The other way round',
      'As before: neither preempts, so the one that died first is the one that waits now, and counts the same missing adverts',
      'in flight'
    )

    const database = await stage.findHolder(lab.databaseVirtualAddress, ['haproxy03', 'haproxy04'])
    await survive(
      database,
      `${database} carries every database connection. All break at once; pools connect again where the address is`,
      'The address moves as the web address does. Statements under way hang until the new holder resets them, and run again under their keys; a new connection that is not there after 250 ms is asked for a second time'
    )
    const otherDatabase: Host = database === 'haproxy03' ? 'haproxy04' : 'haproxy03'
    await survive(
      otherDatabase,
      'The other way round',
      'As before: no connection outlives its balancer, and the pools find the other one at the same address'
    )

    await survive(
      'web01',
      'Requests in flight on web01 are repeated on web02 by HAProxy: every write carries a key',
      'What was in flight got no answer and went to web02 at once. A new connection to the dead address costs timeout connect, 300 ms, until two checks in a row have failed and web01 is given up'
    )
    await survive('web02', 'The other way round', 'As before: no address has to move, and sessions are in the database')

    stage.predict(
      'The report stops only the HAProxy service. Keepalived is told within 50 ms and resigns with priority 0'
    )
    const holder = await stage.findHolder(lab.webVirtualAddress, ['haproxy01', 'haproxy02'])
    const stopped = await stage.break(stopHaproxy(holder), {
      why: 'A killed host is noticed by three adverts that are missing. Here the last advert has priority 0, so that the other one waits for its skew alone, at most 0.07 s'
    })
    claimSurvived(stage, stopped, { withinMs: SURVIVED_WITHIN_MS, mayFail: 'in flight' })
    const after = gapOfBlow(stage, stopped)
    const killed = [firstKill, secondKill].map(fault => gapOfBlow(stage, fault))
    stage.claim(
      'stopping the HAProxy service is noticed faster than a killed host',
      after < median(killed),
      `longest gap ${after} ms; ${killed.join(' and ')} ms when the host that held the address was killed`
    )
    await stage.stopWorkload()
    await claimNothingLost(stage)
  }
}
