import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/sqlite-proxy'
import Database from 'libsql'
import type { DatabaseLimits, EmbeddedDatabase } from '../config.ts'
import { ConfigError } from '../errors.ts'
import { currentBudget } from './budget.ts'
import { affectedRows, type Db, type Dialect, type SameRows, type Tables } from './dialect.ts'
import type { StoreEvents } from './events.ts'
import { driverCode, type Verdict } from './failures.ts'
import type { ProxyClient } from './pooled.ts'
import { runUnit } from './retry.ts'
import * as tables from './tables.sqlite.ts'

true satisfies SameRows<typeof tables>

/** The one node there is, in headers and pages. */
const NODE = 'embedded'

/** Longest a statement blocks this process for another's write; past that the unit is run again. */
const BUSY_MS = 100

export function sqliteVerdict(error: unknown): Verdict {
  const code = String(driverCode(error))
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'again'
  return code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === 'SQLITE_CONSTRAINT_UNIQUE' ? 'duplicate' : 'final'
}

export interface SqliteOptions {
  database: EmbeddedDatabase
  limits: DatabaseLimits
  events: StoreEvents
}

/**
 * The embedded database. Several servers may share the file: WAL lets reads go on beside a write, writes wait for each
 * other. Within this process writes go through one connection, one transaction at a time.
 * @throws ConfigError when the folder or file cannot be used
 */
export function sqliteDialect(options: SqliteOptions): Dialect {
  const { file } = options.database
  const reader = open(file)
  const writer = open(file)
  const turn = inTurn()
  const retry = {
    verdict: sqliteVerdict,
    events: options.events,
    defaultLimitMs: options.limits.requestMs,
    repeatable: true
  }

  const client: ProxyClient = async (statement, params, method) => {
    if (method === 'all' || method === 'get' || method === 'values') {
      return runUnit(async () => reader.run(statement, params, method), retry)
    }
    return turn(async () => writer.run(statement, params, method))
  }
  const db = asDb(client)
  const txDb = asDb(async (statement, params, method) => writer.run(statement, params, method))

  const transaction = <R>(work: (db: Db) => Promise<R>): Promise<R> =>
    turn(async () => {
      writer.exec('begin immediate')
      try {
        const result = await work(txDb)
        writer.exec('commit')
        return result
      } catch (error) {
        writer.rollBack()
        throw error
      }
    })

  return {
    engine: 'sqlite',
    tables: tables as unknown as Tables,
    db,
    transaction,

    insertOnce: (operation, item) =>
      transaction(async tx => {
        await tx.insert(tables.operations as never).values(operation as never)
        await tx.insert(tables.items as never).values(item as never)
      }),

    async prune(what, before, limit) {
      const { table, column } = prunable[what]
      const written = await drizzle(client).run(
        sql`delete from ${table} where rowid in (select rowid from ${table} where ${column} < ${before} limit ${limit})`
      )
      return affectedRows(written as never)
    },

    verdict: sqliteVerdict,

    async ping() {
      reader.run('select 1', [], 'all')
      return { node: NODE, role: 'primary' }
    },

    async nodeInfo() {
      const { rows } = reader.run('select sqlite_version()', [], 'all')
      const [version] = rows[0] as [string]
      return { node: NODE, role: 'primary', version, clusterSize: 1 }
    },

    migrator: {
      folder: 'sqlite',
      async exclusively(work) {
        const connection = open(file, 30_000)
        try {
          connection.exec('begin immediate')
          const result = await work(async (statement, params = []) => {
            return connection.run(statement, params, /^\s*select\b/i.test(statement) ? 'all' : 'run')
              .rows as unknown[][]
          })
          connection.exec('commit')
          return result
        } finally {
          connection.close()
        }
      }
    },

    gauges: { open: 2, idle: 2, waiting: 0 },
    async close() {
      await turn(async () => {})
      reader.close()
      writer.close()
    }
  }
}

const asDb = (client: ProxyClient) => drizzle(client as never) as unknown as Db

const prunable = {
  sessions: { table: tables.sessions, column: tables.sessions.expiresAt },
  operations: { table: tables.operations, column: tables.operations.createdAt },
  loginFailures: { table: tables.loginFailures, column: tables.loginFailures.failedAt }
}

/** A function that runs what it is given one after the other. */
function inTurn() {
  let last: Promise<unknown> = Promise.resolve()
  return <R>(work: () => Promise<R>): Promise<R> => {
    const mine = last.then(work, work)
    last = mine.catch(() => {})
    return mine
  }
}

function open(file: string, busyMs = BUSY_MS) {
  let database: Database.Database
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    database = new Database(file)
    // These hold for a connection, not for the file, so each sets its own; journal_mode must come after busy_timeout.
    database.exec(`pragma busy_timeout = ${Math.max(5000, busyMs)}`)
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full') // an acknowledged write survives a power cut
    database.exec('pragma foreign_keys = on')
    database.exec(`pragma busy_timeout = ${busyMs}`)
  } catch (error) {
    throw new ConfigError([
      `DATA_DIR: cannot open ${file} (${error instanceof Error ? error.message : error}), expects a folder this user may write to`
    ])
  }
  const statements = new Map<string, Database.Statement>()

  const prepared = (text: string) => {
    let statement = statements.get(text)
    if (!statement) {
      statement = database.prepare(text)
      if (statement.reader) statement.raw(true)
      statements.set(text, statement)
    }
    return statement
  }

  return {
    run(text: string, params: unknown[], method: string): { rows: unknown[] } {
      const start = performance.now()
      try {
        const statement = prepared(text)
        if (method === 'all' || method === 'values') return { rows: statement.all(params) }
        if (method === 'get') return { rows: statement.get(params) as unknown[] }
        return { rows: [{ affectedRows: statement.run(params).changes, insertId: 0 }] }
      } finally {
        const budget = currentBudget()
        if (budget) {
          budget.roundTrips++
          budget.node = NODE
          budget.databaseMs += performance.now() - start
        }
      }
    },
    exec: (text: string) => void database.exec(text),
    rollBack() {
      if (database.inTransaction) database.exec('rollback')
    },
    close: () => database.close()
  }
}
