import { randomUUID } from 'node:crypto'
import { ListFull } from '../store/failures.ts'
import type { Store } from '../store/index.ts'
import type { Item } from '../store/items.ts'
import type { Work } from '../store/work.ts'
import { digest } from './digest.ts'
import type { ItemInput } from './validation.ts'

export type { Item } from '../store/items.ts'

export const PAGE_SIZE = 100
/** Items a list may have. One that came here longer can be read and shortened. */
export const MAX_ITEMS = 10_000
/** What is read at a time for a program, and sent part after part. */
const PART_SIZE = 500
/** Longest that one part may take; the request's own limit is for the first. */
const PART_MS = 8000

export interface Part {
  items: Item[]
  /** Where older ones begin: the id to ask for those before. */
  olderThan: number | undefined
}

export interface Page extends Part {
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
  const readOlder = async (work: Work, customerId: number, before: number | undefined, size: number): Promise<Part> => {
    const rows =
      before === undefined
        ? await items.newest(work, customerId, size + 1)
        : await items.olderThan(work, customerId, before, size + 1)
    if (rows.length <= size) return { items: rows, olderThan: undefined }
    const shown = rows.slice(0, size)
    return { items: shown, olderThan: shown.at(-1)?.id }
  }

  return {
    /** One page of the list, the newest first; one query. */
    async page(work: Work, customerId: number, { before, after }: Place = {}): Promise<Page> {
      if (after !== undefined) {
        const rows = await items.newerThan(work, customerId, after, PAGE_SIZE + 1)
        const more = rows.length > PAGE_SIZE
        const shown = rows.slice(0, PAGE_SIZE).reverse()
        return { items: shown, olderThan: shown.at(-1)?.id, newerThan: more ? shown[0]?.id : undefined }
      }
      const part = await readOlder(work, customerId, before, PAGE_SIZE)
      return { ...part, newerThan: before === undefined ? undefined : (part.items[0]?.id ?? before - 1) }
    },

    /** The newest items for a program, or those before item `before`: as many as are read at a time. */
    part: (work: Work, customerId: number, before?: number): Promise<Part> =>
      readOlder(work, customerId, before, PART_SIZE),

    /** What follows that part, with it MAX_ITEMS at most. Each is read when the one before was taken, within a limit of its own. */
    async *partsAfter(work: Work, customerId: number, { olderThan }: Part): AsyncGenerator<Part, void> {
      let place = olderThan
      for (let count = PART_SIZE; place !== undefined && count < MAX_ITEMS; count += PART_SIZE) {
        const part = await readOlder(work.next(PART_MS), customerId, place, PART_SIZE)
        yield part
        place = part.olderThan
      }
    },

    /**
     * Adds an item. With an operation, the item is added once however often and wherever the request arrives.
     * `already`: this very request was carried out before. `reused`: the key was used for something else; nothing is
     * added. `full`: nor is it here, as the list has MAX_ITEMS; the key stays unused.
     */
    async add(
      work: Work,
      customerId: number,
      item: ItemInput,
      operation: string = randomUUID()
    ): Promise<'added' | 'already' | 'reused' | 'full'> {
      const row = { customerId, ...item }
      const key = {
        customerId,
        key: storedKey(operation),
        digest: digest(item.type, item.quantity, item.shop),
        createdAt: Date.now()
      }
      const result = await work.repeatable(async maybeDone => {
        try {
          await items.addOnce(work, key, row, MAX_ITEMS)
          return 'added'
        } catch (error) {
          const isFull = error instanceof ListFull
          if (!isFull && !work.isDuplicate(error, 'operation')) throw error
          const known = await items.findOperation(work, customerId, key.key)
          if (isFull && known === undefined) return 'full'
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

    /** True if it was on this customer's list; afterwards it is not. `foreign`: it is on somebody else's, and stays. */
    async remove(work: Work, customerId: number, id: number): Promise<boolean | 'foreign'> {
      const removed = await work.repeatable(async maybeDone => (await items.remove(work, customerId, id)) || maybeDone)
      if (removed) return true
      await work.settle()
      const owner = await items.findOwner(work, id)
      return owner !== undefined && owner !== customerId ? 'foreign' : false
    }
  }
}
