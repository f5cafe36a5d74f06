import { connect as connectTcp, type Socket } from 'node:net'
import mysql, { type Connection, type ConnectionOptions, type QueryError } from 'mysql2'
import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import type { Answer } from '../connection.ts'
import { ConnectionLost, NoConnection, StatementTimeout } from '../pool/errors.ts'
import { bounded } from './bounded.ts'
import { loginMistake } from './mysql-failures.ts'
import { tlsOptions } from './tls.ts'

/**
 * What every session says, whatever the server's own settings and its `init_connect` are. A server may ignore the character
 * set of the handshake (`skip-character-set-client-handshake`). Messages in English, as a key's name is read from one.
 */
export const SESSION = `set session time_zone = '+00:00', autocommit = 1, sql_safe_updates = 0, lc_messages = 'en_US',
  character_set_client = utf8mb4, character_set_results = utf8mb4, collation_connection = utf8mb4_unicode_ci`

/**
 * A connection and the socket under it, which is ours to destroy: that ends it at once, and its statement fails. The
 * driver's destroy() waits for a goodbye, and leaves the statement waiting too.
 */
export interface Wire {
  connection: Connection
  socket: Socket
}

/** @throws NoConnection */
export async function openWire(database: ServerDatabase, limits: DatabaseLimits): Promise<Wire> {
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
    // What MariaDB says of a union in which one side has an id without a sign. Ours are whole, up to 2^53.
    decimalNumbers: true,
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

/** What is answered with rows, with a comment of ours before it or without. */
export const SELECT = /^\s*(?:\/\*.*?\*\/\s*)?(?:select|show)\b/i

/** One statement as text. */
export const query = (
  { connection, socket }: Wire,
  sql: string,
  values: unknown[],
  timeoutMs: number,
  destroy: () => void = () => socket.destroy()
): Promise<Answer> =>
  answerWithin(timeoutMs, destroy, done => connection.query({ sql, values }, done), SELECT.test(sql))

type Callback = (error: QueryError | null, result: unknown) => void

/**
 * What the driver calls back with, as an answer or an error of ours. @throws like `bounded`
 * @param isSelect it has rows, if none: a server that says only that it is done was not understood, or answers something else,
 * and to take that for no rows would sign people out
 */
export const answerWithin = (
  timeoutMs: number,
  destroy: () => void,
  start: (done: Callback) => void,
  isSelect = false
): Promise<Answer> =>
  bounded(timeoutMs, destroy, (resolve, reject) =>
    start((error, result) => {
      // What has a SQL state is the server's own; everything else means the connection broke.
      if (error) reject(error.sqlState === undefined ? new ConnectionLost(error) : error)
      else if (Array.isArray(result)) resolve({ rows: result as unknown[][], affectedRows: 0 })
      else if (isSelect) reject(new ConnectionLost(new Error('a SELECT was answered without rows')))
      else resolve({ rows: [], affectedRows: (result as { affectedRows: number }).affectedRows })
    })
  )
