import type { DatabaseLimits } from '../config.ts'
import { type Budget, currentBudget } from './budget.ts'
import type { NodeInfo } from './dialect.ts'
import type { StoreEvents } from './events.ts'
import { failureName, StatementTimeout, type Verdict } from './failures.ts'
import { type Answer, type Link, Pool } from './pool.ts'
import { runUnit } from './retry.ts'

/** drizzle's three proxy drivers hand every statement to a function of this shape. */
export type ProxyClient = (
  sql: string,
  params: unknown[],
  method: 'all' | 'execute' | 'run' | 'get' | 'values'
) => Promise<{ rows: unknown[] }>

export interface PooledOptions {
  connect(): Promise<Link>
  verdict(error: unknown): Verdict
  /** The server refused the statement but the connection is as good as before. */
  leavesLinkSound(error: unknown): boolean
  limits: DatabaseLimits
  events: StoreEvents
}

/** What MariaDB and PostgreSQL share: a pool, and statements that are timed, bounded and accounted for. */
export class Pooled {
  readonly pool: Pool
  readonly #options: PooledOptions

  constructor(options: PooledOptions) {
    this.#options = options
    this.pool = new Pool({
      connect: options.connect,
      events: options.events,
      size: options.limits.poolSize,
      queueLimit: 50 * options.limits.poolSize,
      checkAfterIdleMs: 2000,
      checkMs: Math.min(500, options.limits.statementMs),
      maxAgeMs: 10 * 60_000
    })
  }

  /** For single statements. A SELECT is tried again until the deadline, a write is not. */
  readonly client: ProxyClient = async (sql, params, method) => {
    if (method !== 'all') return asRows(method, await this.statement(sql, params))
    const answer = await runUnit(() => this.statement(sql, params), {
      verdict: this.#options.verdict,
      events: this.#options.events,
      defaultLimitMs: this.#options.limits.requestMs,
      repeatable: true
    })
    return asRows(method, answer)
  }

  /** One statement on a link of its own, once. */
  async statement(sql: string, params: unknown[]): Promise<Answer> {
    return this.#withLink(async (link, budget, deadline) => this.#run(link, budget, deadline, sql, params))
  }

  /** Statements of one transaction; on any error the link is destroyed, which also rolls back. */
  async transaction<R>(work: (client: ProxyClient) => Promise<R>): Promise<R> {
    return this.#withLink(async (link, budget, deadline) => {
      const run = (sql: string, params: unknown[]) => this.#run(link, budget, deadline, sql, params)
      await run('begin', [])
      const result = await work(async (sql, params, method) => asRows(method, await run(sql, params)))
      await run('commit', [])
      return result
    }, true)
  }

  async ping(timeoutMs: number): Promise<{ node: string; role: string }> {
    return this.#ask(timeoutMs, async (link, ms) => {
      await link.check(ms)
      return { node: link.node, role: link.role }
    })
  }

  nodeInfo(timeoutMs: number): Promise<NodeInfo> {
    return this.#ask(timeoutMs, (link, ms) => link.describe(ms))
  }

  /** Outside the request's deadline and without retries: the question is whether it answers now. */
  async #ask<R>(timeoutMs: number, question: (link: Link, timeoutMs: number) => Promise<R>): Promise<R> {
    const start = performance.now()
    const deadline = start + timeoutMs
    const link = await this.pool.acquire(deadline)
    const budget = currentBudget()
    try {
      const answer = await question(link, Math.max(1, deadline - performance.now()))
      this.pool.release(link)
      if (budget) budget.node = link.node
      return answer
    } catch (error) {
      this.pool.discard(link, failureName(error))
      throw error
    } finally {
      if (budget) {
        budget.roundTrips++
        budget.databaseMs += performance.now() - start
      }
    }
  }

  async #withLink<R>(
    work: (link: Link, budget: Budget | undefined, deadline: number) => Promise<R>,
    inTransaction = false
  ): Promise<R> {
    const budget = currentBudget()
    const deadline = budget?.deadline ?? performance.now() + this.#options.limits.requestMs
    const start = performance.now()
    try {
      const link = await this.pool.acquire(deadline)
      try {
        const result = await work(link, budget, deadline)
        this.pool.release(link)
        return result
      } catch (error) {
        if (!inTransaction && this.#options.leavesLinkSound(error)) this.pool.release(link)
        else this.pool.discard(link, failureName(error))
        throw error
      }
    } finally {
      if (budget) budget.databaseMs += performance.now() - start
    }
  }

  async #run(
    link: Link,
    budget: Budget | undefined,
    deadline: number,
    sql: string,
    params: unknown[]
  ): Promise<Answer> {
    const left = deadline - performance.now()
    // Never sent, so the name is all that matters: the deadline has passed, nobody runs this again.
    if (left <= 0) throw new StatementTimeout(0)
    if (budget) {
      budget.roundTrips++
      budget.node = link.node
    }
    return link.run(sql, params, Math.min(left, this.#options.limits.statementMs))
  }
}

const asRows = (method: string, answer: Answer) => ({
  rows: method === 'all' ? answer.rows : [{ affectedRows: answer.affectedRows, insertId: 0 }]
})
