import type { Dialect } from './dialect.ts'
import { ListFull } from './failures.ts'
import { type Column, type Fragment, given, join, type RowOf, raw, select, sql } from './sql.ts'
import { reading } from './statement.ts'
import { changes, items, lists } from './tables.ts'
import type { Work } from './work.ts'

/** What an item is, apart from where it stands: what `detail` holds, and what an added item is made of. */
const content = { type: items.type, quantity: items.quantity, shop: items.shop }
export type ItemContent = RowOf<typeof content>
const contentNames = Object.keys(content) as (keyof ItemContent)[]

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
      contentNames.map(name => sql`${raw(`'${name}'`)}, ${content[name] as Column}`),
      ', '
    )})`
}

const effects: { add: Effect<ItemContent>; remove: Effect<{ id: number }> } = {
  add: {
    does: 'insert',
    item: ['accountId', ...contentNames]
  },
  remove: {
    does: 'delete',
    where: sql`${items.id} = ${given.number('id')} and ${onList}`
  }
}

interface Asked {
  accountId: number
  /** The idempotency key, at most 43 characters. */
  key: string
  /** A digest of all that was asked, 43 characters. */
  digest: string
  at: number
}

export interface Outcome {
  /**
   * `done`: by this request. `already`: this very request was carried out before. `reused`: the key was used for something
   * else, and nothing was done. `full`: nor was it here, as the list has as many items as it may; the key stays unused.
   */
  status: 'done' | 'already' | 'reused' | 'full'
  /** False when the item was not there. */
  found: boolean
}

export type ChangeStore = ReturnType<typeof changeStore>

/** `changes`: every write on a list, numbered, once for each key. */
export function changeStore(dialect: Dialect) {
  const add = dialect.change(effects.add)
  const remove = dialect.change(effects.remove)
  const byKey = reading(
    dialect,
    select(
      { digest: changes.digest, detail: changes.detail },
      sql`from ${changes} where ${changes.accountId} = ${value.accountId} and ${changes.key} = ${value.key}`
    )
  )

  const once = async (
    work: Work,
    { accountId, key, digest }: Asked,
    change: () => Promise<string | null>
  ): Promise<Outcome> => {
    const outcome = await work.repeatable<Outcome>(async maybeDone => {
      try {
        return { status: 'done', found: (await change()) !== null }
      } catch (error) {
        const isFull = error instanceof ListFull
        if (!isFull && !work.isDuplicate(error, 'change')) throw error
        const [before] = await work.all(byKey, { accountId, key })
        if (isFull && before === undefined) return { status: 'full', found: false }
        if (before?.digest !== digest) return { status: 'reused', found: false }
        // Found after a try of our own whose answer was lost: this request did it.
        return { status: maybeDone ? 'done' : 'already', found: before.detail !== null }
      }
    })
    // What another request did must be as safe as a commit of one's own before anybody is told.
    if (outcome.status === 'already') await work.settle()
    return outcome
  }

  return {
    /** Adds an item to the account's first list. */
    add: (work: Work, asked: Asked, item: ItemContent, limit: number): Promise<Outcome> =>
      once(work, asked, () =>
        work.change(add, { ...asked, ...item, limit, kind: 'add', itemId: null, detail: JSON.stringify(item) })
      ),

    /** Removes an item from the account's first list; whether it was there. */
    remove: (work: Work, asked: Asked, id: number): Promise<Outcome> =>
      once(work, asked, () => work.change(remove, { ...asked, id, limit: 0, kind: 'remove', itemId: id, detail: null }))
  }
}
