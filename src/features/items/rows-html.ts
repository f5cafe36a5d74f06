import { LRUCache } from 'lru-cache'
import type { Language } from '../../i18n/index.ts'
import { asShown, type Row, type ShownItem } from './shown-list.ts'

/** Rows that are kept, of some 1.5 KB each. */
const KEPT = 2000
const END = '</li>\n'

/** Where the buttons of a list's rows lead, and in which language they say so. */
export interface RowsOf {
  lang: Language
  base: string
  removal: string
}

export type RenderRows = (of: RowsOf, rows: ShownItem[]) => string

/**
 * Rows are most of a list's page, and most of them were on it before. So each is kept under all that the template is given, and
 * of a list that was seen before only what changed is rendered.
 */
export function keptRows(render: RenderRows): (of: RowsOf, rows: readonly Row[]) => string {
  const kept = new LRUCache<string, string>({ max: KEPT })
  return (of, rows) => {
    const place = JSON.stringify(of)
    const missing: { key: string; index: number; shown: ShownItem }[] = []
    const lines = rows.map((row, index) => {
      const shown = asShown(row, of.lang)
      const key = place + JSON.stringify(shown)
      const html = kept.get(key)
      if (html === undefined) missing.push({ key, index, shown })
      return html ?? ''
    })
    if (missing.length === 0) return lines.join('')
    const made = render(
      of,
      missing.map(({ shown }) => shown)
    ).split(END)
    for (const [n, { key, index }] of missing.entries()) {
      // A copy, as a part of a text keeps the whole in memory.
      const html = Buffer.from(made[n] + END).toString()
      kept.set(key, html)
      lines[index] = html
    }
    return lines.join('')
  }
}
