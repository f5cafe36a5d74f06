import { type Clock, realClock, type Timer } from './clock.ts'
import { NoConnection, StatementTimeout } from './errors.ts'
import { NodeBalance } from './node-balance.ts'
import { NodeWatch } from './node-watch.ts'
import { Opener } from './opener.ts'
import type { Asker, Connection, PoolEvents, PoolGauges } from './types.ts'

export interface PoolOptions<C extends Connection = Connection> {
  connect(): Promise<C>
  events: PoolEvents
  /** Connections at most. */
  size: number
  /** Connections that are kept once one could be had: two lead to two nodes, whatever the load, when a balancer is between. */
  keep: number
  /** Callers that may wait at most; the next one is refused at once. */
  queueLimit: number
  /** A connection idle for longer is asked before it is handed out. */
  checkAfterIdleMs: number
  /** How long that question may take. */
  checkMs: number
  /** After so long another connection is asked for beside one that is still to come: it may lead to another node. */
  lateAfterMs: number
  /** How often each node is asked for a sign of life, on a connection that is kept for this. */
  beatMs: number
  /** A node that says nothing for so long, on any connection, is given up. Its connections are destroyed, busy or not. */
  silentMs: number
  /** A connection older than about this, give or take a quarter, is closed when it comes back: not all of them at one moment. */
  maxAgeMs: number
  /**
   * How often it is seen to that each node has its share of the connections. Undefined where a new connection leads nowhere else,
   * as behind pgpool, whose sessions all have the one primary.
   */
  balanceMs: number | undefined
  /** For tests; the real one when left out. */
  clock?: Clock
}

interface Slot<C extends Connection> {
  connection: C
  /** The clock's time from which on it is closed when it comes back. */
  oldAt: number
  idleSince: number
  /** The pool's count of disturbances when this connection was last known good. */
  trusted: number
  /** The node was given up while this connection was in use. */
  isSilent: boolean
}

const WAIT_STEP_MS = 50
/** With less time than this a connection is not asked for a sign of life: the answer would say nothing about it. */
const LEAST_CHECK_MS = 50

interface Waiter<C extends Connection> {
  resolve(slot: Slot<C>): void
  reject(error: NoConnection): void
  timer: Timer
}

/**
 * A pool for a cluster that falls apart. What the drivers' own pools leave out: every wait has a deadline, the queue has
 * a limit, a connection that was idle for a while or that lived through another connection's loss is asked before it is used, connections
 * are used in turn (so that each node behind a balancer answers its share), a connection in doubt is destroyed, never handed
 * back, and whoever waits on a node that fell silent is told within a second.
 */
export class Pool<C extends Connection = Connection> {
  readonly #options: PoolOptions<C>
  readonly #clock: Clock
  readonly #idle: Slot<C>[] = []
  readonly #waiters: Waiter<C>[] = []
  readonly #busy = new Map<C, Slot<C>>()
  readonly #watch: NodeWatch<C>
  readonly #opener: Opener<C>
  readonly #balance: NodeBalance<C> | undefined
  #disturbances = 0
  /** The clock's time at which any node last did what it was asked. */
  #lastHeardAt = Number.NEGATIVE_INFINITY
  /** Why the last connection could not be had; none since one could. */
  #lastRefusal: unknown
  #closed = false
  #drained: (() => void) | undefined

  constructor(options: PoolOptions<C>) {
    this.#options = options
    const clock = options.clock ?? realClock
    this.#clock = clock
    this.#watch = new NodeWatch({
      clock,
      everyMs: options.beatMs,
      silentMs: options.silentMs,
      lend: isWanted => this.#lend(isWanted),
      heardAt: node => this.#heardAt(node),
      heard: () => {
        this.#lastHeardAt = this.#clock.now()
      },
      lost: node => {
        this.#disturbances++
        options.events.connectionDiscarded('watch', node, undefined)
      },
      silent: node => this.#giveUp(node)
    })
    this.#opener = new Opener({
      clock,
      connect: options.connect,
      lateAfterMs: options.lateAfterMs,
      wanted: () => this.#waiters.length,
      isShort: () => this.#total() < this.#options.keep,
      hasRoom: () => this.#hasRoom(),
      opened: connection => this.#opened(connection),
      refused: (error, stillToCome) => this.#refused(error, stillToCome)
    })
    this.#balance =
      options.balanceMs === undefined
        ? undefined
        : new NodeBalance({
            clock,
            everyMs: options.balanceMs,
            connect: options.connect,
            nodes: () =>
              [...this.#idle, ...this.#busy.values()]
                .filter(({ connection, oldAt }) => oldAt > 0 && !connection.isGone())
                .map(({ connection }) => connection.node),
            isCalm: () => !this.#closed && this.#waiters.length === 0 && this.#opener.opening === 0,
            exchange: (connection, crowded) => this.#exchange(connection, crowded),
            surplus: connection => this.#surplus(connection)
          })
  }

  get gauges(): PoolGauges {
    return {
      open: this.#total(),
      idle: this.#idle.length,
      waiting: this.#waiters.length,
      watching: this.#watch.size
    }
  }

  /** Milliseconds since any node was last heard of; infinite before the first. */
  silentMs(): number {
    return this.#clock.now() - this.#lastHeardAt
  }

  /** A connection that is idle and trusted, without waiting, to `node` if there is one; else undefined. As `acquire` otherwise. */
  acquireNow(node?: string): C | undefined {
    const at = node === undefined ? -1 : this.#idle.findLastIndex(({ connection }) => connection.node === node)
    const slot = this.#idle[Math.max(0, at)]
    if (slot === undefined || !this.#isTrusted(slot)) return undefined
    this.#idle.splice(Math.max(0, at), 1)
    this.#busy.set(slot.connection, slot)
    return slot.connection
  }

  /**
   * A connection that was good a moment ago. Give it back with `release` or `discard`.
   * @param deadline by the clock, which is `performance.now()`, after which the caller no longer wants it
   * @throws NoConnection when none could be had by then
   */
  async acquire(deadline: number, asker?: Asker): Promise<C> {
    let metSilence = false
    for (;;) {
      if (this.#closed) throw new NoConnection('closed', 'the pool is closed')
      if (this.#clock.now() >= deadline) throw new NoConnection('queue', 'no free connection in time')
      const slot = this.#takeIdle(metSilence) ?? (await this.#wait(deadline))
      if (this.#isTrusted(slot)) return slot.connection
      const left = deadline - this.#clock.now()
      if (left < LEAST_CHECK_MS) {
        // Too late to learn anything about the connection: the caller has no time left, the next one may.
        this.#handOn(slot)
        throw new NoConnection('queue', 'no free connection in time')
      }
      const found = await this.#check(slot, left, asker)
      if (found === 'sound') return slot.connection
      // One such wait is enough: the next connection may be as dead, a new one is not.
      if (found === 'silent') metSilence = true
    }
  }

  /** The connection did what it was asked: it goes to the back of the line. */
  release(connection: C): void {
    const slot = this.#busy.get(connection)
    if (!slot) return
    const now = this.#clock.now()
    this.#lastHeardAt = now
    if (connection.isGone()) {
      this.discard(connection, 'gone')
    } else if (this.#closed || now > slot.oldAt) {
      this.discard(connection, 'age')
    } else {
      slot.idleSince = now
      slot.trusted = this.#disturbances
      this.#handOn(slot)
    }
  }

  /** The connection is in doubt, or old: it is destroyed. When in doubt, so is the trust in its idle siblings. */
  discard(connection: C, reason: string, asker?: Asker): void {
    const slot = this.#busy.get(connection)
    if (!slot) return
    this.#busy.delete(connection)
    connection.destroy()
    if (reason !== 'age') this.#disturbances++
    this.#options.events.connectionDiscarded(slot.isSilent ? 'silent' : reason, connection.node, asker)
    this.#opener.openAsNeeded()
    this.#drainedIfEmpty()
  }

  /** Refuses new callers, waits for the busy connections at most `waitMs`, closes everything. */
  async close(waitMs: number): Promise<void> {
    this.#closed = true
    this.#watch.stop()
    this.#balance?.stop()
    this.#opener.stop()
    for (let waiter = this.#nextWaiter(); waiter; waiter = this.#nextWaiter()) {
      waiter.reject(new NoConnection('closed', 'the pool is closed'))
    }
    for (const slot of this.#idle.splice(0)) slot.connection.destroy()
    if (this.#busy.size > 0) {
      await new Promise<void>(resolve => {
        const timer = this.#clock.after(waitMs, resolve)
        this.#drained = () => {
          timer.cancel()
          resolve()
        }
      })
    }
    for (const connection of this.#busy.keys()) connection.destroy()
    this.#busy.clear()
  }

  #isTrusted(slot: Slot<C>): boolean {
    if (slot.connection.isGone()) return false
    return slot.trusted === this.#disturbances && this.#clock.now() - slot.idleSince < this.#options.checkAfterIdleMs
  }

  #takeIdle(onlyTrusted: boolean): Slot<C> | undefined {
    const at = onlyTrusted ? this.#idle.findIndex(slot => this.#isTrusted(slot)) : 0
    const slot = at === -1 ? undefined : this.#idle[at]
    if (slot === undefined) return undefined
    this.#idle.splice(at, 1)
    this.#busy.set(slot.connection, slot)
    return slot
  }

  async #check(slot: Slot<C>, left: number, asker: Asker | undefined): Promise<'sound' | 'lost' | 'silent'> {
    if (slot.connection.isGone()) {
      this.discard(slot.connection, 'gone', asker)
      return 'lost'
    }
    const disturbances = this.#disturbances
    const askedAt = this.#clock.now()
    try {
      await slot.connection.check(Math.min(this.#options.checkMs, left))
      slot.trusted = disturbances
      slot.idleSince = this.#clock.now()
      this.#lastHeardAt = slot.idleSince
      this.#options.events.connectionChecked('ok')
      return 'sound'
    } catch (error) {
      this.#options.events.connectionChecked('failed')
      this.discard(slot.connection, 'check', asker)
      // A caller in a hurry did not wait long enough to call the node silent.
      if (!(error instanceof StatementTimeout) || left < this.#options.checkMs) return 'lost'
      this.#dropIdle(other => other.connection.node === slot.connection.node && other.idleSince < askedAt, 'check')
      return 'silent'
    }
  }

  #wait(deadline: number): Promise<Slot<C>> {
    if (!this.#hasRoom() && this.#waiters.length - this.#opener.opening >= this.#options.queueLimit) {
      throw new NoConnection('queue', `${this.#waiters.length} are waiting for a connection already`)
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter<C> = {
        resolve,
        reject,
        // In steps: Node keeps a list for each duration, and makes and drops one for each that nobody shares.
        timer: this.#clock.after(
          WAIT_STEP_MS * Math.ceil(Math.max(1, deadline - this.#clock.now()) / WAIT_STEP_MS),
          () => {
            this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
            reject(new NoConnection('queue', 'no free connection in time', { cause: this.#lastRefusal }))
          }
        )
      }
      this.#waiters.push(waiter)
      this.#opener.openAsNeeded()
    })
  }

  /** Open, and on their way. */
  #total(): number {
    return this.#busy.size + this.#idle.length + this.#opener.opening
  }

  #hasRoom(): boolean {
    return this.#total() < this.#options.size
  }

  /** Told to one who waits, if nothing else is coming for that caller. */
  #refused(error: unknown, stillToCome: number): void {
    this.#disturbances++
    this.#lastRefusal = error
    if (this.#waiters.length <= stillToCome) return
    const failure = error instanceof NoConnection ? error : undefined
    this.#nextWaiter()?.reject(
      failure ?? new NoConnection('connect', 'cannot connect to the database', { cause: error })
    )
  }

  /** Whoever waited longest gets it, or a connection that came free meanwhile. */
  #opened(connection: C): void {
    this.#lastHeardAt = this.#clock.now()
    this.#lastRefusal = undefined
    // One that was late may find its place taken.
    if (this.#closed || this.#busy.size + this.#idle.length >= this.#options.size) {
      this.#surplus(connection)
      return
    }
    this.#options.events.connectionOpened(connection.node)
    const now = this.#clock.now()
    const oldAt = now + this.#options.maxAgeMs * (0.75 + Math.random() / 2)
    const slot: Slot<C> = { connection, oldAt, idleSince: now, trusted: this.#disturbances, isSilent: false }
    connection.onGone(() => this.#dropIdle(idle => idle === slot, 'lost while idle'))
    this.#busy.set(connection, slot)
    this.#handOn(slot)
    this.#watch.start()
    this.#balance?.saw(connection.node)
  }

  #surplus(connection: C): void {
    const { events } = this.#options
    events.connectionOpened(connection.node)
    connection.destroy()
    events.connectionDiscarded('surplus', connection.node, undefined)
  }

  /** The one to the crowded node ends now if it is idle, otherwise when it comes back. False where there is no room for both. */
  #exchange(connection: C, crowded: string): boolean {
    const isCrowded = (slot: Slot<C>) => slot.connection.node === crowded
    const at = this.#idle.findIndex(isCrowded)
    const [idle] = at === -1 ? [] : this.#idle.splice(at, 1)
    const busy = [...this.#busy.values()].find(slot => isCrowded(slot) && slot.oldAt > 0)
    if (idle) {
      idle.connection.destroy()
      this.#options.events.connectionDiscarded('balance', crowded, undefined)
    } else if (busy && this.#hasRoom()) {
      busy.oldAt = 0
    } else {
      this.#surplus(connection)
      return false
    }
    this.#opened(connection)
    return true
  }

  /** To who waits longest, or to the back of the line. */
  #handOn(slot: Slot<C>): void {
    const waiter = this.#nextWaiter()
    if (waiter) {
      waiter.resolve(slot) // stays counted as busy, so that nobody opens one in its place
    } else {
      this.#busy.delete(slot.connection)
      this.#idle.push(slot)
    }
  }

  #dropIdle(isMeant: (slot: Slot<C>) => boolean, reason: string): void {
    for (const slot of this.#idle.filter(isMeant)) {
      this.#idle.splice(this.#idle.indexOf(slot), 1)
      this.#disturbances++
      slot.connection.destroy()
      this.#options.events.connectionDiscarded(reason, slot.connection.node, undefined)
    }
    this.#opener.openAsNeeded()
  }

  /** Takes an idle connection out of the pool for good. */
  #lend(isWanted: (node: string) => boolean): C | undefined {
    const at = this.#idle.findIndex(({ connection }) => isWanted(connection.node) && !connection.isGone())
    if (at === -1) return undefined
    const [slot] = this.#idle.splice(at, 1)
    this.#opener.openAsNeeded()
    return slot?.connection
  }

  /** When a connection to this node last did what it was asked. */
  #heardAt(node: string): number {
    let latest = Number.NEGATIVE_INFINITY
    for (const slot of [...this.#idle, ...this.#busy.values()]) {
      if (slot.connection.node === node) latest = Math.max(latest, slot.idleSince)
    }
    return latest
  }

  /** Whoever waits on it is told now, not at the end of its patience. */
  #giveUp(node: string): void {
    this.#options.events.nodeSilent(node)
    this.#dropIdle(slot => slot.connection.node === node, 'silent')
    for (const slot of this.#busy.values()) {
      if (slot.connection.node !== node) continue
      slot.isSilent = true
      slot.connection.destroy() // its statement fails, and who sent it discards it
    }
  }

  #nextWaiter(): Waiter<C> | undefined {
    const waiter = this.#waiters.shift()
    waiter?.timer.cancel()
    return waiter
  }

  #drainedIfEmpty(): void {
    if (this.#busy.size === 0) this.#drained?.()
  }
}
