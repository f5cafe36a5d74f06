import type { Config } from '../config.ts'
import { accountStore } from './accounts.ts'
import type { Dialect } from './dialect.ts'
import type { StoreEvents } from './events.ts'
import { itemStore } from './items.ts'
import { loginFailureStore } from './login-failures.ts'
import { schemaReader } from './migrate.ts'
import { mysqlDialect } from './mysql.ts'
import { postgresDialect } from './postgres.ts'
import { sessionStore } from './sessions.ts'
import { sqliteDialect } from './sqlite.ts'
import { Work } from './work.ts'

/** Opens nothing yet, except the embedded database. @throws ConfigError when that cannot be opened */
export function openDialect(config: Config, events: StoreEvents): Dialect {
  const { database, limits, causalReads } = config
  if (database.engine === 'sqlite') return sqliteDialect({ database, limits, events })
  const options = { database, limits, causalReads, events }
  return database.engine === 'mysql' ? mysqlDialect(options) : postgresDialect(options)
}

export type Store = ReturnType<typeof openStore>

/** Every table's queries, and the beginning of all work on them. */
export function openStore(config: Config, events: StoreEvents) {
  const dialect = openDialect(config, events)

  return {
    dialect,
    accounts: accountStore(dialect),
    items: itemStore(dialect),
    sessions: sessionStore(dialect),
    loginFailures: loginFailureStore(dialect),
    schema: schemaReader(dialect),

    /** A piece of work that gives up after `limitMs`, by default a request's limit. */
    begin: (limitMs: number = config.limits.requestMs): Work => new Work(dialect, events, limitMs)
  }
}
