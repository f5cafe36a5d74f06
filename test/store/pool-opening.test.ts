import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../src/store/connection.ts'
import { NoConnection } from '../../src/store/pool/errors.ts'
import { clock, FakeConnection, inTime, makePool, soon } from '../helper/fake-pool.ts'

test('a connection that is late is asked for again, as it may be on its way to a dead node', async () => {
  const arrivals: ((connection: Connection) => void)[] = []
  const { pool } = makePool({
    size: 1,
    lateAfterMs: 20,
    connect: () => new Promise(resolve => arrivals.push(resolve))
  })
  const waiting = pool.acquire(clock.now() + 8000)
  await clock.advance(4 * 20)
  assert.equal(arrivals.length, 2, 'a second one is asked for')
  const [late, quick] = [new FakeConnection('frozen'), new FakeConnection('sound')]
  arrivals[1]?.(quick)
  assert.equal(await waiting, quick)
  arrivals[0]?.(late)
  await clock.advance(1)
  assert.ok(late.isDead, 'its place is taken')
  assert.equal(pool.gauges.open, 1)
})

test('while connections are late only one more at a time is tried, however many wait', async () => {
  let attempts = 0
  const { pool } = makePool({
    size: 5,
    queueLimit: 20,
    lateAfterMs: 40,
    connect: () => {
      attempts++
      return new Promise(() => {})
    }
  })
  const waiting = Array.from({ length: 10 }, () => pool.acquire(clock.now() + 300).catch(error => error))
  assert.equal(attempts, 5)
  for (const outcome of await inTime(Promise.all(waiting))) assert.ok(outcome instanceof NoConnection)
  assert.ok(attempts > 5 && attempts <= 5 + 300 / 40, `${attempts} attempts`)
})

test('while connections are refused they are tried one at a time and less and less often, however many wait', async () => {
  const attempts: number[] = []
  let isUp = false
  const { pool } = makePool({
    size: 5,
    queueLimit: 20,
    connect: async () => {
      attempts.push(clock.now())
      if (!isUp) throw new Error('refused')
      return new FakeConnection('node')
    }
  })
  // As requests do: whoever is told that it failed comes again.
  const insist = async (): Promise<unknown> => {
    try {
      return await pool.acquire(clock.now() + 15_000)
    } catch (error) {
      return (error as NoConnection).reason === 'closed' ? error : insist()
    }
  }
  const waiting = Array.from({ length: 10 }, insist)
  await clock.advance(600)
  // Five at once, before the first refusal. After five refusals the next are 250 ms apart, give or take a quarter.
  assert.ok(attempts.length >= 6 && attempts.length <= 8, `${attempts.length} attempts`)
  await clock.advance(5000)
  const pauses = attempts.slice(5).map((at, n) => at - (attempts[n + 4] as number))
  assert.ok(pauses.length >= 16, 'it goes on trying')
  assert.ok(
    pauses.every(ms => ms >= 187 && ms <= 313),
    `${pauses}`
  )
  isUp = true
  const connection = (await inTime(Promise.race(waiting))) as FakeConnection
  assert.ok(connection instanceof FakeConnection, 'whoever waits is served when the way is open again')
})

test('who waits for a new connection takes one that comes free before', async () => {
  const first = new FakeConnection('node1')
  let attempts = 0
  const { pool } = makePool({ connect: () => (attempts++ === 0 ? Promise.resolve(first) : new Promise(() => {})) })
  const a = await pool.acquire(soon())
  const waiting = pool.acquire(soon())
  assert.equal(attempts, 2)
  pool.release(a)
  assert.equal(await waiting, first)
})
