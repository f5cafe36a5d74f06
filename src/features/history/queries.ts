import { partsFor } from '../../store/change.ts'
import type { Detail } from '../../store/detail.ts'
import { readDetail } from '../../store/detail.ts'
import type { Dialect } from '../../store/dialect.ts'
import { given, type Piece, type Reading, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { type ListId, type OpenList, targetOf } from '../../store/steps.ts'
import { accounts, type ChangeKind, changes, lists } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

/** Changes that are read at a time: a year's are read on the way to what a list was then. */
const PART_SIZE = 2000

const columns = {
  listId: changes.listId,
  version: changes.version,
  kind: changes.kind,
  accountId: changes.accountId,
  itemId: changes.itemId,
  detail: changes.detail,
  undoneBy: changes.undoneBy,
  at: changes.at
}
const withName = { ...columns, name: accounts.name }

/** A change as it is read. */
export interface Change {
  listId: number
  version: number
  kind: ChangeKind
  accountId: number
  at: number
  undoneBy: number | null
  detail: Detail
}

/** And the name of who made it; null where the account is gone. */
export interface NamedChange extends Change {
  who: string | null
}

export type HistoryStore = ReturnType<typeof historyStore>

/** `changes`, read. */
export function historyStore(dialect: Dialect) {
  const from = sql`from ${changes} where ${changes.listId} = ${given.number('listId')}`
  const between = sql`${changes.version} > ${given.number('after')} and ${changes.version} < ${given.number('before')}`
  const some = reading(
    dialect,
    select(columns, sql`${from} and ${between} order by ${changes.version} desc limit ${given.number('limit')}`)
  )
  /** By the list's name for it: whose list it is is asked together with what happened to it. */
  const ofList = (target: 'first' | 'other') =>
    reading(
      dialect,
      select(
        withName,
        // The list's number as a value of its own, so that its changes are read by their key, the latest first, and no others.
        sql`from ${changes} left join ${accounts} on ${accounts.id} = ${changes.accountId}
        where ${changes.listId} = (select ${lists.id} from ${lists} where ${partsFor(target).ofList})
          and ${changes}.${changes.version} < ${given.number('before')}
        order by ${changes}.${changes.version} desc limit ${given.number('limit')}` as Piece
      ) as Reading<never, unknown> as Reading<
        { accountId: number; listId: number; before: number; limit: number },
        RowOf<typeof withName>
      >
    )
  const newest = { first: ofList('first'), other: ofList('other') }
  const mark = dialect.compile(
    sql`update ${changes} set ${changes.undoneBy} = ${given.number('by')}
    where ${changes.listId} = ${given.number('listId')} and ${between} and ${changes.undoneBy} is null`
  )
  const unmark = dialect.compile(
    sql`update ${changes} set ${changes.undoneBy} = null
    where ${changes.listId} = ${given.number('listId')} and ${between} and ${changes.undoneBy} = ${given.number('by')}`
  )

  /** Changes between two numbers, neither included, the latest first. */
  const readBetween = async (
    db: Db,
    listId: number,
    range: { after: number; before: number; limit: number }
  ): Promise<Change[]> => (await db.all(some, { listId, ...range })).map(toChange)

  return {
    between: readBetween,

    /** The same, however many there are: read part after part, as they are taken. */
    async *back(
      db: Db,
      listId: number,
      { after, before }: { after: number; before: number }
    ): AsyncGenerator<Change, void> {
      for (let place = before; place > after + 1; ) {
        const part = await readBetween(db, listId, { after, before: place, limit: PART_SIZE })
        yield* part
        if (part.length < PART_SIZE) return
        place = (part.at(-1) as Change).version
      }
    },

    /** A list's changes below a number, the latest first; none where there is no such list. */
    async page(
      db: Db,
      { accountId, list }: { accountId: number; list: ListId },
      range: { before: number; limit: number }
    ): Promise<NamedChange[]> {
      const listId = list === 'first' ? 0 : list
      const rows = await db.all(newest[targetOf(list)], { accountId, listId, ...range })
      return rows.map(row => ({ ...toChange(row), who: row.name }))
    },

    /** Those between two numbers that were not taken back yet are, by this change. */
    async markUndone(tx: Db, { id, version }: OpenList, range: { after: number; before: number }): Promise<void> {
      await tx.write(mark, { listId: id, by: version, ...range })
    },

    /** What change `by` took back is so no more. */
    async markRedone(tx: Db, { id }: OpenList, by: number, range: { after: number; before: number }): Promise<void> {
      await tx.write(unmark, { listId: id, by, ...range })
    }
  }
}

const toChange = ({
  listId,
  version,
  kind,
  accountId,
  itemId,
  detail,
  undoneBy,
  at
}: RowOf<typeof columns>): Change => ({
  listId,
  version,
  kind,
  accountId,
  at,
  undoneBy,
  detail: readDetail({ kind, itemId, detail })
})
