import type { NodeInfo } from './dialect.ts'
import type { StoreEvents } from './events.ts'
import { NoConnection } from './failures.ts'

/** One connection to a database node. */
export interface Link {
  /** The node at the other end, as it names itself. */
  readonly node: string
  readonly role: string
  /** @throws the driver's error, or StatementTimeout after `timeoutMs`; the link is then destroyed */
  run(sql: string, params: unknown[], timeoutMs: number): Promise<Answer>
  /** Asks for a sign of life; never waits for causality. @throws like `run` */
  check(timeoutMs: number): Promise<void>
  /** Asks the node who it is. @throws like `run` */
  describe(timeoutMs: number): Promise<NodeInfo>
  /** Closed, broken or destroyed. */
  isGone(): boolean
  /** Ends it at once, whatever it is doing; an open transaction is rolled back by the server. */
  destroy(): void
  /** Called once when the link breaks while idle. */
  onGone(listener: () => void): void
}

/** Rows as arrays in the order of the columns; for a write, how many rows it touched. */
export interface Answer {
  rows: unknown[][]
  affectedRows: number
}

export interface PoolOptions {
  connect(): Promise<Link>
  events: StoreEvents
  /** Connections at most. */
  size: number
  /** Callers that may wait at most; the next one is refused at once. */
  queueLimit: number
  /** A link idle for longer is asked before it is handed out. */
  checkAfterIdleMs: number
  /** How long that question may take. */
  checkMs: number
  /** A link older than this is closed when it comes back, so that a returned node gets its share of connections. */
  maxAgeMs: number
}

export interface PoolGauges {
  open: number
  idle: number
  waiting: number
}

interface Slot {
  link: Link
  openedAt: number
  idleSince: number
  /** The pool's count of disturbances when this link was last known good. */
  trusted: number
}

interface Waiter {
  resolve(slot: Slot | undefined): void
  timer: NodeJS.Timeout
}

/**
 * A pool for a cluster that falls apart. What the drivers' own pools leave out: every wait has a deadline, the queue has
 * a limit, a link that was idle for a while or that lived through another link's loss is asked before it is used, links
 * are used in turn (so that each node behind a balancer answers its share), and a link in doubt is destroyed, never
 * handed back.
 */
export class Pool {
  readonly #options: PoolOptions
  readonly #idle: Slot[] = []
  readonly #waiters: Waiter[] = []
  readonly #busy = new Map<Link, Slot>()
  #connecting = 0
  #disturbances = 0
  #closed = false
  #drained: (() => void) | undefined

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get gauges(): PoolGauges {
    return {
      open: this.#idle.length + this.#busy.size + this.#connecting,
      idle: this.#idle.length,
      waiting: this.#waiters.length
    }
  }

  /** A link that is idle and trusted, without waiting; undefined when there is none. As `acquire` otherwise. */
  acquireNow(): Link | undefined {
    const slot = this.#idle[0]
    if (slot === undefined || !this.#isTrusted(slot)) return undefined
    this.#idle.shift()
    this.#busy.set(slot.link, slot)
    return slot.link
  }

  /**
   * A link that was good a moment ago. Give it back with `release` or `discard`.
   * @param deadline `performance.now()` after which the caller no longer wants it
   * @throws NoConnection when none could be had by then
   */
  async acquire(deadline: number): Promise<Link> {
    for (;;) {
      if (this.#closed) throw new NoConnection('closed', 'the pool is closed')
      if (performance.now() >= deadline) throw new NoConnection('queue', 'no free connection in time')
      const slot = this.#idle.shift() ?? (await this.#openOrWait(deadline))
      // Woken without a link: there may now be room to open one.
      if (slot === undefined) continue
      this.#busy.set(slot.link, slot)
      if (this.#isTrusted(slot) || (await this.#check(slot, deadline))) return slot.link
    }
  }

  /** The link did what it was asked: it goes to the back of the line. */
  release(link: Link): void {
    const slot = this.#busy.get(link)
    if (!slot) return
    const now = performance.now()
    if (link.isGone()) {
      this.discard(link, 'gone')
    } else if (this.#closed || now - slot.openedAt > this.#options.maxAgeMs) {
      this.discard(link, 'age')
    } else {
      slot.idleSince = now
      slot.trusted = this.#disturbances
      const waiter = this.#nextWaiter()
      if (waiter) {
        waiter.resolve(slot) // stays counted as busy, so that nobody opens one in its place
      } else {
        this.#busy.delete(link)
        this.#idle.push(slot)
      }
    }
  }

  /** The link is in doubt: it is destroyed, and with `reason` lost or timeout, so is the trust in its idle siblings. */
  discard(link: Link, reason: string): void {
    if (!this.#busy.delete(link)) return
    link.destroy()
    if (reason !== 'age') this.#disturbances++
    this.#options.events.connectionDiscarded(reason)
    this.#nextWaiter()?.resolve(undefined)
    this.#drainedIfEmpty()
  }

  /** Refuses new callers, waits for the busy links at most `waitMs`, closes everything. */
  async close(waitMs: number): Promise<void> {
    this.#closed = true
    for (let waiter = this.#nextWaiter(); waiter; waiter = this.#nextWaiter()) waiter.resolve(undefined)
    for (const slot of this.#idle.splice(0)) slot.link.destroy()
    if (this.#busy.size > 0) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, waitMs)
        this.#drained = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    for (const link of this.#busy.keys()) link.destroy()
    this.#busy.clear()
  }

  #isTrusted(slot: Slot): boolean {
    if (slot.link.isGone()) return false
    return slot.trusted === this.#disturbances && performance.now() - slot.idleSince < this.#options.checkAfterIdleMs
  }

  async #check(slot: Slot, deadline: number): Promise<boolean> {
    if (slot.link.isGone()) {
      this.discard(slot.link, 'gone')
      return false
    }
    const disturbances = this.#disturbances
    try {
      const left = Math.max(1, deadline - performance.now())
      await slot.link.check(Math.min(this.#options.checkMs, left))
      slot.trusted = disturbances
      return true
    } catch {
      this.discard(slot.link, 'check')
      return false
    }
  }

  async #openOrWait(deadline: number): Promise<Slot | undefined> {
    if (this.#busy.size + this.#connecting + this.#idle.length < this.#options.size) return this.#open()
    if (this.#waiters.length >= this.#options.queueLimit) {
      throw new NoConnection('queue', `${this.#waiters.length} are waiting for a connection already`)
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        timer: setTimeout(
          () => {
            this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
            reject(new NoConnection('queue', 'no free connection in time'))
          },
          Math.max(1, deadline - performance.now())
        )
      }
      this.#waiters.push(waiter)
    })
  }

  async #open(): Promise<Slot> {
    this.#connecting++
    try {
      const link = await this.#options.connect()
      this.#options.events.connectionOpened(link.node)
      const now = performance.now()
      const slot: Slot = { link, openedAt: now, idleSince: now, trusted: this.#disturbances }
      link.onGone(() => this.#forget(slot))
      this.#busy.set(link, slot)
      return slot
    } catch (error) {
      this.#disturbances++
      // Whoever waits for a link may try for itself, and meet the error itself.
      this.#nextWaiter()?.resolve(undefined)
      throw error instanceof NoConnection
        ? error
        : new NoConnection('connect', 'cannot connect to the database', { cause: error })
    } finally {
      this.#connecting--
    }
  }

  #forget(slot: Slot): void {
    const at = this.#idle.indexOf(slot)
    if (at === -1) return
    this.#idle.splice(at, 1)
    this.#disturbances++
    slot.link.destroy()
    this.#options.events.connectionDiscarded('lost while idle')
  }

  #nextWaiter(): Waiter | undefined {
    const waiter = this.#waiters.shift()
    if (waiter) clearTimeout(waiter.timer)
    return waiter
  }

  #drainedIfEmpty(): void {
    if (this.#busy.size === 0) this.#drained?.()
  }
}
