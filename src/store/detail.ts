import type { ItemContent } from './change.ts'

/** What a change did to one item: only what changed of it. */
export interface ItemChange {
  id: number
  /** Null: it was not there. */
  before: Partial<ItemContent> | null
  /** Null: it is no longer there. */
  after: Partial<ItemContent> | null
}

export interface ListContent {
  name: string
  isTemplate: boolean
  putAwayAt: number | null
  removedAt: number | null
}

/** What a change did, as `changes.detail` keeps it. */
export interface Detail {
  items: ItemChange[]
  list?: { before: Partial<ListContent>; after: Partial<ListContent> }
  /** Of an undo: the change that it takes back; or that before which all since is taken back. */
  undoes?: number
  since?: number
  /** Of a move: the same change on the other list. */
  pair?: { listId: number; version: number }
  /** Of an addition in which several became one: for each the place in `items` of what it became. */
  each?: number[]
  /** Of a copy: the list that it was copied from. */
  from?: number
  /** What somebody else had set to another value, and stayed so. */
  conflicts?: Conflict[]
}

export interface Conflict {
  field: string
  seen: string | number | boolean
  theirs: string | number | boolean
  yours: string | number | boolean
}

/** What release 0.2.0 kept of an item. */
interface OldContent {
  type: string
  quantity: number
  shop: string
  note?: string
}

interface Kept {
  kind: string
  itemId: number | null
  detail: string | null
}

/** A change's `detail`, also where another release wrote it. */
export function readDetail({ kind, itemId, detail }: Kept): Detail {
  if (detail === null) return { items: [] }
  const parsed = JSON.parse(detail) as Detail | OldContent
  if (!('items' in parsed)) {
    if (itemId === null) return { items: [] }
    const { type, quantity, shop, note = '' } = parsed as OldContent
    const content = {
      uid: null,
      type,
      thousandths: quantity * 1000,
      unit: '',
      shop,
      note,
      doneAt: null,
      pictures: null
    }
    return {
      items: [
        kind === 'add' ? { id: itemId, before: null, after: content } : { id: itemId, before: content, after: null }
      ]
    }
  }
  // A new item's number was not known to who wrote this.
  return { ...parsed, items: parsed.items.map(item => ({ ...item, id: item.id ?? itemId })) }
}

/** Whether anything happened to it: a change also names what was so already. */
export const isTouched = ({ before, after }: ItemChange): boolean =>
  before === null ||
  after === null ||
  Object.keys(after).some(name => after[name as keyof ItemContent] !== before[name as keyof ItemContent])

/** What differs between two; undefined where nothing does. */
export function differenceOf(
  before: ItemContent,
  after: ItemContent
): { before: Partial<ItemContent>; after: Partial<ItemContent> } | undefined {
  const names = (Object.keys(after) as (keyof ItemContent)[]).filter(name => before[name] !== after[name])
  if (names.length === 0) return undefined
  const only = (content: ItemContent) => Object.fromEntries(names.map(name => [name, content[name]]))
  return { before: only(before), after: only(after) }
}
