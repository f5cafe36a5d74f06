import { type Column, type Fragment, given, join, type Piece, type RowOf, raw, sql } from './sql.ts'
import { type ChangeKind, changes, itemContent, items, lists } from './tables.ts'

/** The list of a change: the account's first one, which needs no id, or the one with `listId`. */
export type Target = 'first' | 'other'

/** What an item is, apart from where it stands. */
export type ItemContent = RowOf<typeof itemContent> & { thousandths: number }

/** The columns that hold it. */
export const storedNames = [
  ...(Object.keys(itemContent) as (keyof typeof itemContent)[]),
  'thousandths',
  'quantity'
] as const

/** The largest quantity, in thousandths. The smallest is one. */
export const MAX_THOUSANDTHS = 9_999_000

export const isQuantity = (thousandths: number): boolean =>
  Number.isSafeInteger(thousandths) && thousandths >= 1 && thousandths <= MAX_THOUSANDTHS

/** The guide's whole number for a quantity. */
export const wholeOf = (thousandths: number): number => Math.min(9999, Math.max(1, Math.ceil(thousandths / 1000)))

/**
 * An item's quantity, of the guide's rows, too: its thousandths, as long as the guide's whole number is what was written
 * with them. Where it is another, somebody has changed that by hand, and it counts.
 */
export const quantityIn = ({ quantity, thousandths }: { quantity: number; thousandths: number | null }): number =>
  thousandths !== null && wholeOf(thousandths) === quantity ? thousandths : quantity * 1000

/** What is written of every change. */
export interface ChangeValues {
  accountId: number
  /** Of a list that is not the account's first. */
  listId: number
  key: string
  digest: string
  kind: ChangeKind
  /** Null for a new item, whose id the database makes. */
  itemId: number | null
  detail: string | null
  at: number
  /** Items that the list may have. */
  limit: number
}

const value = {
  accountId: given.number('accountId'),
  listId: given.number('listId'),
  key: given.text('key'),
  digest: given.text('digest'),
  kind: given.text('kind'),
  itemId: given.of('itemId', changes.itemId),
  detail: given.of('detail', changes.detail),
  at: given.number('at'),
  limit: given.number('limit')
}

/** What each database writes its own way. */
export interface Spelling {
  jsonObject: string
  jsonArray: string
  /** 1000, so wide that nothing times it overflows. */
  thousand: Piece
  /** The number of the change that is being made. */
  version: Piece
}

const named: Record<Target, Fragment<ChangeValues>> = {
  first: sql`${lists.firstOf} = ${value.accountId}`,
  other: sql`${lists.id} = ${value.listId} and ${lists.ownerId} = ${value.accountId} and ${lists.removedAt} is null`
}

/** What an item of the list has in `listId`, also where the first list is asked for by its id. */
const listOfItems: Record<Target, Fragment<ChangeValues>> = {
  first: sql`0`,
  other: sql`(select case when ${lists.firstOf} is null then ${lists.id} else 0 end from ${lists} where ${named.other})`
}

/** The parts of a numbered change on a list, which each database puts together in its own way. */
export const partsFor = (target: Target) => ({
  /** First of all: whoever else writes on this list waits here. */
  raise: sql`update ${lists} set ${lists.version} = ${lists.version} + 1 where ${named[target]}`,
  ofList: named[target],
  listOfItems: listOfItems[target],
  onList: sql`${items.accountId} = ${value.accountId} and ${items.listId} = ${listOfItems[target]}`,
  /** How many items there are. A list's version is never below: it begins with what was there, and each addition raises it. */
  count: sql`select count(*) from ${items} where ${items.accountId} = ${value.accountId} and ${items.listId} = ${listOfItems[target]}`
})

export const parts = {
  value,
  listColumns: sql`${lists.ownerId}, ${lists.firstOf}, ${lists.name}, ${lists.version}, ${lists.createdAt}`,
  changeColumns: join(
    [
      changes.listId,
      changes.version,
      changes.accountId,
      changes.key,
      changes.digest,
      changes.kind,
      changes.at,
      changes.itemId,
      changes.detail
    ],
    ', '
  )
}

/** The same in a statement. */
export const thousandthsOf = ({ thousand }: Spelling): Piece => {
  const whole = sql`${items.quantity} * ${thousand}`
  return sql`(case when ${whole} - ${items.thousandths} between 0 and 999 then ${items.thousandths} else ${whole} end)`
}

type Members = [name: string, value: Piece][]

export const jsonObject = ({ jsonObject: name }: Spelling, members: Members): Piece =>
  sql`${raw(name)}(${join(
    members.map(([member, it]) => sql`${raw(`'${member}'`)}, ${it}`),
    ', '
  )})`

/** What a change to one item does to it. It must be there; where it is not, nothing happens, and the change is made in steps. */
export interface Effect {
  where: Piece
  /** What it was, as far as it changes. */
  before: Members
  /** What it will be; undefined: gone. */
  after: Members | undefined
  sets: [column: Column, value: Piece][]
}

/** A new item of the content given; refused where the list has `limit`. */
export interface Addition {
  adds: readonly [column: Column, value: Piece][]
}

/** The `detail` of a change to one item. @see Detail */
export const detailOf = (spelling: Spelling, { before, after }: Effect): Piece =>
  jsonObject(spelling, [
    [
      'items',
      sql`${raw(spelling.jsonArray)}(${jsonObject(spelling, [
        ['id', items.id],
        ['before', jsonObject(spelling, before)],
        ['after', after ? jsonObject(spelling, after) : raw('null')]
      ])})`
    ]
  ])

const whole = (thousandths: Piece) => sql`(${thousandths} + 999 - (${thousandths} + 999) % 1000) / 1000`

const fromContent = (names: readonly (keyof typeof items.columns)[]) =>
  names.map((name): [Column, Piece] => [items.columns[name] as Column, given.text(name)])

const byId = sql`${items.id} = ${given.number('id')}`

const ticked = (spelling: Spelling, isDone: boolean): Effect => {
  const was = isDone ? 'is null' : 'is not null'
  const now = isDone ? sql`coalesce(${items.doneAt}, ${value.at})` : sql`null`
  return {
    where: byId,
    before: [['doneAt', items.doneAt]],
    after: [['doneAt', now]],
    sets: [
      [items.doneAt, now],
      [items.version, sql`case when ${items.doneAt} ${raw(was)} then ${spelling.version} else ${items.version} end`]
    ]
  }
}

interface OfItem {
  id: number
}

/** A change that each database makes a statement of. `V`: the values that it needs beside those of every change. */
export interface Recipe<V extends object, E extends Effect | Addition = Effect | Addition> {
  of: (spelling: Spelling) => E
  readonly needs?: (values: V) => void
}

/** What can happen to a list in one round trip. */
export const recipes = {
  add: {
    of: () => ({
      adds: fromContent(['accountId', ...storedNames])
    })
  } as Recipe<ItemContent & { quantity: number }, Addition>,

  remove: {
    of: spelling => ({
      where: byId,
      before: [
        ...Object.entries(itemContent).map(([name, column]): [string, Piece] => [name, column]),
        ['thousandths', thousandthsOf(spelling)]
      ],
      after: undefined,
      sets: []
    })
  } as Recipe<OfItem, Effect>,

  tick: { of: spelling => ticked(spelling, true) } as Recipe<OfItem, Effect>,
  untick: { of: spelling => ticked(spelling, false) } as Recipe<OfItem, Effect>,

  /** By `delta`, within what a quantity may be. */
  adjust: {
    of: spelling => {
      const now = sql`(${thousandthsOf(spelling)} + ${given.number('delta')})`
      return {
        where: sql`${byId} and ${now} between 1 and ${raw(String(MAX_THOUSANDTHS))}`,
        before: [['thousandths', thousandthsOf(spelling)]],
        after: [['thousandths', now]],
        sets: [
          [items.thousandths, now],
          [items.quantity, whole(now)],
          [items.version, spelling.version]
        ]
      }
    }
  } as Recipe<OfItem & { delta: number }, Effect>
}
