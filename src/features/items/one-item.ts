import type { Store } from '../../open-store.ts'
import { type ItemContent, isQuantity } from '../../store/change.ts'
import type { Asked, Decision, Outcome } from '../../store/changes.ts'
import { type Conflict, differenceOf } from '../../store/detail.ts'
import { CalledOff } from '../../store/failures.ts'
import { contentOf, type ItemRef, type OpenList } from '../../store/steps.ts'
import type { Db, Work } from '../../store/work.ts'
import { type Memory, noMemory, rememberBought } from './memory.ts'
import { askedBy, type Done, idIn, type Refused, told } from './outcomes.ts'
import type { Item, Where } from './queries.ts'

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

export type NotThere = { status: 'notThere' }
/** It is not at the version asked for. */
export type Stale = { status: 'stale'; item: Item }
export type OutOfBounds = { status: 'outOfBounds' }
type Conflicting = { status: 'conflict'; conflicts: Conflict[] }

/** Done to it only if it still is at this version. */
interface Seen {
  ifVersion?: number | undefined
}

/** What is done to one item. It is named by its number, or by the name that a program gave it. */
export function oneItemRules({ items, changes }: Store, memory: Memory = noMemory) {
  const { steps } = changes

  /**
   * A change of one item, which is looked for in the transaction: asked again with the same key it is done already, although the
   * item is no longer there to be found.
   */
  const toOne = <R extends { status: string }>(
    work: Work,
    asked: Asked,
    { list }: Where,
    ref: ItemRef,
    { ifVersion }: Seen,
    act: (tx: Db, list: OpenList, item: Item) => Promise<Decision>
  ) =>
    changes.decide<R | NotThere | Stale>(work, asked, list, async (tx, open) => {
      const item = (await steps.find(tx, open, [ref])).get(ref)
      if (!item) throw new CalledOff<NotThere>({ status: 'notThere' })
      if (ifVersion !== undefined && item.version !== ifVersion) throw new CalledOff<Stale>({ status: 'stale', item })
      return act(tx, open, item)
    })

  return {
    /** Adds `delta` thousandths to a quantity, or takes them away; in one round trip. An item that is not there is not `found`. */
    async adjust(
      work: Work,
      where: Where,
      id: number,
      delta: number,
      key?: string
    ): Promise<Done<{ found: boolean; thousandths: number | undefined }> | Refused | OutOfBounds> {
      const asked = askedBy(where.accountId, key, 'adjust', where.list, id, delta)
      const outcome = await changes.adjust(work, asked, where.list, id, delta)
      return told(outcome, ({ detail }) => {
        const [item] = detail.items
        return { found: item !== undefined, thousandths: item?.after?.thousandths }
      })
    },

    /** The same for a program: where the item is not there, no change is made. */
    async adjustOne(
      work: Work,
      where: Where,
      ref: ItemRef,
      delta: number,
      key?: string
    ): Promise<Done<{ id: number }> | Refused | NotThere | OutOfBounds> {
      const asked = askedBy(where.accountId, key, 'adjust one', where.list, ref, delta)
      const outcome = await toOne<OutOfBounds>(work, asked, where, ref, {}, async (tx, list, { id }) => ({
        kind: 'adjust',
        detail: { items: await steps.adjust(tx, list, id, delta) }
      }))
      return told(outcome as Outcome<NotThere | OutOfBounds>, made => ({ id: idIn(made) }))
    },

    /** Takes one item off a list. */
    async removeOne(
      work: Work,
      where: Where,
      ref: ItemRef,
      key?: string,
      seen: Seen = {}
    ): Promise<Done | Refused | NotThere | Stale> {
      const asked = askedBy(where.accountId, key, 'remove one', where.list, ref, seen.ifVersion ?? '')
      const outcome = await toOne<never>(work, asked, where, ref, seen, async (tx, list, { id }) => ({
        kind: 'remove',
        detail: { items: await steps.removeAll(tx, list, [id]) }
      }))
      if (outcome.status === 'done' && 'detail' in outcome) rememberBought(memory, where.accountId, outcome.detail)
      return told(outcome, () => ({}))
    },

    /**
     * Sets fields of an item. A field with `seen` is set only if it still is what was seen: two people may change two fields of
     * one item, but neither loses the other's word unasked.
     */
    async edit(
      work: Work,
      where: Where,
      ref: ItemRef,
      fields: Edits,
      key?: string,
      seen: Seen = {}
    ): Promise<
      | Done<{ id: number; item: Item | undefined }>
      | { status: 'conflict'; version: number | undefined; item: Item | undefined; conflicts: Conflict[] }
      | NotEdited
      | Refused
    > {
      const asked = askedBy(where.accountId, key, 'edit', where.list, ref, seen.ifVersion ?? '', JSON.stringify(fields))
      const outcome = await toOne<OutOfBounds | Conflicting>(work, asked, where, ref, seen, async (tx, list, item) => {
        const before = contentOf(item)
        const { after, conflicts } = edited(before, fields, asked.at)
        const change = differenceOf(before, after)
        if (conflicts.length > 0 && !change) throw new CalledOff<Conflicting>({ status: 'conflict', conflicts })
        if (!isQuantity(after.thousandths)) throw new CalledOff<OutOfBounds>({ status: 'outOfBounds' })
        if (change) await steps.set(tx, list, item.id, after)
        return {
          kind: 'edit',
          detail: {
            items: [{ id: item.id, ...(change ?? { before: {}, after: {} }) }],
            ...(conflicts.length > 0 && { conflicts })
          }
        }
      })
      const isMade = 'detail' in outcome
      if (!isMade && outcome.status !== 'conflict') return outcome as NotEdited | Refused
      const item = await items.find(work, where, ref)
      const conflicts = 'detail' in outcome ? (outcome.detail.conflicts ?? []) : (outcome as Conflicting).conflicts
      if (conflicts.length > 0) {
        return { status: 'conflict', version: isMade ? outcome.version : undefined, item, conflicts }
      }
      return told(outcome as Outcome, made => ({ item, id: idIn(made) }))
    }
  }
}

/** Why an item was not changed. */
export type NotEdited = NotThere | OutOfBounds | Stale

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
