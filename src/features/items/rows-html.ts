import { LRUCache } from 'lru-cache'
import type { Language } from '../../i18n/index.ts'
import type { Item } from './rules.ts'
import { asShown, type Row, type ShownItem } from './shown-list.ts'

/** Rows that are kept, of some 1.5 KB each. */
const KEPT = 2000
const END = '</li>\n'
const NOTHING = Buffer.alloc(0)

/** Where the buttons of a list's rows lead, and in which language they say so. */
export interface RowsOf {
  lang: Language
  base: string
  removal: string
}

export type RenderRows = (of: RowsOf, rows: ShownItem[]) => string

interface KeptRow {
  of: RowsOf
  item: Item
  html: Buffer
}

/**
 * Rows are most of a list's page, and most of them were on it before. So each is kept beside all that it was made of, and of a
 * list that was seen before only what changed is rendered.
 */
export function keptRows(render: RenderRows): (of: RowsOf, rows: readonly Row[]) => Buffer[] {
  const kept = new LRUCache<string, KeptRow>({ max: KEPT })
  return (of, rows) => {
    const missing: { row: Row; index: number }[] = []
    const lines = rows.map((row, index) => {
      const found = kept.get(row.row)
      if (found && isSame(found.item, row.item) && isSame(found.of, of)) return found.html
      missing.push({ row, index })
      return NOTHING
    })
    if (missing.length === 0) return lines
    const made = render(
      of,
      missing.map(({ row }) => asShown(row, of.lang))
    ).split(END)
    for (const [n, { row, index }] of missing.entries()) {
      const html = Buffer.from(made[n] + END)
      kept.set(row.row, { of, item: row.item, html })
      lines[index] = html
    }
    return lines
  }
}

/** All that is in it, whatever that is: what is left out here would be shown as it was. */
function isSame<T extends object>(one: T, other: T): boolean {
  for (const name in one) if (one[name] !== other[name]) return false
  return true
}
