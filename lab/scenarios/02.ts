import { STATE_REACHED } from '../budgets.ts'
import { findLongestGap } from '../checker/gaps.ts'
import { median } from '../checker/tally.ts'
import { type Advert, readAdverts } from '../checker/vrrp.ts'
import { claimNothingLost, claimSurvived } from '../common-claims.ts'
import { stopHaproxy } from '../faults/index.ts'
import type { Host } from '../network.ts'
import type { FaultRecord } from '../report/result.ts'
import type { Scenario } from '../scenario.ts'
import { ifReached, type Stage } from '../stage.ts'

const REPETITIONS = 5
/** The one that stands by first: settings are changed in this order. */
const PAIR: Host[] = ['haproxy02', 'haproxy01']
/** With the lab's settings. With the report's it is an outage, which is measured. */
const SURVIVED_WITHIN_MS = 3_000

async function waitForHolder(stage: Stage, isRight: (holders: Host[]) => boolean): Promise<Host> {
  let holders: Host[] = []
  await stage.waitFor('one balancer holds the web address', STATE_REACHED, async () => {
    holders = await stage.lab.holders(stage.lab.webVirtualAddress, PAIR)
    return holders.length === 1 && isRight(holders)
  })
  return holders[0] as Host
}

interface Measured {
  /** Between stop and start, in milliseconds. */
  outages: number[]
  /** From the start until the address was back where it had been, in milliseconds. */
  returns: number[]
  faults: FaultRecord[]
}

/** Stops HAProxy on the address's holder, again and again; with `comesBack` only while the address returns to it. */
async function measure(
  stage: Stage,
  settings: string,
  options: { holdMs: number; comesBack: boolean; why: string }
): Promise<Measured> {
  const outages: number[] = []
  const returns: number[] = []
  const faults: FaultRecord[] = []
  for (let count = 1; count <= REPETITIONS; count += 1) {
    const holder = await waitForHolder(stage, () => true)
    let backAt: number | undefined
    const returnOfAddress = async () => {
      const isBack = await ifReached(waitForHolder(stage, ([host]) => host === holder))
      if (isBack) backAt = Date.now()
    }
    const fault = await stage.break(stopHaproxy(holder), {
      holdMs: options.holdMs,
      settleMs: 1_500,
      under: settings,
      afterwards: options.comesBack ? returnOfAddress : undefined
    })
    faults.push(fault)
    const gap = findLongestGap(stage.history, stage.startedAt + fault.atMs, stage.startedAt + fault.healingMs)
    if (!gap) throw new Error('no probe was answered')
    outages.push(gap.ms)
    stage.observe(`${settings}, ${count} of ${REPETITIONS}: ${gap.ms} ms without an answer`)
    if (!options.comesBack) continue
    if (!backAt) break
    returns.push(Math.round(backAt - stage.startedAt - fault.healingMs))
  }
  stage.explain(options.why)
  stage.figure({ name: `outage when HAProxy stops, ${settings}`, unit: 'ms', values: outages })
  return { outages, returns, faults }
}

const spread = (values: number[]) =>
  `median ${median(values)} ms (${Math.min(...values)} to ${Math.max(...values)}, ${values.length} times)`

export const scenario: Scenario = {
  number: '02',
  title: 'Two HAProxy with Keepalived: priority 101 → 91, takeover, preemption; the report’s settings and the lab’s',
  source: 'Report, experiment 2',
  async run(stage) {
    const { lab } = stage
    const [first, second] = [lab.address('haproxy01'), lab.address('haproxy02')]
    stage.explain(
      `haproxy01 (priority 101) and haproxy02 (100) share ${lab.webVirtualAddress}; only the master sends adverts`
    )
    await waitForHolder(stage, ([host]) => host === 'haproxy01')
    await stage.startWorkload({ customers: 3 })
    const stopCapture = await stage.capture('client', 'vrrp', 'ip proto 112')
    await stage.pause(5_000)

    stage.predict(
      'HAProxy stops; within a second the check fails and the advert says 101 - 10 = 91; haproxy02 has 100 and takes over'
    )
    const { outages: theirs, returns } = await measure(stage, "the report's settings", {
      holdMs: 5_000,
      comesBack: true,
      why: 'haproxy02 hears 91 and discards it, as lower than its own 100, and goes on waiting: for 3 adverts and its skew of (256 - 100) / 256 s, about 3.6 s, since the last 101. And 101 goes on until the check, once a second, has failed'
    })
    await stage.pause(2_000)
    const adverts = readAdverts(await stopCapture())
    claimAdverts(stage, adverts, first, second)
    stage.claim(
      'haproxy01 is preempted back when its HAProxy returns',
      returns.length === REPETITIONS,
      `${returns.length} of ${theirs.length} times${returns.length > 0 ? `, seen ${spread(returns)} after its start` : ''}`
    )

    stage.explain(
      'The same with the lab’s settings: VRRP version 3, adverts each 0.12 s, Keepalived stopped cleanly when HAProxy ends, no preemption'
    )
    await stage.reconfigure(
      { WEB_HAPROXY_CONFIG: 'web.cfg', WEB_KEEPALIVED_CONFIG: 'lab.conf', WATCH: 'process' },
      PAIR
    )
    await waitForHolder(stage, () => true)
    await stage.pause(2_000)
    stage.predict(
      'A clean stop is announced with priority 0, so that the other waits for its skew alone: about a tenth of a second'
    )
    const { outages: ours, faults } = await measure(stage, "the lab's settings", {
      holdMs: 2_500,
      comesBack: false,
      why: 'Within 50 ms of HAProxy’s end its Keepalived is stopped, and says so with priority 0: the other one waits for no missing advert, only for its skew, at most 0.07 s. Nobody preempts, so the return interrupts nobody'
    })
    claimSurvived(stage, faults, { withinMs: SURVIVED_WITHIN_MS, mayFail: 'in flight' })
    stage.claim(
      "the lab's settings shorten the outage",
      median(ours) < median(theirs) && Math.max(...ours) < Math.min(...theirs),
      `theirs ${spread(theirs)}, ours ${spread(ours)}`
    )
    await stage.stopWorkload()
    await claimNothingLost(stage)
  }
}

function claimAdverts(stage: Stage, adverts: Advert[], first: string, second: string): void {
  const well = adverts.filter(advert => advert.from === first && advert.priority === 101)
  const steps = well.slice(1).map((advert, index) => advert.at - (well[index] as Advert).at)
  const regular = steps.filter(ms => Math.abs(ms - 1_000) < 100).length
  // Between two takeovers the master is silent for seconds; those steps are not part of its rhythm.
  const within = steps.filter(ms => ms < 1_500).length
  stage.claim(
    'the master sends an advert of priority 101 each second',
    within >= 5 && regular / within > 0.6 && well.every(advert => advert.version === 2 && advert.routerId === 11),
    `${well.length} adverts of ${first} with 101; ${regular} of ${within} steps are 1 s, give or take 0.1 s`
  )
  const lowered = adverts.findIndex(advert => advert.from === first && advert.priority === 91)
  const taken = adverts.findIndex(
    (advert, index) => index > lowered && advert.from === second && advert.priority === 100
  )
  const returned = adverts.findIndex(
    (advert, index) => index > taken && advert.from === first && advert.priority === 101
  )
  const at = (index: number) => (((adverts[index] as Advert).at - (adverts[0] as Advert).at) / 1000).toFixed(2)
  stage.claim(
    'vrrp.pcap shows 91 from the first balancer, then 100 from the second, then 101 from the first again',
    lowered >= 0 && taken > lowered && returned > taken,
    lowered >= 0 && taken > lowered && returned > taken
      ? `at ${at(lowered)} s, ${at(taken)} s and ${at(returned)} s of ${adverts.length} adverts`
      : `not found in ${adverts.length} adverts`
  )
}
