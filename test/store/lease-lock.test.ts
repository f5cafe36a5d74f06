import assert from 'node:assert/strict'
import { test } from 'node:test'
import mysql from 'mysql2/promise'
import { leaseLock } from '../../src/store/drivers/lease-lock.ts'
import { mysqlVerdict } from '../../src/store/drivers/mysql-failures.ts'
import { ManualClock } from '../helper/manual-clock.ts'
import { forEachEngine, freshDatabase, type Scope, type TestDatabase } from '../helper.ts'

forEachEngine(
  'the lock of a migration',
  engine => {
    /** As `leaseLock` of one host, by its own connection to the real database. */
    const host = async (t: Scope, { url }: TestDatabase, clock: ManualClock) => {
      const connection = await mysql.createConnection({ uri: String(url), rowsAsArray: true })
      t.after(() => connection.end())
      const said: string[] = []
      const run = async (sql: string, params: unknown[] = []) => {
        const [rows] = await connection.query(sql, params)
        return Array.isArray(rows) ? (rows as unknown[][]) : []
      }
      return {
        said,
        run,
        lock: <R>(work: () => Promise<R>) => leaseLock(run, mysqlVerdict, line => said.push(line), work, clock)
      }
    }

    /** Moves the clock on in the steps in which a waiting host looks, and lets the database answer in between. */
    const pass = async (clock: ManualClock, ms: number, isOver: () => boolean) => {
      for (let passed = 0; passed < ms && !isOver(); passed += 150) {
        await clock.advance(150)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    }

    test('waits for as long as its holder renews it, however long, and says so once', async t => {
      const database = await freshDatabase(t, engine, { migrate: false })
      const clock = new ManualClock()
      const [first, second] = [await host(t, database, clock), await host(t, database, clock)]
      let finish = () => {}
      const order: string[] = []
      const held = first.lock(async () => {
        order.push('first begins')
        await new Promise<void>(resolve => {
          finish = resolve
        })
        order.push('first ends')
      })
      await pass(clock, 60_000, () => order.length > 0)
      const waiting = second.lock(async () => order.push('second'))
      await pass(clock, 60_000, () => order.length > 1)
      assert.deepEqual(order, ['first begins'], 'a minute is four leases')
      assert.equal(second.said.length, 1)
      finish()
      await held
      await pass(clock, 5000, () => order.length > 2)
      await waiting
      assert.deepEqual(order, ['first begins', 'first ends', 'second'])
      assert.deepEqual(await first.run('select * from schema_lock'), [])
    })

    test('is taken from a holder that died 15 s after its last sign of life, whatever its clock said', async t => {
      const database = await freshDatabase(t, engine, { migrate: false })
      const clock = new ManualClock()
      const survivor = await host(t, database, clock)
      await survivor.lock(async () => {}) // makes the table
      await survivor.run('insert into schema_lock values (1, ?, ?)', ['a-dead-holder', Date.now() + 86_400_000])
      let isDone = false
      const start = clock.now()
      const waiting = survivor.lock(async () => {
        isDone = true
      })
      await pass(clock, 14_500, () => isDone)
      assert.equal(isDone, false)
      await pass(clock, 60_000, () => isDone)
      await waiting
      assert.ok(clock.now() - start < 60_000, `${clock.now() - start} ms`)
    })
  },
  ['mariadb']
)

test('the lock of a migration is given up after ten minutes', async () => {
  const clock = new ManualClock()
  // Another host renews its lease each time that this one looks.
  let renewals = 0
  const run = async (sql: string) => {
    if (sql.startsWith('insert')) throw Object.assign(new Error('duplicate'), { errno: 1062 })
    return sql.startsWith('select') ? [['a-busy-holder', renewals++]] : []
  }
  const locking = leaseLock(
    run,
    mysqlVerdict,
    () => {},
    async () => assert.fail('two at once'),
    clock
  )
  const refused = assert.rejects(locking, /another migration has been running for ten minutes/)
  await clock.advance(9 * 60_000)
  const before = renewals
  await clock.advance(2 * 60_000)
  assert.ok(renewals > before, 'it was still waiting after nine')
  await refused
})
