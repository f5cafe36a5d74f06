import type { NodeInfo } from './dialect.ts'
import type { Origin, StoreEvents } from './events.ts'
import { NoConnection, StatementTimeout } from './failures.ts'
import { LinkOpener } from './link-opener.ts'
import { NodeBalance } from './node-balance.ts'
import { NodeWatch } from './node-watch.ts'

/** One connection to a database node. */
export interface Link {
  /** The node at the other end, as it names itself. */
  readonly node: string
  readonly role: string
  /** Its reads see what was acknowledged before, on whichever node: they wait for that, or stay on the primary. */
  readonly isCausal: boolean
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
  /** Connections that are kept once one could be had: two lead to two nodes, whatever the load, when a balancer is between. */
  keep: number
  /** Callers that may wait at most; the next one is refused at once. */
  queueLimit: number
  /** A link idle for longer is asked before it is handed out. */
  checkAfterIdleMs: number
  /** How long that question may take. */
  checkMs: number
  /** After so long another connection is asked for beside one that is still to come: it may lead to another node. */
  lateAfterMs: number
  /** How often each node is asked for a sign of life, on a link that is kept for this. */
  beatMs: number
  /** A node that says nothing for so long, on any link, is given up. Its links are destroyed, busy or not. */
  silentMs: number
  /** A link older than about this, give or take a quarter, is closed when it comes back: not all of them at one moment. */
  maxAgeMs: number
  /**
   * How often it is seen to that each node has its share of the links. Undefined where a new connection leads nowhere else,
   * as behind pgpool, whose sessions all have the one primary.
   */
  balanceMs: number | undefined
}

export interface PoolGauges {
  open: number
  idle: number
  waiting: number
  /** Links beside the pool's, one a node, on which only signs of life are asked for. */
  watching: number
}

interface Slot {
  link: Link
  /** `performance.now()` from which on it is closed when it comes back. */
  oldAt: number
  idleSince: number
  /** The pool's count of disturbances when this link was last known good. */
  trusted: number
  /** The node was given up while this link was in use. */
  isSilent: boolean
}

const WAIT_STEP_MS = 50
/** With less time than this a link is not asked for a sign of life: the answer would say nothing about it. */
const LEAST_CHECK_MS = 50

interface Waiter {
  resolve(slot: Slot): void
  reject(error: NoConnection): void
  timer: NodeJS.Timeout
}

/**
 * A pool for a cluster that falls apart. What the drivers' own pools leave out: every wait has a deadline, the queue has
 * a limit, a link that was idle for a while or that lived through another link's loss is asked before it is used, links
 * are used in turn (so that each node behind a balancer answers its share), a link in doubt is destroyed, never handed
 * back, and whoever waits on a node that fell silent is told within a second.
 */
export class Pool {
  readonly #options: PoolOptions
  readonly #idle: Slot[] = []
  readonly #waiters: Waiter[] = []
  readonly #busy = new Map<Link, Slot>()
  readonly #watch: NodeWatch
  readonly #opener: LinkOpener
  readonly #balance: NodeBalance | undefined
  #disturbances = 0
  /** `performance.now()` at which any node last did what it was asked. */
  #lastHeardAt = Number.NEGATIVE_INFINITY
  /** Why the last connection could not be had; none since one could. */
  #lastRefusal: unknown
  #closed = false
  #drained: (() => void) | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#watch = new NodeWatch({
      everyMs: options.beatMs,
      silentMs: options.silentMs,
      lend: isWanted => this.#lend(isWanted),
      heardAt: node => this.#heardAt(node),
      heard: () => {
        this.#lastHeardAt = performance.now()
      },
      lost: node => {
        this.#disturbances++
        options.events.connectionDiscarded('watch', node, undefined)
      },
      silent: node => this.#giveUp(node)
    })
    this.#opener = new LinkOpener({
      connect: options.connect,
      lateAfterMs: options.lateAfterMs,
      wanted: () => this.#waiters.length,
      isShort: () => this.#total() < this.#options.keep,
      hasRoom: () => this.#hasRoom(),
      opened: link => this.#opened(link),
      refused: (error, stillToCome) => this.#refused(error, stillToCome)
    })
    this.#balance =
      options.balanceMs === undefined
        ? undefined
        : new NodeBalance({
            everyMs: options.balanceMs,
            connect: options.connect,
            nodes: () =>
              [...this.#idle, ...this.#busy.values()]
                .filter(({ link, oldAt }) => oldAt > 0 && !link.isGone())
                .map(({ link }) => link.node),
            isCalm: () => !this.#closed && this.#waiters.length === 0 && this.#opener.opening === 0,
            exchange: (link, crowded) => this.#exchange(link, crowded),
            surplus: link => this.#surplus(link)
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
    return performance.now() - this.#lastHeardAt
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
  async acquire(deadline: number, origin?: Origin): Promise<Link> {
    let metSilence = false
    for (;;) {
      if (this.#closed) throw new NoConnection('closed', 'the pool is closed')
      if (performance.now() >= deadline) throw new NoConnection('queue', 'no free connection in time')
      const slot = this.#takeIdle(metSilence) ?? (await this.#wait(deadline))
      if (this.#isTrusted(slot)) return slot.link
      const left = deadline - performance.now()
      if (left < LEAST_CHECK_MS) {
        // Too late to learn anything about the link: the caller has no time left, the next one may.
        this.#handOn(slot)
        throw new NoConnection('queue', 'no free connection in time')
      }
      const found = await this.#check(slot, left, origin)
      if (found === 'sound') return slot.link
      // One such wait is enough: the next link may be as dead, a new one is not.
      if (found === 'silent') metSilence = true
    }
  }

  /** The link did what it was asked: it goes to the back of the line. */
  release(link: Link): void {
    const slot = this.#busy.get(link)
    if (!slot) return
    const now = performance.now()
    this.#lastHeardAt = now
    if (link.isGone()) {
      this.discard(link, 'gone')
    } else if (this.#closed || now > slot.oldAt) {
      this.discard(link, 'age')
    } else {
      slot.idleSince = now
      slot.trusted = this.#disturbances
      this.#handOn(slot)
    }
  }

  /** The link is in doubt, or old: it is destroyed. When in doubt, so is the trust in its idle siblings. */
  discard(link: Link, reason: string, origin?: Origin): void {
    const slot = this.#busy.get(link)
    if (!slot) return
    this.#busy.delete(link)
    link.destroy()
    if (reason !== 'age') this.#disturbances++
    this.#options.events.connectionDiscarded(slot.isSilent ? 'silent' : reason, link.node, origin)
    this.#opener.openAsNeeded()
    this.#drainedIfEmpty()
  }

  /** Refuses new callers, waits for the busy links at most `waitMs`, closes everything. */
  async close(waitMs: number): Promise<void> {
    this.#closed = true
    this.#watch.stop()
    this.#balance?.stop()
    this.#opener.stop()
    for (let waiter = this.#nextWaiter(); waiter; waiter = this.#nextWaiter()) {
      waiter.reject(new NoConnection('closed', 'the pool is closed'))
    }
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

  #takeIdle(onlyTrusted: boolean): Slot | undefined {
    const at = onlyTrusted ? this.#idle.findIndex(slot => this.#isTrusted(slot)) : 0
    const slot = at === -1 ? undefined : this.#idle[at]
    if (slot === undefined) return undefined
    this.#idle.splice(at, 1)
    this.#busy.set(slot.link, slot)
    return slot
  }

  async #check(slot: Slot, left: number, origin: Origin | undefined): Promise<'sound' | 'lost' | 'silent'> {
    if (slot.link.isGone()) {
      this.discard(slot.link, 'gone', origin)
      return 'lost'
    }
    const disturbances = this.#disturbances
    const askedAt = performance.now()
    try {
      await slot.link.check(Math.min(this.#options.checkMs, left))
      slot.trusted = disturbances
      slot.idleSince = performance.now()
      this.#lastHeardAt = slot.idleSince
      this.#options.events.connectionChecked('ok')
      return 'sound'
    } catch (error) {
      this.#options.events.connectionChecked('failed')
      this.discard(slot.link, 'check', origin)
      // A caller in a hurry did not wait long enough to call the node silent.
      if (!(error instanceof StatementTimeout) || left < this.#options.checkMs) return 'lost'
      this.#dropIdle(other => other.link.node === slot.link.node && other.idleSince < askedAt, 'check')
      return 'silent'
    }
  }

  #wait(deadline: number): Promise<Slot> {
    if (!this.#hasRoom() && this.#waiters.length - this.#opener.opening >= this.#options.queueLimit) {
      throw new NoConnection('queue', `${this.#waiters.length} are waiting for a connection already`)
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        timer: setTimeout(
          () => {
            this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
            reject(new NoConnection('queue', 'no free connection in time', { cause: this.#lastRefusal }))
          },
          // In steps: Node keeps a list for each duration, and makes and drops one for each that nobody shares.
          WAIT_STEP_MS * Math.ceil(Math.max(1, deadline - performance.now()) / WAIT_STEP_MS)
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

  /** Whoever waited longest gets it, or a link that came free meanwhile. */
  #opened(link: Link): void {
    this.#lastHeardAt = performance.now()
    this.#lastRefusal = undefined
    // One that was late may find its place taken.
    if (this.#closed || this.#busy.size + this.#idle.length >= this.#options.size) {
      this.#surplus(link)
      return
    }
    this.#options.events.connectionOpened(link.node)
    const now = performance.now()
    const oldAt = now + this.#options.maxAgeMs * (0.75 + Math.random() / 2)
    const slot: Slot = { link, oldAt, idleSince: now, trusted: this.#disturbances, isSilent: false }
    link.onGone(() => this.#dropIdle(idle => idle === slot, 'lost while idle'))
    this.#busy.set(link, slot)
    this.#handOn(slot)
    this.#watch.start()
    this.#balance?.saw(link.node)
  }

  #surplus(link: Link): void {
    const { events } = this.#options
    events.connectionOpened(link.node)
    link.destroy()
    events.connectionDiscarded('surplus', link.node, undefined)
  }

  /** The one to the crowded node ends now if it is idle, otherwise when it comes back. False where there is no room for both. */
  #exchange(link: Link, crowded: string): boolean {
    const isCrowded = (slot: Slot) => slot.link.node === crowded
    const at = this.#idle.findIndex(isCrowded)
    const [idle] = at === -1 ? [] : this.#idle.splice(at, 1)
    const busy = [...this.#busy.values()].find(slot => isCrowded(slot) && slot.oldAt > 0)
    if (idle) {
      idle.link.destroy()
      this.#options.events.connectionDiscarded('balance', crowded, undefined)
    } else if (busy && this.#hasRoom()) {
      busy.oldAt = 0
    } else {
      this.#surplus(link)
      return false
    }
    this.#opened(link)
    return true
  }

  /** To who waits longest, or to the back of the line. */
  #handOn(slot: Slot): void {
    const waiter = this.#nextWaiter()
    if (waiter) {
      waiter.resolve(slot) // stays counted as busy, so that nobody opens one in its place
    } else {
      this.#busy.delete(slot.link)
      this.#idle.push(slot)
    }
  }

  #dropIdle(isMeant: (slot: Slot) => boolean, reason: string): void {
    for (const slot of this.#idle.filter(isMeant)) {
      this.#idle.splice(this.#idle.indexOf(slot), 1)
      this.#disturbances++
      slot.link.destroy()
      this.#options.events.connectionDiscarded(reason, slot.link.node, undefined)
    }
    this.#opener.openAsNeeded()
  }

  /** Takes an idle link out of the pool for good. */
  #lend(isWanted: (node: string) => boolean): Link | undefined {
    const at = this.#idle.findIndex(({ link }) => isWanted(link.node) && !link.isGone())
    if (at === -1) return undefined
    const [slot] = this.#idle.splice(at, 1)
    this.#opener.openAsNeeded()
    return slot?.link
  }

  /** When a link to this node last did what it was asked. */
  #heardAt(node: string): number {
    let latest = Number.NEGATIVE_INFINITY
    for (const slot of [...this.#idle, ...this.#busy.values()]) {
      if (slot.link.node === node) latest = Math.max(latest, slot.idleSince)
    }
    return latest
  }

  /** Whoever waits on it is told now, not at the end of its patience. */
  #giveUp(node: string): void {
    this.#options.events.nodeSilent(node)
    this.#dropIdle(slot => slot.link.node === node, 'silent')
    for (const slot of this.#busy.values()) {
      if (slot.link.node !== node) continue
      slot.isSilent = true
      slot.link.destroy() // its statement fails, and who sent it discards it
    }
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
