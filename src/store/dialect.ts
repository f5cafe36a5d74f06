import type { SQL, Table } from 'drizzle-orm'
import type { PgDatabase, PgInsertValue, PgQueryResultHKT, PgTable, PgUpdateSetSource } from 'drizzle-orm/pg-core'
import type { Verdict } from './failures.ts'
import type { PoolGauges } from './pool.ts'
import type * as tables from './tables.postgres.ts'

/** PostgreSQL's table types stand for all three; mysql.ts and sqlite.ts prove that their own agree. */
export type Tables = typeof tables

type RowTypes<S> = { [K in keyof S]: S[K] extends Table ? [S[K]['$inferSelect'], S[K]['$inferInsert']] : never }
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
/** `true` only if rows of these tables read and write as the same types as PostgreSQL's; it makes the casts sound. */
export type SameRows<S> = Same<RowTypes<S>, RowTypes<Tables>>

/** What awaiting a write gives; read it with `affectedRows`. */
export type Written = { readonly written: unique symbol }

/** The statements drizzle spells alike in all dialects. No returning(), no onConflict…(). */
export interface Db extends Pick<PgDatabase<PgQueryResultHKT>, 'select'> {
  insert<T extends PgTable>(table: T): { values(row: PgInsertValue<T>): PromiseLike<Written> }
  update<T extends PgTable>(
    table: T
  ): { set(row: PgUpdateSetSource<T>): { where(is: SQL | undefined): PromiseLike<Written> } }
  delete(table: PgTable): { where(is: SQL | undefined): PromiseLike<Written> }
}

/** How many rows a write touched. drizzle's three proxies hand the driver's answer on in two wrappings. */
export function affectedRows(written: Written): number {
  const answer = written as unknown as { rows?: [{ affectedRows: number }] } & [{ affectedRows: number }]
  return (answer.rows ?? answer)[0].affectedRows
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

/** The node that answered, as `status`, `/whoami` and `/servidor` show it. */
export interface NodeInfo {
  node: string
  /** `primary` takes writes (every Galera node does), `standby` does not. */
  role: string
  version: string
  /** Members of the Galera cluster, or 1. */
  clusterSize: number
}

/** What `prune` may empty, each with the column that says when a row is of no more use. */
export type Prunable = 'sessions' | 'operations' | 'loginFailures'

/** Everything the three databases do differently, and nothing else. */
export interface Dialect {
  readonly engine: 'mysql' | 'postgres' | 'sqlite'
  readonly tables: Tables
  /** For single statements. A SELECT is tried again until the deadline; a write is not, see `retry.ts`. */
  readonly db: Db
  /** @throws what `work` threw, or the error of BEGIN or COMMIT; the connection is then destroyed, never reused */
  transaction<R>(work: (db: Db) => Promise<R>): Promise<R>
  /**
   * Adds the item and its idempotency key, both or none, in one round trip.
   * @throws an error with verdict `duplicate` when the key was used before
   */
  insertOnce(operation: OperationKey, item: NewItem): Promise<void>
  /** Deletes up to `limit` rows whose time column is before `before`; how many it deleted. */
  prune(what: Prunable, before: number, limit: number): Promise<number>
  verdict(error: unknown): Verdict
  /** The node at the other end of a connection that answers right now; never waits for causality. One round trip. */
  ping(timeoutMs: number): Promise<{ node: string; role: string }>
  /** The same and more, for operators. */
  nodeInfo(timeoutMs: number): Promise<NodeInfo>
  /** Runs a migration's statements; see migrate.ts. */
  readonly migrator: Migrator
  readonly gauges: PoolGauges
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
