import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noEvents } from '../../src/store/events.ts'
import { ConnectionLost } from '../../src/store/pool/errors.ts'
import { clock, fillPool, makePool, never, soon } from '../helper/fake-pool.ts'

test('a node that falls silent is given up: whoever waits on it is told, and the other nodes are left alone', async () => {
  const silent: string[] = []
  const { pool, connections } = makePool({
    size: 6,
    beatMs: 20,
    silentMs: 100,
    nodeOf: n => `node${n % 2}`,
    events: { ...noEvents, nodeSilent: node => silent.push(node) }
  })
  await fillPool(pool, 6)
  await clock.advance(20)
  assert.equal(pool.gauges.watching, 2)
  // Four of the six are left, two to each node, in whatever order.
  const held = await Promise.all([1, 2, 3, 4].map(() => pool.acquire(soon())))
  const [hung, other] = ['node0', 'node1'].map(name => held.find(({ node }) => node === name))
  assert.ok(hung && other)
  for (const connection of connections) if (connection.node === 'node0') connection.isSilent = true
  let failure: unknown
  hung.run('', [], never).catch(error => {
    failure = error
  })
  await clock.advance(20 + 100)
  assert.ok(failure instanceof ConnectionLost, 'the statement has ended')
  assert.deepEqual(silent, ['node0'])
  assert.ok(connections.every(({ node, isDead }) => isDead === (node === 'node0')))
  assert.equal(other.isGone(), false)
})

test('a node that takes its time is left alone, as long as it gives a sign of life', async () => {
  const { pool, connections } = makePool({ beatMs: 10, silentMs: 50, nodeOf: () => 'slow' })
  await fillPool(pool, 2)
  await clock.advance(20)
  assert.equal(pool.gauges.watching, 1)
  const busy = await pool.acquire(soon())
  const watched = connections.find(connection => connection !== busy)
  await clock.advance(200)
  assert.ok((watched?.checks ?? 0) > 10, 'it is asked again and again')
  assert.equal(busy.isGone(), false)
})

test('a node that answers on other connections is not silent; another of them is kept to ask it', async () => {
  const silent: string[] = []
  const { pool, connections } = makePool({
    size: 3,
    beatMs: 20,
    silentMs: 100,
    nodeOf: () => 'node',
    events: { ...noEvents, nodeSilent: node => silent.push(node) }
  })
  await fillPool(pool, 3)
  await clock.advance(20)
  assert.equal(pool.gauges.watching, 1)
  const asked = connections.find(connection => connection.checks > 0)
  const used = connections.find(connection => connection.checks === 0)
  assert.ok(asked && used)
  asked.isSilent = true
  for (let passed = 0; passed < 200; passed += 10) {
    const connection = await pool.acquire(soon())
    await connection.run('', [], 100)
    pool.release(connection)
    await clock.advance(10)
  }
  assert.ok(asked.isDead)
  assert.equal(pool.gauges.watching, 1)
  assert.deepEqual(silent, [])
})

test('a node that returned gets its share of the connections, however long the others may live', async () => {
  let isAway = false
  const { pool, connections } = makePool({
    size: 6,
    keep: 2,
    maxAgeMs: never,
    balanceMs: 20,
    nodeOf: n => (isAway || n % 2 === 0 ? 'stays' : 'returns')
  })
  const countOpen = (node: string) =>
    connections.filter(connection => connection.node === node && !connection.isDead).length
  await fillPool(pool, 4)
  assert.equal(countOpen('returns'), 2)
  isAway = true
  for (const connection of connections) if (connection.node === 'returns') connection.destroy()
  await fillPool(pool, 4)
  assert.equal(countOpen('stays'), 4)
  await clock.advance(200)
  assert.deepEqual([countOpen('stays'), pool.gauges.idle], [4, 4], 'those that led to the same node were ended')
  isAway = false
  await clock.advance(1000)
  assert.deepEqual([countOpen('stays'), countOpen('returns')], [2, 2])
  assert.equal(pool.gauges.open, 4)
  const tries = connections.length
  await clock.advance(200)
  assert.equal(connections.length, tries, 'and then it is left at that')
})

test('a crowded node’s connection that is busy is ended when it comes back, not before', async () => {
  let isAway = true
  const { pool, connections } = makePool({
    size: 4,
    keep: 2,
    balanceMs: 20,
    nodeOf: n => (n === 1 || (!isAway && n % 2 === 1) ? 'returns' : 'stays')
  })
  await fillPool(pool, 2)
  connections[1]?.destroy()
  const held = await Promise.all([pool.acquire(soon()), pool.acquire(soon())])
  assert.ok(held.every(({ node }) => node === 'stays'))
  isAway = false
  await clock.advance(1000)
  assert.ok(connections.some(connection => connection.node === 'returns' && !connection.isDead))
  assert.ok(held.every(connection => !connection.isGone()))
  for (const connection of held) pool.release(connection)
  assert.equal(held.filter(connection => connection.isGone()).length, 1)
})

test('a pool that only ever saw one node tries no others', async () => {
  const { pool, connections } = makePool({ size: 4, keep: 2, balanceMs: 10, nodeOf: () => 'only' })
  await fillPool(pool, 4)
  await clock.advance(200)
  assert.equal(connections.length, 4)
})
