import type { Dialect } from '../../store/dialect.ts'
import { given, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { itemContent, items } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

const columns = { id: items.id, ...itemContent }

export type Item = RowOf<typeof columns>

export type ItemStore = ReturnType<typeof itemStore>

/** `compras`: what is on an account's first list. It is written by changes alone. */
export function itemStore(dialect: Dialect) {
  const mine = sql`from ${items} where ${items.accountId} = ${given.number('accountId')} and ${items.listId} = 0`
  const limit = given.number('limit')

  const newest = reading(dialect, select(columns, sql`${mine} order by ${items.id} desc limit ${limit}`))
  const older = reading(
    dialect,
    select(columns, sql`${mine} and ${items.id} < ${given.number('before')} order by ${items.id} desc limit ${limit}`)
  )
  const newer = reading(
    dialect,
    select(columns, sql`${mine} and ${items.id} > ${given.number('after')} order by ${items.id} limit ${limit}`)
  )
  const owner = reading(
    dialect,
    select({ accountId: items.accountId }, sql`from ${items} where ${items.id} = ${given.number('id')}`)
  )

  return {
    /** The newest first, at most `limit`. */
    newest: (db: Db, accountId: number, limit: number): Promise<Item[]> => db.all(newest, { accountId, limit }),

    /** Those added before item `before`, the newest first, at most `limit`. */
    olderThan: (db: Db, accountId: number, before: number, limit: number): Promise<Item[]> =>
      db.all(older, { accountId, before, limit }),

    /** Those added after item `after`, the oldest first, at most `limit`. */
    newerThan: (db: Db, accountId: number, after: number, limit: number): Promise<Item[]> =>
      db.all(newer, { accountId, after, limit }),

    /** Whose list it is on; undefined when it is on none. For the log alone. */
    async findOwner(db: Db, id: number): Promise<number | null | undefined> {
      const [row] = await db.all(owner, { id })
      return row?.accountId
    }
  }
}
