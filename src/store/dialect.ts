import type { Query, SQL, Table } from 'drizzle-orm'
import type { PgDatabase, PgInsertValue, PgQueryResultHKT, PgTable, PgUpdateSetSource } from 'drizzle-orm/pg-core'
import type { Verdict } from './failures.ts'
import type { Answer, PoolGauges } from './pool.ts'
import type { Survey } from './survey.ts'
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

/**
 * So close to the limit of a list the servers count its items one after the other. Below, each counts what it sees: that is safe
 * while fewer additions than this are on their way to one list at a time.
 */
export const NEARLY = 1000

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

/** The node that answered, as `status` shows it. */
export interface NodeInfo {
  node: string
  /** `primary` takes writes (every Galera node does), `standby` does not. */
  role: string
  version: string
  /** Members of the Galera cluster, or 1. */
  clusterSize: number
}

/** What `prune` may empty, each by the column that says when a row is of no more use. */
export type Prunable = 'sessions' | 'operations' | 'loginFailures' | 'servers'

/** What must be unique, and means something when it is there already. */
export type UniqueKey = 'email' | 'operation' | 'session' | 'loginFailure'

export interface CausalReads {
  total: number
  ms: number
}

export type Run = (sql: string, params: unknown[], isSelect: boolean) => Promise<Answer>

/** Everything the three databases do differently, and nothing else. */
export interface Dialect {
  readonly engine: 'mysql' | 'postgres' | 'sqlite'
  readonly tables: Tables
  readonly builder: Builder
  /** One statement, once, by the bill's deadline. */
  run(bill: Bill, sql: string, params: unknown[], isSelect: boolean): Promise<Answer>
  /** @throws what `unit` threw, or the error of BEGIN or COMMIT; the connection is then destroyed, never reused */
  transaction<R>(bill: Bill, unit: (run: Run) => Promise<R>): Promise<R>
  /**
   * Adds the item and its idempotency key, both or none, in one round trip; on PostgreSQL in a few where the list is `NEARLY` full.
   * @throws an error with verdict `duplicate` when the key was used before, ListFull when there are `limit` items already
   */
  insertOnce(bill: Bill, operation: OperationKey, item: NewItem, limit: number): Promise<unknown>
  /** Awaits that what was found done, by whomever, is as safe as a commit of one's own. */
  settle(bill: Bill): Promise<void>
  /** Deletes up to `limit` rows whose time column is before `before`; how many it deleted. */
  prune(bill: Bill, what: Prunable, before: number, limit: number): Promise<number>
  verdict(error: unknown): Verdict
  /** Whether a duplicate is one of this key, and not of another that the table has. */
  broke(error: unknown, key: UniqueKey): boolean
  /** The node at the other end of a connection that answers right now; never waits for causality. One round trip. */
  ping(bill: Bill, timeoutMs: number): Promise<{ node: string; role: string }>
  /** The same and more, for operators. */
  nodeInfo(timeoutMs: number): Promise<NodeInfo>
  readonly migrator: Migrator
  readonly gauges: PoolGauges
  /** Milliseconds since anything was last heard of the database, signs of life included; infinite before the first. */
  silentMs(): number
  /** Reads so far that were sure to see what was acknowledged before, on another node too. */
  readonly causalReads: CausalReads
  close(waitMs: number): Promise<void>
}

/** What migrate.ts needs of a database. */
export interface Migrator {
  /** Folder below migrations/. */
  readonly folder: string
  /** What is there and does not fit; reads only. */
  survey(run: RunStatement): Promise<Survey>
  /** Runs `work` on a connection of its own. */
  inspect<R>(work: (run: RunStatement) => Promise<R>): Promise<R>
  /** Runs `work` while no other migration runs, as far as this database can promise that. `say` is told what it waits for. */
  exclusively<R>(say: (line: string) => void, work: (run: RunStatement) => Promise<R>): Promise<R>
}

export type RunStatement = (sql: string, params?: unknown[]) => Promise<unknown[][]>
