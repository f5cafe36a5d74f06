import { partsFor, type Target } from '../../store/change.ts'
import type { Dialect } from '../../store/dialect.ts'
import { given, join, type Piece, type Reading, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { type Item, itemColumns, type ListId, type ListRow, targetOf, toItem } from '../../store/steps.ts'
import { items, lists, shopOrders } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

export type { Item } from '../../store/steps.ts'

export type ItemStore = ReturnType<typeof itemStore>

/** Whose list, and which. */
export interface Where {
  accountId: number
  list: ListId
}

type ItemRow = RowOf<typeof itemColumns>
type Named = { accountId: number; listId: number }

const listOf = {
  listId: lists.id,
  ownerId: lists.ownerId,
  firstOf: lists.firstOf,
  name: lists.name,
  listVersion: lists.version,
  createdAt: lists.createdAt,
  putAwayAt: lists.putAwayAt,
  removedAt: lists.removedAt,
  isTemplate: lists.isTemplate
}
/** A row of an item with its list, either of which may not be there. */
type Joined = { [K in keyof (ItemRow & RowOf<typeof listOf>)]: (ItemRow & RowOf<typeof listOf>)[K] | null }

/** `compras`: what is on an account's lists. It is written by changes alone. */
export function itemStore(dialect: Dialect) {
  const mine = sql`from ${items} where ${items.accountId} = ${given.number('accountId')} and ${items.listId} = 0`
  const limit = given.number('limit')

  const newest = reading(dialect, select(itemColumns, sql`${mine} order by ${items.id} desc limit ${limit}`))
  const older = reading(
    dialect,
    select(
      itemColumns,
      sql`${mine} and ${items.id} < ${given.number('before')} order by ${items.id} desc limit ${limit}`
    )
  )
  const owner = reading(
    dialect,
    select({ accountId: items.accountId }, sql`from ${items} where ${items.id} = ${given.number('id')}`)
  )

  /** The list and its items in one statement, so that they belong together. */
  const joined = <V extends object>(target: Target, wanted: Piece, order: Piece) => {
    const place = target === 'first' ? sql`0` : sql`case when ${lists.firstOf} is null then ${lists.id} else 0 end`
    return reading(
      dialect,
      select(
        { ...listOf, ...itemColumns },
        sql`from (select 1 as one) as one left join ${lists} on ${partsFor(target).ofList}
        left join ${items} on ${items.accountId} = ${given.number('accountId')} and ${items.listId} = ${place} ${wanted} ${order}`
      ) as Reading<never, unknown> as Reading<Named & V, Joined>
    )
  }
  const each = <V extends object>(wanted: Piece, order: Piece) => ({
    first: joined<V>('first', wanted, order),
    other: joined<V>('other', wanted, order)
  })
  const order = sql`order by ${items.id} desc`
  const whole = each(sql``, order)
  const touched = each<{ since: number }>(sql`and ${items}.${items.version} > ${given.number('since')}`, order)
  const oneById = each<{ id: number }>(sql`and ${items.id} = ${given.number('id')}`, sql``)
  const oneByUid = each<{ uid: string }>(sql`and ${items.uid} = ${given.text('uid')}`, sql``)

  /** The account's orders of shops, which pages show it in: each a row with nothing but the order, in place of a list's name. */
  const places = Object.values({ ...listOf, ...itemColumns }).map(it =>
    it === listOf.name ? shopOrders.ordered : sql`null`
  )
  const orders = sql`select ${join(places, ', ')} from ${shopOrders} where ${shopOrders.accountId} = ${given.number('accountId')}`
  const wholeAndOrders = each(sql``, sql`union all ${orders}`)

  const namedBy = ({ accountId, list }: Where): Named => ({ accountId, listId: list === 'first' ? 0 : list })

  return {
    /** The newest first, at most `limit`. */
    newest: async (db: Db, accountId: number, limit: number): Promise<Item[]> =>
      (await db.all(newest, { accountId, limit })).map(toItem),

    /** Those added before item `before`, the newest first, at most `limit`. */
    olderThan: async (db: Db, accountId: number, before: number, limit: number): Promise<Item[]> =>
      (await db.all(older, { accountId, before, limit })).map(toItem),

    /**
     * A list and all that is on it, or only what was touched since its change number `since`, the newest first; undefined
     * where there is no such list.
     */
    async onList(db: Db, where: Where, since?: number): Promise<{ list: ListRow; items: Item[] } | undefined> {
      const target = targetOf(where.list)
      const rows =
        since === undefined
          ? await db.all(whole[target], namedBy(where))
          : await db.all(touched[target], { ...namedBy(where), since })
      const list = listIn(rows[0], where)
      return list && { list, items: itemsIn(rows) }
    },

    /** The same with the account's orders of shops, as they are kept; one query. */
    async onListWithOrders(
      db: Db,
      where: Where
    ): Promise<{ list: ListRow; items: Item[]; orders: string[] } | undefined> {
      const rows = await db.all(wholeAndOrders[targetOf(where.list)], namedBy(where))
      const isOrder = (row: Joined) => row.listId === null && row.id === null && row.name !== null
      const list = listIn(
        rows.find(row => !isOrder(row)),
        where
      )
      const newestFirst = itemsIn(rows).sort((a, b) => b.id - a.id)
      return list && { list, items: newestFirst, orders: rows.filter(isOrder).map(({ name }) => name as string) }
    },

    /** One item of a list, by its number or its name. */
    async find(db: Db, where: Where, ref: number | string): Promise<Item | undefined> {
      const target = targetOf(where.list)
      const rows =
        typeof ref === 'number'
          ? await db.all(oneById[target], { ...namedBy(where), id: ref })
          : await db.all(oneByUid[target], { ...namedBy(where), uid: ref })
      return itemsIn(rows)[0]
    },

    /** Whose list it is on; undefined when it is on none. For the log alone. */
    async findOwner(db: Db, id: number): Promise<number | null | undefined> {
      const [row] = await db.all(owner, { id })
      return row?.accountId
    }
  }
}

const itemsIn = (rows: Joined[]): Item[] => rows.filter(row => row.id !== null).map(row => toItem(row as ItemRow))

/** The first list is there before it has a row: with its first change. */
function listIn(row: Joined | undefined, { accountId, list }: Where): ListRow | undefined {
  if (row && row.listId !== null) return { ...(row as ListRow), id: row.listId, version: row.listVersion as number }
  if (targetOf(list) === 'other') return undefined
  return {
    id: 0,
    ownerId: accountId,
    firstOf: accountId,
    name: '',
    version: 0,
    createdAt: 0,
    putAwayAt: null,
    removedAt: null,
    isTemplate: 0
  }
}
