import { type ItemContent, isQuantity } from '../../store/change.ts'
import { isLonger } from '../../text.ts'
import { fold } from '../../text-fold.ts'
import { hashesIn, joined, MAX_OF_ITEM } from '../pictures/schema.ts'
import { MAX_NOTE } from './quick-entry/entries.ts'
import { splitShops } from './quick-entry/shops.ts'
import { unitFor, unitKey } from './unit-forms.ts'

/** What an item on the list was, and what it becomes. */
export interface Merged<I> {
  item: I
  now: ItemContent
}

/** `undefined`: two of them come to a quantity that there is not. */
export type Merging<I> =
  | {
      changed: Merged<I>[]
      news: ItemContent[]
      /** For each addition what it became: its place among the changed ones and, behind them, the new ones. */
      each: number[]
    }
  | undefined

interface Row {
  now: ItemContent
  /** A line of this addition was ticked. */
  wasTicked: boolean
}

const nameOf = ({ type, unit }: ItemContent): string => `${fold(type)}\n${unitKey(unit)}`
const shopsOf = ({ shop }: ItemContent): string => splitShops(shop).map(fold).sort().join()

/** Two notes are both kept; undefined where there is no room for that. */
function bothNotes(there: string, added: string): string | undefined {
  if (there.includes(added)) return there
  const both = there === '' ? added : `${there}\n${added}`
  return isLonger(both, MAX_NOTE) ? undefined : both
}

/** Those that are there first, then the others, as many as an item may have. */
const bothPictures = (there: string | null, added: string | null): string | null =>
  joined([...new Set([...hashesIn(there), ...hashesIn(added)])].slice(0, MAX_OF_ITEM))

/**
 * Whether `added` is more of what is there by the same name and unit: it has the same shop, too, or one of the two has none.
 * What is in the basket already says nothing of what is still to buy.
 */
const isMoreOf = (there: ItemContent, added: ItemContent): boolean =>
  (shopsOf(there) === '' || shopsOf(added) === '' || shopsOf(there) === shopsOf(added)) &&
  bothNotes(there.note, added.note) !== undefined &&
  (added.doneAt === null || there.doneAt !== null)

/** The same shop, then what is still to buy. */
const fits = (there: ItemContent, added: ItemContent): number =>
  (shopsOf(there) === shopsOf(added) ? 2 : 0) + ((there.doneAt === null) === (added.doneAt === null) ? 1 : 0)

function sum(there: ItemContent, added: ItemContent): ItemContent {
  const isBack = there.doneAt !== null && added.doneAt === null
  const thousandths = isBack ? added.thousandths : there.thousandths + added.thousandths
  return {
    ...there,
    thousandths,
    unit: unitFor(thousandths, there.unit),
    doneAt: added.doneAt === null ? null : there.doneAt,
    shop: there.shop || added.shop,
    note: bothNotes(there.note, added.note) ?? there.note,
    pictures: bothPictures(there.pictures, added.pictures)
  }
}

/** Adds up what is there and what is added. Of several that fit it is the first. */
export function merge<I extends ItemContent>(
  there: readonly I[],
  added: readonly ItemContent[],
  contentOf: (item: I) => ItemContent
): Merging<I> {
  const known = there.map(item => ({ item, now: contentOf(item), wasTicked: false }))
  const news: Row[] = []
  const became: Row[] = []
  const byName = new Map<string, Row[]>()
  const rowsOf = (content: ItemContent): Row[] => {
    const name = nameOf(content)
    const rows = byName.get(name) ?? []
    byName.set(name, rows)
    return rows
  }
  for (const row of known) rowsOf(row.now).push(row)
  for (const content of added) {
    const isTicked = content.doneAt !== null
    const rows = rowsOf(content)
    // What was pasted as ticked does not come back for another line of the same text.
    const fitting = rows.filter(row => isMoreOf(row.now, content) && (isTicked || !row.wasTicked))
    const [best] = fitting.sort((a, b) => fits(b.now, content) - fits(a.now, content))
    if (best) {
      best.now = sum(best.now, content)
      best.wasTicked ||= isTicked
      if (!isQuantity(best.now.thousandths)) return undefined
      became.push(best)
    } else {
      const row = { now: content, wasTicked: isTicked }
      news.push(row)
      became.push(row)
      rows.unshift(row)
    }
  }
  const places = new Map<Row, number>([...known, ...news].map((row, place) => [row, place]))
  return {
    changed: known.map(({ item, now }) => ({ item, now })),
    news: news.map(({ now }) => now),
    each: became.map(row => places.get(row) as number)
  }
}
