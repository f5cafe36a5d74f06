import type { Config } from './config/config.ts'
import { belongingStore } from './features/account-data/queries.ts'
import { loginFailureStore } from './features/accounts/login-failures.ts'
import { accountStore } from './features/accounts/queries.ts'
import { serverStore } from './features/cluster/queries.ts'
import { historyStore } from './features/history/queries.ts'
import { itemStore } from './features/items/queries.ts'
import { listStore } from './features/lists/queries.ts'
import { pictureStore } from './features/pictures/queries.ts'
import { searchStore } from './features/search/queries.ts'
import { sessionStore } from './features/sessions/queries.ts'
import { tryStorage } from './features/sessions/storage-trial.ts'
import { shopOrderStore } from './features/shops/queries.ts'
import { rememberedStore } from './features/suggestions/queries.ts'
import { tokenStore } from './features/tokens/queries.ts'
import { changeStore } from './store/changes.ts'
import type { Dialect } from './store/dialect.ts'
import type { StoreEvents } from './store/events.ts'
import { schemaReader } from './store/schema-window.ts'
import { Work } from './store/work.ts'

/**
 * Loads the one driver that is needed. Opens nothing yet, except the embedded database.
 * @throws ConfigError when that cannot be opened
 */
export async function openDialect(config: Config, events: StoreEvents): Promise<Dialect> {
  const { database, limits, causalReads } = config
  switch (database.engine) {
    case 'sqlite': {
      const { sqliteDialect } = await import('./store/drivers/sqlite.ts')
      return sqliteDialect({ database, events, limits })
    }
    case 'mysql': {
      const { mysqlDialect } = await import('./store/drivers/mysql.ts')
      return mysqlDialect({ database: { ...database, engine: 'mysql' }, limits, causalReads, events })
    }
    case 'postgres': {
      const { postgresDialect } = await import('./store/drivers/postgres.ts')
      return postgresDialect({ database: { ...database, engine: 'postgres' }, limits, causalReads, events })
    }
  }
}

export type Store = ReturnType<typeof storeOn>

export const openStore = async (config: Config, events: StoreEvents): Promise<Store> =>
  storeOn(await openDialect(config, events), config, events)

/** Every table's queries, and the beginning of all work on them. */
export function storeOn(dialect: Dialect, { limits }: Pick<Config, 'limits'>, events: StoreEvents) {
  const sessions = sessionStore(dialect)

  return {
    dialect,
    accounts: accountStore(dialect),
    belongings: belongingStore(dialect),
    items: itemStore(dialect),
    search: searchStore(dialect),
    lists: listStore(dialect),
    history: historyStore(dialect),
    pictures: pictureStore(dialect),
    sessions,
    changes: changeStore(dialect),
    remembered: rememberedStore(dialect),
    shopOrders: shopOrderStore(dialect),
    loginFailures: loginFailureStore(dialect),
    servers: serverStore(dialect),
    tokens: tokenStore(dialect),
    schema: schemaReader(dialect),

    /** Whether there is room to write, asked by writing. @see tryStorage */
    tryStorage: (work: Work): Promise<void> => tryStorage(sessions, work),

    /** A piece of work that gives up after `limitMs`, by default a request's limit. @see Work */
    begin: (limitMs: number = limits.requestMs, requestId?: string, writableWithinMs?: number): Work =>
      new Work(dialect, events, limitMs, requestId, undefined, writableWithinMs),

    /** The same for work that no request waits for; `job` names it in the log. */
    beginJob: (job: string, limitMs: number = limits.requestMs): Work =>
      new Work(dialect, events, limitMs, undefined, job)
  }
}
