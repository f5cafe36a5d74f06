import { MySqlDialect } from 'drizzle-orm/mysql-core'
import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import type { Bill } from '../bill.ts'
import type { ChangeValues, Recipe, Target } from '../change.ts'
import { type Dialect, notedOf } from '../dialect.ts'
import type { StoreEvents } from '../events.ts'
import { driverCode } from '../failures.ts'
import { type Fragment, given, raw, sql } from '../sql.ts'
import { needing, statement } from '../statement.ts'
import { mapPrunable } from '../tables.ts'
import { mysqlChange, NOT_SO } from './mysql-change.ts'
import { connect } from './mysql-connection.ts'
import { isWaitTimeout, leavesConnectionSound, mysqlBroke, mysqlVerdict } from './mysql-failures.ts'
import { mysqlMigrator } from './mysql-migrator.ts'
import { Pooled } from './pooled.ts'

export interface MysqlOptions {
  database: ServerDatabase
  limits: DatabaseLimits
  /** Read what was acknowledged before, on whichever Galera node one lands (wsrep_sync_wait). */
  causalReads: boolean
  events: StoreEvents
}

export function mysqlDialect(options: MysqlOptions): Dialect {
  const { database, limits } = options
  const pooled = new Pooled({
    connect: () => connect(database, limits, options.causalReads),
    verdict: mysqlVerdict,
    isCausalTimeout: isWaitTimeout,
    leavesConnectionSound,
    hasManyNodes: true,
    limits,
    events: options.events
  })

  return {
    engine: 'mysql',
    ...pooled.ofDialect(),

    compile,
    change<V extends object>(recipe: Recipe<V>, target: Target) {
      const whole = needing<V & ChangeValues>(compile(mysqlChange(recipe, target)))
      return async (bill: Bill, values: V & ChangeValues) => {
        try {
          const { rows } = await pooled.write(bill, whole, values)
          // A compound statement answers with lists of rows, one for each SELECT in it.
          return notedOf((rows as unknown[][][])[0]?.[0])
        } catch (error) {
          if (driverCode(error) === NOT_SO) return undefined
          throw error
        }
      }
    },
    forUpdate: raw('for update'),
    insertNew: what => sql`insert ignore into ${what}` as typeof what,

    // What can be seen in a Galera cluster every node has received.
    settle: async () => {},

    async prune(bill, what, before, limit) {
      return (await pooled.write(bill, pruning[what], { before, limit })).affectedRows
    },

    verdict: mysqlVerdict,
    broke: mysqlBroke,

    migrator: mysqlMigrator(database, limits)
  }
}

const spelling = new MySqlDialect()
const compile = <V extends object>(fragment: Fragment<V>) => statement<V>(() => spelling.sqlToQuery(fragment.getSQL()))

const pruning = mapPrunable(({ table, column }) =>
  compile(sql`delete from ${table} where ${column} < ${given.number('before')} limit ${given.number('limit')}`)
)
