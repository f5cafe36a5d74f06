import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noEvents } from '../../src/store/events.ts'
import { NoConnection } from '../../src/store/failures.ts'
import { type Link, Pool, type PoolOptions } from '../../src/store/pool.ts'

/** A link to nowhere, whose behaviour each test decides: what is tested here is the pool's, not a database's. */
class FakeLink implements Link {
  readonly node: string
  readonly role = 'primary'
  checks = 0
  isDead = false
  answersChecks = true
  #gone = false
  #listener = () => {}

  constructor(node: string) {
    this.node = node
  }

  async run() {
    return { rows: [], affectedRows: 0 }
  }

  async check() {
    this.checks++
    if (!this.answersChecks) throw new Error('no answer')
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
  }

  onGone(listener: () => void) {
    this.#listener = listener
  }

  breaks() {
    this.#gone = true
    this.#listener()
  }
}

function makePool(options: Partial<PoolOptions> = {}) {
  const links: FakeLink[] = []
  const pool = new Pool({
    connect: async () => {
      const link = new FakeLink(`node${links.length + 1}`)
      links.push(link)
      return link
    },
    events: noEvents,
    size: 2,
    queueLimit: 2,
    checkAfterIdleMs: 1000,
    checkMs: 50,
    maxAgeMs: 60_000,
    ...options
  })
  return { pool, links }
}

const soon = () => performance.now() + 200

test('a pool hands its links out in turn, so that each node answers its share', async () => {
  const { pool } = makePool()
  const [a, b] = [await pool.acquire(soon()), await pool.acquire(soon())]
  pool.release(a)
  pool.release(b)
  assert.equal(await pool.acquire(soon()), a)
  pool.release(a)
  assert.equal(await pool.acquire(soon()), b)
})

test('a pool never opens more links than its size, and whoever waits gets the first that is free', async () => {
  const { pool, links } = makePool()
  const [a] = [await pool.acquire(soon()), await pool.acquire(soon())]
  const waiting = pool.acquire(soon())
  assert.equal(pool.gauges.waiting, 1)
  pool.release(a)
  assert.equal(await waiting, a)
  assert.equal(links.length, 2)
})

test('waiting for a link ends at the deadline', async () => {
  const { pool } = makePool({ size: 1 })
  await pool.acquire(soon())
  const start = performance.now()
  await assert.rejects(pool.acquire(performance.now() + 30), NoConnection)
  assert.ok(performance.now() - start < 150)
  assert.equal(pool.gauges.waiting, 0)
})

test('a full queue refuses at once', async () => {
  const { pool } = makePool({ size: 1, queueLimit: 1 })
  await pool.acquire(soon())
  const first = pool.acquire(soon())
  await assert.rejects(pool.acquire(soon()), { reason: 'queue' })
  await assert.rejects(first, NoConnection)
})

test('a link in doubt is destroyed, and its place goes to whoever waits', async () => {
  const { pool, links } = makePool({ size: 1 })
  const a = await pool.acquire(soon())
  const waiting = pool.acquire(soon())
  pool.discard(a, 'lost')
  assert.equal((await waiting).node, 'node2')
  assert.equal(links[0]?.isDead, true)
})

test('after one link was lost, its idle siblings are asked before they are used', async () => {
  const { pool, links } = makePool()
  const [a, b] = [await pool.acquire(soon()), await pool.acquire(soon())]
  pool.release(b)
  pool.discard(a, 'lost')
  assert.equal(pool.acquireNow(), undefined)
  assert.equal(await pool.acquire(soon()), b)
  assert.equal(links[1]?.checks, 1)
})

test('a link that does not answer when it is asked is replaced', async () => {
  const { pool, links } = makePool({ checkAfterIdleMs: 0 })
  const a = await pool.acquire(soon())
  pool.release(a)
  assert.ok(links[0])
  links[0].answersChecks = false
  assert.equal((await pool.acquire(soon())).node, 'node2')
  assert.equal(links[0].isDead, true)
})

test('a link that breaks while idle is never handed out', async () => {
  const { pool, links } = makePool()
  pool.release(await pool.acquire(soon()))
  links[0]?.breaks()
  assert.equal(pool.gauges.open, 0)
  assert.equal((await pool.acquire(soon())).node, 'node2')
})

test('a failure to connect is told as such and does not use up a place', async () => {
  let fail = true
  const { pool } = makePool({
    size: 1,
    connect: async () => {
      if (fail) throw new Error('refused')
      return new FakeLink('node1')
    }
  })
  for (let i = 0; i < 3; i++) await assert.rejects(pool.acquire(soon()), { reason: 'connect' })
  fail = false
  assert.equal((await pool.acquire(soon())).node, 'node1')
})

test('an old link is closed when it comes back, so that a node that returned gets its share', async () => {
  const { pool, links } = makePool({ maxAgeMs: -1 })
  pool.release(await pool.acquire(soon()))
  assert.equal(links[0]?.isDead, true)
  assert.equal(pool.gauges.open, 0)
})

test('closing waits for the busy links, ends them at the latest after its time, and refuses newcomers', async () => {
  const { pool, links } = makePool()
  const a = await pool.acquire(soon())
  const closing = pool.close(1000)
  await assert.rejects(pool.acquire(soon()), { reason: 'closed' })
  pool.release(a)
  await closing
  assert.equal(links[0]?.isDead, true)

  const stuck = makePool()
  await stuck.pool.acquire(soon())
  await stuck.pool.close(10)
  assert.equal(stuck.links[0]?.isDead, true)
})
