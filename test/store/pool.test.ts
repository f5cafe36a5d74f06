import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NoConnection } from '../../src/store/pool/errors.ts'
import { clock, disturb, FakeConnection, fillPool, inTime, makePool, soon } from '../helper/fake-pool.ts'

test('a pool keeps connections open beyond those that are asked for', async () => {
  const { pool, connections } = makePool({ size: 5, keep: 2 })
  pool.release(await pool.acquire(soon()))
  await clock.advance(1)
  assert.equal(pool.gauges.idle, 2, 'both are there')
  const nodes = await Promise.all(
    [pool.acquire(soon()), pool.acquire(soon())].map(async connection => (await connection).node)
  )
  assert.deepEqual(nodes.sort(), ['node1', 'node2'])
  assert.equal(connections.length, 2)
})

test('a pool puts another connection in the place of one that broke while idle', async () => {
  const { pool, connections } = makePool({ size: 5, keep: 2 })
  pool.release(await pool.acquire(soon()))
  await clock.advance(1)
  assert.equal(pool.gauges.idle, 2, 'both are there')
  connections[0]?.breaks()
  await clock.advance(1)
  assert.equal(pool.gauges.idle, 2, 'two again')
  assert.equal(connections.length, 3)
})

test('a pool asks for no connection that nobody waits for while none can be had', async () => {
  let asked = 0
  const { pool } = makePool({
    size: 5,
    keep: 2,
    connect: async () => {
      asked++
      throw new Error('refused')
    }
  })
  await assert.rejects(pool.acquire(soon()), NoConnection)
  const before = asked
  await clock.advance(400)
  assert.equal(asked, before)
})

test('a pool hands its connections out in turn, so that each node answers its share', async () => {
  const { pool } = makePool()
  const [a, b] = [await pool.acquire(soon()), await pool.acquire(soon())]
  pool.release(a)
  pool.release(b)
  assert.equal(await pool.acquire(soon()), a)
  pool.release(a)
  assert.equal(await pool.acquire(soon()), b)
})

test('a pool never opens more connections than its size, and whoever waits gets the first that is free', async () => {
  const { pool, connections } = makePool()
  const [a] = [await pool.acquire(soon()), await pool.acquire(soon())]
  const waiting = pool.acquire(soon())
  assert.equal(pool.gauges.waiting, 1)
  pool.release(a)
  assert.equal(await waiting, a)
  assert.equal(connections.length, 2)
})

test('waiting for a connection ends at the deadline', async () => {
  const { pool } = makePool({ size: 1 })
  await pool.acquire(soon())
  const start = clock.now()
  await assert.rejects(inTime(pool.acquire(start + 30)), NoConnection)
  const tookMs = clock.now() - start
  assert.ok(tookMs >= 30 && tookMs <= 100, `it took ${tookMs} ms`)
  assert.equal(pool.gauges.waiting, 0)
})

test('a full queue refuses at once', async () => {
  const { pool } = makePool({ size: 1, queueLimit: 1 })
  await pool.acquire(soon())
  const first = pool.acquire(soon())
  await assert.rejects(pool.acquire(soon()), { reason: 'queue' })
  await assert.rejects(inTime(first), NoConnection)
})

test('a connection in doubt is destroyed, and its place goes to whoever waits', async () => {
  const { pool, connections } = makePool({ size: 1 })
  const a = await pool.acquire(soon())
  const waiting = pool.acquire(soon())
  pool.discard(a, 'lost')
  assert.equal((await waiting).node, 'node2')
  assert.equal(connections[0]?.isDead, true)
})

test('after one connection was lost, its idle siblings are asked before they are used', async () => {
  const { pool, connections } = makePool()
  const [a, b] = [await pool.acquire(soon()), await pool.acquire(soon())]
  pool.release(b)
  pool.discard(a, 'lost')
  assert.equal(pool.acquireNow(), undefined)
  assert.equal(await pool.acquire(soon()), b)
  assert.equal(connections[1]?.checks, 1)
})

test('a connection that does not answer when it is asked is replaced', async () => {
  const { pool, connections } = makePool({ checkAfterIdleMs: 0 })
  const a = await pool.acquire(soon())
  pool.release(a)
  assert.ok(connections[0])
  connections[0].answersChecks = false
  assert.equal((await pool.acquire(soon())).node, 'node2')
  assert.equal(connections[0].isDead, true)
})

test('a caller with no time left gives an unchecked connection back as it was', async () => {
  const { pool, connections } = makePool({ size: 1, checkAfterIdleMs: 0 })
  pool.release(await pool.acquire(soon()))
  const checks = connections[0]?.checks
  await assert.rejects(pool.acquire(clock.now() + 20), NoConnection)
  assert.equal(connections[0]?.isDead, false)
  assert.equal(connections[0]?.checks, checks)
  assert.equal((await pool.acquire(soon())).node, 'node1')
})

test('a caller in a hurry does not have a node called silent', async () => {
  const { pool, connections } = makePool({ size: 3, keep: 2, checkAfterIdleMs: 0, checkMs: 500, nodeOf: () => 'node1' })
  const both = [await pool.acquire(soon()), await pool.acquire(soon())]
  for (const connection of both) pool.release(connection)
  assert.ok(connections[0] && connections[1])
  connections[0].isSilent = true
  await inTime(pool.acquire(clock.now() + 80).catch(() => undefined))
  assert.equal(connections[0].isDead, true)
  assert.equal(connections[1].isDead, false, 'its sibling was not asked long enough to be given up')
})

test('a connection that breaks while idle is never handed out', async () => {
  const { pool, connections } = makePool()
  pool.release(await pool.acquire(soon()))
  connections[0]?.breaks()
  assert.equal(pool.gauges.open, 0)
  assert.equal((await pool.acquire(soon())).node, 'node2')
})

test('a failure to connect is told as such and does not use up a place', async () => {
  let fail = true
  const { pool } = makePool({
    size: 1,
    connect: async () => {
      if (fail) throw new Error('refused')
      return new FakeConnection('node1')
    }
  })
  for (let i = 0; i < 3; i++) await assert.rejects(inTime(pool.acquire(soon())), { reason: 'connect' })
  fail = false
  assert.equal((await inTime(pool.acquire(soon()))).node, 'node1')
})

test('an old connection is closed when it comes back, so that a node that returned gets its share', async () => {
  const { pool, connections } = makePool({ maxAgeMs: -1 })
  pool.release(await pool.acquire(soon()))
  assert.equal(connections[0]?.isDead, true)
  assert.equal(pool.gauges.open, 0)
})

test('closing waits for the busy connections, ends them at the latest after its time, and refuses newcomers', async () => {
  const { pool, connections } = makePool()
  const a = await pool.acquire(soon())
  const closing = pool.close(1000)
  await assert.rejects(pool.acquire(soon()), { reason: 'closed' })
  pool.release(a)
  await closing
  assert.equal(connections[0]?.isDead, true)

  const stuck = makePool()
  await stuck.pool.acquire(soon())
  await inTime(stuck.pool.close(10))
  assert.equal(stuck.connections[0]?.isDead, true)
})

test('of idle connections that are all dead, one costs a wait; the others are not asked, and a new one is opened', async () => {
  // Behind a balancer that vanished every node's connections are dead.
  const { pool, connections } = makePool({ size: 10, checkMs: 150, nodeOf: n => `node${n % 2}` })
  await fillPool(pool, 10)
  await disturb(pool)
  await clock.advance(1)
  const dead = connections.slice()
  for (const connection of dead) connection.isSilent = true
  const start = clock.now()
  const connection = await inTime(pool.acquire(clock.now() + 8000))
  assert.ok(clock.now() - start < 2 * 150, `it took ${clock.now() - start} ms`)
  assert.equal(connection, connections[10])
  assert.equal(dead.filter(({ checks }) => checks > 0).length, 1)
  assert.ok(
    dead.every(({ node, isDead }) => isDead || node === 'node0'),
    'those to the same node are gone'
  )
})
