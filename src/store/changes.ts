import { effects, type ItemContent, parts } from './change.ts'
import type { Dialect } from './dialect.ts'
import { ListFull } from './failures.ts'
import { select, sql } from './sql.ts'
import { reading } from './statement.ts'
import { changes } from './tables.ts'
import type { Work } from './work.ts'

const { value } = parts

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
