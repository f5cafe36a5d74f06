import { withoutUnseen } from '../../text.ts'
import { amountForLine, ONE } from './quantity.ts'
import { readEntries } from './quick-entry/entries.ts'
import { headingOf } from './quick-entry/headings.ts'
import { type Entry, readLine } from './quick-entry/line.ts'
import { looksNumbered } from './quick-entry/marks.ts'

export type TextItem = Omit<Entry, 'said' | 'line'>

type Own = Omit<TextItem, 'shop' | 'note'>

const isSame = (a: Own, b: Own): boolean =>
  a.name === b.name && a.thousandths === b.thousandths && a.unit === b.unit && a.done === b.done

const clean = (text: string): string => withoutUnseen(text).trim()
/** Rows of other applications, and older ones, may have what no line is read with. */
const seen = (item: TextItem): TextItem => ({
  ...item,
  name: clean(item.name),
  shop: clean(item.shop),
  note: clean(item.note)
})

/** As one writes it, if that is read back as the same; else with its name in quotes. */
function written(
  { name, thousandths, unit }: Own,
  language: 'pt' | 'en' | 'es',
  isReadBack: (text: string) => boolean
): string {
  const amount = amountForLine(thousandths, unit, language)
  const plain = thousandths === ONE && unit === '' ? [name] : [`${amount} ${name}`, `${name} (${amount})`]
  return plain.find(isReadBack) ?? `"${name.replace(/"/g, '""')}" (${amount})`
}

function lineOf(item: TextItem, language: 'pt' | 'en' | 'es'): string {
  const mark = item.done ? '- [x] ' : '- '
  const isReadBack = (text: string) => {
    const { value } = readLine(mark + text)
    // Whether it is a heading, or a number in front of an item depends on the lines around it.
    return (
      value !== undefined && !headingOf(mark + text) && !looksNumbered(text) && !value.said.shop && isSame(value, item)
    )
  }
  return mark + written(item, language, isReadBack)
}

/** One item, without its note, as it is written into the field: `readEntries` makes the same of it. */
export function asEntry(given: TextItem, language: 'pt' | 'en' | 'es'): string {
  const item = seen(given)
  const lineWith = (text: string) => (item.done ? '[x] ' : '') + text + (item.shop && ` @${item.shop}`)
  const isReadBack = (text: string) => {
    const read = readEntries(lineWith(text))
    const [entry] = read.ok ? read.entries : []
    return entry !== undefined && isSame(entry, item) && entry.shop === item.shop
  }
  return lineWith(written(item, language, isReadBack))
}

/**
 * A list as text to send to somebody, grouped by shop, in the order given. `readEntries` makes the same
 * items of it: a line that would be read as something else has its name in quotes.
 */
export function listAsText(items: readonly TextItem[], language: 'pt' | 'en' | 'es'): string {
  // Without a shop they come first: what follows a heading is of that shop.
  const groups = new Map<string, string[]>([['', []]])
  for (const item of items.map(seen)) {
    const lines = groups.get(item.shop) ?? []
    groups.set(item.shop, lines)
    lines.push(lineOf(item, language))
    if (item.note) lines.push(...item.note.split('\n').map(line => `  > ${line}`))
  }
  return Array.from(groups)
    .filter(([, lines]) => lines.length > 0)
    .map(([shop, lines]) => [...(shop ? [`# ${shop}`] : []), ...lines].join('\n'))
    .join('\n\n')
}
