import type { Store } from '../../open-store.ts'
import { type ItemContent, isQuantity } from '../../store/change.ts'
import type { Asked, Made } from '../../store/changes.ts'
import type { Detail, ItemChange } from '../../store/detail.ts'
import { CalledOff } from '../../store/failures.ts'
import { contentOf, type ItemRef, type ListId, type OpenList } from '../../store/steps.ts'
import type { Db, Work } from '../../store/work.ts'
import { addAll, makeRoom } from './adding.ts'
import { asBought, type Memory, noMemory, rememberBought } from './memory.ts'
import { askedBy, type Done, foundOf, missingOf, type Refused, told } from './outcomes.ts'
import type { Item, Where } from './queries.ts'
import { itemForm, MAX_ITEMS } from './schema.ts'

export type NewItem = Pick<ItemContent, 'type' | 'thousandths' | 'unit' | 'shop' | 'note'> &
  Partial<Pick<ItemContent, 'uid'>> & {
    /** It is in the basket already. */
    done?: boolean
  }

/** What an addition came to: a new item, or more of one that was there. */
export type Added = ItemChange & {
  merged: boolean
  /** Of one that was there already: where it is bought. Only known to the request that added to it. */
  shop?: string
}

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

/** What additions came to: each item once, and for each addition which of these it became. */
export interface Additions {
  items: Added[]
  each: number[]
}

/** Of what was named these are not on the list; nothing was done. */
interface NotThere {
  status: 'notThere'
  missing: readonly ItemRef[]
}
/** There was nothing to do it to: no change is made, and the key stays free. */
interface Nothing {
  status: 'nothing'
}
interface NotCopied {
  status: 'full' | 'sameList' | 'outOfBounds'
}
interface Strict {
  strict?: boolean
}

/** What is done to any number of items at once, as one change. */
export function manyItemsRules({ items, changes }: Store, memory: Memory = noMemory) {
  const { steps } = changes

  return {
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
              detail: { items: await steps.tickAll(tx, list, { done, open, at: asked.at }) }
            }))
      return told(outcome, ({ detail }) => ({ missing: missingOf(all, detail) }))
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
                for (const item of (await steps.some(tx, list, ids)).values()) {
                  if (item.version !== ifVersion) throw new CalledOff({ status: 'stale', item })
                }
              }
              return { kind: 'remove', detail: { items: await steps.removeAll(tx, list, ids) } }
            })
      if (outcome.status === 'done') rememberBought(memory, where.accountId, outcome.detail)
      return told(outcome, ({ detail }) => ({ missing: missingOf(ids, detail) }))
    },

    /**
     * Takes what was ticked off from the list, exactly as it was seen: what anybody changed meanwhile stays. Where that is all of
     * it no change is made, and never will be: no item comes back to a version that it had. `strict`: it is one as long as
     * anything of it is there; where nothing is, that is said.
     */
    async clear<R extends ItemRef>(
      work: Work,
      where: Where,
      seen: readonly { id: R; version: number }[],
      key?: string,
      { strict = false }: Strict = {}
    ): Promise<
      Done<{ removed: R[]; kept: R[]; missing: R[] }> | Refused | NotThere | (Nothing & { kept: R[]; missing: R[] })
    > {
      const asked = askedBy(
        where.accountId,
        key,
        'clear',
        where.list,
        ...seen.flatMap(({ id, version }) => [id, version])
      )
      const refs = seen.map(({ id }) => id)
      const outcome = await changes.decide<NotThere | (Nothing & { kept: R[]; missing: R[] })>(
        work,
        asked,
        where.list,
        async (tx, list) => {
          const found = await steps.find(tx, list, refs)
          if (strict && found.size === 0) throw new CalledOff<NotThere>({ status: 'notThere', missing: refs })
          const asSeen = new Set<number>()
          for (const { id: ref, version } of seen) {
            const item = found.get(ref)
            if (item && item.doneAt !== null && item.version === version) asSeen.add(item.id)
          }
          if (!strict && asSeen.size === 0) {
            const [kept, missing] = [true, false].map(isThere => refs.filter(ref => found.has(ref) === isThere))
            throw new CalledOff({ status: 'nothing', kept, missing })
          }
          const removed = await steps.removeAll(tx, list, [...asSeen])
          const kept = onceEach(found.values()).filter(({ id }) => !asSeen.has(id))
          return { kind: 'clear', detail: { items: [...removed, ...kept.map(untouched)] } }
        }
      )
      if (outcome.status === 'done') {
        rememberBought(memory, where.accountId, outcome.detail)
        memory.walked(
          where.accountId,
          outcome.detail.items.map(({ before }) => before ?? {})
        )
      }
      return told(outcome, ({ detail }) => {
        const [gone, left] = [true, false].map(wasRemoved => ({
          items: detail.items.filter(({ after }) => (after === null) === wasRemoved)
        })) as [Detail, Detail]
        return { removed: foundOf(refs, gone), kept: foundOf(refs, left), missing: missingOf(refs, detail) }
      })
    },

    /**
     * Adds items, all of them or none, as one change. `merge`: what is on the list already, by name, unit and shop, is added up
     * there, and made to buy again if it was ticked off.
     */
    async addItems(
      work: Work,
      where: Where,
      added: readonly NewItem[],
      { key, merge = false }: { key?: string | undefined; merge?: boolean } = {}
    ): Promise<Done<Additions> | Refused | { status: 'full' | 'uidTaken' | 'uidTwice' | 'outOfBounds' }> {
      const uids = added.flatMap(({ uid }) => uid ?? [])
      const ticked = added.flatMap(({ done }, index) => (done ? [index] : []))
      const asked = askedBy(
        where.accountId,
        key,
        'add items',
        where.list,
        String(merge),
        uids.join(),
        ...added.flatMap(({ type, thousandths, unit, shop, note }) => [type, thousandths, unit, shop, note]),
        ...(ticked.length > 0 ? ['ticked', ticked.join()] : [])
      )
      const known = uids.length > 0 || where.list !== 'first' ? undefined : digestOfOlder(added)
      if (known !== undefined) asked.digest = known
      if (!added.every(({ thousandths }) => isQuantity(thousandths))) return { status: 'outOfBounds' }
      const contents = added.map(({ uid = null, type, thousandths, unit, shop, note, done }) => ({
        ...{ uid, type, thousandths, unit, shop, note },
        doneAt: done ? asked.at : null,
        pictures: null
      }))
      const [one] = contents
      const shops = new Map<number, string>()
      const outcome =
        contents.length === 1 && one && !merge && uids.length === 0
          ? await changes.add(work, asked, where.list, one, MAX_ITEMS)
          : await changes.decide<{ status: 'full' | 'uidTaken' | 'uidTwice' | 'outOfBounds' }>(
              work,
              asked,
              where.list,
              async (tx, list) => {
                if (new Set(uids).size < uids.length) throw new CalledOff({ status: 'uidTwice' })
                if (await steps.hasUid(tx, list, uids)) throw new CalledOff({ status: 'uidTaken' })
                return {
                  kind: 'add',
                  detail: await addAll(steps, tx, list, contents, merge, (id, { shop }) => shops.set(id, shop))
                }
              }
            )
      if (outcome.status === 'done') {
        memory.remember(where.accountId, contents.map(asBought))
      }
      // A repeated request has met what the first one left, before it was found out to be one: that is not what it came to.
      return told(outcome, made => additionsIn(made, outcome.status === 'done' ? shops : undefined))
    },

    /** Takes items to another list of the account, with all that they are. `strict`: all of them or none. */
    async move<R extends ItemRef>(
      work: Work,
      where: Where,
      refs: readonly R[],
      to: ListId,
      key?: string,
      { strict = false }: Strict = {}
    ): Promise<
      | Done<{ missing: R[]; to: { listId: number; version: number } | undefined }>
      | Refused
      | NotThere
      | { status: 'full' | 'sameList' }
    > {
      const asked = askedBy(where.accountId, key, 'move', where.list, to, refs.join())
      const outcome = await changes.compose<NotThere | { status: 'full' | 'sameList' }>(
        work,
        asked,
        async (tx, write) => {
          const [from, target] = (await steps.open(tx, where.accountId, [where.list, to], asked.at)) as [
            OpenList,
            OpenList
          ]
          if (from.id === target.id) throw new CalledOff({ status: 'sameList' })
          const found = await chosen(tx, from, refs, strict)
          const moved = found.map(item => ({ id: item.id, content: contentOf(item) }))
          await makeRoom(steps, tx, target, moved.length)
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
        }
      )
      return told(outcome, ({ detail }) => ({ missing: missingOf(refs, detail), to: detail.pair }))
    },

    /** Puts the same on another list, to buy. `strict`: all of them or none. `nothing`: none of them is there. */
    async copy(
      work: Work,
      where: Where,
      refs: readonly ItemRef[],
      to: ListId,
      key?: string,
      { merge = false, strict = false }: Strict & { merge?: boolean } = {}
    ): Promise<Done<Additions> | Refused | NotThere | NotCopied | Nothing> {
      const asked = askedBy(where.accountId, key, 'copy', where.list, to, refs.join(), String(merge))
      return copied(work, asked, where, to, { merge, strict }, (tx, from) => chosen(tx, from, refs, strict))
    },

    /**
     * Puts all that is on `from`, as a template is, on a list, to buy. `nothing`: it is empty. `strict`: that is a change, too, so
     * that the same request is answered the same although there is something by then.
     */
    async fill(
      work: Work,
      where: Where,
      from: ListId,
      key?: string,
      { merge = true, strict = false }: Strict & { merge?: boolean } = {}
    ): Promise<Done<Additions> | Refused | NotCopied | Nothing> {
      const asked = askedBy(where.accountId, key, 'fill', where.list, from, String(merge))
      const source = { accountId: where.accountId, list: from }
      return copied(work, asked, source, where.list, { merge, strict }, (tx, list) => steps.all(tx, list))
    }
  }

  /** Those of the list that are named, each once. */
  async function chosen(tx: Db, list: OpenList, refs: readonly ItemRef[], strict: boolean): Promise<Item[]> {
    const found = await steps.find(tx, list, refs)
    const missing = refs.filter(ref => !found.has(ref))
    if (strict && missing.length > 0) throw new CalledOff<NotThere>({ status: 'notThere', missing })
    return onceEach(found.values())
  }

  async function copied<R extends { status: string } = never>(
    work: Work,
    asked: Asked,
    source: Where,
    to: ListId,
    { merge, strict }: { merge: boolean; strict: boolean },
    read: (tx: Db, from: OpenList) => Promise<readonly Item[]>
  ): Promise<Done<Additions> | Refused | NotCopied | Nothing | R> {
    // Nothing happens to the list that is copied from: what is read of it need not wait for who writes there.
    const from = await items.list(work, source)
    const outcome = await changes.decide<NotCopied | Nothing | R>(work, asked, to, async (tx, list) => {
      if (!from) throw new CalledOff({ status: 'noList' })
      if (list.id === from.id) throw new CalledOff<NotCopied>({ status: 'sameList' })
      const found = await read(tx, { ...from, place: from.firstOf === null ? from.id : 0 })
      if (found.length === 0 && !strict) throw new CalledOff<Nothing>({ status: 'nothing' })
      const contents = found.map(item => ({ ...contentOf(item), uid: null, doneAt: null }))
      return { kind: 'copy', detail: { ...(await addAll(steps, tx, list, contents, merge)), from: from.id } }
    })
    if (outcome.status === 'done') {
      const { detail } = outcome as Made
      const added = detail.items.flatMap(({ before, after }) => (before === null && after ? [after] : []))
      memory.remember(source.accountId, (added as ItemContent[]).map(asBought))
    }
    return told(outcome, made => additionsIn(made))
  }
}

const onceEach = (found: Iterable<Item>): Item[] => [...new Map(Array.from(found, item => [item.id, item])).values()]

/** What a change says of an item that it met and left as it was. */
const untouched = ({ id, uid }: Item): ItemChange => ({
  id,
  before: uid === null ? {} : { uid },
  after: uid === null ? {} : { uid }
})

const additionsIn = ({ detail }: { detail: Detail }, shops?: ReadonlyMap<number, string>): Additions => {
  const items = detail.items.map(item => {
    const shop = shops?.get(item.id)
    return { ...item, merged: item.before !== null, ...(shop !== undefined && { shop }) }
  })
  return { items, each: detail.each ?? items.map((_, place) => place) }
}
