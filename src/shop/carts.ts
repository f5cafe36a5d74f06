import type { Store } from '../store/index.ts'
import type { Item } from '../store/items.ts'
import type { Work } from '../store/work.ts'
import { digest } from './digest.ts'
import type { ItemInput } from './validation.ts'

export type { Item } from '../store/items.ts'

export const PAGE_SIZE = 100

export interface Page {
  items: Item[]
  /** Where older ones begin: the id to ask for those before. */
  olderThan: number | undefined
  /** Where newer ones begin: the id to ask for those after. */
  newerThan: number | undefined
}

/** Where a page of the list begins; at most one of the two. */
export interface Place {
  before?: number | undefined
  after?: number | undefined
}

/** A key as the browser makes it fits its column; of any other the digest does. */
const storedKey = (operation: string): string => (/^[\w-]{1,42}$/.test(operation) ? operation : digest(operation))

export type Carts = ReturnType<typeof cartRules>

export function cartRules({ items }: Store) {
  return {
    /** One page of the list, the newest first; one query. */
    async page(work: Work, customerId: number, { before, after }: Place = {}): Promise<Page> {
      if (after !== undefined) {
        const rows = await items.newerThan(work, customerId, after, PAGE_SIZE + 1)
        const more = rows.length > PAGE_SIZE
        const shown = rows.slice(0, PAGE_SIZE).reverse()
        return { items: shown, olderThan: shown.at(-1)?.id, newerThan: more ? shown[0]?.id : undefined }
      }
      const rows =
        before === undefined
          ? await items.newest(work, customerId, PAGE_SIZE + 1)
          : await items.olderThan(work, customerId, before, PAGE_SIZE + 1)
      const more = rows.length > PAGE_SIZE
      const shown = more ? rows.slice(0, PAGE_SIZE) : rows
      return {
        items: shown,
        olderThan: more ? shown.at(-1)?.id : undefined,
        newerThan: before === undefined ? undefined : (shown[0]?.id ?? before - 1)
      }
    },

    all: (work: Work, customerId: number): Promise<Item[]> => items.all(work, customerId),

    /**
     * Adds an item. With an operation, the item is added once however often and wherever the request arrives.
     * `already`: this very request was carried out before. `reused`: the key was used for something else; nothing is
     * added.
     */
    async add(
      work: Work,
      customerId: number,
      item: ItemInput,
      operation?: string
    ): Promise<'added' | 'already' | 'reused'> {
      const row = { customerId, ...item }
      if (operation === undefined) {
        await work.once(() => items.add(work, row))
        return 'added'
      }
      const key = {
        customerId,
        key: storedKey(operation),
        digest: digest(item.type, item.quantity, item.shop),
        createdAt: Date.now()
      }
      const result = await work.repeatable(async maybeDone => {
        try {
          await items.addOnce(work, key, row)
          return 'added'
        } catch (error) {
          if (!work.isDuplicate(error, 'operation')) throw error
          const known = await items.findOperation(work, customerId, key.key)
          // MariaDB calls every primary key alike: it was another row's.
          if (known === undefined) throw error
          if (known !== key.digest) return 'reused'
          // Found after a try of our own whose answer was lost: this request did add it.
          return maybeDone ? 'added' : 'already'
        }
      })
      if (result === 'already') await work.settle()
      return result
    },

    /** True if it was on this customer's list; afterwards it is not. */
    async remove(work: Work, customerId: number, id: number): Promise<boolean> {
      const removed = await work.repeatable(async maybeDone => (await items.remove(work, customerId, id)) || maybeDone)
      if (!removed) await work.settle()
      return removed
    }
  }
}
