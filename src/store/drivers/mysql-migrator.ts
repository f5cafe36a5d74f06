import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import { Refusal } from '../../errors.ts'
import { surveyMysql } from '../adoption/survey-mysql.ts'
import type { Migrator, RunStatement } from '../dialect.ts'
import { leaseLock } from './lease-lock.ts'
import { isWaitTimeout, mysqlVerdict } from './mysql-failures.ts'
import { openWire, query, SESSION, type Wire } from './mysql-wire.ts'

/** Altering a large table takes its time. */
const MIGRATION_MS = 30 * 60_000
/** Waiting until others let go of one does not. */
const LOCK_SECONDS = 60

/** Strict, so that nothing is cut to fit; a row with the id 0 keeps it; foreign keys do not hold their columns' types. */
const MIGRATION_SESSION = `${SESSION}, foreign_key_checks = 0, lock_wait_timeout = ${LOCK_SECONDS}, innodb_lock_wait_timeout = ${LOCK_SECONDS},
  sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO' /*M!, max_statement_time = 0 */`

export const mysqlMigrator = (database: ServerDatabase, limits: DatabaseLimits): Migrator => ({
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
})

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
    if (!isWaitTimeout(error)) throw error
    throw new Refusal(
      `another program has held on to a table or row for ${LOCK_SECONDS} s (show processlist tells which): try again when it has let go`
    )
  } finally {
    for (const { socket } of opened) socket.destroy()
  }
}
