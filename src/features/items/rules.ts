import { digest, newKey } from '../../keys.ts'
import type { Store } from '../../open-store.ts'
import type { Asked, Made, Outcome } from '../../store/changes.ts'
import type { Detail } from '../../store/detail.ts'
import { CalledOff } from '../../store/failures.ts'
import type { ListRow } from '../../store/steps.ts'
import type { Work } from '../../store/work.ts'
import type { Bought } from '../suggestions/rules.ts'
import type { Item, Where } from './queries.ts'
import { type ItemInput, itemForm } from './schema.ts'

export type { Item, Where } from './queries.ts'

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

/** What a change is asked for with: its key, a new one where there is none, and a digest of all else. */
export const askedBy = (accountId: number, key: string | undefined, ...all: (string | number)[]): Asked => ({
  accountId,
  key: storedKey(key ?? newKey()),
  digest: digest(...all),
  at: Date.now()
})

/** Done, by this request or an earlier one; `version` names the change, to take it back. */
export type Done<More = object> = { status: 'done' | 'already'; listId: number; version: number } & More
/** Nothing was done, and the key is free. */
export type Refused = { status: 'reused' } | { status: 'noList' }

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
      const { quantity, ...rest } = item
      const content = { ...rest, uid: null, thousandths: quantity * 1000, unit: '', doneAt: null }
      const { status } = await changes.add(work, asked, 'first', content, MAX_ITEMS)
      if (status === 'noList') throw new Error('an account always has its first list')
      if (status !== 'done') return status
      memory.remember(accountId, [{ ...content, name: content.type }])
      return 'added'
    },

    /** True if it was on this account's list; afterwards it is not. `foreign`: it is on somebody else's, and stays. */
    async remove(work: Work, accountId: number, id: number): Promise<boolean | 'foreign'> {
      const asked = { accountId, key: newKey(), digest: digest('remove', id), at: Date.now() }
      const outcome = await changes.remove(work, asked, 'first', id)
      if ('detail' in outcome && outcome.detail.items.length > 0) return true
      const owner = await items.findOwner(work, id)
      return owner !== undefined && owner !== accountId ? 'foreign' : false
    },

    /** A list and all that is on it, what is to buy first, the newest first, then what was ticked off, the latest first. */
    async view(work: Work, where: Where): Promise<{ list: ListRow; items: Item[] } | undefined> {
      const found = await items.onList(work, where)
      if (!found) return undefined
      const open = found.items.filter(({ doneAt }) => doneAt === null)
      const done = found.items.filter(({ doneAt }) => doneAt !== null)
      done.sort((a, b) => (b.doneAt as number) - (a.doneAt as number) || b.id - a.id)
      return { list: found.list, items: [...open, ...done] }
    },

    /** An item of a list by its number, or by the name that a program gave it. */
    find: (work: Work, where: Where, ref: number | string): Promise<Item | undefined> => items.find(work, where, ref),

    /** Ticks off `done`, and makes `open` to buy again: what each shall be, whatever it is now. */
    async tick(
      work: Work,
      where: Where,
      { done = [], open = [] }: { done?: readonly number[]; open?: readonly number[] },
      key?: string
    ): Promise<Done<{ missing: number[] }> | Refused> {
      const asked = askedBy(where.accountId, key, 'tick', where.list, done.join(), open.join())
      const all = [...new Set([...done, ...open])]
      const one = all.length === 1 ? all[0] : undefined
      const outcome =
        one !== undefined
          ? await changes.tick(work, asked, where.list, one, done.length > 0)
          : await changes.decide(work, asked, where.list, async (tx, list) => ({
              kind: 'tick',
              detail: { items: await changes.steps.tickAll(tx, list, { done, open, at: asked.at }) }
            }))
      return told(outcome, ({ detail }) => ({ missing: missingOf(all, detail) }))
    },

    /** Adds `delta` thousandths to a quantity, or takes them away. */
    async adjust(
      work: Work,
      where: Where,
      id: number,
      delta: number,
      key?: string
    ): Promise<Done<{ found: boolean; thousandths: number | undefined }> | Refused | { status: 'outOfBounds' }> {
      const asked = askedBy(where.accountId, key, 'adjust', where.list, id, delta)
      const outcome = await changes.adjust(work, asked, where.list, id, delta)
      return told(outcome, ({ detail }) => {
        const [item] = detail.items
        return { found: item !== undefined, thousandths: item?.after?.thousandths }
      })
    },

    /** Takes items off a list. Each is kept, to be put back. */
    async removeItems(
      work: Work,
      where: Where,
      ids: readonly number[],
      key?: string,
      { ifVersion }: { ifVersion?: number } = {}
    ): Promise<Done<{ missing: number[] }> | Refused | { status: 'stale'; item: Item }> {
      const asked = askedBy(where.accountId, key, 'remove', where.list, ids.join(), ifVersion ?? '')
      const [one] = ids
      const outcome =
        ids.length === 1 && one !== undefined && ifVersion === undefined
          ? await changes.remove(work, asked, where.list, one)
          : await changes.decide<{ status: 'stale'; item: Item }>(work, asked, where.list, async (tx, list) => {
              if (ifVersion !== undefined) {
                for (const item of (await changes.steps.some(tx, list, ids)).values()) {
                  if (item.version !== ifVersion) throw new CalledOff({ status: 'stale', item })
                }
              }
              return { kind: 'remove', detail: { items: await changes.steps.removeAll(tx, list, ids) } }
            })
      return told(outcome, ({ detail }) => ({ missing: missingOf(ids, detail) }))
    },

    /** Takes what was ticked off from the list, exactly as it was seen: what anybody changed meanwhile stays. */
    async clear(
      work: Work,
      where: Where,
      seen: readonly { id: number; version: number }[],
      key?: string
    ): Promise<Done<{ removed: number[]; kept: number[] }> | Refused> {
      const asked = askedBy(
        where.accountId,
        key,
        'clear',
        where.list,
        ...seen.flatMap(({ id, version }) => [id, version])
      )
      const ids = seen.map(({ id }) => id)
      const outcome = await changes.decide(work, asked, where.list, async (tx, list) => {
        const found = await changes.steps.some(tx, list, ids)
        const asSeen = seen.filter(({ id, version }) => {
          const item = found.get(id)
          return item !== undefined && item.doneAt !== null && item.version === version
        })
        return {
          kind: 'clear',
          detail: {
            items: await changes.steps.removeAll(
              tx,
              list,
              asSeen.map(({ id }) => id)
            )
          }
        }
      })
      return told(outcome, ({ detail }) => {
        const removed = detail.items.map(({ id }) => id)
        return { removed, kept: missingOf(ids, detail) }
      })
    }
  }
}

/** Those of `ids` that a change did not find. */
const missingOf = (ids: readonly number[], { items }: Detail): number[] => {
  const found = new Set(items.map(({ id }) => id))
  return ids.filter(id => !found.has(id))
}

/** An outcome in the words of a rule. */
export function told<R extends { status: string }, More>(
  outcome: Outcome<R>,
  more: (made: Made) => More
): Done<More> | Refused | R {
  if (!('detail' in outcome)) return outcome
  const { status, listId, version } = outcome as { status: 'done' | 'already' } & Made
  return { status, listId, version, ...more(outcome as Made) }
}
