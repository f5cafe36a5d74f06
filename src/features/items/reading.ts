import type { Store } from '../../open-store.ts'
import type { ListRow } from '../../store/steps.ts'
import type { Work } from '../../store/work.ts'
import { type Ordering, orderingFrom } from '../shops/groups.ts'
import type { Item, Where } from './queries.ts'
import { MAX_ITEMS } from './schema.ts'

/** What is read at a time for a program, and sent part after part. */
const PART_SIZE = 500
/** Longest that one part may take; the request's own limit is for the first. */
const PART_MS = 8000

export interface Part {
  items: Item[]
  /** Where older ones begin: the id to ask for those before. */
  olderThan: number | undefined
}

/** A list as pages and programs see it. */
export interface ListInfo {
  /** 0: the account's first list, before it was ever written to. That number finds it ever after. */
  id: number
  /** Empty: it has none of its own, as the first list until somebody names it. */
  name: string
  /** The number of its latest change. */
  version: number
  isFirst: boolean
  isTemplate: boolean
  putAwayAt: number | null
  removedAt: number | null
  createdAt: number
}

export const listInfo = ({
  id,
  name,
  version,
  firstOf,
  isTemplate,
  putAwayAt,
  removedAt,
  createdAt
}: ListRow): ListInfo => ({
  ...{ id, name, version, putAwayAt, removedAt, createdAt },
  isFirst: firstOf !== null,
  isTemplate: isTemplate === 1
})

/** What is read of lists and their items. */
export function readingRules({ items }: Store) {
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

    /** One of these that is on somebody else's list. For the log alone. */
    async findForeign(work: Work, accountId: number, ids: readonly number[]): Promise<number | undefined> {
      return (await items.foreignAmong(work, accountId, ids))[0]
    },

    /**
     * A list and all that is on it, what is to buy first, the newest first, then what was ticked off, the latest first; and
     * in which order its account goes to shops. One query.
     */
    async view(work: Work, where: Where): Promise<{ list: ListInfo; items: Item[]; ordering: Ordering } | undefined> {
      const found = await items.onListWithOrders(work, where)
      if (!found) return undefined
      const open = found.items.filter(({ doneAt }) => doneAt === null)
      const done = found.items.filter(({ doneAt }) => doneAt !== null)
      done.sort((a, b) => (b.doneAt as number) - (a.doneAt as number) || b.id - a.id)
      return { list: listInfo(found.list), items: [...open, ...done], ordering: orderingFrom(found.orders) }
    },

    /** Items of a list, the newest first, that were added before item `before`; with the list that they are of, in one query. */
    async page(
      work: Work,
      where: Where,
      range: { before: number; limit: number }
    ): Promise<{ list: ListInfo; items: Item[] } | undefined> {
      const found = await items.page(work, where, range)
      return found && { list: listInfo(found.list), items: found.items }
    },

    isThere: async (work: Work, where: Where): Promise<boolean> => (await items.list(work, where)) !== undefined,

    /** The names that programs gave to these. */
    uidsOf: (work: Work, accountId: number, ids: readonly number[]): Promise<Map<number, string>> =>
      items.uidsOf(work, accountId, ids),

    /** An item of a list by its number, or by the name that a program gave it. */
    find: (work: Work, where: Where, ref: number | string): Promise<Item | undefined> => items.find(work, where, ref)
  }
}
