import { ConnectionLost, NoConnection, StatementTimeout } from './pool/errors.ts'

/**
 * What is known about a statement, or a transaction, that failed:
 * - `again`: it certainly did not take effect, and may succeed if the whole unit is run again;
 * - `unknown`: it may have taken effect (the connection was lost after it was sent);
 * - `full`: it certainly did not take effect, as this node's storage has no room; another node's may;
 * - `readOnly`: it certainly did not take effect, as this node takes no writes; another may, or this one in a moment;
 * - `duplicate`: a unique key was there already;
 * - `final`: running it again changes nothing.
 */
export type Verdict = 'again' | 'unknown' | 'full' | 'readOnly' | 'duplicate' | 'final'

/** The account cannot log in as it is; trying again helps only once somebody has changed it. */
export class LoginMistake extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LoginMistake'
  }
}

/** Thrown in a transaction that found out that it may not do what it was asked: nothing was done, and nothing is broken. */
export class CalledOff<R = unknown> extends Error {
  readonly outcome: R
  constructor(outcome: R) {
    super('called off')
    this.name = 'CalledOff'
    this.outcome = outcome
  }
}

/**
 * A transaction does not see what it wrote itself a moment ago: the server has rolled it back, and has not said so. Seen once on
 * Galera, between two statements, as others beside it were aborted for what the other node had written (1213).
 */
export class TransactionGone extends Error {
  constructor() {
    super('the transaction does not see what it wrote')
    this.name = 'TransactionGone'
  }
}

/** The driver's error code, which drizzle hides under one or more causes. */
export function driverCode(error: unknown): string | number | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if ('errno' in e && typeof e.errno === 'number' && e.errno > 0) return e.errno
    if ('code' in e && typeof e.code === 'string') return e.code
  }
  return undefined
}

/** A text that the driver hangs on its error, below any wrapping; empty where there is none. */
export function driverField(error: unknown, field: string): string {
  const root = rootError(error)
  const value: unknown = root instanceof Error ? Reflect.get(root, field) : undefined
  return typeof value === 'string' ? value : ''
}

/** The error below all wrapping. */
export function rootError(error: unknown): unknown {
  let e = error
  while (e instanceof Error && e.cause instanceof Error) e = e.cause
  return e
}

/** The part of the verdict that is the same for both servers: what became of the connection, and of the transaction on it. */
export function connectionVerdict(error: unknown): Verdict | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof NoConnection || e instanceof TransactionGone) return 'again'
    if (e instanceof StatementTimeout || e instanceof ConnectionLost) return 'unknown'
  }
  return undefined
}

/** A short name of what went wrong, for metrics, the log and readiness: a driver's code, or the error's name. */
export function failureName(error: unknown): string {
  const code = driverCode(error)
  if (code !== undefined) return String(code)
  return error instanceof Error ? error.name : 'unknown'
}

/** The codes of MariaDB and PostgreSQL; SQLite says it in words. */
const MISSING = {
  table: { codes: [1146, '42P01'], words: /no such table/ },
  column: { codes: [1054, '42703'], words: /no such column/ }
} satisfies Record<string, { codes: unknown[]; words: RegExp }>

/** Whether a statement failed because the schema lacks what it names. */
export function isMissing(what: keyof typeof MISSING, error: unknown): boolean {
  const { codes, words } = MISSING[what] as { codes: unknown[]; words: RegExp }
  for (let e = error; e instanceof Error; e = e.cause) {
    if (codes.includes(driverCode(e)) || words.test(e.message)) return true
  }
  return false
}
