import type { Survey } from './adoption/survey.ts'
import type { Bill } from './bill.ts'
import type { ChangeValues, Recipe, Target } from './change.ts'
import type { Answer, NodeInfo } from './connection.ts'
import type { Verdict } from './failures.ts'
import type { PoolGauges } from './pool/types.ts'
import type { Fragment } from './sql.ts'
import type { Compiler } from './statement.ts'
import type { Prunable } from './tables.ts'

/**
 * So close to the limit of a list, PostgreSQL adds in steps, which lock the list before they count. Below, a statement counts what was
 * there when it began: safe while fewer additions than this are on their way to one list at a time.
 */
export const NEARLY = 1000

/** What must be unique, and means something when it is there already. */
export type UniqueKey = 'email' | 'change' | 'session' | 'loginFailure'

export interface CausalReads {
  total: number
  ms: number
}

export type Run = (sql: string, params: unknown[], isSelect: boolean) => Promise<Answer>

/** What was written of a change. */
export interface Noted {
  listId: number
  version: number
  itemId: number | null
  detail: string | null
}

/** Of the row that a planned change answers: these four, in this order. */
export function notedOf(row: unknown[] | undefined): Noted | undefined {
  if (!row) return undefined
  const [listId, version, itemId, detail] = row as [number, number, number | null, string | null]
  return { listId: Number(listId), version: Number(version), itemId: itemId === null ? null : Number(itemId), detail }
}

/**
 * Undefined, and nothing done, where it is not as simple as that: no such list or none yet, no such item, no room.
 * @throws an error with verdict `duplicate` when the key was used before
 */
export type PlannedChange<V extends object> = (bill: Bill, values: V & ChangeValues) => Promise<Noted | undefined>

/** Everything the three databases do differently, and nothing else. */
export interface Dialect extends Compiler {
  readonly engine: 'mysql' | 'postgres' | 'sqlite'
  /** One statement, once, by the bill's deadline. */
  run(bill: Bill, sql: string, params: unknown[], isSelect: boolean): Promise<Answer>
  /** @throws what `unit` threw, or the error of BEGIN or COMMIT; but for CalledOff, the connection is then destroyed, never reused */
  transaction<R>(bill: Bill, unit: (run: Run) => Promise<R>): Promise<R>
  /** Prepares a numbered change, to be run in one transaction and one round trip. */
  change<V extends object>(recipe: Recipe<V>, target: Target): PlannedChange<V>
  /** At the end of a SELECT in a transaction: nobody else writes these rows before it ends. */
  readonly forUpdate: Fragment
  /** `insert into` this, unless such a row is there. */
  insertNew<V extends object>(what: Fragment<V>): Fragment<V>
  /** Waits until what another request committed is as safe as a commit of one's own: on disk, and on the standbys that must have it. */
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
  gauges(): PoolGauges
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
  /** The names of a table's columns; none when there is no such table. */
  columnsOf(run: RunStatement, table: string): Promise<string[]>
  /** Runs `work` on a connection of its own. */
  inspect<R>(work: (run: RunStatement) => Promise<R>): Promise<R>
  /** Runs `work` while no other migration runs, as far as this database can promise that. `say` is told what it waits for. */
  exclusively<R>(say: (line: string) => void, work: (run: RunStatement) => Promise<R>): Promise<R>
}

export type RunStatement = (sql: string, params?: unknown[]) => Promise<unknown[][]>
