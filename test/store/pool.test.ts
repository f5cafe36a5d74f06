import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Answer, Connection } from '../../src/store/connection.ts'
import { noEvents } from '../../src/store/events.ts'
import { ConnectionLost, NoConnection, StatementTimeout } from '../../src/store/pool/errors.ts'
import { Pool, type PoolOptions } from '../../src/store/pool/pool.ts'
import { ManualClock } from '../helper/manual-clock.ts'

/** A connection to nowhere, whose behaviour each test decides: what is tested here is the pool's, not a database's. */
class FakeConnection implements Connection {
  readonly node: string
  readonly role = 'primary'
  readonly isCausal = false
  checks = 0
  isDead = false
  answersChecks = true
  /** The node is frozen: what it is asked it never answers. */
  isSilent = false
  #gone = false
  #listener = () => {}
  #fail = (_error: Error) => {}

  constructor(node: string) {
    this.node = node
  }

  async run() {
    if (!this.isSilent) return { rows: [], affectedRows: 0 }
    return new Promise<Answer>((_resolve, reject) => {
      this.#fail = reject
    })
  }

  async check(timeoutMs: number) {
    this.checks++
    if (!this.answersChecks) throw new Error('no answer')
    if (!this.isSilent) return
    await clock.sleep(timeoutMs)
    this.destroy()
    throw new StatementTimeout(timeoutMs)
  }

  async describe() {
    return { node: this.node, role: this.role, version: '', clusterSize: 1 }
  }

  isGone() {
    return this.#gone
  }

  destroy() {
    this.#gone = true
    this.isDead = true
    this.#fail(new ConnectionLost(new Error('destroyed')))
  }

  onGone(listener: () => void) {
    this.#listener = listener
  }

  breaks() {
    this.#gone = true
    this.#listener()
  }
}

interface FakeOptions extends Partial<PoolOptions<Connection>> {
  /** Where the n-th connection leads, from 0. */
  nodeOf?: (n: number) => string
}

const never = 1_000_000

let clock: ManualClock
beforeEach(() => {
  clock = new ManualClock()
})

const pools: Pool<Connection>[] = []
// Also after a failure: a pool that goes on trying would keep the process.
afterEach(async () => void (await inTime(Promise.all(pools.splice(0).map(pool => pool.close(0))))))

function makePool({ nodeOf = n => `node${n + 1}`, ...options }: FakeOptions = {}) {
  const connections: FakeConnection[] = []
  const pool = new Pool<Connection>({
    connect: async () => {
      const connection = new FakeConnection(nodeOf(connections.length))
      connections.push(connection)
      return connection
    },
    events: noEvents,
    size: 2,
    keep: 0,
    queueLimit: 2,
    checkAfterIdleMs: 1000,
    checkMs: 50,
    maxAgeMs: 60_000,
    balanceMs: undefined,
    lateAfterMs: never,
    beatMs: never,
    silentMs: 50,
    clock,
    ...options
  })
  pools.push(pool)
  return { pool, connections }
}

/** Opens `n` connections and gives all of them back. */
async function fillPool(pool: Pool<Connection>, n: number) {
  const connections = await Promise.all(Array.from({ length: n }, () => pool.acquire(soon())))
  for (const connection of connections) pool.release(connection)
}

/** Takes the trust in whatever is idle. */
function disturb(pool: Pool<Connection>) {
  return pool.acquire(soon()).then(connection => pool.discard(connection, 'lost'))
}

const soon = () => clock.now() + 1000

/** What comes of it while time passes, up to a minute. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  work.then(over, over)
  for (let passed = 0; !isOver && passed < 60_000; passed += 10) await clock.advance(10)
  assert.ok(isOver, 'it takes more than a minute')
  return work
}

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
