import { PgDialect } from 'drizzle-orm/pg-core'
import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import type { Bill } from '../bill.ts'
import type { ChangeValues, Recipe, Target } from '../change.ts'
import { type Dialect, NEARLY, notedOf } from '../dialect.ts'
import type { StoreEvents } from '../events.ts'
import { driverCode } from '../failures.ts'
import { type Fragment, given, raw, sql } from '../sql.ts'
import { needing, statement } from '../statement.ts'
import { mapPrunable } from '../tables.ts'
import { Pooled } from './pooled.ts'
import { NOT_SO, postgresChange } from './postgres-change.ts'
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
    change<V extends object>(recipe: Recipe<V>, target: Target) {
      const whole = needing<V & ChangeValues>(compile(postgresChange(recipe, target)))
      return async (bill: Bill, values: V & ChangeValues) => {
        try {
          const { rows } = await pooled.write(bill, whole, { ...values, limit: values.limit - NEARLY })
          return notedOf(rows[0])
        } catch (error) {
          if (driverCode(error) === NOT_SO) return undefined
          throw error
        }
      }
    },
    forUpdate: raw('for update'),
    insertNew: what => sql`insert into ${what} on conflict do nothing` as typeof what,

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
const compile = <V extends object>(fragment: Fragment<V>) => statement<V>(() => dialect.sqlToQuery(fragment.getSQL()))

const pruning = mapPrunable(({ table, column }) =>
  compile(sql`delete from ${table} where ctid = any (array(
    select ctid from ${table} where ${column} < ${given.number('before')} limit ${given.number('limit')}))`)
)
