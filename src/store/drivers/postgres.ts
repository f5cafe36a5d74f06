import { PgDialect } from 'drizzle-orm/pg-core'
import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import type { Bill } from '../bill.ts'
import type { ChangeValues, Effect } from '../change.ts'
import { type Dialect, NEARLY } from '../dialect.ts'
import type { StoreEvents } from '../events.ts'
import { ListFull } from '../failures.ts'
import { type Fragment, given, sql } from '../sql.ts'
import { fill, needing, statement } from '../statement.ts'
import { mapPrunable } from '../tables.ts'
import { Pooled } from './pooled.ts'
import { lockList, postgresChange } from './postgres-change.ts'
import { connect } from './postgres-connection.ts'
import { leavesConnectionSound, postgresBroke, postgresVerdict } from './postgres-failures.ts'
import { postgresMigrator } from './postgres-migrator.ts'

export interface PostgresOptions {
  database: ServerDatabase
  limits: DatabaseLimits
  /** Keep pgpool from sending reads to a standby that may be behind. */
  causalReads: boolean
  events: StoreEvents
}

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
    ...pooled.ofDialect(),

    compile,
    change<V extends object>(effect: Effect<V>) {
      const whole = needing<V & ChangeValues>(compile(postgresChange(effect)))
      return async (bill: Bill, values: V & ChangeValues) => {
        const most = { ...values, limit: values.limit - NEARLY }
        let { rows } = await pooled.write(bill, whole, most)
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
      return (await pooled.write(bill, pruning[what], { before, limit })).affectedRows
    },

    verdict: postgresVerdict,
    broke: postgresBroke,

    migrator: postgresMigrator(database, limits)
  }
}

/**
 * A commit without a row. One whose wait for a standby was cut short, because its session was ended, is there for all to see and on
 * no second host yet; this one comes after it in the log: a standby that has it has both.
 */
const SETTLE = `select pg_logical_emit_message(true, 'carrinho', '')`

const dialect = new PgDialect()
const compile = <V extends object>(fragment: Fragment<V>) => statement<V>(dialect.sqlToQuery(fragment.getSQL()))
const lock = compile(lockList)

const pruning = mapPrunable(({ table, column }) =>
  compile(sql`delete from ${table} where ctid = any (array(
    select ctid from ${table} where ${column} < ${given.number('before')} limit ${given.number('limit')}))`)
)
