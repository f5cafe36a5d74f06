import { setTimeout as sleep } from 'node:timers/promises'
import { databaseReadOnly, databaseUnavailable, storageFull } from '../errors.ts'
import type { Bill } from './bill.ts'
import type { ChangeValues } from './change.ts'
import type { Answer } from './connection.ts'
import type { Dialect, Noted, PlannedChange, UniqueKey } from './dialect.ts'
import type { StoreEvents } from './events.ts'
import { failureName } from './failures.ts'
import { fill, type Select, type Statement, toRows } from './statement.ts'
import type { Prunable } from './tables.ts'

/** What may run statements: a piece of work, or a transaction in it. */
export interface Db {
  all<Row, V extends object>(statement: Select<Row, V>, values: V): Promise<Row[]>
  /** How many rows it touched. */
  write<V extends object>(statement: Statement<V>, values: V): Promise<number>
}

const FIRST_WAIT_MS = 15
const LONGEST_WAIT_MS = 250
/** How long a node with room is looked for: some ten tries, each of which a balancer may lead to another node. */
const ELSEWHERE_MS = 1500
const LAST_TRY_MS = 250

/**
 * One piece of work, a request or a command: its deadline, its bill, and the ways to run statements under them. It is
 * passed along, so that a statement deep inside knows the one deadline.
 */
export class Work implements Db, Bill {
  readonly requestId: string | undefined
  readonly job: string | undefined
  databaseMs = 0
  roundTrips = 0
  node: string | undefined
  caughtUpNode: string | undefined
  readonly #dialect: Dialect
  readonly #events: StoreEvents
  readonly #limitMs: number
  readonly #writableWithinMs: number
  #deadline: number
  /** Why nobody waits for it any more. */
  #givenUp: Error | undefined
  /** Told when it is given up: whatever waits for the database. */
  readonly #waiting = new Set<(reason: Error) => void>()

  /** @param writableWithinMs how long a node that takes writes is looked for, where one said that it does not */
  constructor(
    dialect: Dialect,
    events: StoreEvents,
    limitMs: number,
    requestId?: string,
    job?: string,
    writableWithinMs = limitMs
  ) {
    this.#dialect = dialect
    this.#events = events
    this.#limitMs = limitMs
    this.#writableWithinMs = writableWithinMs
    this.#deadline = performance.now() + limitMs
    this.requestId = requestId
    this.job = job
  }

  /** Its continuation, with a deadline of its own: for what is read while somebody slow takes what was read before. */
  next(limitMs: number): Work {
    return new Work(this.#dialect, this.#events, limitMs, this.requestId, this.job, this.#writableWithinMs)
  }

  get deadline(): number {
    return this.#deadline
  }

  /** Its time begins anew: what has passed was the client's, who was still sending. */
  renew(): void {
    if (!this.#givenUp) this.#deadline = performance.now() + this.#limitMs
  }

  /**
   * Nobody waits for it any more: whatever it is doing on the database fails with `reason` now. What was sent already may
   * still take effect there.
   */
  giveUp(reason: Error): void {
    this.#givenUp ??= reason
    this.#deadline = Math.min(this.#deadline, performance.now())
    for (const fail of this.#waiting) fail(reason)
  }

  /** What others did since this work's first read counts, too: its next read waits until it sees that. */
  lookAfresh(): void {
    this.caughtUpNode = undefined
  }

  /** One SELECT, tried again until the deadline. @throws AppError database_unavailable */
  async all<Row, V extends object>(statement: Select<Row, V>, values: V): Promise<Row[]> {
    const params = fill(statement, values)
    let answer: Answer
    try {
      answer = await this.#unlessGivenUp(() => this.#dialect.run(this, statement.sql, params, true))
    } catch (error) {
      // Fast path above: no state of retries is allocated until something failed.
      answer = await this.#again(error, true, false, () =>
        this.#unlessGivenUp(() => this.#dialect.run(this, statement.sql, params, true))
      )
    }
    return toRows(statement.keys, answer.rows)
  }

  /** One write, tried once: whoever knows whether it may be repeated wraps it in `repeatable` or `once`. */
  async write<V extends object>(statement: Statement<V>, values: V): Promise<number> {
    const params = fill(statement, values)
    const answer = await this.#unlessGivenUp(() => this.#dialect.run(this, statement.sql, params, false))
    return answer.affectedRows
  }

  /**
   * Runs a unit again where that helps, until the deadline. The unit must be repeatable: carry a key, or set what does
   * not depend on what was there. It is told whether an earlier try may have taken effect.
   * @throws AppError database_unavailable when the deadline comes first, storage_full when no node has room,
   * database_read_only when none takes writes; otherwise the unit's own error
   */
  async repeatable<R>(unit: (maybeDone: boolean) => Promise<R>): Promise<R> {
    try {
      return await unit(false)
    } catch (error) {
      return this.#again(error, true, true, unit)
    }
  }

  /** As `repeatable`, for a unit that is not: it is run again only when it certainly did nothing. */
  async once<R>(unit: () => Promise<R>): Promise<R> {
    try {
      return await unit()
    } catch (error) {
      return this.#again(error, false, true, unit)
    }
  }

  /** @see Dialect.transaction */
  transaction<R>(unit: (tx: Db) => Promise<R>): Promise<R> {
    return this.#unlessGivenUp(() =>
      this.#dialect.transaction(this, run =>
        unit({
          all: async (statement, values) =>
            toRows(statement.keys, (await run(statement.sql, fill(statement, values), true)).rows),
          write: async (statement, values) => (await run(statement.sql, fill(statement, values), false)).affectedRows
        })
      )
    )
  }

  /** Runs a prepared change, once. @see Dialect.change */
  change<V extends object>(plan: PlannedChange<V>, values: V & ChangeValues): Promise<Noted | undefined> {
    return this.#unlessGivenUp(() => plan(this, values))
  }

  /** @see Dialect.settle. What a try of this work's own did is settled already. @throws AppError database_unavailable */
  async settle(): Promise<void> {
    const unit = () => this.#unlessGivenUp(() => this.#dialect.settle(this))
    try {
      await unit()
    } catch (error) {
      await this.#again(error, true, false, unit)
    }
  }

  /** @see Dialect.prune */
  prune(what: Prunable, before: number, limit: number): Promise<number> {
    return this.#dialect.prune(this, what, before, limit)
  }

  /** The node that answers right now. @see Dialect.ping */
  ping(timeoutMs: number): Promise<{ node: string; role: string }> {
    return this.#unlessGivenUp(() => this.#dialect.ping(this, timeoutMs))
  }

  /** Whether it failed as this key is there already, or, without one, any key. */
  isDuplicate(error: unknown, key?: UniqueKey): boolean {
    return this.#dialect.verdict(error) === 'duplicate' && (key === undefined || this.#dialect.broke(error, key))
  }

  #unlessGivenUp<R>(act: () => Promise<R>): Promise<R> {
    if (this.#givenUp) return Promise.reject(this.#givenUp)
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      act().then(
        result => {
          this.#waiting.delete(reject)
          resolve(result)
        },
        error => {
          this.#waiting.delete(reject)
          reject(error)
        }
      )
    })
  }

  async #again<R>(
    first: unknown,
    repeatable: boolean,
    isWrite: boolean,
    unit: (maybeDone: boolean) => Promise<R>
  ): Promise<R> {
    let maybeDone = false
    let error = first
    let elsewhereUntil: number | undefined
    let closed: unknown
    let writableUntil: number | undefined
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      if (this.#givenUp) throw this.#givenUp
      const verdict = this.#dialect.verdict(error)
      if (verdict === 'final' || verdict === 'duplicate') throw error
      if (verdict === 'unknown' && !repeatable) throw databaseUnavailable(error)
      maybeDone ||= verdict === 'unknown'
      // Jitter, so that servers which failed together do not come back together.
      const pause = wait * (0.5 + Math.random() / 2)
      if (verdict === 'full') {
        elsewhereUntil ??= Math.min(this.deadline, performance.now() + ELSEWHERE_MS)
        // The embedded database has no other node.
        if (this.#dialect.engine === 'sqlite' || performance.now() + pause >= elsewhereUntil) {
          this.#events.storageFull(failureName(error), this)
          throw storageFull(error)
        }
      }
      if (verdict === 'readOnly') {
        closed = error
        // Leaves the last try time for its answer: one that is cut short would count as maybe done.
        writableUntil ??= Math.min(this.deadline - LAST_TRY_MS, performance.now() + this.#writableWithinMs)
      }
      // Once a try may have taken effect, "nothing was done" cannot be said.
      if (writableUntil !== undefined && !maybeDone) {
        if (this.#dialect.engine === 'sqlite' || performance.now() + pause >= writableUntil) {
          this.#events.readOnly(failureName(closed), this)
          throw databaseReadOnly(closed)
        }
      }
      if (performance.now() + pause >= this.deadline) throw databaseUnavailable(error)
      this.#events.retried(failureName(error), this)
      await sleep(pause)
      let result: R
      try {
        result = await unit(maybeDone)
      } catch (next) {
        error = next
        continue
      }
      if (maybeDone && isWrite) {
        await this.settle()
        this.#events.unknownResolved(this)
      }
      return result
    }
  }
}
