import { partsFor } from '../../store/change.ts'
import type { Dialect } from '../../store/dialect.ts'
import { countOf, given, insert, type Piece, type Reading, select, selectAnd, sql } from '../../store/sql.ts'
import { reading, readingWith } from '../../store/statement.ts'
import { type ListId, type ListRow, type OpenList, targetOf } from '../../store/steps.ts'
import { accounts, items, lists } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

/** A list, and how much is on it. */
export interface CountedList extends ListRow {
  open: number
  done: number
}

export type ListStore = ReturnType<typeof listStore>

/** `lists`, as far as it is not written by changes. */
export function listStore(dialect: Dialect) {
  const mine = sql`${lists.ownerId} = ${given.number('accountId')}`
  const all = reading(
    dialect,
    selectAnd(
      lists.columns,
      { open: sql`coalesce(c.n, 0) - coalesce(c.done, 0)`, done: sql`coalesce(c.done, 0)` },
      sql`from ${lists} left join (
        select ${items.listId} as place, count(*) as n, count(${items.doneAt}) as done from ${items}
        where ${items.accountId} = ${given.number('accountId')} group by ${items.listId}
      ) c on c.place = case when ${lists.firstOf} is null then ${lists.id} else 0 end
      where ${mine} and ${lists.removedAt} is null order by ${lists.firstOf} is null, ${lists.id}`
    )
  )
  const here = sql`from ${items} where ${items.accountId} = ${given.number('accountId')} and ${items.listId} =
    case when ${lists.firstOf} is null then ${lists.id} else 0 end`
  const one = (wanted: Piece) =>
    readingWith<{ accountId: number; listId: number }, CountedList>(
      dialect,
      selectAnd(
        lists.columns,
        {
          open: sql`(select count(*) ${here} and ${items.doneAt} is null)`,
          done: sql`(select count(*) ${here} and ${items.doneAt} is not null)`
        },
        sql`from ${lists} where ${wanted}`
      ) as Reading<never, CountedList>
    )
  const alive = { first: one(partsFor('first').ofList), other: one(partsFor('other').ofList) }
  const everMade = one(sql`${lists.id} = ${given.number('listId')} and ${mine}`)
  const withoutRow = reading(
    dialect,
    countOf(sql`from ${items} where ${items.accountId} = ${given.number('accountId')} and ${items.listId} = 0`)
  )
  const removed = reading(
    dialect,
    select(
      lists.columns,
      sql`from ${lists} where ${mine} and ${lists.removedAt} >= ${given.number('since')} order by ${lists.removedAt} desc`
    )
  )
  const alone = reading(
    dialect,
    select(
      { id: accounts.id },
      sql`from ${accounts} where ${accounts.id} = ${given.number('accountId')} ${dialect.forUpdate}`
    )
  )
  const ids = reading(
    dialect,
    select({ id: lists.id }, sql`from ${lists} where ${mine} and ${lists.removedAt} is null`)
  )
  const add = reading(dialect, {
    ...sql`${insert(lists, ['ownerId', 'firstOf', 'name', 'version', 'createdAt', 'putAwayAt', 'removedAt', 'isTemplate'])} returning ${lists.id}`,
    columns: ['id']
  } as Reading<Omit<ListRow, 'id'>, { id: number }>)
  const gone = sql`${lists.id} = ${given.number('id')} and ${mine} and ${lists.removedAt} is not null`
  const raiseRemoved = dialect.compile(sql`update ${lists} set ${lists.version} = ${lists.version} + 1 where ${gone}`)
  const oneRemoved = reading(dialect, select(lists.columns, sql`from ${lists} where ${gone}`))

  return {
    /** An account's lists, the first one first; that one only once it was written to. */
    all: async (db: Db, accountId: number): Promise<CountedList[]> => (await db.all(all, { accountId })).map(counted),

    /** One that was not removed; undefined for the first list, too, until it was written to. */
    async find(db: Db, { accountId, list }: { accountId: number; list: ListId }): Promise<CountedList | undefined> {
      const [found] = await db.all(alive[targetOf(list)], { accountId, listId: list === 'first' ? 0 : list })
      return found && counted(found)
    },

    /** One by its number, removed or not. */
    async findAny(db: Db, accountId: number, listId: number): Promise<CountedList | undefined> {
      const [found] = await db.all(everMade, { accountId, listId })
      return found && counted(found)
    },

    /** Items of the first list while it has no row. */
    async countOfFirst(db: Db, accountId: number): Promise<number> {
      const [found] = await db.all(withoutRow, { accountId })
      return Number(found?.n)
    },

    /** Those that were removed since, the latest first. */
    removedSince: (db: Db, accountId: number, since: number): Promise<ListRow[]> =>
      db.all(removed, { accountId, since }),

    /** How many there are, which stays so until the transaction ends. */
    async count(tx: Db, accountId: number): Promise<number> {
      await tx.all(alone, { accountId })
      return (await tx.all(ids, { accountId })).length
    },

    /** A new list, which begins with its first change. */
    async add(tx: Db, list: Omit<ListRow, 'id'>): Promise<OpenList> {
      const [added] = await tx.all(add, list)
      const { id } = added as { id: number }
      return { ...list, id, place: id }
    },

    /** A removed list, its version raised; undefined where there is none. */
    async openRemoved(tx: Db, accountId: number, id: number): Promise<OpenList | undefined> {
      if ((await tx.write(raiseRemoved, { accountId, id })) === 0) return undefined
      const [list] = await tx.all(oneRemoved, { accountId, id })
      return list && { ...list, place: list.id }
    }
  }
}

/** PostgreSQL counts in texts. */
const counted = (list: CountedList): CountedList => ({ ...list, open: Number(list.open), done: Number(list.done) })
