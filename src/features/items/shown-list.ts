import type { Language } from '../../i18n/index.ts'
import { groupByShop, type Ordering, onlyShop } from '../shops/groups.ts'
import type { Look } from './look.ts'
import { formatAmount, formatQuantity, ONE } from './quantity.ts'
import type { Item } from './rules.ts'

/** Rows on one page of a long list, and those of its basket below them. */
const SHOWN_ROWS = 500
const SHOWN_TICKED = 200

/** What a page shows of an item. */
export interface ShownItem {
  id: number
  /** Of its row: what may be bought in several shops has one in each. */
  row: string
  version: number
  isTicked: boolean
  type: string
  note: string
  shop: string
  unit: string
  thousandths: number
  /** `1,5`, and with the unit `1,5 kg`. */
  number: string
  amount: string
  /** What − and + change it by. */
  step: number
  /** − would leave nothing. */
  isLeast: boolean
  hasPictures: boolean
}

export interface Row {
  /** See `ShownItem`. */
  row: string
  item: Item
}

export interface ShownList {
  groups: { shop: string; rows: Row[] }[]
  done: Row[]
  /** How many there are, of which `done` may be a part. */
  ticked: number
  page: number
  pages: number
}

/** A hundred of what is small, else one. */
const stepOf = (unit: string): number => (unit === 'g' || unit === 'ml' ? 100 * ONE : ONE)

export function asShown({ item, row }: Row, lang: Language): ShownItem {
  const { id, version, doneAt, type, note, shop, unit, thousandths, pictures } = item
  const step = stepOf(unit)
  return {
    id,
    row,
    version,
    isTicked: doneAt !== null,
    type,
    note,
    shop,
    unit,
    thousandths,
    number: formatQuantity(thousandths, lang),
    amount: formatAmount(thousandths, unit, lang),
    step,
    isLeast: thousandths <= step,
    hasPictures: pictures !== null
  }
}

/** The list as a page shows it: what is still to be bought by shop, in the account's order, and what is ticked below. */
export function showList(items: readonly Item[], ordering: Ordering, look: Look): ShownList {
  const open = groupByShop(
    items.filter(item => item.doneAt === null),
    ordering
  )
  const ticked = items.filter(item => item.doneAt !== null)
  const isHere = (item: Item) =>
    look.shop === undefined || onlyShop(groupByShop([item], ordering), look.shop) !== undefined
  const here = look.shop === undefined ? undefined : onlyShop(open, look.shop)
  const groups = look.shop === undefined ? open : here ? [here] : []
  const done = ticked.filter(isHere)

  // The basket is on every page, or it could be cleared from the last one only; of a large one each page has another part.
  const rows = groups.reduce((sum, group) => sum + group.items.length, 0)
  const baskets = Math.max(1, Math.ceil(done.length / SHOWN_TICKED))
  const pages = Math.max(1, Math.ceil(rows / SHOWN_ROWS), baskets)
  const page = Math.min(Math.max(look.page, 1), pages)
  const basketStart = (Math.min(page, baskets) - 1) * SHOWN_TICKED
  let skip = (page - 1) * SHOWN_ROWS
  let room = SHOWN_ROWS
  const seen = new Set<number>()
  const take = (from: readonly Item[], group: number): Row[] => {
    const part = from.slice(skip, skip + room)
    skip = Math.max(0, skip - from.length)
    room -= part.length
    return part.map(item => {
      const row = seen.has(item.id) ? `item-${item.id}-${group}` : `item-${item.id}`
      seen.add(item.id)
      return { row, item }
    })
  }
  const inBasket = done.slice(basketStart, basketStart + SHOWN_TICKED)
  return {
    groups: groups
      .map((group, number) => ({ shop: group.shop, rows: take(group.items, number) }))
      .filter(group => group.rows.length > 0),
    done: inBasket.map(item => ({ row: `item-${item.id}`, item })),
    ticked: done.length,
    page,
    pages
  }
}
