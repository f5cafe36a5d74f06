import type { UniqueKey } from '../dialect.ts'
import { connectionVerdict, driverCode, driverField, LoginMistake, rootError, type Verdict } from '../failures.ts'

/** A lock's wait, or, as a SELECT takes none, that for causality. */
const WAIT_TIMED_OUT = 1205

// Error numbers: MariaDB's list; which of them are certain is from the Galera documentation.
const AGAIN = new Set([
  1213, // deadlock, or certification conflict (also at COMMIT)
  WAIT_TIMED_OUT,
  1467, // no next id could be had: the wait for it met a deadlock
  1020, // record changed since last read
  1047, // Galera node not in a primary component
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
/** A standby, a node that an administrator closed to writes, or an InnoDB that was started so. */
const READ_ONLY = new Set([1290, 1792, 1836, 1036, 1874])
const DUPLICATE = 1062
/** After these the node, not the statement, is the problem: the connection goes, and the next one may reach another. */
const NODE_UNFIT = new Set([...READ_ONLY, 1047, 1053, 1927, 1317, 1180, 1969])

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
  if (READ_ONLY.has(code)) return 'readOnly'
  if (isFull(error)) return 'full'
  return UNKNOWN.has(code) ? 'unknown' : 'final'
}

const NAMES: { [K in UniqueKey]?: string } = { email: 'clientes_email_key', change: 'changes_key' }

/** The key is the last thing that the message names, after the entry, which may hold anything. */
export function mysqlBroke(error: unknown, key: UniqueKey): boolean {
  const name = /'([^']*)'$/.exec(driverField(error, 'message').trim())?.[1]
  return name === (NAMES[key] ?? 'PRIMARY')
}

export const leavesConnectionSound = (error: unknown): boolean => {
  if (connectionVerdict(error)) return false
  const code = Number(driverCode(error))
  return code >= 1000 && !NODE_UNFIT.has(code) && !isFull(error)
}

/** The server prepares no more statements, for nobody. */
export const isOutOfStatements = (error: unknown): boolean => Number(driverCode(error)) === 1461

export const isWaitTimeout = (error: unknown): boolean => Number(driverCode(error)) === WAIT_TIMED_OUT

/** The account wants to be proved in a way that the driver does not know; its own words would send people to its source. */
export function loginMistake(error: unknown): Error | undefined {
  const { message = '', code = undefined } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  const plugin =
    /authentication using unknown plugin ([\w-]+)/.exec(message)?.[1] ??
    (code === 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED' ? 'mysql_clear_password' : undefined)
  if (plugin === undefined) return undefined
  return new LoginMistake(
    `the account logs in with ${plugin}, which carrinho does not know. As the server's administrator: alter user … identified via mysql_native_password using password('…')`
  )
}
