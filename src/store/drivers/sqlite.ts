import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core'
import Database from 'libsql'
import type { DatabaseLimits } from '../../config/config.ts'
import type { EmbeddedDatabase } from '../../config/database-url.ts'
import { ConfigError } from '../../errors.ts'
import { surveySqlite } from '../adoption/survey-sqlite.ts'
import type { Bill } from '../bill.ts'
import type { ChangeValues, Recipe, Target } from '../change.ts'
import type { Answer } from '../connection.ts'
import { type Dialect, notedOf, type Run, type RunStatement, type UniqueKey } from '../dialect.ts'
import type { StoreEvents } from '../events.ts'
import { driverCode, driverField, type Verdict } from '../failures.ts'
import { type Fragment, given, raw, sql } from '../sql.ts'
import { fill, needing, type Statement, statement } from '../statement.ts'
import { mapPrunable } from '../tables.ts'
import { assertWritable, isReadOnly, makePrivate } from './embedded-file.ts'
import { sqliteChange } from './sqlite-change.ts'

/** The one node there is, in headers and pages. */
const NODE = 'embedded'

/** Longest a statement blocks this process for another's write; past that the unit is run again. */
const BUSY_MS = 100

/** Also what a quota or a limit on the size of files says, which is not "full" to SQLite. */
const NO_ROOM = new Set(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE'])
const isNoRoom = (error: unknown): boolean => NO_ROOM.has(String(driverCode(error)))
/** The same codes as for many another trouble with a file: which of them it is the file system says. */
const FILE_TROUBLE = /^SQLITE_(?:IOERR|CANTOPEN|PERM)/

/** @param mayBeWritten asks the file system for the files of the database */
export function sqliteVerdict(error: unknown, mayBeWritten: () => boolean = () => true): Verdict {
  const code = String(driverCode(error))
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'again'
  if (code.startsWith('SQLITE_READONLY') || (FILE_TROUBLE.test(code) && !mayBeWritten())) return 'readOnly'
  if (isNoRoom(error)) return 'full'
  return code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === 'SQLITE_CONSTRAINT_UNIQUE' ? 'duplicate' : 'final'
}

const UNIQUE: Record<UniqueKey, RegExp> = {
  // A table that was here before may keep its e-mails apart, too.
  email: /: clientes\.email(_key)?$/,
  change: /: changes\.account_id, changes\.change_key/,
  session: /: sessions\./,
  loginFailure: /: login_failures\./
}

const broke = (error: unknown, key: UniqueKey): boolean => UNIQUE[key].test(driverField(error, 'message'))

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

  const transaction = <R>(bill: Bill, unit: (run: Run) => Promise<R>): Promise<R> =>
    turn(async () => {
      writer.exec('begin immediate')
      try {
        const result = await unit(async (statement, params, isSelect) => writer.run(bill, statement, params, isSelect))
        writer.exec('commit')
        return result
      } catch (error) {
        writer.rollBack()
        throw error
      }
    })

  return {
    engine: 'sqlite',

    async run(bill, statement, params, isSelect) {
      if (isSelect) return reader.run(bill, statement, params, true)
      return turn(async () => writer.run(bill, statement, params, false))
    },

    transaction,

    compile,
    change<V extends object>(recipe: Recipe<V>, target: Target) {
      const plan = sqliteChange(recipe, target)
      const [note, ...others] = [plan.note, ...plan.steps, ...plan.last].map(it =>
        needing<V & ChangeValues>(compile(it))
      )
      const steps = others.slice(0, plan.steps.length)
      const last = others.slice(plan.steps.length)
      // Without a pause between them: another server on this file would otherwise wait for this process.
      return (bill: Bill, values: V & ChangeValues) =>
        turn(async () => {
          writer.exec('begin immediate')
          try {
            const touches = (step: Statement<V & ChangeValues>) =>
              writer.run(bill, step.sql, fill(step, values), false).affectedRows > 0
            if (!steps.every(touches)) {
              writer.rollBack()
              return undefined
            }
            const { rows } = writer.run(
              bill,
              (note as Statement).sql,
              fill(note as Statement<V & ChangeValues>, values),
              true
            )
            if (rows.length > 0) for (const step of last) touches(step)
            if (rows.length > 0) writer.exec('commit')
            else writer.rollBack()
            return notedOf(rows[0])
          } catch (error) {
            writer.rollBack()
            throw error
          }
        })
    },
    forUpdate: raw(''),
    insertNew: what => sql`insert into ${what} on conflict do nothing` as typeof what,

    settle: async () => {},

    async prune(bill, what, before, limit) {
      const expired = pruning[what]
      return turn(async () => writer.run(bill, expired.sql, fill(expired, { before, limit }), false).affectedRows)
    },

    verdict: error => sqliteVerdict(error, () => !isReadOnly(file)),
    broke,

    async ping(bill) {
      reader.run(bill, 'select 1', [], true)
      return { node: NODE, role: 'primary' }
    },

    async nodeInfo() {
      const { rows } = reader.run(undefined, 'select sqlite_version()', [], true)
      return { node: NODE, role: 'primary', version: String(rows[0]?.[0]), clusterSize: 1 }
    },

    migrator: {
      folder: 'sqlite',
      survey: surveySqlite,
      columnsOf: async (run, table) =>
        (await run('select name from pragma_table_info(?)', [table])).map(([name]) => String(name)),
      inspect: work => onConnection(file, connection => work(runOn(connection))),
      exclusively: (_say, work) =>
        onConnection(file, async connection => {
          connection.exec('begin immediate')
          const result = await work(runOn(connection))
          connection.exec('commit')
          return result
        })
    },

    causalReads: { total: 0, ms: 0 },
    // A file does not fall silent.
    silentMs: () => 0,

    gauges: () => ({ open: 2, idle: 2, waiting: 0, watching: 0 }),
    async close() {
      await turn(async () => {})
      reader.close()
      writer.checkpoint()
      writer.close()
    }
  }
}

async function onConnection<R>(file: string, work: (connection: ReturnType<typeof open>) => Promise<R>): Promise<R> {
  const connection = open(file, 30_000)
  try {
    return await work(connection)
  } finally {
    connection.close()
  }
}

const runOn =
  (connection: ReturnType<typeof open>): RunStatement =>
  async (statement, params = []) =>
    connection.run(undefined, statement, params, /^\s*select\b/i.test(statement)).rows

const dialect = new SQLiteSyncDialect()
const compile = <V extends object>(fragment: Fragment<V>) => statement<V>(() => dialect.sqlToQuery(fragment.getSQL()))
const pruning = mapPrunable(({ table, column }) =>
  compile(sql`delete from ${table} where rowid in (
    select rowid from ${table} where ${column} < ${given.number('before')} limit ${given.number('limit')})`)
)

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
    makePrivate(file)
    assertWritable(file)
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
    run(bill: Bill | undefined, text: string, params: unknown[], isSelect: boolean): Answer {
      const start = performance.now()
      try {
        const statement = prepared(text)
        if (isSelect) return { rows: statement.all(params) as unknown[][], affectedRows: 0 }
        return { rows: [], affectedRows: statement.run(params).changes }
      } finally {
        if (bill) {
          bill.roundTrips++
          bill.node = NODE
          bill.databaseMs += performance.now() - start
        }
      }
    },
    exec: (text: string) => void database.exec(text),
    rollBack() {
      if (database.inTransaction) database.exec('rollback')
    },
    /**
     * Brings what is in the -wal into the file. Closing should, but the driver keeps a connection that ever prepared a statement.
     * Where another server reads at this moment, the disk is full, or may only be read, it stays in the -wal, as safe as before.
     */
    checkpoint() {
      try {
        database.exec('pragma wal_checkpoint(truncate)')
      } catch (error) {
        if (!isNoRoom(error) && !isReadOnly(file)) throw error
      }
    },
    close: () => database.close()
  }
}
