import type { Dialect } from './dialect.ts'
import { type Column, type Fragment, given, insert, join, type RowOf, raw, select, sql } from './sql.ts'
import { reading } from './statement.ts'
import { changes, items, lists } from './tables.ts'
import type { Work } from './work.ts'

/** What an item is, apart from where it stands: what `detail` holds, and what an added item is made of. */
const content = { type: items.type, quantity: items.quantity, shop: items.shop }
export type ItemContent = RowOf<typeof content>
const contentNames = Object.keys(content) as (keyof ItemContent)[]

/** What a change does to the items of an account's first list. Its values: those of the change, and `V`. */
export type Effect<V extends object = object> =
  | { does: 'insert'; statement: Fragment<V> }
  /** What it takes away is kept in the change's `detail`. */
  | { does: 'delete'; where: Fragment<V> }

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
}

const value = {
  accountId: given.number('accountId'),
  key: given.text('key'),
  digest: given.text('digest'),
  kind: given.text('kind'),
  itemId: given.of('itemId', changes.itemId),
  detail: given.of('detail', changes.detail),
  at: given.number('at')
}

/** The parts of a numbered change, which each database puts together in its own way. */
export const parts = {
  value,
  /** First of all: whoever else writes on this list waits here. */
  raise: sql`update ${lists} set ${lists.version} = ${lists.version} + 1 where ${lists.firstOf} = ${value.accountId}`,
  ofList: sql`${lists.firstOf} = ${value.accountId}`,
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

const effects = {
  add: {
    does: 'insert',
    statement: insert(items, ['accountId', ...contentNames])
  },
  remove: {
    does: 'delete',
    where: sql`${items.id} = ${given.number('id')} and ${items.accountId} = ${value.accountId} and ${items.listId} = 0`
  }
} as const satisfies Record<string, Effect<never>>

export type ChangeKind = keyof typeof effects

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
   * else, and nothing was done.
   */
  status: 'done' | 'already' | 'reused'
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

  const once = (
    work: Work,
    { accountId, key, digest }: Asked,
    change: () => Promise<string | null>
  ): Promise<Outcome> =>
    work.repeatable(async maybeDone => {
      try {
        return { status: 'done', found: (await change()) !== null }
      } catch (error) {
        if (!work.isDuplicate(error)) throw error
        const [before] = await work.all(byKey, { accountId, key })
        if (before?.digest !== digest) return { status: 'reused', found: false }
        // Found after a try of our own whose answer was lost: this request did it.
        return { status: maybeDone ? 'done' : 'already', found: before.detail !== null }
      }
    })

  return {
    /** Adds an item to the account's first list. */
    add: (work: Work, asked: Asked, item: ItemContent): Promise<Outcome> =>
      once(work, asked, () =>
        add(work, { ...asked, ...item, kind: 'add', itemId: null, detail: JSON.stringify(item) })
      ),

    /** Removes an item from the account's first list; whether it was there. */
    remove: (work: Work, asked: Asked, id: number): Promise<Outcome> =>
      once(work, asked, () => remove(work, { ...asked, id, kind: 'remove', itemId: id, detail: null }))
  }
}
