import { connect as connectTcp, type Socket } from 'node:net'
import { MySqlDialect } from 'drizzle-orm/mysql-core'
import mysql, { type Connection, type ConnectionOptions, type PrepareStatementInfo } from 'mysql2'
import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import { Refusal } from '../../errors.ts'
import { surveyMysql } from '../adoption/survey-mysql.ts'
import type { Bill } from '../bill.ts'
import type { ChangeValues, Effect } from '../change.ts'
import type { Answer, Connection as NodeConnection, NodeInfo } from '../connection.ts'
import type { Dialect, RunStatement, UniqueKey } from '../dialect.ts'
import type { StoreEvents } from '../events.ts'
import {
  connectionVerdict,
  driverCode,
  driverField,
  ListFull,
  LoginMistake,
  rootError,
  type Verdict
} from '../failures.ts'
import { ConnectionLost, NoConnection, StatementTimeout } from '../pool/errors.ts'
import { type Fragment, given, sql } from '../sql.ts'
import { fill, needing, statement } from '../statement.ts'
import { mapPrunable } from '../tables.ts'
import { leaseLock } from './lease-lock.ts'
import { LIST_FULL, mysqlChange } from './mysql-change.ts'
import { Pooled } from './pooled.ts'
import { tlsOptions } from './tls.ts'

// Error numbers: MariaDB's list; which of them are certain is from the Galera documentation.
const AGAIN = new Set([
  1213, // deadlock, or certification conflict (also at COMMIT)
  1205, // see WAIT_TIMED_OUT
  1467, // no next id could be had: the wait for it met a deadlock
  1020, // record changed since last read
  1047, // Galera node not in a primary component
  1290, // read only
  1792,
  1836,
  1040, // too many connections
  1203
])
const UNKNOWN = new Set([
  1053, // server shutdown in progress: not begun, or interrupted as by 1317
  1180, // error during COMMIT
  1317, // interrupted
  1927, // connection killed
  1969 // max_statement_time exceeded
])
/** No room, by number. Those below 1000 are of the server's file functions, and are sent as they are. */
const FULL = new Set([
  1114, // the table is full
  1021, // disk full
  1878, // a temporary file could not be written
  20 // disk full, of a temporary file
])
/** Errors with a file or a storage engine, which may be for want of room; the system's reason stands in their text. */
const FILE_TROUBLE = new Set([1030, 1026, 1005, 3])
/** ENOSPC, EDQUOT, EFBIG; and InnoDB's and MyISAM's own numbers for a file that may not grow. */
const NO_ROOM = /\b(?:error|errno|errcode):? "?(?:28|122|27|135|136)\b/i
const DUPLICATE = 1062
/** A lock's wait, or, as a SELECT takes none, that for causality. */
const WAIT_TIMED_OUT = 1205
/** After these the node, not the statement, is the problem: the connection goes, and the next one may reach another. */
const NODE_UNFIT = new Set([1047, 1290, 1792, 1836, 1053, 1927, 1317, 1180, 1969])

const isFull = (error: unknown): boolean => {
  const code = Number(driverCode(error))
  const cause = rootError(error)
  return FULL.has(code) || (FILE_TROUBLE.has(code) && cause instanceof Error && NO_ROOM.test(cause.message))
}

export function mysqlVerdict(error: unknown): Verdict {
  const connection = connectionVerdict(error)
  if (connection) return connection
  const code = Number(driverCode(error))
  if (code === DUPLICATE) return 'duplicate'
  if (AGAIN.has(code)) return 'again'
  if (isFull(error)) return 'full'
  return UNKNOWN.has(code) ? 'unknown' : 'final'
}

const NAMES: { [K in UniqueKey]?: string } = { email: 'clientes_email_key', change: 'changes_key' }

/** The key is the last thing that the message names, after the entry, which may hold anything. */
function broke(error: unknown, key: UniqueKey): boolean {
  const name = /'([^']*)'$/.exec(driverField(error, 'message').trim())?.[1]
  return name === (NAMES[key] ?? 'PRIMARY')
}

const leavesConnectionSound = (error: unknown): boolean => {
  if (connectionVerdict(error)) return false
  const code = Number(driverCode(error))
  return code >= 1000 && !NODE_UNFIT.has(code) && !isFull(error)
}

export interface MysqlOptions {
  database: ServerDatabase
  limits: DatabaseLimits
  /** Read what was acknowledged before, on whichever Galera node one lands (wsrep_sync_wait). */
  causalReads: boolean
  events: StoreEvents
}

export function mysqlDialect(options: MysqlOptions): Dialect {
  const { database, limits } = options
  const pooled = new Pooled({
    connect: () => connect(options),
    verdict: mysqlVerdict,
    isCausalTimeout: error => Number(driverCode(error)) === WAIT_TIMED_OUT,
    leavesConnectionSound,
    hasManyNodes: true,
    limits,
    events: options.events
  })

  return {
    engine: 'mysql',
    run: (bill, statement, params, isSelect) => pooled.run(bill, statement, params, isSelect),
    transaction: (bill, unit) => pooled.transaction(bill, unit),

    compile,
    change<V extends object>(effect: Effect<V>) {
      const whole = needing<V & ChangeValues>(compile(mysqlChange(effect)))
      return async (bill: Bill, values: V & ChangeValues) => {
        try {
          const { rows } = await pooled.run(bill, whole.sql, fill(whole, values), false)
          // A compound statement answers with lists of rows, one for each SELECT in it.
          const [[[detail]] = [[values.detail]]] = rows as [[[string | null]]?]
          return detail
        } catch (error) {
          throw driverCode(error) === LIST_FULL ? new ListFull() : error
        }
      }
    },

    // What can be seen in a Galera cluster every node has received.
    settle: async () => {},

    async prune(bill, what, before, limit) {
      const statement = pruning[what]
      return (await pooled.run(bill, statement.sql, fill(statement, { before, limit }), false)).affectedRows
    },

    verdict: mysqlVerdict,
    broke,

    ping: (bill, timeoutMs) => pooled.ping(bill, timeoutMs),
    nodeInfo: timeoutMs => pooled.nodeInfo(timeoutMs),

    migrator: {
      folder: 'mysql',
      survey: surveyMysql,
      columnsOf: async (run, table) => {
        const rows = await run(
          'select column_name from information_schema.columns where table_schema = database() and table_name = ?',
          [table]
        )
        return rows.map(([name]) => String(name))
      },
      inspect: work => onConnections(database, limits, 1, ([run]) => work(run as RunStatement)),
      // One alters tables for as long as that takes, the other keeps the lease meanwhile.
      exclusively: (say, work) =>
        onConnections(database, limits, 2, ([worker, keeper]) =>
          leaseLock(keeper as RunStatement, mysqlVerdict, say, () => work(worker as RunStatement))
        )
    },

    silentMs: () => pooled.pool.silentMs(),

    get gauges() {
      return pooled.pool.gauges
    },
    causalReads: pooled.causalReads,
    close: waitMs => pooled.pool.close(waitMs)
  }
}

/**
 * What every session says, whatever the server's own settings and its `init_connect` are. A server may ignore the character
 * set of the handshake (`skip-character-set-client-handshake`). Messages in English, as a key's name is read from one.
 */
const SESSION = `set session time_zone = '+00:00', autocommit = 1, sql_safe_updates = 0, lc_messages = 'en_US',
  character_set_client = utf8mb4, character_set_results = utf8mb4, collation_connection = utf8mb4_unicode_ci`

/** Altering a large table takes its time. */
const MIGRATION_MS = 30 * 60_000
/** Waiting until others let go of one does not. */
const LOCK_SECONDS = 60

/** Strict, so that nothing is cut to fit; a row with the id 0 keeps it; foreign keys do not hold their columns' types. */
const MIGRATION_SESSION = `${SESSION}, foreign_key_checks = 0, lock_wait_timeout = ${LOCK_SECONDS}, innodb_lock_wait_timeout = ${LOCK_SECONDS},
  sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO' /*M!, max_statement_time = 0 */`

async function onConnections<R>(
  database: ServerDatabase,
  limits: DatabaseLimits,
  count: number,
  work: (runs: RunStatement[]) => Promise<R>
): Promise<R> {
  const opened: Wire[] = []
  try {
    const runs: RunStatement[] = []
    for (let i = 0; i < count; i++) {
      const wire = await openWire(database, limits)
      opened.push(wire)
      runs.push(async (statement, params = []) => (await query(wire, statement, params, MIGRATION_MS)).rows)
      await query(wire, MIGRATION_SESSION, [], limits.connectMs)
    }
    return await work(runs)
  } catch (error) {
    if (Number(driverCode(error)) !== WAIT_TIMED_OUT) throw error
    throw new Refusal(
      `another program has held on to a table or row for ${LOCK_SECONDS} s (show processlist tells which): try again when it has let go`
    )
  } finally {
    for (const { socket } of opened) socket.destroy()
  }
}

const spelling = new MySqlDialect()
const compile = <V extends object>(fragment: Fragment<V>) => statement<V>(spelling.sqlToQuery(fragment.getSQL()))

const pruning = mapPrunable(({ table, column }) =>
  compile(sql`delete from ${table} where ${column} < ${given.number('before')} limit ${given.number('limit')}`)
)

async function connect(options: MysqlOptions): Promise<NodeConnection> {
  const wire = await openWire(options.database, options.limits)
  const seconds = Math.max(1, Math.ceil(options.limits.statementMs / 1000))
  try {
    // MySQL skips what stands in /*M! */. The statement's own deadline also ends it on the server.
    await query(
      wire,
      `${SESSION}, innodb_lock_wait_timeout = ${seconds}, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'
       /*M!, max_statement_time = ${seconds}, wsrep_sync_wait = ${options.causalReads ? 7 : 0} */`,
      [],
      options.limits.connectMs
    )
    const node = new MysqlConnection(wire, options.database.host, options.causalReads)
    const { version } = await node.describe(options.limits.connectMs)
    // Compound statements outside stored programs are MariaDB's alone; see insertOnceStatement.
    if (!version.includes('MariaDB')) throw new NoConnection('connect', `needs MariaDB, found version ${version}`)
    return node
  } catch (error) {
    wire.socket.destroy()
    throw error
  }
}

/** MySQL skips what stands in the comment. */
const WITHOUT_WAITING = '/*M! set statement wsrep_sync_wait = 0 for */ '

const SPOKEN = `'character_set_client', 'character_set_connection', 'character_set_results'`

class MysqlConnection implements NodeConnection {
  node: string
  role = 'primary'
  isCausal = false
  readonly #wire: Wire
  readonly #waits: boolean
  readonly #prepared = new Map<string, PrepareStatementInfo>()
  readonly #destroy = () => this.destroy()
  #gone = false
  #goneListener: (() => void) | undefined

  /** @param waits its session was told to wait for causality, which only a node in a Galera cluster does */
  constructor(wire: Wire, host: string, waits: boolean) {
    const { connection } = wire
    this.#wire = wire
    this.#waits = waits
    this.node = host
    const gone = () => {
      if (this.#gone) return
      this.#gone = true
      this.#goneListener?.()
    }
    connection.on('error', gone)
    connection.on('end', gone)
  }

  run(text: string, params: unknown[], timeoutMs: number, isCaughtUp = false): Promise<Answer> {
    const statement = isCaughtUp && this.isCausal ? WITHOUT_WAITING + text : text
    const prepared = this.#prepared.get(statement)
    return prepared
      ? this.#execute(prepared, params, timeoutMs)
      : this.#prepare(statement, timeoutMs).then(info => this.#execute(info, params, timeoutMs))
  }

  #execute(prepared: PrepareStatementInfo, params: unknown[], timeoutMs: number): Promise<Answer> {
    return bounded(timeoutMs, this.#destroy, done => prepared.execute(params, done))
  }

  /** Once for each statement and connection; the application has a few dozen. */
  async #prepare(statement: string, timeoutMs: number): Promise<PrepareStatementInfo> {
    const prepared = await new Promise<PrepareStatementInfo>((resolve, reject) => {
      bounded(timeoutMs, this.#destroy, done => {
        this.#wire.connection.prepare(statement, (error, info) => {
          if (info) resolve(info)
          done(error, [])
        })
      }).catch(reject)
    })
    this.#prepared.set(statement, prepared)
    return prepared
  }

  async check(timeoutMs: number): Promise<void> {
    await query(this.#wire, `${WITHOUT_WAITING}select 1`, [], timeoutMs, this.#destroy)
  }

  /** Asks the node who it is. SHOW never waits for causality here: wsrep_sync_wait leaves its bit 8 out. */
  async describe(timeoutMs: number): Promise<NodeInfo> {
    const { rows } = await query(
      this.#wire,
      `show variables where variable_name in ('hostname', 'version', 'read_only', 'wsrep_on', 'wsrep_node_name', ${SPOKEN})`,
      [],
      timeoutMs,
      () => this.destroy()
    )
    const variables = new Map(rows.map(row => [String(row[0]), String(row[1])]))
    const foreign = [...variables].filter(([name, value]) => name.startsWith('character_set_') && value !== 'utf8mb4')
    if (foreign.length > 0) {
      const told = foreign.map(([name, value]) => `${name} ${value}`).join(', ')
      throw new NoConnection('connect', `the connection does not speak utf8mb4, which would garble text: ${told}`)
    }
    const inGalera = variables.get('wsrep_on') === 'ON'
    this.node = (inGalera && variables.get('wsrep_node_name')) || variables.get('hostname') || this.node
    this.role = variables.get('read_only') === 'ON' ? 'standby' : 'primary'
    this.isCausal = inGalera && this.#waits
    let clusterSize = 1
    if (inGalera) {
      const status = await query(this.#wire, `show global status like 'wsrep_cluster_size'`, [], timeoutMs, () =>
        this.destroy()
      )
      clusterSize = Number(status.rows[0]?.[1] ?? 1)
    }
    return { node: this.node, role: this.role, version: variables.get('version') ?? 'unknown', clusterSize }
  }

  isGone(): boolean {
    return this.#gone
  }

  destroy(): void {
    this.#gone = true
    this.#wire.socket.destroy()
  }

  onGone(listener: () => void): void {
    this.#goneListener = listener
  }
}

/**
 * A connection and the socket under it, which is ours to destroy: that ends it at once, and its statement fails. The
 * driver's destroy() waits for a goodbye, and leaves the statement waiting too.
 */
interface Wire {
  connection: Connection
  socket: Socket
}

/** @throws NoConnection */
async function openWire(database: ServerDatabase, limits: DatabaseLimits): Promise<Wire> {
  // A peer that vanishes without FIN is noticed while the connection is idle.
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: 1000 }
  const socket = connectTcp({ host: database.host, port: database.port, noDelay: true, ...keepAlive })
  const settings: ConnectionOptions = {
    host: database.host,
    port: database.port,
    user: database.user,
    password: database.password,
    database: database.name,
    charset: 'utf8mb4_unicode_ci',
    connectTimeout: limits.connectMs,
    stream: socket,
    rowsAsArray: true,
    maxPreparedStatements: 500,
    multipleStatements: false
  }
  if (database.tls) settings.ssl = tlsOptions(database.tls, database.host)
  return new Promise((resolve, reject) => {
    const connection = mysql.createConnection(settings)
    const fail = (error: unknown) => {
      clearTimeout(timer)
      socket.destroy()
      reject(new NoConnection('connect', 'cannot connect to the database', { cause: loginMistake(error) ?? error }))
    }
    // connectTimeout covers TCP only; a frozen node accepts and then says nothing.
    const timer = setTimeout(() => fail(new StatementTimeout(limits.connectMs)), limits.connectMs)
    connection.on('error', () => {}) // without a listener a late error would end the process
    connection.once('connect', () => {
      clearTimeout(timer)
      resolve({ connection, socket })
    })
    connection.once('error', fail)
  })
}

/** The account wants to be proved in a way that the driver does not know; its own words would send people to its source. */
function loginMistake(error: unknown): Error | undefined {
  const { message = '', code = undefined } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  const plugin =
    /authentication using unknown plugin ([\w-]+)/.exec(message)?.[1] ??
    (code === 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED' ? 'mysql_clear_password' : undefined)
  if (plugin === undefined) return undefined
  return new LoginMistake(
    `the account logs in with ${plugin}, which carrinho does not know. As the server's administrator: alter user … identified via mysql_native_password using password('…')`
  )
}

const query = (
  { connection, socket }: Wire,
  sql: string,
  values: unknown[],
  timeoutMs: number,
  destroy: () => void = () => socket.destroy()
) => bounded(timeoutMs, destroy, done => connection.query({ sql, values }, done))

type Callback = (error: mysql.QueryError | null, result: unknown) => void

function bounded(timeoutMs: number, destroy: () => void, start: (done: Callback) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isSettled = false
    const giveUp = () => {
      if (isSettled) return
      reject(new StatementTimeout(timeoutMs))
      destroy()
    }
    // What came while this process was busy is read first: it would otherwise take its own slowness for the node's.
    const timer = setTimeout(() => setImmediate(giveUp), timeoutMs)
    start((error, result) => {
      isSettled = true
      clearTimeout(timer)
      // What has a SQL state is the server's own; everything else means the connection broke.
      if (error) reject(error.sqlState === undefined ? new ConnectionLost(error) : error)
      else if (Array.isArray(result)) resolve({ rows: result as unknown[][], affectedRows: 0 })
      else resolve({ rows: [], affectedRows: (result as { affectedRows: number }).affectedRows })
    })
  })
}
