import { checkLedger } from './checker/ledger.ts'
import { sumMetric } from './checker/metrics.ts'
import { countStaleReads } from './checker/stale-reads.ts'
import { countSessions, quantile } from './checker/tally.ts'
import { claimMuchCompared, claimNumbered } from './common-claims.ts'
import type { Host } from './network.ts'
import type { Stage } from './stage.ts'
import type { Line } from './workload/history.ts'

/** Off and on alternate, and neither is always first: a machine gets faster and slower as it goes. */
const ORDER = ['off', 'on', 'on', 'off'] as const
/** A web server has just been started for each turn: for this long its times are not counted, its reads are. */
const WARM_UP_MS = 5_000
const SHOPPING_MS = 10_000
/** A customer who reads the list the moment a write was acknowledged is the one who meets a stale read. */
const THINK_MS = 30
const PAGES_MS = 8_000
const WEBS: readonly Host[] = ['web01', 'web02']
const CUSTOMERS = 6

type Setting = (typeof ORDER)[number]

/** What else is the case while both ways are compared. */
export interface Circumstance {
  name: string
  begin?(stage: Stage): Promise<void>
  end?(stage: Stage): Promise<void>
}

interface Side {
  circumstance: string
  setting: Setting
  history: Line[]
  /** Of its list reads, once warm, in milliseconds. */
  times: number[]
}

/** The same shopping with the current reads that the application uses, and without them. */
export async function compareReads(
  stage: Stage,
  what: string,
  nodes: readonly Host[],
  circumstances: readonly Circumstance[]
): Promise<void> {
  stage.explain(
    `A read just after a write, often on another node: how often does it miss the write? ${what}: off and on in turn (CAUSAL_READS)`
  )
  const sides: Side[] = []
  for (const { name, begin, end } of circumstances) {
    stage.predict(`${name}: on, no read is stale, and a read costs more; off, some may be stale`)
    const both = new Map<Setting, Side>()
    await begin?.(stage)
    try {
      for (const setting of ORDER) {
        const side = both.get(setting) ?? { circumstance: name, setting, history: [], times: [] }
        both.set(setting, side)
        await shop(stage, side)
      }
    } finally {
      await end?.(stage)
      await stage.lab.reconfigure({ CAUSAL_READS: 'on' }, ['web01', 'web02'])
    }
    sides.push(...both.values())
  }
  await countCausalReads(stage)

  await claimNumbered(stage)
  for (const { circumstance, setting, history } of sides) {
    const { ledger, verdict } = checkLedger(history)
    const stale = countStaleReads(history)
    const title = `${circumstance}, ${setting}`
    stage.promise(
      `${title}: nothing acknowledged is lost`,
      verdict === 'good',
      `${ledger.acknowledged} acknowledged, ${ledger.lost} lost`
    )
    claimMuchCompared(stage, history, `${title}: `)
    const evidence = `${stale.stale} stale of ${stale.checked} reads, ${stale.otherServer} of them through another web server. ${stale.examples.join('; ')}`
    if (setting === 'off') {
      stage.observe(`${title}: ${evidence}`)
    } else {
      stage.promise(
        `${title}: no list misses a write that was acknowledged before`,
        stale.stale === 0 && stale.otherServer > 100,
        evidence
      )
    }
    const seen = new Set(history.flatMap(line => (line.what === 'read' ? (line.node ?? []) : [])))
    stage.observe(`${title}: reads were answered by ${[...seen].sort().join(', ')} of ${nodes.join(', ')}`)
  }
  stage.table({
    title: 'Stale reads, both ways',
    note: `${CUSTOMERS} customers who read their list at once after each write, through two web servers; off, on, on, off for ${(WARM_UP_MS + SHOPPING_MS) / 1000} s each. What was seen on one machine that runs all hosts, where a node catches up within a millisecond or two; a real network takes longer. A count of 0 does not show that none can happen.`,
    head: [
      '',
      what,
      'reads after a write',
      'through another web server',
      'stale',
      'share',
      'logins repeated',
      'read, median ms',
      'read, p99 ms'
    ],
    rows: sides.map(({ circumstance, setting, history, times }) => {
      const stale = countStaleReads(history)
      return [
        circumstance,
        setting,
        stale.checked,
        stale.otherServer,
        stale.stale,
        `${((100 * stale.stale) / Math.max(1, stale.checked)).toFixed(2)} %`,
        countSessions(history).repeatedLogins,
        quantile(times, 0.5),
        quantile(times, 0.99)
      ]
    })
  })
}

/** Of pages alone, as a write has reads of its own: only the probe asks. */
async function countCausalReads(stage: Stage): Promise<void> {
  stage.predict(
    'A page reads the session, then the list, and waits once for what was acknowledged before: with the first'
  )
  /** Both of one look, so that no request is in one and not in the other, but for those under way. */
  const look = async () => {
    const seen = { reads: 0, pages: 0 }
    for (const host of WEBS) {
      const { body } = await stage.lab.get('/metrics', {
        host: `${stage.lab.address(host)}:5000`,
        accept: 'text/plain'
      })
      for (const count of sumMetric(body, 'carrinho_causal_reads_total', 'server').values()) seen.reads += count
      seen.pages += sumMetric(body, 'carrinho_http_request_duration_seconds_count', 'route').get('/carrinho/') ?? 0
    }
    return seen
  }
  await stage.startWorkload({ customers: 0, probeEveryMs: 20 })
  const before = await look()
  await stage.pause(PAGES_MS)
  const after = await look()
  await stage.stopWorkload()
  const [reads, pages] = [after.reads - before.reads, after.pages - before.pages]
  const perPage = Math.round((100 * reads) / pages) / 100
  stage.figure({ name: 'causal reads of a page', unit: 'of two reads', values: [perPage] })
  stage.claim(
    'a page waits once, not with each of its reads',
    perPage > 0.9 && perPage < 1.1,
    `${reads} causal reads of ${pages} pages, ${perPage} a page`
  )
}

async function shop(stage: Stage, side: Side): Promise<void> {
  await stage.lab.reconfigure({ CAUSAL_READS: side.setting }, ['web01', 'web02'])
  await stage.pause(2_000)
  const prefix = await stage.startWorkload({ customers: CUSTOMERS, thinkMs: THINK_MS, probeEveryMs: 200 })
  const warmAt = Date.now() + WARM_UP_MS
  await stage.pause(WARM_UP_MS + SHOPPING_MS)
  await stage.stopWorkload()
  const history = stage.history.filter(line => line.who.startsWith(prefix))
  side.history.push(...history)
  const reads = history.filter(line => line.what === 'read' && line.outcome === 'ok' && line.at >= warmAt)
  side.times.push(...reads.map(line => line.ms))
}
