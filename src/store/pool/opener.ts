import type { Clock, Timer } from './clock.ts'
import type { Connection } from './types.ts'

export interface OpenerOptions<C extends Connection> {
  clock: Clock
  connect(): Promise<C>
  /** After so long another connection is asked for beside one that is still to come: it may lead to another node. */
  lateAfterMs: number
  /** Callers that wait for a connection now. */
  wanted(): number
  /** The pool has fewer than it keeps open for itself. */
  isShort(): boolean
  /** The pool may hold one more than it has and will get. */
  hasRoom(): boolean
  opened(connection: C): void
  /** `stillToCome` others are being opened. */
  refused(error: unknown, stillToCome: number): void
}

const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 250
const LATE_FACTOR = 5
const FIRST_LATE_AFTER = 4

/**
 * Decides when a pool opens connections. One for each caller that waits, as far as there is room, and those that it keeps
 * open anyhow; for callers alone, and one at a time, while others are late, or while none can be had. Then they are tried at growing distances, too: a database that comes up, or a pgpool
 * that makes a process for each connection, must not be kept busy by those who wait for it.
 */
export class Opener<C extends Connection> {
  readonly #options: OpenerOptions<C>
  /** Connections that are being opened, and of these those that are late: they no longer count. */
  #opening = 0
  readonly #late = new Set<object>()
  /** Connections in a row that could not be had, and the time until the next is tried. */
  #refusals = 0
  #pause: Timer | undefined
  /** What opening a connection takes, as a sliding mean. */
  #usualMs: number | undefined
  #stopped = false

  constructor(options: OpenerOptions<C>) {
    this.#options = options
  }

  /** Connections on their way, without those that are late. */
  get opening(): number {
    return this.#opening
  }

  /** Call it when a caller begins to wait, and when a connection was lost. */
  openAsNeeded(): void {
    if (this.#pause !== undefined) return
    const { wanted, isShort, hasRoom } = this.#options
    const isTrouble = this.#late.size > 0 || this.#refusals > 0
    const count = isTrouble ? Math.min(1, wanted()) : wanted()
    while (!this.#stopped && hasRoom() && (this.#opening < count || (!isTrouble && isShort()))) this.#open()
  }

  /** Opens no more. What is on its way still arrives. */
  stop(): void {
    this.#stopped = true
    this.#pause?.cancel()
  }

  #open(): void {
    const attempt = {}
    let counts = true
    const settle = () => {
      if (counts) this.#opening--
      counts = false
      this.#late.delete(attempt)
      timer.cancel()
    }
    this.#opening++
    const { clock, connect } = this.#options
    const timer = clock
      .after(this.#lateAfterMs(), () => {
        settle()
        this.#late.add(attempt)
        this.openAsNeeded()
      })
      .unref()
    const startedAt = clock.now()
    connect().then(
      connection => {
        settle()
        const tookMs = clock.now() - startedAt
        this.#usualMs = this.#usualMs === undefined ? tookMs : 0.8 * this.#usualMs + 0.2 * tookMs
        // The way is open again: those that are late need not hold anybody up.
        this.#late.clear()
        this.#refusals = 0
        this.#pause?.cancel()
        this.#pause = undefined
        this.#options.opened(connection)
        this.openAsNeeded()
      },
      error => {
        settle()
        this.#backOff()
        this.#options.refused(error, this.#opening + this.#late.size)
        this.openAsNeeded()
      }
    )
  }

  /** After a connection was refused, the next is tried a little later. */
  #backOff(): void {
    this.#refusals++
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#refusals - 1))
    this.#pause?.cancel()
    this.#pause = this.#options.clock
      .after(pauseMs * (0.75 + Math.random() / 2), () => {
        this.#pause = undefined
        this.openAsNeeded()
      })
      .unref()
  }

  /**
   * Several times what a connection usually takes: on a machine that is short of time all of them take long, and asking
   * for more would keep it so. Before the first has come nothing is known, and none is late.
   */
  #lateAfterMs(): number {
    const { lateAfterMs } = this.#options
    return this.#usualMs === undefined
      ? FIRST_LATE_AFTER * lateAfterMs
      : Math.max(lateAfterMs, LATE_FACTOR * this.#usualMs)
  }
}
