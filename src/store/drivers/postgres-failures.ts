import type { UniqueKey } from '../dialect.ts'
import { connectionVerdict, driverCode, driverField, LoginMistake, type Verdict } from '../failures.ts'

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
/** A standby, a primary that is one no longer, or a session that began while the database was closed to writes. */
const READ_ONLY = '25006'
const DUPLICATE = '23505'
const NODE_UNFIT = new Set([READ_ONLY, '57P03', FULL, ...STALE_PLAN, ...UNKNOWN])

export function postgresVerdict(error: unknown): Verdict {
  const connection = connectionVerdict(error)
  if (connection) return connection
  const code = String(driverCode(error))
  if (code === DUPLICATE) return 'duplicate'
  if (AGAIN.has(code)) return 'again'
  if (code === FULL) return 'full'
  if (code === READ_ONLY) return 'readOnly'
  return UNKNOWN.has(code) ? 'unknown' : 'final'
}

const UNIQUE: Record<UniqueKey, RegExp> = {
  email: /^clientes_email_key/,
  change: /^changes_key/,
  session: /^sessions_pkey/,
  loginFailure: /^login_failures_pkey/
}

/** Whether the constraint that a duplicate broke is this one. */
export const postgresBroke = (error: unknown, key: UniqueKey): boolean =>
  UNIQUE[key].test(driverField(error, 'constraint'))

export const isSqlState = (code: unknown): code is string => typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)

export const leavesConnectionSound = (error: unknown): boolean => {
  const code = driverCode(error)
  return !connectionVerdict(error) && isSqlState(code) && !NODE_UNFIT.has(code)
}

export const isLockTimeout = (error: unknown): boolean => driverCode(error) === '55P03'

/** By the number in the server's request: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const UNKNOWN_LOGINS: Record<string, string> = { 2: 'Kerberos', 6: 'SCM credentials', 7: 'GSSAPI', 9: 'SSPI' }

/** The server wants the account to be proved in a way that the driver does not know. */
export function loginMistake(error: unknown): Error | undefined {
  const kind = /Unknown authenticationOk message type (\d+)/.exec(driverField(error, 'message'))?.[1]
  if (kind === undefined) return undefined
  return new LoginMistake(
    `the server asks for a login with ${UNKNOWN_LOGINS[kind] ?? `number ${kind}`}, which carrinho does not know. In its pg_hba.conf, for this account: scram-sha-256`
  )
}
