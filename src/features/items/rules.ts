import type { Store } from '../../open-store.ts'
import { type ItemContent, isQuantity } from '../../store/change.ts'
import type { Asked, Outcome } from '../../store/changes.ts'
import { type Conflict, type Detail, differenceOf, type ItemChange } from '../../store/detail.ts'
import { CalledOff } from '../../store/failures.ts'
import { contentOf, type ListId, type ListRow, type OpenList } from '../../store/steps.ts'
import type { Db, Work } from '../../store/work.ts'
import { type Ordering, orderingFrom } from '../shops/groups.ts'
import type { Bought } from '../suggestions/rules.ts'
import { merge } from './merging.ts'
import { askedBy, type Done, missingOf, type Refused, told } from './outcomes.ts'
import type { Item, Where } from './queries.ts'
import { itemForm } from './schema.ts'

export type { Done, Refused } from './outcomes.ts'
export type { Item, Where } from './queries.ts'

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

export type NewItem = Pick<ItemContent, 'type' | 'thousandths' | 'unit' | 'shop' | 'note'> & {
  /** It is in the basket already. */
  done?: boolean
}

/** What an addition came to: a new item, or more of one that was there. */
export type Added = ItemChange & { merged: boolean }

/** What a field shall be, and what it was when somebody decided so. */
interface Edit<V> {
  seen?: V | undefined
  value: V
}
export interface Edits {
  type?: Edit<string>
  thousandths?: Edit<number>
  unit?: Edit<string>
  shop?: Edit<string>
  note?: Edit<string>
  done?: Edit<boolean>
}

/** `stale`: it is not at the version asked for. */
export type NotEdited = { status: 'notThere' } | { status: 'outOfBounds' } | { status: 'stale'; item: Item }

/**
 * The digest that release 0.2.0 makes of the same form; undefined for what it could not have been sent. While a release is
 * rolled out, a form may reach one server and its repetition the other.
 */
function digestOfOlder(added: readonly NewItem[]): string | undefined {
  const [one] = added
  if (added.length !== 1 || !one || one.unit !== '' || one.done || one.thousandths % 1000 !== 0) return undefined
  const { type, thousandths, shop, note } = one
  return itemForm.digest({ type, quantity: thousandths / 1000, shop, note })
}

export type Carts = ReturnType<typeof cartRules>

/** Told of what was bought; nobody waits for it. */
interface Memory {
  remember(accountId: number, added: readonly Bought[]): void
  /** What was ticked off, as it goes from the list. */
  bought(accountId: number, ticked: readonly Bought[]): void
  /** What was ticked off, where and when, as it is cleared. */
  walked(accountId: number, ticked: readonly Partial<ItemContent>[]): void
}
const noMemory: Memory = { remember() {}, bought() {}, walked() {} }

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

  const asBought = ({ type, shop, unit, thousandths }: ItemContent): Bought => ({ name: type, shop, unit, thousandths })

  /** What leaves a list ticked off was bought: so the score knows it, and no tick costs a write more. */
  const rememberBought = (accountId: number, { items: changed }: Detail) => {
    const ticked = changed.filter(({ before, after }) => after === null && Boolean(before?.doneAt))
    if (ticked.length > 0)
      memory.bought(
        accountId,
        ticked.map(({ before }) => asBought(before as ItemContent))
      )
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

    /** Whether it is on somebody else's list. For the log alone. */
    async isForeign(work: Work, accountId: number, id: number): Promise<boolean> {
      const owner = await items.findOwner(work, id)
      return owner !== undefined && owner !== accountId
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
      if (outcome.status === 'done') rememberBought(where.accountId, outcome.detail)
      return told(outcome, ({ detail }) => ({ missing: missingOf(ids, detail) }))
    },

    /**
     * Takes one item off a list, named by its number or by the name that a program gave it. Asked again with the same key it is
     * done already, although the item is no longer there to be found.
     */
    async removeOne(
      work: Work,
      where: Where,
      ref: number | string,
      key?: string,
      { ifVersion }: { ifVersion?: number | undefined } = {}
    ): Promise<Done | Refused | { status: 'notThere' } | { status: 'stale'; item: Item }> {
      const asked = askedBy(where.accountId, key, 'remove one', where.list, ref, ifVersion ?? '')
      const seen = await items.find(work, where, ref)
      const outcome = await changes.decide<{ status: 'notThere' } | { status: 'stale'; item: Item }>(
        work,
        asked,
        where.list,
        async (tx, list) => {
          const item = seen && (await changes.steps.some(tx, list, [seen.id])).get(seen.id)
          if (!item) throw new CalledOff({ status: 'notThere' })
          if (ifVersion !== undefined && item.version !== ifVersion) throw new CalledOff({ status: 'stale', item })
          return { kind: 'remove', detail: { items: await changes.steps.removeAll(tx, list, [item.id]) } }
        }
      )
      if (outcome.status === 'done') rememberBought(where.accountId, outcome.detail)
      return told(outcome, () => ({}))
    },

    /** Takes what was ticked off from the list, exactly as it was seen: what anybody changed meanwhile stays. */
    async clear(
      work: Work,
      where: Where,
      seen: readonly { id: number; version: number }[],
      key?: string
    ): Promise<Done<{ removed: number[]; kept: number[]; missing: number[] }> | Refused> {
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
        const asSeen = seen.flatMap(({ id, version }) => {
          const item = found.get(id)
          return item && item.doneAt !== null && item.version === version ? [id] : []
        })
        const removed = await changes.steps.removeAll(tx, list, asSeen)
        for (const { id } of removed) found.delete(id)
        const kept = [...found.keys()].map(id => ({ id, before: {}, after: {} }))
        return { kind: 'clear', detail: { items: [...removed, ...kept] } }
      })
      if (outcome.status === 'done') {
        rememberBought(where.accountId, outcome.detail)
        memory.walked(
          where.accountId,
          outcome.detail.items.map(({ before }) => before ?? {})
        )
      }
      return told(outcome, ({ detail }) => {
        const idsOf = (wasRemoved: boolean) =>
          detail.items.filter(({ after }) => (after === null) === wasRemoved).map(({ id }) => id)
        return { removed: idsOf(true), kept: idsOf(false), missing: missingOf(ids, detail) }
      })
    },

    /**
     * Adds items, all of them or none, as one change. `merge`: what is on the list already, by name, unit and shop, is added up
     * there, and made to buy again if it was ticked off. `uid`: a single item's name.
     */
    async addItems(
      work: Work,
      where: Where,
      added: readonly NewItem[],
      { key, merge = false, uid }: { key?: string | undefined; merge?: boolean; uid?: string | undefined } = {}
    ): Promise<
      Done<{ items: Added[] }> | Refused | { status: 'full' } | { status: 'uidTaken' } | { status: 'outOfBounds' }
    > {
      const ticked = added.flatMap(({ done }, index) => (done ? [index] : []))
      const asked = askedBy(
        where.accountId,
        key,
        'add items',
        where.list,
        String(merge),
        uid ?? '',
        ...added.flatMap(({ type, thousandths, unit, shop, note }) => [type, thousandths, unit, shop, note]),
        ...(ticked.length > 0 ? ['ticked', ticked.join()] : [])
      )
      const known = merge || uid !== undefined || where.list !== 'first' ? undefined : digestOfOlder(added)
      if (known !== undefined) asked.digest = known
      if (!added.every(({ thousandths }) => isQuantity(thousandths))) return { status: 'outOfBounds' }
      const contents = added.map(({ type, thousandths, unit, shop, note, done }) => ({
        ...{ uid: uid ?? null, type, thousandths, unit, shop, note },
        doneAt: done ? asked.at : null,
        pictures: null
      }))
      const [one] = contents
      const outcome =
        contents.length === 1 && one && !merge && uid === undefined
          ? await changes.add(work, asked, where.list, one, MAX_ITEMS)
          : await changes.decide<{ status: 'full' | 'uidTaken' | 'outOfBounds' }>(
              work,
              asked,
              where.list,
              async (tx, list) => {
                if (uid !== undefined && (await changes.steps.hasUid(tx, list, uid))) {
                  throw new CalledOff({ status: 'uidTaken' })
                }
                return { kind: 'add', detail: { items: await addAll(tx, list, contents, merge) } }
              }
            )
      if (outcome.status === 'done') {
        memory.remember(where.accountId, contents.map(asBought))
      }
      return told(outcome, ({ detail }) => ({
        items: detail.items.map(item => ({ ...item, merged: item.before !== null }))
      }))
    },

    /**
     * Sets fields of an item. A field with `seen` is set only if it still is what was seen: two people may change two fields of
     * one item, but neither loses the other's word unasked.
     */
    async edit(
      work: Work,
      where: Where,
      id: number,
      fields: Edits,
      key?: string,
      { ifVersion }: { ifVersion?: number | undefined } = {}
    ): Promise<
      | Done<{ item: Item | undefined }>
      | { status: 'conflict'; version: number | undefined; item: Item | undefined; conflicts: Conflict[] }
      | NotEdited
      | Refused
    > {
      const asked = askedBy(where.accountId, key, 'edit', where.list, id, ifVersion ?? '', JSON.stringify(fields))
      const outcome = await changes.decide<NotEdited | { status: 'conflict'; conflicts: Conflict[] }>(
        work,
        asked,
        where.list,
        async (tx, list) => {
          const item = (await changes.steps.some(tx, list, [id])).get(id)
          if (!item) throw new CalledOff({ status: 'notThere' })
          if (ifVersion !== undefined && item.version !== ifVersion) throw new CalledOff({ status: 'stale', item })
          const before = contentOf(item)
          const { after, conflicts } = edited(before, fields, asked.at)
          const change = differenceOf(before, after)
          if (conflicts.length > 0 && !change) throw new CalledOff({ status: 'conflict', conflicts })
          if (!isQuantity(after.thousandths)) throw new CalledOff({ status: 'outOfBounds' })
          if (change) await changes.steps.set(tx, list, id, after)
          return {
            kind: 'edit',
            detail: {
              items: [{ id, ...(change ?? { before: {}, after: {} }) }],
              ...(conflicts.length > 0 && { conflicts })
            }
          }
        }
      )
      const isMade = 'detail' in outcome
      if (!isMade && outcome.status !== 'conflict') return outcome as NotEdited | Refused
      const item = await items.find(work, where, id)
      const conflicts =
        'detail' in outcome ? (outcome.detail.conflicts ?? []) : (outcome as { conflicts: Conflict[] }).conflicts
      if (conflicts.length > 0) {
        return { status: 'conflict', version: isMade ? outcome.version : undefined, item, conflicts }
      }
      return told(outcome as Outcome, () => ({ item }))
    },

    /** Takes items to another list of the account, with all that they are. */
    async move(
      work: Work,
      where: Where,
      ids: readonly number[],
      to: ListId,
      key?: string
    ): Promise<
      | Done<{ missing: number[]; to: { listId: number; version: number } | undefined }>
      | Refused
      | { status: 'full' | 'sameList' }
    > {
      const asked = askedBy(where.accountId, key, 'move', where.list, to, ids.join())
      const { steps } = changes
      const outcome = await changes.compose<{ status: 'full' | 'sameList' }>(work, asked, async (tx, write) => {
        const [from, target] = (await steps.open(tx, where.accountId, [where.list, to], asked.at)) as [
          OpenList,
          OpenList
        ]
        if (from.id === target.id) throw new CalledOff({ status: 'sameList' })
        const moved = [...(await steps.some(tx, from, ids)).values()].map(item => ({
          id: item.id,
          content: contentOf(item)
        }))
        await makeRoom(tx, target, moved.length)
        await steps.move(
          tx,
          from,
          target,
          moved.map(({ id }) => id)
        )
        const came = moved.map(({ id, content }) => ({ id, before: null, after: content }))
        const pair = { listId: from.id, version: from.version }
        const made = await write(target, { kind: 'move', detail: { items: came, pair } }, 'pair')
        const went = moved.map(({ id, content }) => ({ id, before: content, after: null }))
        return write(from, {
          kind: 'move',
          detail: { items: went, pair: { listId: made.listId, version: made.version } }
        })
      })
      return told(outcome, ({ detail }) => ({ missing: missingOf(ids, detail), to: detail.pair }))
    },

    /** Puts the same on another list, to buy; `missing` are those that were not there. */
    async copy(
      work: Work,
      where: Where,
      ids: readonly number[],
      to: ListId,
      key?: string,
      { merge = false }: { merge?: boolean } = {}
    ): Promise<Done<{ items: Added[] }> | Refused | { status: 'full' | 'sameList' | 'outOfBounds' }> {
      const asked = askedBy(where.accountId, key, 'copy', where.list, to, ids.join(), String(merge))
      return copied(work, asked, where, to, merge, (tx, from) => changes.steps.some(tx, from, ids))
    },

    /** Puts all that is on `from`, as a template is, on a list, to buy. */
    async fill(
      work: Work,
      where: Where,
      from: ListId,
      key?: string,
      { merge = true }: { merge?: boolean } = {}
    ): Promise<Done<{ items: Added[] }> | Refused | { status: 'full' | 'sameList' | 'outOfBounds' }> {
      const asked = askedBy(where.accountId, key, 'fill', where.list, from, String(merge))
      const source = { accountId: where.accountId, list: from }
      return copied(work, asked, source, where.list, merge, async (tx, list) => {
        const all = await changes.steps.all(tx, list)
        return new Map(all.map(item => [item.id, item]))
      })
    }
  }

  async function makeRoom(tx: Db, list: OpenList, count: number): Promise<void> {
    if (list.version <= MAX_ITEMS - count) return
    if (count > 0 && (await changes.steps.count(tx, list)) + count > MAX_ITEMS) throw new CalledOff({ status: 'full' })
  }

  /** What became of each: one that was there already is named once, however often it was added to. */
  async function addAll(
    tx: Db,
    list: OpenList,
    contents: readonly ItemContent[],
    adds: boolean
  ): Promise<ItemChange[]> {
    const { steps } = changes
    const there = adds ? (await steps.all(tx, list)).toReversed() : []
    const plan = adds ? merge(there, contents, contentOf) : { changed: [], news: contents }
    if (!plan) throw new CalledOff({ status: 'outOfBounds' })
    await makeRoom(tx, list, plan.news.length)
    const told: ItemChange[] = []
    for (const { item, now } of plan.changed) {
      const change = differenceOf(contentOf(item), now)
      if (!change) continue
      await steps.set(tx, list, item.id, now)
      told.push({ id: item.id, ...change })
    }
    for (const now of plan.news) told.push({ id: await steps.add(tx, list, now), before: null, after: now })
    return told
  }

  async function copied(
    work: Work,
    asked: Asked,
    source: Where,
    to: ListId,
    merge: boolean,
    read: (tx: Db, from: OpenList) => Promise<Map<number, Item>>
  ): Promise<Done<{ items: Added[] }> | Refused | { status: 'full' | 'sameList' | 'outOfBounds' }> {
    // Nothing happens to the list that is copied from: what is read of it need not wait for who writes there.
    const found = await items.onList(work, source)
    if (!found) return { status: 'noList' }
    const outcome = await changes.decide<{ status: 'full' | 'sameList' | 'outOfBounds' }>(
      work,
      asked,
      to,
      async (tx, list) => {
        if (list.id === found.list.id) throw new CalledOff({ status: 'sameList' })
        const from = { ...found.list, place: found.list.firstOf === null ? found.list.id : 0 }
        const chosen = [...(await read(tx, from)).values()]
        const contents = chosen.map(item => ({ ...contentOf(item), uid: null, doneAt: null }))
        return { kind: 'copy', detail: { items: await addAll(tx, list, contents, merge), from: found.list.id } }
      }
    )
    if (outcome.status === 'done') {
      const added = outcome.detail.items.flatMap(({ before, after }) => (before === null && after ? [after] : []))
      memory.remember(source.accountId, (added as ItemContent[]).map(asBought))
    }
    return told(outcome, ({ detail }) => ({
      items: detail.items.map(item => ({ ...item, merged: item.before !== null }))
    }))
  }
}

/** What an item becomes, and what somebody else has set meanwhile. */
function edited(before: ItemContent, fields: Edits, at: number): { after: ItemContent; conflicts: Conflict[] } {
  const { done, ...others } = fields
  const after = { ...before }
  const conflicts: Conflict[] = []
  if (done) after.doneAt = done.value ? (before.doneAt ?? at) : null
  for (const [field, edit] of Object.entries(others) as [keyof typeof others, { seen?: string; value: string }][]) {
    const theirs = before[field] as string
    if (edit.seen === undefined || theirs === edit.seen || theirs === edit.value)
      Object.assign(after, { [field]: edit.value })
    else conflicts.push({ field, seen: edit.seen, theirs, yours: edit.value })
  }
  return { after, conflicts }
}
