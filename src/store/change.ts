import { type Column, type Fragment, given, join, type RowOf, raw, sql } from './sql.ts'
import { changes, itemContent, items, lists } from './tables.ts'

/** What `detail` holds, and what an added item is made of. */
export type ItemContent = RowOf<typeof itemContent>
const contentNames = Object.keys(itemContent) as (keyof ItemContent)[]

/** What a change does to the items of an account's first list. Its values: those of the change, and `V`. */
export type Effect<V extends object> =
  /** A new item of these values. Refused where the list has `limit` items. */
  | { does: 'insert'; item: readonly (keyof typeof items.columns)[]; needs?: (values: V) => void }
  /** What it takes away is kept in the change's `detail`. */
  | { does: 'delete'; where: Fragment<V & ChangeValues> }

/** What is written of every change. */
export interface ChangeValues {
  accountId: number
  key: string
  digest: string
  kind: string
  /** Null for a new item, whose id the database makes. */
  itemId: number | null
  detail: string | null
  at: number
  /** Items that the list may have. */
  limit: number
}

const value = {
  accountId: given.number('accountId'),
  key: given.text('key'),
  digest: given.text('digest'),
  kind: given.text('kind'),
  itemId: given.of('itemId', changes.itemId),
  detail: given.of('detail', changes.detail),
  at: given.number('at'),
  limit: given.number('limit')
}

const onList = sql`${items.accountId} = ${value.accountId} and ${items.listId} = 0`

/** The parts of a numbered change, which each database puts together in its own way. */
export const parts = {
  value,
  /** First of all: whoever else writes on this list waits here. */
  raise: sql`update ${lists} set ${lists.version} = ${lists.version} + 1 where ${lists.firstOf} = ${value.accountId}`,
  ofList: sql`${lists.firstOf} = ${value.accountId}`,
  /** How many items there are. A list's version is never below: it begins with what was there, and each addition raises it. */
  count: sql`select count(*) from ${items} where ${onList}`,
  listColumns: sql`${lists.ownerId}, ${lists.firstOf}, ${lists.name}, ${lists.version}, ${lists.createdAt}`,
  changeColumns: join(
    [
      changes.listId,
      changes.version,
      changes.accountId,
      changes.key,
      changes.digest,
      changes.kind,
      changes.at,
      changes.itemId,
      changes.detail
    ],
    ', '
  ),
  /** An item's content as JSON, by the function of that name. */
  snapshot: (jsonObject: string): Fragment =>
    sql`${raw(jsonObject)}(${join(
      contentNames.map(name => sql`${raw(`'${name}'`)}, ${itemContent[name] as Column}`),
      ', '
    )})`
}

/** What can happen to a list; each database makes its own statements of them. */
export const effects: { add: Effect<ItemContent>; remove: Effect<{ id: number }> } = {
  add: {
    does: 'insert',
    item: ['accountId', ...contentNames]
  },
  remove: {
    does: 'delete',
    where: sql`${items.id} = ${given.number('id')} and ${onList}`
  }
}
