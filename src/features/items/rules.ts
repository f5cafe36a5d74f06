import { digest, newKey } from '../../keys.ts'
import type { Store } from '../../open-store.ts'
import type { Work } from '../../store/work.ts'
import type { Bought } from '../suggestions/rules.ts'
import type { Item } from './queries.ts'
import { type ItemInput, itemForm } from './schema.ts'

export type { Item } from './queries.ts'

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

/** Told of what was bought; nobody waits for it. */
interface Memory {
  remember(accountId: number, bought: readonly Bought[]): void
}
const noMemory: Memory = { remember() {} }

export function cartRules({ items, changes }: Store, memory: Memory = noMemory) {
  const readOlder = async (work: Work, accountId: number, before: number | undefined, size: number): Promise<Part> => {
    const rows =
      before === undefined
        ? await items.newest(work, accountId, size + 1)
        : await items.olderThan(work, accountId, before, size + 1)
    if (rows.length <= size) return { items: rows, olderThan: undefined }
    const shown = rows.slice(0, size)
    return { items: shown, olderThan: shown.at(-1)?.id }
  }

  return {
    /** One page of the list, the newest first; one query. */
    async page(work: Work, accountId: number, { before, after }: Place = {}): Promise<Page> {
      if (after !== undefined) {
        const rows = await items.newerThan(work, accountId, after, PAGE_SIZE + 1)
        const more = rows.length > PAGE_SIZE
        const shown = rows.slice(0, PAGE_SIZE).reverse()
        return { items: shown, olderThan: shown.at(-1)?.id, newerThan: more ? shown[0]?.id : undefined }
      }
      const part = await readOlder(work, accountId, before, PAGE_SIZE)
      return { ...part, newerThan: before === undefined ? undefined : (part.items[0]?.id ?? before - 1) }
    },

    /** The newest items for a program, or those before item `before`: as many as are read at a time. */
    part: (work: Work, accountId: number, before?: number): Promise<Part> =>
      readOlder(work, accountId, before, PART_SIZE),

    /** What follows that part, with it MAX_ITEMS at most. Each is read when the one before was taken, within a limit of its own. */
    async *partsAfter(work: Work, accountId: number, { olderThan }: Part): AsyncGenerator<Part, void> {
      let place = olderThan
      for (let count = PART_SIZE; place !== undefined && count < MAX_ITEMS; count += PART_SIZE) {
        const part = await readOlder(work.next(PART_MS), accountId, place, PART_SIZE)
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
      accountId: number,
      item: ItemInput,
      operation: string = newKey()
    ): Promise<'added' | 'already' | 'reused' | 'full'> {
      const asked = {
        accountId,
        key: storedKey(operation),
        digest: itemForm.digest(item),
        at: Date.now()
      }
      const { status } = await changes.add(work, asked, item, MAX_ITEMS)
      if (status !== 'done') return status
      const { type, shop, quantity } = item
      memory.remember(accountId, [{ name: type, shop, unit: '', thousandths: 1000 * quantity }])
      return 'added'
    },

    /** True if it was on this account's list; afterwards it is not. `foreign`: it is on somebody else's, and stays. */
    async remove(work: Work, accountId: number, id: number): Promise<boolean | 'foreign'> {
      const asked = { accountId, key: newKey(), digest: digest('remove', id), at: Date.now() }
      if ((await changes.remove(work, asked, id)).found) return true
      const owner = await items.findOwner(work, id)
      return owner !== undefined && owner !== accountId ? 'foreign' : false
    }
  }
}
