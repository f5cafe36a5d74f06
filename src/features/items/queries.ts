import { partsFor, type Target } from '../../store/change.ts'
import type { Dialect } from '../../store/dialect.ts'
import { given, join, type Piece, type Reading, type RowOf, select, sql } from '../../store/sql.ts'
import { reading, readingWith } from '../../store/statement.ts'
import {
  among,
  firstBefore,
  type Item,
  inSlots,
  itemColumns,
  type ListId,
  type ListRow,
  targetOf,
  toItem
} from '../../store/steps.ts'
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
  const owners = readingWith<object, { id: number; accountId: number | null }>(
    dialect,
    select({ id: items.id, accountId: items.accountId }, sql`from ${items} where ${among}`)
  )

  /** The list and its items in one statement, so that they belong together. */
  const joined = <V extends object>(target: Target, wanted: Piece, order: Piece) => {
    const place = target === 'first' ? sql`0` : sql`case when ${lists.firstOf} is null then ${lists.id} else 0 end`
    return readingWith<Named & V, Joined>(
      dialect,
      select(
        { ...listOf, ...itemColumns },
        sql`from (select 1 as one) as one left join ${lists} on ${partsFor(target).ofList}
        left join ${items} on ${items.accountId} = ${given.number('accountId')} and ${items.listId} = ${place} ${wanted} ${order}`
      ) as Reading<never, Joined>
    )
  }
  const each = <V extends object>(wanted: Piece, order: Piece) => ({
    first: joined<V>('first', wanted, order),
    other: joined<V>('other', wanted, order)
  })
  const order = sql`order by ${items.id} desc`
  const whole = each(sql``, order)
  const touched = each<{ since: number }>(sql`and ${items}.${items.version} > ${given.number('since')}`, order)
  const page = each<{ before: number; limit: number }>(
    sql`and ${items.id} < ${given.number('before')}`,
    sql`${order} limit ${limit}`
  )
  const some = each<object>(sql`and ${among}`, order)
  const oneById = each<{ id: number }>(sql`and ${items.id} = ${given.number('id')}`, sql``)
  const oneByUid = each<{ uid: string }>(sql`and ${items.uid} = ${given.text('uid')}`, sql``)

  const alone = (target: Target) =>
    readingWith<Named, RowOf<typeof listOf>>(
      dialect,
      select(listOf, sql`from ${lists} where ${partsFor(target).ofList}`)
    )
  const listAlone = { first: alone('first'), other: alone('other') }
  const uids = readingWith<{ accountId: number }, { id: number; uid: string | null }>(
    dialect,
    select(
      { id: items.id, uid: items.uid },
      sql`from ${items} where ${among} and ${items.accountId} = ${given.number('accountId')}`
    )
  )

  /**
   * A list, its items and the account's orders of shops in one statement, one after the other: joined, each item would carry the
   * list, which took MariaDB half as long again. An order stands in place of a list's name.
   */
  const columns = { ...listOf, ...itemColumns }
  const only = (own: Partial<Record<keyof typeof columns, Piece>>) =>
    join(
      Object.keys(columns).map(name => own[name as keyof typeof columns] ?? sql`null`),
      ', '
    )
  const withOrders = (target: Target) => {
    const { ofList, onList } = partsFor(target)
    const whole = sql`select ${only(listOf)} from ${lists} where ${ofList}
      union all select ${only(itemColumns)} from ${items} where ${onList}
      union all select ${only({ name: shopOrders.ordered })} from ${shopOrders} where ${shopOrders.accountId} = ${given.number('accountId')}`
    return readingWith<Named, Joined>(dialect, {
      getSQL: () => whole.getSQL(),
      columns: Object.keys(columns) as (keyof Joined)[]
    })
  }
  const wholeWithOrders = { first: withOrders('first'), other: withOrders('other') }

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

    /** A list alone. */
    async list(db: Db, where: Where): Promise<ListRow | undefined> {
      const [row] = await db.all(listAlone[targetOf(where.list)], namedBy(where))
      return listIn(row, where)
    },

    /** A list, and at most `limit` of its items that were added before item `before`, the newest first. */
    async page(
      db: Db,
      where: Where,
      range: { before: number; limit: number }
    ): Promise<{ list: ListRow; items: Item[] } | undefined> {
      const rows = await db.all(page[targetOf(where.list)], { ...namedBy(where), ...range })
      const list = listIn(rows[0], where)
      return list && { list, items: itemsIn(rows) }
    },

    /** Those of a list that have one of these numbers. */
    async some(db: Db, where: Where, ids: readonly number[]): Promise<Item[]> {
      const found: Item[] = []
      for (const named of inSlots(ids)) {
        found.push(...itemsIn(await db.all(some[targetOf(where.list)], { ...namedBy(where), ...named })))
      }
      return found
    },

    /** The names that programs gave to these, of those that are on any list of the account and have one. */
    async uidsOf(db: Db, accountId: number, ids: readonly number[]): Promise<Map<number, string>> {
      const found = new Map<number, string>()
      for (const named of inSlots(ids)) {
        for (const { id, uid } of await db.all(uids, { accountId, ...named })) if (uid !== null) found.set(id, uid)
      }
      return found
    },

    /** The same with the account's orders of shops, as they are kept; one query. */
    async onListWithOrders(
      db: Db,
      where: Where
    ): Promise<{ list: ListRow; items: Item[]; orders: string[] } | undefined> {
      const rows = await db.all(wholeWithOrders[targetOf(where.list)], namedBy(where))
      let list: Joined | undefined
      const found: Item[] = []
      const orders: string[] = []
      for (const row of rows) {
        if (row.id !== null) found.push(toItem(row as ItemRow))
        else if (row.listId !== null) list = row
        else orders.push(row.name as string)
      }
      const known = listIn(list, where)
      return known && { list: known, items: found.sort((a, b) => b.id - a.id), orders }
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

    /** Those that are on somebody else's list. For the log alone. */
    async foreignAmong(db: Db, accountId: number, ids: readonly number[]): Promise<number[]> {
      const found: number[] = []
      for (const named of inSlots(ids)) {
        for (const row of await db.all(owners, named)) if (row.accountId !== accountId) found.push(row.id)
      }
      return found
    }
  }
}

const itemsIn = (rows: Joined[]): Item[] => rows.filter(row => row.id !== null).map(row => toItem(row as ItemRow))

/** The list in a row; the first one also where it has none. */
function listIn(row: Pick<Joined, keyof typeof listOf> | undefined, { accountId, list }: Where): ListRow | undefined {
  if (!row || row.listId === null) return targetOf(list) === 'first' ? firstBefore(accountId) : undefined
  const { listId: id, listVersion, ...rest } = row
  return { ...rest, id, version: listVersion } as ListRow
}
