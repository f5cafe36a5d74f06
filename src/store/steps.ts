import {
  type ChangeValues,
  type ItemContent,
  isQuantity,
  partsFor,
  quantityIn,
  storedNames,
  type Target,
  wholeOf
} from './change.ts'
import { type ItemChange, isTouched, type ListContent } from './detail.ts'
import type { Dialect } from './dialect.ts'
import { CalledOff, TransactionGone } from './failures.ts'
import { picker } from './shapes.ts'
import {
  type Column,
  columnsAndPlaces,
  countOf,
  given,
  insert,
  join,
  type Piece,
  type Reading,
  type RowOf,
  select,
  sql
} from './sql.ts'
import { needing, readingWith } from './statement.ts'
import { itemContent, items, lists } from './tables.ts'
import type { Db } from './work.ts'

/** An item, wherever it stands. */
export interface Item extends ItemContent {
  id: number
  /** The number of the change that last touched it. */
  version: number
  /** The guide's whole number. */
  quantity: number
}

export const itemColumns = {
  id: items.id,
  version: items.version,
  quantity: items.quantity,
  thousandths: items.thousandths,
  ...itemContent
}

/** The item in a row, which may hold more. */
export function toItem(row: RowOf<typeof itemColumns>): Item {
  const item = pickItem(row) as Item
  item.thousandths = quantityIn(row)
  return item
}

const pickItem = picker<RowOf<typeof itemColumns>, keyof typeof itemColumns>(
  Object.keys(itemColumns) as (keyof typeof itemColumns)[]
)

const contentNames = [...Object.keys(itemContent), 'thousandths'] as (keyof ItemContent)[]

/** What a change keeps of it, and nothing else. */
export const contentOf = picker<ItemContent, keyof ItemContent>(contentNames)

export type ListRow = RowOf<typeof lists.columns>

/** The account's first list, which is there before it has a row: with its first change. */
export const firstBefore = (accountId: number): ListRow => ({
  id: 0,
  ownerId: accountId,
  firstOf: accountId,
  name: '',
  version: 0,
  createdAt: 0,
  putAwayAt: null,
  removedAt: null,
  isTemplate: 0
})

/** A list by its number, or the account's first one, which also has the number 0 as it may not be there yet. */
export type ListId = 'first' | number

export const targetOf = (list: ListId): Target => (list === 'first' || list === 0 ? 'first' : 'other')

/** A list in a transaction which has raised its version, so that nobody else changes it meanwhile. */
export interface OpenList extends ListRow {
  /** What its items have in `listId`. */
  place: number
}

type Of = Pick<ChangeValues, 'accountId' | 'listId'>
interface There {
  accountId: number
  place: number
}

/** An item by its number, or by the name that a program gave it. */
export type ItemRef = number | string

export const isId = (ref: ItemRef): ref is number => typeof ref === 'number'
export const isUid = (ref: ItemRef): ref is string => typeof ref === 'string'

const MAKE_FIRST_TRIES = 5

/** Items that one statement names: its own number of places, filled up with what is none, serves any number of them. */
const SLOTS = 50
const slots = Array.from({ length: SLOTS }, (_, n) => `id${n}`)
const amongSlots = (column: Column): Piece =>
  sql`${column} in (${join(
    slots.map(name => given.of(name, column)),
    ', '
  )})`
/** @see inSlots */
export const among = amongSlots(items.id)
const amongUids = amongSlots(items.uid)

const fillSlots = <T>(named: readonly T[], none: T): Record<string, T>[] =>
  Array.from({ length: Math.ceil(named.length / SLOTS) }, (_, part) =>
    Object.fromEntries(slots.map((name, n) => [name, named[part * SLOTS + n] ?? none]))
  )

/** The values of `among`, for as many statements as it takes. */
export const inSlots = (ids: readonly number[]): Record<string, number>[] => fillSlots(ids, 0)

export type Steps = ReturnType<typeof listSteps>

/** What a change does that is made in steps, in a transaction. */
export function listSteps(dialect: Dialect) {
  const compile = <V extends object>(fragment: Piece) => needing<V>(dialect.compile(fragment))
  const each = <T>(make: (target: Target) => T): Record<Target, T> => ({ first: make('first'), other: make('other') })
  const readingOf = <V extends object, R>(fragment: Reading<never, R>) => readingWith<V, R>(dialect, fragment)

  const raise = each(target => compile<Of>(partsFor(target).raise))
  const row = each(target =>
    readingOf<Of, ListRow>(select(lists.columns, sql`from ${lists} where ${partsFor(target).ofList}`))
  )
  const makeFirst = compile<Of & { at: number }>(
    dialect.insertNew(
      sql`${lists} (${lists.ownerId}, ${lists.firstOf}, ${lists.name}, ${lists.version}, ${lists.createdAt})
      values (${given.number('accountId')}, ${given.number('accountId')}, '', (${partsFor('first').count}), ${given.number('at')})`
    )
  )

  const there = sql`${items.accountId} = ${given.number('accountId')} and ${items.listId} = ${given.number('place')}`
  const { forUpdate } = dialect
  const all = readingOf<There, RowOf<typeof itemColumns>>(
    select(itemColumns, sql`from ${items} where ${there} order by ${items.id} ${forUpdate}`)
  )
  const some = readingOf<There, RowOf<typeof itemColumns>>(
    select(itemColumns, sql`from ${items} where ${among} and ${there} order by ${items.id} ${forUpdate}`)
  )
  const count = readingOf<There, { n: number }>(countOf(sql`from ${items} where ${there}`))
  const byUid = readingOf<There, RowOf<typeof itemColumns>>(
    select(itemColumns, sql`from ${items} where ${amongUids} and ${there} order by ${items.id} ${forUpdate}`)
  )
  const taken = readingOf<{ accountId: number }, { id: number }>(
    select(
      { id: items.id },
      sql`from ${items} where ${items.accountId} = ${given.number('accountId')} and ${amongUids}`
    )
  )

  const addNames = ['accountId', 'listId', 'version', ...storedNames] as const
  const add = readingOf<object, { id: number }>({
    ...sql`${insert(items, addNames)} returning ${items.id}`,
    columns: ['id']
  } as Reading<never, { id: number }>)
  const placed = columnsAndPlaces(items, ['id', ...addNames])
  const putBack = compile<object>(dialect.insertNew(sql`${items} (${placed.columns}) values (${placed.places})`))
  const set = compile<object>(
    sql`update ${items} set ${join(
      ['version' as const, ...storedNames].map(name => sql`${items.columns[name]} = ${given.text(name)}`),
      ', '
    )} where ${items.id} = ${given.number('id')} and ${there}`
  )
  const tick = compile<object>(
    sql`update ${items} set ${items.doneAt} = ${given.of('doneAt', items.doneAt)}, ${items.version} = ${given.number('version')} where ${among} and ${there}`
  )
  const remove = compile<object>(sql`delete from ${items} where ${among} and ${there}`)
  const move = compile<object>(
    sql`update ${items} set ${items.listId} = ${given.number('to')}, ${items.version} = ${given.number('version')} where ${among} and ${there}`
  )
  const setList =
    compile<object>(sql`update ${lists} set ${lists.name} = ${given.text('name')}, ${lists.putAwayAt} = ${given.of('putAwayAt', lists.putAwayAt)},
    ${lists.removedAt} = ${given.of('removedAt', lists.removedAt)}, ${lists.isTemplate} = ${given.number('isTemplate')} where ${lists.id} = ${given.number('id')}`)

  const thereOf = ({ ownerId, place }: OpenList): There => ({ accountId: ownerId, place })
  // A change of a release without pictures does not tell of them.
  const stored = (content: ItemContent) => ({
    ...content,
    pictures: content.pictures ?? null,
    quantity: wholeOf(content.thousandths)
  })

  return {
    /**
     * Raises the version of each, all of them before anything is read: what is read then is what the ones before have left.
     * @throws CalledOff where one is not there, TransactionGone
     */
    async open(tx: Db, accountId: number, ids: readonly ListId[], at: number): Promise<OpenList[]> {
      const asked = ids.map(list => ({
        target: targetOf(list),
        of: { accountId, listId: list === 'first' ? 0 : list }
      }))
      // In one order, so that two who need the same lists do not wait for each other.
      for (const { target, of } of asked.toSorted((a, b) => a.of.listId - b.of.listId)) {
        let touched = await tx.write(raise[target], of)
        // When Galera's membership changes a node may give out a number that is taken, and an INSERT of what is new only does
        // not say so. The next number is free. https://mariadb.com/kb/en/galera-cluster-system-variables/#wsrep_drupal_282555_workaround
        for (let tries = 0; touched === 0 && target === 'first' && tries < MAKE_FIRST_TRIES; tries++) {
          await tx.write(makeFirst, { ...of, at })
          touched = await tx.write(raise.first, of)
        }
        if (touched === 0) throw new CalledOff({ status: 'noList' })
      }
      const opened: OpenList[] = []
      for (const { target, of } of asked) {
        const [found] = await tx.all(row[target], of)
        // Its version has just been raised.
        if (!found) throw new TransactionGone()
        opened.push({ ...found, place: found.firstOf === null ? found.id : 0 })
      }
      return opened
    },

    all: async (tx: Db, list: OpenList): Promise<Item[]> => (await tx.all(all, thereOf(list))).map(toItem),

    async some(tx: Db, list: OpenList, ids: readonly number[]): Promise<Map<number, Item>> {
      const found = new Map<number, Item>()
      for (const named of inSlots(ids)) {
        for (const item of await tx.all(some, { ...thereOf(list), ...named })) found.set(item.id, toItem(item))
      }
      return found
    },

    async count(tx: Db, list: OpenList): Promise<number> {
      const [counted] = await tx.all(count, thereOf(list))
      return Number(counted?.n)
    },

    /** Those of the list that are there, by what they were asked for with. */
    async find(tx: Db, list: OpenList, refs: readonly ItemRef[]): Promise<Map<ItemRef, Item>> {
      const found = new Map<ItemRef, Item>(await this.some(tx, list, refs.filter(isId)))
      for (const named of fillSlots(refs.filter(isUid), '')) {
        for (const row of await tx.all(byUid, { ...thereOf(list), ...named })) found.set(row.uid as string, toItem(row))
      }
      return found
    },

    /** Whether one of these is the name of an item on any list of the account. */
    async hasUid(tx: Db, { ownerId }: OpenList, uids: readonly string[]): Promise<boolean> {
      for (const named of fillSlots(uids, '')) {
        if ((await tx.all(taken, { accountId: ownerId, ...named })).length > 0) return true
      }
      return false
    },

    async add(tx: Db, list: OpenList, content: ItemContent): Promise<number> {
      const { ownerId, place, version } = list
      const [added] = await tx.all(add, { ...stored(content), accountId: ownerId, listId: place, version })
      return (added as { id: number }).id
    },

    /** Under the number that it had; false where that is on another list. */
    async putBack(tx: Db, list: OpenList, id: number, content: ItemContent): Promise<boolean> {
      const { ownerId, place, version } = list
      const values = { ...stored(content), id, accountId: ownerId, listId: place, version }
      return (await tx.write(putBack, values)) === 1
    },

    async set(tx: Db, list: OpenList, id: number, content: ItemContent): Promise<void> {
      await tx.write(set, { ...stored(content), ...thereOf(list), id, version: list.version })
    },

    async tick(tx: Db, list: OpenList, ids: readonly number[], doneAt: number | null): Promise<void> {
      for (const named of inSlots(ids)) {
        await tx.write(tick, { ...thereOf(list), ...named, doneAt, version: list.version })
      }
    },

    /** Of those that are there, what became of each. */
    async tickAll(
      tx: Db,
      list: OpenList,
      { done, open, at }: { done: readonly number[]; open: readonly number[]; at: number }
    ): Promise<ItemChange[]> {
      const found = await this.some(tx, list, [...done, ...open])
      const isWanted = new Set(done)
      const told = [...found.values()].map(({ id, doneAt }) => {
        const now = isWanted.has(id) ? (doneAt ?? at) : null
        return { id, before: { doneAt }, after: { doneAt: now } }
      })
      const touched = told.filter(isTouched)
      const idsOf = (of: typeof told) => of.map(({ id }) => id)
      await this.tick(tx, list, idsOf(touched.filter(({ after }) => after.doneAt !== null)), at)
      await this.tick(tx, list, idsOf(touched.filter(({ after }) => after.doneAt === null)), null)
      return told
    },

    /** @throws CalledOff where it would leave what a quantity may be */
    async adjust(tx: Db, list: OpenList, id: number, delta: number): Promise<ItemChange[]> {
      const item = (await this.some(tx, list, [id])).get(id)
      if (!item) return []
      const thousandths = item.thousandths + delta
      if (!isQuantity(thousandths)) throw new CalledOff({ status: 'outOfBounds' })
      await this.set(tx, list, id, { ...contentOf(item), thousandths })
      return [{ id, before: { thousandths: item.thousandths }, after: { thousandths } }]
    },

    /** Of those that are there, what became of each. */
    async removeAll(tx: Db, list: OpenList, ids: readonly number[]): Promise<ItemChange[]> {
      const found = await this.some(tx, list, ids)
      await this.remove(tx, list, [...found.keys()])
      return [...found.values()].map(item => ({ id: item.id, before: contentOf(item), after: null }))
    },

    async remove(tx: Db, list: OpenList, ids: readonly number[]): Promise<void> {
      for (const named of inSlots(ids)) await tx.write(remove, { ...thereOf(list), ...named })
    },

    async move(tx: Db, from: OpenList, to: OpenList, ids: readonly number[]): Promise<void> {
      for (const named of inSlots(ids)) {
        await tx.write(move, { ...thereOf(from), ...named, to: to.place, version: to.version })
      }
    },

    async setList(tx: Db, { id }: ListRow, { name, isTemplate, putAwayAt, removedAt }: ListContent): Promise<void> {
      await tx.write(setList, { id, name, putAwayAt, removedAt, isTemplate: isTemplate ? 1 : 0 })
    }
  }
}
