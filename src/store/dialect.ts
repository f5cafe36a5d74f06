import type { Query, SQL, Table } from 'drizzle-orm'
import type { PgDatabase, PgInsertValue, PgQueryResultHKT, PgTable, PgUpdateSetSource } from 'drizzle-orm/pg-core'
import type { ChangeValues, Effect } from './changes.ts'
import type { Answer, NodeInfo } from './connection.ts'
import type { Verdict } from './failures.ts'
import type { PoolGauges } from './pool/types.ts'
import type { Compiler } from './statement.ts'
import type * as tables from './tables.postgres.ts'
import type { Bill } from './work.ts'

/** PostgreSQL's table types stand for all three; mysql.ts and sqlite.ts prove that their own agree. */
export type Tables = typeof tables

type RowTypes<S> = { [K in keyof S]: S[K] extends Table ? [S[K]['$inferSelect'], S[K]['$inferInsert']] : never }
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
/** `true` only if rows of these tables read and write as the same types as PostgreSQL's; it makes the casts sound. */
export type SameRows<S> = Same<RowTypes<S>, RowTypes<Tables>>

interface Built {
  toSQL(): Query
}

/** What drizzle spells alike in all dialects. No returning(), no onConflict…(). It builds; `Work` runs. */
export interface Builder extends Pick<PgDatabase<PgQueryResultHKT>, 'select'> {
  insert<T extends PgTable>(table: T): { values(row: PgInsertValue<T>): Built }
  update<T extends PgTable>(table: T): { set(row: PgUpdateSetSource<T>): { where(is: SQL | undefined): Built } }
  delete(table: PgTable): { where(is: SQL | undefined): Built }
}

export interface OperationKey {
  customerId: number
  key: string
  digest: string
  createdAt: number
}

export interface NewItem {
  customerId: number
  type: string
  quantity: number
  shop: string
}

/** What `prune` may empty, each by the column that says when a row is of no more use. */
export type Prunable = 'sessions' | 'operations' | 'loginFailures'

export interface CausalReads {
  total: number
  ms: number
}

export type Run = (sql: string, params: unknown[], isSelect: boolean) => Promise<Answer>

/** Everything the three databases do differently, and nothing else. */
export interface Dialect extends Compiler {
  readonly engine: 'mysql' | 'postgres' | 'sqlite'
  readonly tables: Tables
  readonly builder: Builder
  /** One statement, once, by the bill's deadline. */
  run(bill: Bill, sql: string, params: unknown[], isSelect: boolean): Promise<Answer>
  /** @throws what `unit` threw, or the error of BEGIN or COMMIT; the connection is then destroyed, never reused */
  transaction<R>(bill: Bill, unit: (run: Run) => Promise<R>): Promise<R>
  /**
   * Adds the item and its idempotency key, both or none, in one round trip.
   * @throws an error with verdict `duplicate` when the key was used before
   */
  insertOnce(bill: Bill, operation: OperationKey, item: NewItem): Promise<unknown>
  /**
   * Prepares a numbered change with this effect, to be run in one transaction, and one round trip where that can be.
   * What it makes answers the `detail` that was noted, and throws an error with verdict `duplicate` when the key was used
   * before.
   */
  change<V extends object>(effect: Effect<V>): (bill: Bill, values: V & ChangeValues) => Promise<string | null>
  /** Awaits that what was found done, by whomever, is as safe as a commit of one's own. */
  settle(bill: Bill): Promise<void>
  /** Deletes up to `limit` rows whose time column is before `before`; how many it deleted. */
  prune(bill: Bill, what: Prunable, before: number, limit: number): Promise<number>
  verdict(error: unknown): Verdict
  /** The node at the other end of a connection that answers right now; never waits for causality. One round trip. */
  ping(bill: Bill, timeoutMs: number): Promise<{ node: string; role: string }>
  /** The same and more, for operators. */
  nodeInfo(timeoutMs: number): Promise<NodeInfo>
  readonly migrator: Migrator
  readonly gauges: PoolGauges
  /** Reads so far that were sure to see what was acknowledged before, on another node too. */
  readonly causalReads: CausalReads
  close(waitMs: number): Promise<void>
}

/** What migrate.ts needs of a database. */
export interface Migrator {
  /** Folder below migrations/. */
  readonly folder: string
  /** Runs `work` while no other migration runs, as far as this database can promise that. */
  exclusively<R>(work: (run: RunStatement) => Promise<R>): Promise<R>
}

export type RunStatement = (sql: string, params?: unknown[]) => Promise<unknown[][]>
