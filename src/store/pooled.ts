import type { DatabaseLimits } from '../config.ts'
import type { CausalReads, NodeInfo, Run } from './dialect.ts'
import type { Origin, StoreEvents } from './events.ts'
import { failureName, NoConnection, type Verdict } from './failures.ts'
import { type Answer, type Link, Pool } from './pool.ts'
import type { Bill } from './work.ts'

export interface PooledOptions {
  connect(): Promise<Link>
  verdict(error: unknown): Verdict
  /** The node gave up waiting to see what was acknowledged before. */
  isCausalTimeout(error: unknown): boolean
  /** The server refused the statement but the connection is as good as before. */
  leavesLinkSound(error: unknown): boolean
  /** A new connection may lead to another node than the last one. */
  hasManyNodes: boolean
  limits: DatabaseLimits
  events: StoreEvents
}

/** What MariaDB and PostgreSQL share: a pool, and statements that are timed, bounded and accounted for. */
export class Pooled {
  readonly pool: Pool
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

  /** One statement on a link of its own, once. */
  async run(bill: Bill, sql: string, params: unknown[], isSelect: boolean): Promise<Answer> {
    const start = performance.now()
    let causalSince: number | undefined
    try {
      const wanted = isSelect ? bill.caughtUpNode : undefined
      const link = this.pool.acquireNow(wanted) ?? (await this.pool.acquire(bill.deadline, bill))
      const isCaughtUp = link.node === wanted
      if (isSelect && link.isCausal && !isCaughtUp) causalSince = performance.now()
      try {
        const answer = await this.#runOn(link, bill, sql, params, isCaughtUp)
        if (causalSince !== undefined) bill.caughtUpNode = link.node
        this.pool.release(link)
        return answer
      } catch (error) {
        if (error instanceof NoConnection || this.#options.leavesLinkSound(error)) this.pool.release(link)
        else this.pool.discard(link, failureName(error), bill)
        if (causalSince !== undefined && this.#options.isCausalTimeout(error)) {
          this.#options.events.causalReadTimedOut(link.node, bill)
        }
        throw error
      }
    } finally {
      const now = performance.now()
      bill.databaseMs += now - start
      if (causalSince !== undefined) {
        this.causalReads.total++
        this.causalReads.ms += now - causalSince
      }
    }
  }

  /** Statements of one transaction; on any error the link is destroyed, which also rolls back. */
  async transaction<R>(bill: Bill, unit: (run: Run) => Promise<R>): Promise<R> {
    const start = performance.now()
    const link = await this.pool.acquire(bill.deadline, bill)
    const run: Run = (sql, params) => this.#runOn(link, bill, sql, params)
    try {
      await run('begin', [], false)
      const result = await unit(run)
      await run('commit', [], false)
      this.pool.release(link)
      return result
    } catch (error) {
      this.pool.discard(link, failureName(error), bill)
      throw error
    } finally {
      bill.databaseMs += performance.now() - start
    }
  }

  async ping(bill: Bill, timeoutMs: number): Promise<{ node: string; role: string }> {
    const start = performance.now()
    bill.roundTrips++
    try {
      const link = await this.#ask(
        timeoutMs,
        async (link, ms) => {
          await link.check(ms)
          return link
        },
        bill
      )
      bill.node = link.node
      return { node: link.node, role: link.role }
    } finally {
      bill.databaseMs += performance.now() - start
    }
  }

  nodeInfo(timeoutMs: number): Promise<NodeInfo> {
    return this.#ask(timeoutMs, (link, ms) => link.describe(ms))
  }

  /** On a deadline of its own and without retries: the question is whether it answers now. */
  async #ask<R>(
    timeoutMs: number,
    question: (link: Link, timeoutMs: number) => Promise<R>,
    origin?: Origin
  ): Promise<R> {
    const deadline = performance.now() + timeoutMs
    const link = await this.pool.acquire(deadline, origin)
    try {
      const answer = await question(link, Math.max(1, deadline - performance.now()))
      this.pool.release(link)
      return answer
    } catch (error) {
      this.pool.discard(link, failureName(error), origin)
      throw error
    }
  }

  #runOn(link: Link, bill: Bill, sql: string, params: unknown[], isCaughtUp = false): Promise<Answer> {
    const left = bill.deadline - performance.now()
    // Never sent, so the link is as good as before; the deadline has passed, nobody runs this again.
    if (left <= 0) return Promise.reject(new NoConnection('queue', 'no time left for the statement'))
    bill.roundTrips++
    bill.node = link.node
    return link.run(sql, params, Math.min(left, this.#options.limits.statementMs), isCaughtUp)
  }
}
