import { PgDialect } from 'drizzle-orm/pg-core'
import pg from 'pg'
import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import { Refusal } from '../../errors.ts'
import { surveyPostgres } from '../adoption/survey-postgres.ts'
import type { Bill } from '../bill.ts'
import type { ChangeValues, Effect } from '../change.ts'
import type { Answer, Connection, NodeInfo } from '../connection.ts'
import { type Dialect, NEARLY, type RunStatement, type UniqueKey } from '../dialect.ts'
import type { StoreEvents } from '../events.ts'
import { connectionVerdict, driverCode, driverField, ListFull, LoginMistake, type Verdict } from '../failures.ts'
import { ConnectionLost, NoConnection, StatementTimeout } from '../pool/errors.ts'
import { type Fragment, given, sql } from '../sql.ts'
import { fill, needing, statement } from '../statement.ts'
import { mapPrunable } from '../tables.ts'
import { Pooled } from './pooled.ts'
import { lockList, postgresChange } from './postgres-change.ts'
import { tlsOptions } from './tls.ts'

// SQLSTATEs: PostgreSQL's appendix A.
/** What was prepared is no longer there, or no longer fits the tables, as after a migration: not begun, and sound on a new connection. */
const STALE_PLAN = [
  '26000', // no such prepared statement
  '42P05', // there is one of that name already
  '0A000' // "cached plan must not change result type"
]
const AGAIN = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available
  '57P03', // starting up or shutting down: no connection was made
  '53300', // too many connections
  '25006', // read only: a standby, or a primary that is one no longer
  '08001',
  '08004',
  ...STALE_PLAN
])
const UNKNOWN = new Set([
  '57P01', // ended by an administrator
  '57P02', // a sibling crashed
  '57014', // cancelled, statement_timeout included
  '08000',
  '08003',
  '08006',
  '08007', // transaction resolution unknown
  '58000', // pgpool: a backend failed
  'XX000' // pgpool again, for whatever is its own: "unable to read data from DB node 1" as the primary dies
])
const FULL = '53100' // disk full
const DUPLICATE = '23505'
const NODE_UNFIT = new Set(['25006', '57P03', FULL, ...STALE_PLAN, ...UNKNOWN])

export function postgresVerdict(error: unknown): Verdict {
  const connection = connectionVerdict(error)
  if (connection) return connection
  const code = String(driverCode(error))
  if (code === DUPLICATE) return 'duplicate'
  if (AGAIN.has(code)) return 'again'
  if (code === FULL) return 'full'
  return UNKNOWN.has(code) ? 'unknown' : 'final'
}

const UNIQUE: Record<UniqueKey, RegExp> = {
  email: /^clientes_email_key/,
  change: /^changes_key/,
  session: /^sessions_pkey/,
  loginFailure: /^login_failures_pkey/
}

/** Whether the constraint that a duplicate broke is this one. */
const broke = (error: unknown, key: UniqueKey): boolean => UNIQUE[key].test(driverField(error, 'constraint'))

const isSqlState = (code: unknown): code is string => typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)

const leavesConnectionSound = (error: unknown): boolean => {
  const code = driverCode(error)
  return !connectionVerdict(error) && isSqlState(code) && !NODE_UNFIT.has(code)
}

export interface PostgresOptions {
  database: ServerDatabase
  limits: DatabaseLimits
  /** Keep pgpool from sending reads to a standby that may be behind. */
  causalReads: boolean
  events: StoreEvents
}

/** pgpool keeps a statement that begins with a comment on the primary; to PostgreSQL it is only a comment. */
const ON_PRIMARY = '/*NO LOAD BALANCE*/ '

export function postgresDialect(options: PostgresOptions): Dialect {
  const { database, limits } = options
  const pooled = new Pooled({
    connect: () => connect(database, limits, options.causalReads),
    verdict: postgresVerdict,
    isCausalTimeout: () => false, // the primary waits for nobody
    leavesConnectionSound,
    hasManyNodes: false, // behind pgpool: each session has all of them
    limits,
    events: options.events
  })

  return {
    engine: 'postgres',
    run: (bill, text, params, isSelect) => pooled.run(bill, text, params, isSelect),
    transaction: (bill, unit) => pooled.transaction(bill, unit),

    compile,
    change<V extends object>(effect: Effect<V>) {
      const whole = needing<V & ChangeValues>(compile(postgresChange(effect)))
      return async (bill: Bill, values: V & ChangeValues) => {
        const most = { ...values, limit: values.limit - NEARLY }
        let { rows } = await pooled.run(bill, whole.sql, fill(whole, most), false)
        if (rows.length === 0) {
          rows = await pooled.transaction(bill, async run => {
            await run('set transaction isolation level read committed', [], false)
            await run(lock.sql, fill(lock, values), true)
            return (await run(whole.sql, fill(whole, values), false)).rows
          })
        }
        if (rows[0] === undefined) throw new ListFull()
        return rows[0][0] as string | null
      }
    },

    settle: async bill => void (await pooled.run(bill, SETTLE, [], false)),

    async prune(bill, what, before, limit) {
      const expired = pruning[what]
      return (await pooled.run(bill, expired.sql, fill(expired, { before, limit }), false)).affectedRows
    },

    verdict: postgresVerdict,
    broke,

    ping: (bill, timeoutMs) => pooled.ping(bill, timeoutMs),
    nodeInfo: timeoutMs => pooled.nodeInfo(timeoutMs),

    migrator: {
      folder: 'postgres',
      survey: surveyPostgres,
      columnsOf: async (run, table) => {
        const rows = await run(
          `${ON_PRIMARY}select attname::text from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
          [table]
        )
        return rows.map(([name]) => String(name))
      },
      inspect: work => onConnection(database, limits, false, work),
      exclusively: (say, work) =>
        onConnection(database, limits, true, async run => {
          await run('begin')
          await run(`set local statement_timeout = 0`)
          await run(`set local lock_timeout = ${LOCK_MS}`)
          // One transaction holds every change, and a lock that ends with it whatever happens.
          const [free] = await run(`${ON_PRIMARY}select pg_try_advisory_xact_lock(${MIGRATION_LOCK})`)
          if (free?.[0] !== true) {
            say('waiting for another migration: this one begins when that ends')
            await run(`set local lock_timeout = ${GIVE_UP_MS}`)
            await run(`${ON_PRIMARY}select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
            await run(`set local lock_timeout = ${LOCK_MS}`)
          }
          const result = await work(run)
          await run('commit')
          return result
        })
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
 * A commit without a row. One whose wait for a standby was cut short, because its session was ended, is there for all to see and on
 * no second host yet; this one comes after it in the log: a standby that has it has both.
 */
const SETTLE = `select pg_logical_emit_message(true, 'carrinho', '')`
const MIGRATION_MS = 30 * 60_000
/** Longest wait for another migration, and for others to let go of a table. */
const GIVE_UP_MS = 10 * 60_000
const LOCK_MS = 60_000
/** Any number that no other program on the same database uses: "carrinho" on a telephone's keys. */
const MIGRATION_LOCK = 22_777_446

async function onConnection<R>(
  database: ServerDatabase,
  limits: DatabaseLimits,
  onPrimary: boolean,
  work: (run: RunStatement) => Promise<R>
): Promise<R> {
  const connection = await connect(database, limits, onPrimary)
  try {
    return await work(async (text, params = []) => (await connection.run(text, params, MIGRATION_MS)).rows)
  } catch (error) {
    if (driverCode(error) !== '55P03') throw error
    throw new Refusal(
      'another program has held on to a table for a minute, or another migration for ten (pg_stat_activity tells which): try again when it has let go'
    )
  } finally {
    connection.destroy()
  }
}

const dialect = new PgDialect()
const compile = <V extends object>(fragment: Fragment<V>) => statement<V>(dialect.sqlToQuery(fragment.getSQL()))
const lock = compile(lockList)

const pruning = mapPrunable(({ table, column }) =>
  compile(sql`delete from ${table} where ctid = any (array(
    select ctid from ${table} where ${column} < ${given.number('before')} limit ${given.number('limit')}))`)
)

async function connect(
  database: ServerDatabase,
  limits: DatabaseLimits,
  onPrimary: boolean
): Promise<PostgresConnection> {
  const client = new pg.Client({
    host: database.host,
    port: database.port,
    user: database.user,
    password: database.password,
    database: database.name,
    ssl: database.tls ? tlsOptions(database.tls, database.host) : false,
    connectionTimeoutMillis: limits.connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 1000,
    application_name: 'carrinho',
    types: { getTypeParser: parserOf }
  })
  const connection = new PostgresConnection(client, database.host, onPrimary)
  catchParser(client)
  try {
    await client.connect()
    await connection.run(`set statement_timeout = ${limits.statementMs}`, [], limits.connectMs)
    const { role } = await connection.describe(limits.connectMs)
    // pgpool sends even these statements to a standby while it has no primary, for a second or two as it makes up its mind.
    if (onPrimary && role === 'standby') throw new Error(`${connection.node} is a standby, whose reads may be old`)
    return connection
  } catch (error) {
    connection.destroy()
    throw new NoConnection('connect', 'cannot connect to the database', { cause: loginMistake(error) ?? error })
  }
}

/** What the driver cannot read it throws out of the socket's listener, which would end the process: it ends the connection. */
function catchParser(client: pg.Client): void {
  const { connection } = client
  connection.once(client.ssl ? 'sslconnect' : 'connect', () => {
    const { stream } = connection
    const parsers = stream.listeners('data')
    stream.removeAllListeners('data')
    for (const parse of parsers) {
      stream.on('data', chunk => {
        try {
          parse(chunk)
        } catch (error) {
          stream.destroy(error as Error)
        }
      })
    }
  })
}

/** By the number in the server's request: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const UNKNOWN_LOGINS: Record<string, string> = { 2: 'Kerberos', 6: 'SCM credentials', 7: 'GSSAPI', 9: 'SSPI' }

/** The server wants the account to be proved in a way that the driver does not know. */
function loginMistake(error: unknown): Error | undefined {
  const kind = /Unknown authenticationOk message type (\d+)/.exec(driverField(error, 'message'))?.[1]
  if (kind === undefined) return undefined
  return new LoginMistake(
    `the server asks for a login with ${UNKNOWN_LOGINS[kind] ?? `number ${kind}`}, which carrinho does not know. In its pg_hba.conf, for this account: scram-sha-256`
  )
}

const INT8 = 20
/** int8 as a number: ours hold milliseconds and counts, far below 2^53. */
const parserOf = ((oid: number, format: 'text') =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser

/** Of the application's few dozen statements. */
const names = new Map<string, string>()

function nameOf(text: string): string {
  const name = names.get(text) ?? `carrinho_${names.size}`
  names.set(text, name)
  return name
}

class PostgresConnection implements Connection {
  node: string
  role = 'primary'
  readonly isCausal: boolean
  readonly #client: pg.Client
  readonly #prefix: string
  #gone = false
  #goneListener: (() => void) | undefined

  constructor(client: pg.Client, host: string, onPrimary: boolean) {
    this.#client = client
    this.#prefix = onPrimary ? ON_PRIMARY : ''
    this.isCausal = onPrimary
    this.node = host
    const gone = () => {
      if (this.#gone) return
      this.#gone = true
      this.#goneListener?.()
    }
    // Without a listener an 'error' between two statements would end the process.
    client.on('error', gone)
    client.on('end', gone)
  }

  run(text: string, params: unknown[], timeoutMs: number): Promise<Answer> {
    const placed = /^\s*select\b/i.test(text) ? this.#prefix + text : text
    return new Promise((resolve, reject) => {
      let isSettled = false
      const giveUp = () => {
        if (isSettled) return
        reject(new StatementTimeout(timeoutMs))
        this.destroy()
      }
      // What came while this process was busy is read first: it would otherwise take its own slowness for the node's.
      const timer = setTimeout(() => setImmediate(giveUp), timeoutMs)
      // Named, the server parses and plans it once a connection. What has no values is sent as it is.
      const name = params.length > 0 ? nameOf(placed) : undefined
      this.#client.query({ ...(name && { name }), text: placed, values: params, rowMode: 'array' }).then(
        result => {
          isSettled = true
          clearTimeout(timer)
          resolve({ rows: result.rows, affectedRows: result.rowCount ?? 0 })
        },
        error => {
          isSettled = true
          clearTimeout(timer)
          reject(isSqlState(error?.code) ? error : new ConnectionLost(error))
        }
      )
    })
  }

  async check(timeoutMs: number): Promise<void> {
    await this.run('select 1', [], timeoutMs)
  }

  /**
   * Asks the node who it is: `cluster_name` where the operator set one, its address otherwise. Without a function that
   * pgpool would keep on the primary: where reads may go anywhere, this tells where this connection's go. The role needs
   * PostgreSQL 14.
   */
  async describe(timeoutMs: number): Promise<NodeInfo> {
    const { rows } = await this.run(
      `select current_setting('cluster_name'), host(inet_server_addr()), current_setting('in_hot_standby', true), current_setting('server_version'), current_setting('client_encoding')`,
      [],
      timeoutMs
    )
    const [name, address, inRecovery, version, encoding] = rows[0] ?? []
    if (encoding !== 'UTF8') {
      throw new NoConnection('connect', `the connection does not speak UTF8, which would garble text: ${encoding}`)
    }
    this.node = String(name || address || this.node)
    this.role = inRecovery === 'on' ? 'standby' : 'primary'
    return { node: this.node, role: this.role, version: String(version), clusterSize: 1 }
  }

  isGone(): boolean {
    return this.#gone
  }

  destroy(): void {
    this.#gone = true
    // end() says goodbye and waits; a frozen peer would never answer.
    this.#client.connection.stream.destroy()
  }

  onGone(listener: () => void): void {
    this.#goneListener = listener
  }
}
