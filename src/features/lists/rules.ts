import type { Store } from '../../open-store.ts'
import type { ItemContent } from '../../store/change.ts'
import type { Outcome } from '../../store/changes.ts'
import type { ListContent } from '../../store/detail.ts'
import { CalledOff } from '../../store/failures.ts'
import { firstBefore, type OpenList, targetOf } from '../../store/steps.ts'
import type { ChangeKind } from '../../store/tables.ts'
import type { Work } from '../../store/work.ts'
import { UNDO_MS } from '../history/rules.ts'
import { askedBy, type Done, type Refused, told } from '../items/outcomes.ts'
import { type ListInfo, listInfo, type Where } from '../items/rules.ts'
import type { CountedList } from './queries.ts'

/** Lists an account may have, those that were put away included. */
export const MAX_LISTS = 200

export type Lists = ReturnType<typeof listRules>

export interface CountedListInfo extends ListInfo {
  /** Items that are still to buy. */
  open: number
  /** Items that were ticked off. */
  done: number
}

type Change = Done | Refused
/** The account's first list is always there. */
type NotFirst = { status: 'first' }
/** It is not at the version asked for. */
type Stale = { status: 'stale' }

/** Only who asks for a version can be told of another. */
type StaleWith<S> = S extends Seen ? Stale : never

/** What is done only if the list is still at this version. */
interface Seen {
  ifVersion?: number | undefined
}

const versionsOf = ({ ifVersion }: Seen): number[] => (ifVersion === undefined ? [] : [ifVersion])

/** A list that is open for a change has the number of that change. */
function refuseStale({ version }: OpenList, { ifVersion }: Seen): void {
  if (ifVersion !== undefined && version - 1 !== ifVersion) throw new CalledOff({ status: 'stale' } satisfies Stale)
}

const plain = <R extends { status: string }>(outcome: Outcome<R>) => told(outcome, () => ({}))

export function listRules({ lists, changes, history }: Store) {
  const { steps } = changes

  /** Sets what a list is, not what is on it. */
  const set = (
    work: Work,
    where: Where,
    kind: ChangeKind,
    wanted: (at: number) => Partial<ListContent>,
    key?: string,
    seen: Seen = {}
  ) => {
    const at = Date.now()
    // The moment is no part of what is asked.
    const asked = askedBy(where.accountId, key, kind, where.list, JSON.stringify(wanted(0)), ...versionsOf(seen))
    return changes.decide<NotFirst | Stale>(work, asked, where.list, async (tx, list) => {
      refuseStale(list, seen)
      const isFirst = list.firstOf !== null
      if (isFirst && (kind === 'away' || kind === 'back')) throw new CalledOff({ status: 'first' })
      const { name, putAwayAt, removedAt } = list
      const before: ListContent = { name, isTemplate: list.isTemplate === 1, putAwayAt, removedAt }
      const after = wanted(at)
      await steps.setList(tx, list, { ...before, ...after })
      const was = Object.fromEntries(Object.keys(after).map(field => [field, before[field as keyof ListContent]]))
      return { kind, detail: { items: [], list: { before: was, after } } }
    })
  }

  const countedInfo = ({ open, done, ...list }: CountedList): CountedListInfo => ({ ...listInfo(list), open, done })
  /** The first list, before it was ever written to. */
  const firstOf = async (work: Work, accountId: number): Promise<CountedListInfo> => ({
    ...listInfo(firstBefore(accountId)),
    open: await lists.countOfFirst(work, accountId),
    done: 0
  })

  return {
    /** One of an account's lists, put away or not, without what is on it. */
    async find(work: Work, where: Where): Promise<CountedListInfo | undefined> {
      const found = await lists.find(work, where)
      if (found) return countedInfo(found)
      return targetOf(where.list) === 'first' ? firstOf(work, where.accountId) : undefined
    },

    /** A list as a change left it, whatever happened to it since; undefined where it is gone for good. */
    async after(work: Work, accountId: number, listId: number, version: number): Promise<CountedListInfo | undefined> {
      const found = await lists.findAny(work, accountId, listId)
      if (!found) return undefined
      const then = { ...countedInfo(found), version }
      for await (const { detail } of history.back(work, listId, { after: version, before: found.version + 1 })) {
        Object.assign(then, detail.list?.before)
        for (const { before, after } of detail.items) {
          // Of an item only what changed is kept: whether it was ticked off may not be among it.
          const isKnown = before === null || after === null || 'doneAt' in after
          if (!isKnown) continue
          if (after !== null) then[after.doneAt ? 'done' : 'open'] -= 1
          if (before !== null) then[before.doneAt ? 'done' : 'open'] += 1
        }
      }
      return then
    },

    /** An account's lists, the first one first, those that were put away too. */
    async all(work: Work, accountId: number): Promise<CountedListInfo[]> {
      const shown = (await lists.all(work, accountId)).map(countedInfo)
      return shown.some(({ isFirst }) => isFirst) ? shown : [await firstOf(work, accountId), ...shown]
    },

    /** A new list, at the end. */
    async make(
      work: Work,
      accountId: number,
      { name, isTemplate = false }: { name: string; isTemplate?: boolean },
      key?: string
    ): Promise<Change | { status: 'tooMany' }> {
      const asked = askedBy(accountId, key, 'make', name, String(isTemplate))
      const outcome = await changes.compose<{ status: 'tooMany' }>(work, asked, async (tx, write) => {
        if ((await lists.count(tx, accountId)) >= MAX_LISTS) throw new CalledOff({ status: 'tooMany' })
        const list = await lists.add(tx, {
          ownerId: accountId,
          firstOf: null,
          name,
          version: 1,
          createdAt: asked.at,
          putAwayAt: null,
          removedAt: null,
          isTemplate: isTemplate ? 1 : 0
        })
        return write(list, { kind: 'make', detail: { items: [], list: { before: {}, after: { name, isTemplate } } } })
      })
      return plain(outcome)
    },

    rename: async <S extends Seen | undefined = undefined>(
      work: Work,
      where: Where,
      name: string,
      key?: string,
      seen?: S
    ): Promise<Change | StaleWith<S>> =>
      plain(await set(work, where, 'rename', () => ({ name }), key, seen)) as Change | StaleWith<S>,

    setTemplate: async <S extends Seen | undefined = undefined>(
      work: Work,
      where: Where,
      isTemplate: boolean,
      key?: string,
      seen?: S
    ): Promise<Change | StaleWith<S>> =>
      plain(await set(work, where, 'template', () => ({ isTemplate }), key, seen)) as Change | StaleWith<S>,

    /** Out of sight, with all that is on it. */
    putAway: async <S extends Seen | undefined = undefined>(
      work: Work,
      where: Where,
      key?: string,
      seen?: S
    ): Promise<Change | NotFirst | StaleWith<S>> =>
      plain(await set(work, where, 'away', at => ({ putAwayAt: at }), key, seen)) as Change | NotFirst | StaleWith<S>,

    takeBack: async <S extends Seen | undefined = undefined>(
      work: Work,
      where: Where,
      key?: string,
      seen?: S
    ): Promise<Change | NotFirst | StaleWith<S>> =>
      plain(await set(work, where, 'back', () => ({ putAwayAt: null }), key, seen)) as Change | NotFirst | StaleWith<S>,

    /** Removes a list and all that is on it; for 30 days it can be restored. */
    async remove<S extends Seen | undefined = undefined>(
      work: Work,
      where: Where,
      key?: string,
      given?: S
    ): Promise<Change | NotFirst | StaleWith<S>> {
      const seen: Seen = given ?? {}
      const asked = askedBy(where.accountId, key, 'drop', where.list, ...versionsOf(seen))
      const outcome = await changes.decide<NotFirst | Stale>(work, asked, where.list, async (tx, list) => {
        refuseStale(list, seen)
        if (list.firstOf !== null) throw new CalledOff({ status: 'first' })
        const all = await steps.all(tx, list)
        const removed = await steps.removeAll(
          tx,
          list,
          all.map(({ id }) => id)
        )
        const { name, putAwayAt } = list
        await steps.setList(tx, list, { name, isTemplate: list.isTemplate === 1, putAwayAt, removedAt: asked.at })
        return {
          kind: 'drop',
          detail: { items: removed, list: { before: { removedAt: null }, after: { removedAt: asked.at } } }
        }
      })
      return plain(outcome) as Change | NotFirst | StaleWith<S>
    },

    /** Brings a removed list back, with all that was on it. */
    async restore(
      work: Work,
      { accountId, list: id }: Where,
      key?: string
    ): Promise<Change | { status: 'tooMany' | 'tooOld' }> {
      const asked = askedBy(accountId, key, 'restore', id)
      const outcome = await changes.compose<{ status: 'tooMany' | 'tooOld' | 'noList' }>(
        work,
        asked,
        async (tx, write) => {
          const count = await lists.count(tx, accountId)
          const list = id === 'first' ? undefined : await lists.openRemoved(tx, accountId, id)
          if (!list?.removedAt) throw new CalledOff({ status: 'noList' })
          const { name, putAwayAt, removedAt, version } = list
          if (removedAt < asked.at - UNDO_MS) throw new CalledOff({ status: 'tooOld' })
          if (count >= MAX_LISTS) throw new CalledOff({ status: 'tooMany' })
          // Nothing happens to a list that is removed: its removal is the latest.
          const [drop] = await history.between(tx, list.id, { after: 0, before: version, limit: 1 })
          const back = (drop?.detail.items ?? []).map(({ id: item, before, after }) => ({
            id: item,
            before: after,
            after: before
          }))
          for (const item of back) await steps.putBack(tx, list, item.id, item.after as ItemContent)
          await steps.setList(tx, list, { name, isTemplate: list.isTemplate === 1, putAwayAt, removedAt: null })
          return write(list, {
            kind: 'restore',
            detail: { items: back, list: { before: { removedAt }, after: { removedAt: null } } }
          })
        }
      )
      return plain(outcome)
    },

    /** Lists that can be restored, the latest first. */
    recentlyRemoved: async (work: Work, accountId: number): Promise<ListInfo[]> =>
      (await lists.removedSince(work, accountId, Date.now() - UNDO_MS)).map(listInfo)
  }
}
