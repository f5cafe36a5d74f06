import type { DatabaseLimits } from '../../config/config.ts'
import type { Bill } from '../bill.ts'
import type { Answer, Connection, NodeInfo } from '../connection.ts'
import type { CausalReads, Dialect, Run } from '../dialect.ts'
import type { Origin, StoreEvents } from '../events.ts'
import { CalledOff, failureName, type Verdict } from '../failures.ts'
import { NoConnection } from '../pool/errors.ts'
import { Pool } from '../pool/pool.ts'
import { fill, type Statement } from '../statement.ts'

export interface PooledOptions {
  connect(): Promise<Connection>
  verdict(error: unknown): Verdict
  /** The node gave up waiting to see what was acknowledged before. */
  isCausalTimeout(error: unknown): boolean
  /** The server refused the statement but the connection is as good as before. */
  leavesConnectionSound(error: unknown): boolean
  /** A new connection may lead to another node than the last one. */
  hasManyNodes: boolean
  limits: DatabaseLimits
  events: StoreEvents
}

const rolledBack = (run: Run): Promise<boolean> =>
  run('rollback', [], false).then(
    () => true,
    () => false
  )

/** What MariaDB and PostgreSQL share: a pool, and statements that are timed, bounded and accounted for. */
export class Pooled {
  readonly pool: Pool<Connection>
  /** Single statements that read causally, and their time on the connection, the wait for causality included. */
  readonly causalReads: CausalReads = { total: 0, ms: 0 }
  readonly #options: PooledOptions

  constructor(options: PooledOptions) {
    this.#options = options
    this.pool = new Pool({
      connect: options.connect,
      events: options.events,
      size: options.limits.poolSize,
      keep: Math.min(2, options.limits.poolSize),
      queueLimit: 50 * options.limits.poolSize,
      checkAfterIdleMs: 2000,
      checkMs: Math.min(500, options.limits.statementMs),
      lateAfterMs: 250,
      beatMs: 250,
      silentMs: Math.min(500, options.limits.statementMs),
      maxAgeMs: 60_000,
      balanceMs: options.hasManyNodes ? 1000 : undefined
    })
  }

  /** One statement on a connection of its own, once. */
  async run(bill: Bill, sql: string, params: unknown[], isSelect: boolean): Promise<Answer> {
    const start = performance.now()
    let causalSince: number | undefined
    try {
      const wanted = isSelect ? bill.caughtUpNode : undefined
      const connection = this.pool.acquireNow(wanted) ?? (await this.pool.acquire(bill.deadline, bill))
      const isCaughtUp = connection.node === wanted
      if (isSelect && connection.isCausal && !isCaughtUp) causalSince = performance.now()
      try {
        const answer = await this.#runOn(connection, bill, sql, params, isCaughtUp)
        if (causalSince !== undefined) bill.caughtUpNode = connection.node
        this.pool.release(connection)
        return answer
      } catch (error) {
        if (error instanceof NoConnection || this.#options.leavesConnectionSound(error)) this.pool.release(connection)
        else this.pool.discard(connection, failureName(error), bill)
        if (causalSince !== undefined && this.#options.isCausalTimeout(error)) {
          this.#options.events.causalReadTimedOut(connection.node, bill)
        }
        throw error
      }
    } finally {
      if (!isSelect) bill.caughtUpNode = undefined
      const now = performance.now()
      bill.databaseMs += now - start
      if (causalSince !== undefined) {
        this.causalReads.total++
        this.causalReads.ms += now - causalSince
      }
    }
  }

  /** The same for a statement that writes, with its values by name. */
  write<V extends object>(bill: Bill, statement: Statement<V>, values: V): Promise<Answer> {
    return this.run(bill, statement.sql, fill(statement, values), false)
  }

  /** Statements of one transaction; on any error but CalledOff the connection is destroyed, which also rolls back. */
  async transaction<R>(bill: Bill, unit: (run: Run) => Promise<R>): Promise<R> {
    const start = performance.now()
    const connection = await this.pool.acquire(bill.deadline, bill)
    const run: Run = (sql, params) => this.#runOn(connection, bill, sql, params)
    try {
      await run('begin', [], false)
      const result = await unit(run)
      await run('commit', [], false)
      this.pool.release(connection)
      return result
    } catch (error) {
      if (error instanceof CalledOff && (await rolledBack(run))) this.pool.release(connection)
      else this.pool.discard(connection, failureName(error), bill)
      throw error
    } finally {
      bill.caughtUpNode = undefined
      bill.databaseMs += performance.now() - start
    }
  }

  async ping(bill: Bill, timeoutMs: number): Promise<{ node: string; role: string }> {
    const start = performance.now()
    bill.roundTrips++
    try {
      const connection = await this.#ask(
        timeoutMs,
        async (connection, ms) => {
          await connection.check(ms)
          return connection
        },
        bill
      )
      bill.node = connection.node
      return { node: connection.node, role: connection.role }
    } finally {
      bill.databaseMs += performance.now() - start
    }
  }

  nodeInfo(timeoutMs: number): Promise<NodeInfo> {
    return this.#ask(timeoutMs, (connection, ms) => connection.describe(ms))
  }

  /** What of a dialect is the pool's alone to answer. */
  ofDialect() {
    return {
      run: this.run.bind(this),
      transaction: this.transaction.bind(this),
      ping: this.ping.bind(this),
      nodeInfo: this.nodeInfo.bind(this),
      gauges: () => this.pool.gauges,
      silentMs: () => this.pool.silentMs(),
      causalReads: this.causalReads,
      close: (waitMs: number) => this.pool.close(waitMs)
    } satisfies Partial<Dialect>
  }

  /** On a deadline of its own and without retries: the question is whether it answers now. */
  async #ask<R>(
    timeoutMs: number,
    question: (connection: Connection, timeoutMs: number) => Promise<R>,
    origin?: Origin
  ): Promise<R> {
    const deadline = performance.now() + timeoutMs
    const connection = await this.pool.acquire(deadline, origin)
    try {
      const answer = await question(connection, Math.max(1, deadline - performance.now()))
      this.pool.release(connection)
      return answer
    } catch (error) {
      this.pool.discard(connection, failureName(error), origin)
      throw error
    }
  }

  #runOn(connection: Connection, bill: Bill, sql: string, params: unknown[], isCaughtUp = false): Promise<Answer> {
    const left = bill.deadline - performance.now()
    // Never sent, so the connection is as good as before; the deadline has passed, nobody runs this again.
    if (left <= 0) return Promise.reject(new NoConnection('queue', 'no time left for the statement'))
    bill.roundTrips++
    bill.node = connection.node
    return connection.run(sql, params, Math.min(left, this.#options.limits.statementMs), isCaughtUp)
  }
}
