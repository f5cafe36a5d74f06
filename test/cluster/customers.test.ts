import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLedger } from '../../lab/checker/ledger.ts'
import { countStaleReads } from '../../lab/checker/stale-reads.ts'
import { describeWrites } from '../../lab/checker/tally.ts'
import { gatherWrites } from '../../lab/checker/writes.ts'
import { Customer } from '../../lab/workload/customer.ts'
import { isWrite, type Line } from '../../lab/workload/history.ts'
import {
  eventually,
  forEachEngine,
  freshDatabase,
  skipWithoutHaproxy,
  startHaproxy,
  startServer,
  webBalancer,
  withinMs
} from '../helper.ts'

const WRITES_BEFORE = 40
const WRITES_AFTER = 80

forEachEngine(
  'the lab’s customers, who do all that a list offers in two tabs each',
  engine => {
    test('find their lists as they were told, though a web server is killed', {
      skip: skipWithoutHaproxy() ?? false
    }, async t => {
      const { env } = await freshDatabase(t, engine)
      const [one, other] = [await startServer(t, env), await startServer(t, env)]
      const haproxy = await startHaproxy(t, webBalancer([one, other]))
      const history: Line[] = []
      const options = { site: haproxy.url, run: 'r1', customers: 2, prefix: 'c', tabs: 2, probeEveryMs: 0, thinkMs: 4 }
      const customers = [0, 1].map(index => Customer.open(index, options, line => history.push(line)))
      for (const [first] of customers) await first?.signUp()
      const ending = new AbortController()
      const shopping = Promise.all(customers.flat().map(customer => customer.shop(ending.signal)))
      shopping.catch(() => {})
      const written = (count: number) =>
        eventually(
          () => {
            const done = history.filter(({ what, outcome }) => isWrite(what) && outcome === 'ok')
            assert.ok(done.length >= count, `${done.length} of ${count} writes`)
          },
          { withinMs: withinMs.start }
        )
      try {
        await written(WRITES_BEFORE)
        await one.kill()
        await written(WRITES_BEFORE + WRITES_AFTER)
      } finally {
        ending.abort()
        await shopping
      }
      for (const [first] of customers) await first?.readFinalList()

      const { ledger, verdict, evidence } = checkLedger(history)
      t.diagnostic(`${describeWrites(history)}; ${evidence.join('; ')}`)
      assert.equal(verdict, 'good', evidence.join('; '))
      assert.equal(ledger.unknown, 0)
      const { stale, examples } = countStaleReads(history)
      assert.equal(stale, 0, examples.join('; '))
      const done = new Set(gatherWrites(history).flatMap(({ what, outcome }) => (outcome === 'ok' ? [what] : [])))
      assert.ok(done.size >= 5, `only ${[...done].join(', ')}`)
    })
  },
  ['mariadb', 'postgres']
)
