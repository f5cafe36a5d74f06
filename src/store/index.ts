import type { Config } from '../config.ts'
import { accountStore } from './accounts.ts'
import type { Db, Dialect } from './dialect.ts'
import type { StoreEvents } from './events.ts'
import { itemStore } from './items.ts'
import { loginFailureStore } from './login-failures.ts'
import { schemaReader } from './migrate.ts'
import { mysqlDialect } from './mysql.ts'
import { postgresDialect } from './postgres.ts'
import { runUnit } from './retry.ts'
import { sessionStore } from './sessions.ts'
import { sqliteDialect } from './sqlite.ts'

/** Opens nothing yet, except the embedded database. @throws ConfigError when that cannot be opened */
export function openDialect(config: Config, events: StoreEvents): Dialect {
  const { database, limits, causalReads } = config
  if (database.engine === 'sqlite') return sqliteDialect({ database, limits, events })
  const options = { database, limits, causalReads, events }
  return database.engine === 'mysql' ? mysqlDialect(options) : postgresDialect(options)
}

export type Store = ReturnType<typeof openStore>

/** Every table's queries, and the two ways to run a unit of work. */
export function openStore(config: Config, events: StoreEvents) {
  const dialect = openDialect(config, events)
  const retry = { verdict: dialect.verdict, events, defaultLimitMs: config.limits.requestMs }

  return {
    dialect,
    accounts: accountStore(dialect),
    items: itemStore(dialect),
    sessions: sessionStore(dialect),
    loginFailures: loginFailureStore(dialect),
    schema: schemaReader(dialect),

    /**
     * Runs `work` again where that helps, until the request's deadline. It must be repeatable: carry a key, or set
     * what does not depend on what was there. `maybeDone` says that an earlier try may have taken effect.
     */
    repeatable: <R>(work: (maybeDone: boolean) => Promise<R>): Promise<R> =>
      runUnit(work, { ...retry, repeatable: true }),

    /** As `repeatable`, for work that is not: it is run again only when it certainly did nothing. */
    once: <R>(work: () => Promise<R>): Promise<R> => runUnit(work, { ...retry, repeatable: false }),

    transaction: <R>(work: (tx: Db) => Promise<R>): Promise<R> => dialect.transaction(work),

    isDuplicate: (error: unknown): boolean => dialect.verdict(error) === 'duplicate'
  }
}
