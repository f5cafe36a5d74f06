import type { Dialect } from '../../store/dialect.ts'
import { given, pick, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { items, lists } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

const itemColumns = pick(items.columns, [
  'id',
  'listId',
  'type',
  'quantity',
  'thousandths',
  'unit',
  'shop',
  'note',
  'doneAt'
])
const listColumns = pick(lists.columns, ['id', 'firstOf', 'name', 'putAwayAt'])

export type ItemRow = RowOf<typeof itemColumns>
export type ListRow = RowOf<typeof listColumns>

/** Above any item's number. */
const LAST = 2_147_483_647

export type SearchStore = ReturnType<typeof searchStore>

/** What an account has on all its lists. */
export function searchStore(dialect: Dialect) {
  const mine = sql`${items.accountId} = ${given.number('accountId')}`
  const newest = reading(
    dialect,
    select(
      itemColumns,
      sql`from ${items} where ${mine} and ${items.id} <= ${given.number('upTo')} order by ${items.id} desc limit ${given.number('limit')}`
    )
  )
  const ofAccount = reading(
    dialect,
    select(
      listColumns,
      sql`from ${lists} where ${lists.ownerId} = ${given.number('accountId')} and ${lists.removedAt} is null`
    )
  )

  return {
    /** The newest first, at most `limit`, of those before item `before`. */
    items: (db: Db, accountId: number, before: number | undefined, limit: number): Promise<ItemRow[]> =>
      db.all(newest, { accountId, upTo: before === undefined ? LAST : before - 1, limit }),

    /** Also those that were put away. */
    lists: (db: Db, accountId: number): Promise<ListRow[]> => db.all(ofAccount, { accountId })
  }
}
