import assert from 'node:assert/strict'
import { afterEach, beforeEach } from 'node:test'
import type { Answer, Connection } from '../../src/store/connection.ts'
import { noEvents } from '../../src/store/events.ts'
import { ConnectionLost, StatementTimeout } from '../../src/store/pool/errors.ts'
import { Pool, type PoolOptions } from '../../src/store/pool/pool.ts'
import { ManualClock } from './manual-clock.ts'

/** A connection to nowhere, whose behaviour each test decides: what is tested here is the pool's, not a database's. */
export class FakeConnection implements Connection {
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

export const never = 1_000_000

export let clock: ManualClock
beforeEach(() => {
  clock = new ManualClock()
})

const pools: Pool<Connection>[] = []
// Also after a failure: a pool that goes on trying would keep the process.
afterEach(async () => void (await inTime(Promise.all(pools.splice(0).map(pool => pool.close(0))))))

export function makePool({ nodeOf = n => `node${n + 1}`, ...options }: FakeOptions = {}) {
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
export async function fillPool(pool: Pool<Connection>, n: number) {
  const connections = await Promise.all(Array.from({ length: n }, () => pool.acquire(soon())))
  for (const connection of connections) pool.release(connection)
}

/** Takes the trust in whatever is idle. */
export function disturb(pool: Pool<Connection>) {
  return pool.acquire(soon()).then(connection => pool.discard(connection, 'lost'))
}

export const soon = () => clock.now() + 1000

/** What comes of it while time passes, up to a minute. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  work.then(over, over)
  for (let passed = 0; !isOver && passed < 60_000; passed += 10) await clock.advance(10)
  assert.ok(isOver, 'it takes more than a minute')
  return work
}
