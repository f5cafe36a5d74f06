import { checkLedger } from './checker/ledger.ts'
import { countStaleReads } from './checker/stale-reads.ts'
import { quantile } from './checker/tally.ts'
import type { Host } from './network.ts'
import type { Stage } from './stage.ts'
import type { Line } from './workload/history.ts'

/** Long enough for some thousand reads that follow a write at once. */
const SHOPPING_MS = 20_000
/** A customer who reads the list the moment a write was acknowledged is the one who meets a stale read. */
const THINK_MS = 30
const CUSTOMERS = 6

interface Side {
  name: string
  history: Line[]
}

/** The same shopping twice: with the current reads that the application uses, and without. */
export async function compareReads(stage: Stage, what: string, nodes: readonly Host[]): Promise<void> {
  stage.explain(
    `A read just after a write, often on another node: how often does it miss the write? ${what}: on, then off (CAUSAL_READS)`
  )
  const sides: Side[] = []
  try {
    for (const setting of ['on', 'off'] as const) {
      stage.predict(
        setting === 'on' ? 'On: no read is stale, and reads wait for the node to catch up' : 'Off: some reads are stale'
      )
      await stage.lab.reconfigure({ CAUSAL_READS: setting }, ['web01', 'web02'])
      await stage.pause(3_000)
      const prefix = await stage.startWorkload({ customers: CUSTOMERS, thinkMs: THINK_MS, probeEveryMs: 200 })
      await stage.pause(SHOPPING_MS)
      await stage.stopWorkload()
      sides.push({ name: setting, history: stage.history.filter(line => line.who.startsWith(prefix)) })
    }
  } finally {
    await stage.lab.reconfigure({ CAUSAL_READS: 'on' }, ['web01', 'web02'])
  }

  for (const { name, history } of sides) {
    const { ledger, verdict } = checkLedger(history)
    stage.promise(
      `${name}: nothing acknowledged is lost`,
      verdict === 'good',
      `${ledger.acknowledged} acknowledged, ${ledger.lost} lost`
    )
  }
  const [on, off] = sides as [Side, Side]
  const current = countStaleReads(on.history)
  stage.promise(
    'on: no list misses a write that was acknowledged before',
    current.stale === 0 && current.elsewhere > 100,
    `${current.stale} stale of ${current.checked} reads, ${current.elsewhere} of them through another server or node. ${current.examples.join('; ')}`.trim()
  )
  const seen = new Set(on.history.flatMap(line => (line.what === 'read' ? (line.node ?? []) : [])))
  stage.observe(`reads were answered by ${[...seen].sort().join(', ')} of ${nodes.join(', ')}`)
  stage.table({
    title: 'Stale reads, both ways',
    note: `${CUSTOMERS} customers who read their list at once after each write, for ${SHOPPING_MS / 1000} s each way, through two web servers. What was seen, on one machine that runs all hosts: there a node catches up within a millisecond or two, which on a real network takes longer. A count of 0 does not show that none can happen.`,
    head: [
      what,
      'reads after a write',
      'through another server or node',
      'stale',
      'share',
      'read, median ms',
      'read, p99 ms'
    ],
    rows: sides.map(({ name, history }) => {
      const stale = countStaleReads(history)
      const times = history.filter(line => line.what === 'read' && line.outcome === 'ok').map(line => line.ms)
      return [
        name,
        stale.checked,
        stale.elsewhere,
        stale.stale,
        `${((100 * stale.stale) / Math.max(1, stale.checked)).toFixed(2)} %`,
        quantile(times, 0.5),
        quantile(times, 0.99)
      ]
    })
  })
  const without = countStaleReads(off.history)
  stage.observe(`off: ${without.stale} stale of ${without.checked}. ${without.examples.join('; ')}`)
}
