import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import { Refusal } from '../../errors.ts'
import { surveyPostgres } from '../adoption/survey-postgres.ts'
import type { Migrator, RunStatement } from '../dialect.ts'
import { connect, ON_PRIMARY } from './postgres-connection.ts'
import { isLockTimeout } from './postgres-failures.ts'

const MIGRATION_MS = 30 * 60_000
/** Longest wait for another migration, and for others to let go of a table. */
const GIVE_UP_MS = 10 * 60_000
const LOCK_MS = 60_000
/** Any number that no other program on the same database uses: "carrinho" on a telephone's keys. */
const MIGRATION_LOCK = 22_777_446

export const postgresMigrator = (database: ServerDatabase, limits: DatabaseLimits): Migrator => ({
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
})

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
    if (!isLockTimeout(error)) throw error
    throw new Refusal(
      'another program has held on to a table for a minute, or another migration for ten (pg_stat_activity tells which): try again when it has let go'
    )
  } finally {
    connection.destroy()
  }
}
