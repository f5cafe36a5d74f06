import type { Store } from '../../open-store.ts'
import { type ItemContent, wholeOf } from '../../store/change.ts'
import { differenceOf, type ItemChange, isTouched, type ListContent } from '../../store/detail.ts'
import { CalledOff } from '../../store/failures.ts'
import { contentOf, type Item, type ListId, type OpenList } from '../../store/steps.ts'
import type { ChangeKind } from '../../store/tables.ts'
import type { Db, Work } from '../../store/work.ts'
import { askedBy, type Done, type Refused, told } from '../items/outcomes.ts'
import { MAX_ITEMS, type Where } from '../items/rules.ts'
import type { Change, NamedChange } from './queries.ts'

/** How long a change can be taken back. */
export const UNDO_MS = 30 * 24 * 60 * 60_000
export const PAGE_SIZE = 50
/** Changes that are looked through for the one that took an item away: it was on the list when the page was made. */
const MAX_SEARCHED = 1000
/** With more than these a program is better off with the whole list. */
const MAX_SINCE = 2000

/**
 * Why a change was not taken back. `notThere`: there is no such change, or it did nothing that could be. `undone`: it was
 * already. `tooOld`: it is older than 30 days. `overtaken`: something else happened to the same meanwhile. `moved`: all since
 * would take back half of a move to or from another list.
 */
export type NotUndone = { status: 'notThere' | 'undone' | 'tooOld' | 'overtaken' | 'moved' | 'full' }

export type UndoOutcome = Done<{ kind: ChangeKind; items: ItemChange[] }> | Refused | NotUndone

export interface Entry extends NamedChange {
  /** It may still turn out that something else happened meanwhile. */
  canUndo: boolean
}

/** How an item left a list. */
export interface Removal {
  version: number
  /** What the first of them was called. */
  type: string
  /** It is on another list now. */
  isMove: boolean
}

export type History = ReturnType<typeof historyRules>

const no = (status: NotUndone['status']) => new CalledOff<NotUndone>({ status })

/** What is taken back by what it says of lists, not of items. */
const OF_LISTS: readonly ChangeKind[] = ['rename', 'template', 'away', 'back']

const isUndoable = ({ detail, kind }: Change): boolean =>
  detail.items.some(isTouched) || (detail.list !== undefined && OF_LISTS.includes(kind))

/** Whether an item is still what a change made of it, in what that touched. Of a tick whether, not when: clocks are coarse. */
const isStill = (item: ItemContent, after: Partial<ItemContent>): boolean =>
  Object.entries(after).every(([name, value]) =>
    name === 'doneAt' ? (item.doneAt === null) === (value === null) : item[name as keyof ItemContent] === value
  )

/** The changes that take these back. */
const reversed = (items: readonly ItemChange[]): ItemChange[] =>
  items.filter(isTouched).map(({ id, before, after }) => ({ id, before: after, after: before }))

export function historyRules({ changes, history, items }: Store) {
  const { steps } = changes

  /** Does to a list what these changes say, each item being as they say it is. */
  const apply = async (tx: Db, list: OpenList, wanted: readonly ItemChange[]): Promise<void> => {
    const found = await steps.some(
      tx,
      list,
      wanted.map(({ id }) => id)
    )
    const removed: number[] = []
    const added = wanted.filter(({ before }) => before === null)
    for (const { id, before, after } of wanted) {
      const item = found.get(id)
      if (before === null ? item !== undefined : item === undefined || !isStill(item, before)) throw no('overtaken')
      if (item !== undefined && after === null) removed.push(id)
    }
    if (added.length > 0 && (await steps.count(tx, list)) + added.length - removed.length > MAX_ITEMS) throw no('full')
    await steps.remove(tx, list, removed)
    for (const { id, before, after } of wanted) {
      if (after === null) continue
      const item = found.get(id)
      if (before !== null && item) await steps.set(tx, list, id, { ...contentOf(item), ...after })
      else if (!(await steps.putBack(tx, list, id, after as ItemContent))) throw no('overtaken')
    }
  }

  /** What a change made of the list itself, taken back. */
  const applyToList = async (
    tx: Db,
    list: OpenList,
    { before, after }: Record<'before' | 'after', Partial<ListContent>>
  ) => {
    const { name, isTemplate, putAwayAt, removedAt } = list
    const now: ListContent = { name, isTemplate: isTemplate === 1, putAwayAt, removedAt }
    const isAsLeft = Object.entries(after).every(([field, value]) => now[field as keyof ListContent] === value)
    if (!isAsLeft) throw no('overtaken')
    await steps.setList(tx, list, { ...now, ...before })
  }

  const find = async (db: Db, { id }: OpenList, version: number): Promise<Change | undefined> =>
    (await history.between(db, id, { after: version - 1, before: version + 1, limit: 1 }))[0]

  /** Marks what an undo takes back; what that was itself taking back is so again. */
  const mark = async (tx: Db, list: OpenList, { version, detail }: Change) => {
    await history.markUndone(tx, list, { after: version - 1, before: version + 1 })
    if (detail.undoes !== undefined) {
      await history.markRedone(tx, list, version, { after: detail.undoes - 1, before: detail.undoes + 1 })
    }
    if (detail.since !== undefined)
      await history.markRedone(tx, list, version, { after: detail.since, before: version })
  }

  const takeBack = async (tx: Db, list: OpenList, change: Change | undefined, at: number): Promise<Change> => {
    if (!change || change.version >= list.version || !isUndoable(change)) throw no('notThere')
    if (change.undoneBy !== null) throw no('undone')
    if (change.at < at - UNDO_MS) throw no('tooOld')
    await mark(tx, list, change)
    return change
  }

  return {
    /** Takes one change back; itself a change, which can be taken back. */
    async undo(work: Work, where: Where, version: number, key?: string): Promise<UndoOutcome> {
      const asked = askedBy(where.accountId, key, 'undo', where.list, version)
      // Of a move both lists are needed, which only the change tells.
      const [before] = await history.page(work, where, { before: version + 1, limit: 1 })
      const asWas = before?.version === version ? before : undefined
      const pair = asWas?.detail.pair
      const outcome = await changes.compose<NotUndone>(work, asked, async (tx, write) => {
        const ids: ListId[] = pair ? [where.list, pair.listId] : [where.list]
        const [list, other] = (await steps.open(tx, where.accountId, ids, asked.at)) as [OpenList, OpenList | undefined]
        const change = await takeBack(tx, list, await find(tx, list, version), asked.at)
        const back = reversed(change.detail.items)
        if (pair && other) {
          const half = await takeBack(tx, other, await find(tx, other, pair.version), asked.at)
          await moveBack(tx, list, other, back)
          await write(
            other,
            {
              kind: 'undo',
              detail: {
                items: reversed(half.detail.items),
                undoes: pair.version,
                pair: { listId: list.id, version: list.version }
              }
            },
            'pair'
          )
          return write(list, {
            kind: 'undo',
            detail: { items: back, undoes: version, pair: { listId: other.id, version: other.version } }
          })
        }
        await apply(tx, list, back)
        const listChange = change.detail.list && { before: change.detail.list.after, after: change.detail.list.before }
        if (change.detail.list) await applyToList(tx, list, change.detail.list)
        return write(list, {
          kind: 'undo',
          detail: { items: back, undoes: version, ...(listChange && { list: listChange }) }
        })
      })
      return told(outcome, ({ detail }) => ({ kind: asWas?.kind ?? 'undo', items: detail.items }))
    },

    /**
     * The list as it was after `version`: all that happened since is taken back, as one change. Not where an item went to
     * another list or came from one, as it would be on both afterwards, or on none.
     */
    async undoSince(work: Work, where: Where, version: number, key?: string): Promise<UndoOutcome> {
      const asked = askedBy(where.accountId, key, 'undo since', where.list, version)
      const outcome = await changes.decide<NotUndone>(work, asked, where.list, async (tx, list) => {
        if (version >= list.version - 1) throw no('notThere')
        const then = new Map<number, ItemContent>()
        const now = new Map((await steps.all(tx, list)).map(item => [item.id, item]))
        for (const item of now.values()) then.set(item.id, contentOf(item))
        const moved = new Set<number>()
        let oldest: Change | undefined
        for await (const change of history.back(tx, list.id, { after: version, before: list.version })) {
          oldest = change
          wind(then, change.detail.items)
          if (change.detail.pair) for (const { id } of change.detail.items) moved.add(id)
        }
        if (oldest?.version !== version + 1) throw no('tooOld')
        if (oldest.at < asked.at - UNDO_MS) throw no('tooOld')
        if ([...moved].some(id => then.has(id) !== now.has(id))) throw no('moved')
        const done: ItemChange[] = []
        const added = [...then.keys()].filter(id => !now.has(id))
        if (then.size > MAX_ITEMS && added.length > 0) throw no('full')
        const removed = [...now.values()].filter(({ id }) => !then.has(id))
        await steps.remove(
          tx,
          list,
          removed.map(({ id }) => id)
        )
        for (const item of removed) done.push({ id: item.id, before: contentOf(item), after: null })
        for (const [id, content] of then) {
          const item = now.get(id)
          if (!item) {
            if (!(await steps.putBack(tx, list, id, content))) throw no('overtaken')
            done.push({ id, before: null, after: content })
          } else {
            const change = differenceOf(contentOf(item), content)
            if (!change) continue
            await steps.set(tx, list, id, content)
            done.push({ id, ...change })
          }
        }
        await history.markUndone(tx, list, { after: version, before: list.version })
        return { kind: 'undo', detail: { items: done, since: version } }
      })
      return told(outcome, ({ detail }) => ({ kind: 'undo' as const, items: detail.items }))
    },

    /** What happened to a list, the latest first, a page at a time. */
    async page(
      work: Work,
      where: Where,
      { before = Number.MAX_SAFE_INTEGER, limit = PAGE_SIZE }: { before?: number; limit?: number } = {}
    ): Promise<{ entries: Entry[]; older: number | undefined }> {
      const read = await history.page(work, where, { before, limit: limit + 1 })
      const shown = read.slice(0, limit)
      const oldest = Date.now() - UNDO_MS
      return {
        entries: shown.map(change => ({
          ...change,
          canUndo: change.undoneBy === null && change.at >= oldest && isUndoable(change)
        })),
        older: read.length > limit ? shown.at(-1)?.version : undefined
      }
    },

    /** The change that took these items off the list, all of them and lately, so that it can be taken back. */
    async removalOf(work: Work, where: Where, ids: readonly number[]): Promise<Removal | undefined> {
      const wanted = new Set(ids)
      const latest = await history.page(work, where, { before: Number.MAX_SAFE_INTEGER, limit: MAX_SEARCHED })
      const touchedBy = (change: Change) => change.detail.items.filter(item => wanted.has(item.id) && isTouched(item))
      const change = latest.find(one => touchedBy(one).length > 0)
      if (!change) return undefined
      const gone = touchedBy(change).filter(({ after }) => after === null)
      const canUndo = change.undoneBy === null && change.at >= Date.now() - UNDO_MS
      if (!canUndo || gone.length < wanted.size) return undefined
      const { version, detail } = change
      return { version, type: gone[0]?.before?.type ?? '', isMove: detail.pair !== undefined }
    },

    /**
     * The list as it was after a change; undefined where there is no such list or change, or what happened since is no longer
     * known.
     */
    async asItWas(work: Work, where: Where, version: number): Promise<{ version: number; items: Item[] } | undefined> {
      const now = await items.onList(work, where)
      if (!now || version > now.list.version || version < 0) return undefined
      const then = new Map<number, ItemContent>(now.items.map(item => [item.id, contentOf(item)]))
      let reached = now.list.version
      for await (const change of history.back(work, now.list.id, { after: version, before: now.list.version + 1 })) {
        wind(then, change.detail.items)
        reached = change.version - 1
      }
      if (reached !== version) return undefined
      return {
        version,
        items: [...then]
          .map(([id, content]) => ({ id, version, quantity: wholeOf(content.thousandths), ...content }))
          .sort((a, b) => b.id - a.id)
      }
    },

    /**
     * Items as a change of a list left them, whatever happened to them since; those that were not there then are missing.
     * `now`: what is known of them already.
     */
    async itemsAfter(
      work: Work,
      { accountId, listId, version }: { accountId: number; listId: number; version: number },
      ids: readonly number[],
      now?: readonly (Item | undefined)[]
    ): Promise<Map<number, Item>> {
      const known = now?.every(item => item !== undefined) ? (now as readonly Item[]) : undefined
      const found = known ?? (await items.some(work, { accountId, list: listId }, ids))
      const then = new Map(found.map(item => [item.id, item]))
      if (ids.every(id => (then.get(id)?.version ?? Number.POSITIVE_INFINITY) <= version)) return then
      const contents = new Map<number, ItemContent>(found.map(item => [item.id, contentOf(item)]))
      const wanted = new Set(ids)
      const concerning = ({ detail }: Change) => detail.items.filter(it => wanted.has(it.id) && isTouched(it))
      for await (const change of history.back(work, listId, { after: version, before: Number.MAX_SAFE_INTEGER })) {
        wind(contents, concerning(change))
      }
      // Which change had touched them last: this one, unless it found them as they should be.
      const touched = new Map(found.filter(item => item.version <= version).map(item => [item.id, item.version]))
      for await (const change of history.back(work, listId, { after: 0, before: version + 1 })) {
        for (const { id } of concerning(change)) if (!touched.has(id)) touched.set(id, change.version)
        if (ids.every(id => touched.has(id))) break
      }
      return new Map(
        [...contents].map(([id, content]) => {
          const quantity = wholeOf(content.thousandths)
          return [id, { ...content, id, quantity, version: touched.get(id) ?? 0 }]
        })
      )
    },

    /**
     * What changed on a list since its change number `since`, for who has the list as it was then. `full`: that is too long
     * ago or was never, so these are all its items.
     */
    async since(
      work: Work,
      where: Where,
      since: number
    ): Promise<
      { version: number; full: boolean; items: Item[]; removed: { id: number; uid: string | null }[] } | undefined
    > {
      const changed = await items.onList(work, where, since)
      if (!changed) return undefined
      const { version, id } = changed.list
      const count = version - since
      if (count === 0) return { version, full: false, items: [], removed: [] }
      const range = { after: since, before: version + 1, limit: MAX_SINCE }
      const made = count > 0 && count <= MAX_SINCE ? await history.between(work, id, range) : []
      // They are numbered without gaps: one that is missing was pruned.
      if (made.length < count || count < 0) {
        const all = await items.onList(work, where)
        return all && { version: all.list.version, full: true, items: all.items, removed: [] }
      }
      const present = new Set(changed.items.map(item => item.id))
      const gone = new Map<number, string | null>()
      for (const { detail } of made) {
        for (const item of detail.items) {
          if (!present.has(item.id) && isTouched(item)) gone.set(item.id, item.before?.uid ?? gone.get(item.id) ?? null)
        }
      }
      return {
        version,
        full: false,
        items: changed.items,
        removed: [...gone].map(([item, uid]) => ({ id: item, uid }))
      }
    }
  }

  /** Items that a move took from `list` to `other` come back, or the other way round. */
  async function moveBack(tx: Db, list: OpenList, other: OpenList, back: readonly ItemChange[]): Promise<void> {
    const comes = back.filter(({ before }) => before === null)
    const goes = back.filter(({ after }) => after === null)
    for (const [from, to, moved] of [
      [other, list, comes],
      [list, other, goes]
    ] as const) {
      if (moved.length === 0) continue
      const found = await steps.some(
        tx,
        from,
        moved.map(({ id }) => id)
      )
      for (const { id, before, after } of moved) {
        const item = found.get(id)
        if (!item || !isStill(item, (before ?? after) as ItemContent)) throw no('overtaken')
      }
      if ((await steps.count(tx, to)) + moved.length > MAX_ITEMS) throw no('full')
      await steps.move(
        tx,
        from,
        to,
        moved.map(({ id }) => id)
      )
    }
  }
}

/** A list's items, one change back. */
function wind(items: Map<number, ItemContent>, changed: readonly ItemChange[]): void {
  for (const { id, before, after } of changed) {
    const now = items.get(id)
    if (before === null) items.delete(id)
    else if (after === null) items.set(id, before as ItemContent)
    else if (now) items.set(id, { ...now, ...before })
  }
}
