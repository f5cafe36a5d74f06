import { formatAmount, ONE } from './quantity.ts'
import { type Entry, readLine } from './quick-entry.ts'

export type TextItem = Omit<Entry, 'said' | 'line'>

type Own = Omit<TextItem, 'shop' | 'note'>

const isSame = (a: Own, b: Own): boolean =>
  a.name === b.name && a.thousandths === b.thousandths && a.unit === b.unit && a.done === b.done

function lineOf(item: TextItem, language: 'pt' | 'en' | 'es'): string {
  const { name, thousandths, unit } = item
  const amount = formatAmount(thousandths, unit, language)
  const mark = item.done ? '- [x] ' : '- '
  const plain = thousandths === ONE && unit === '' ? [name] : [`${amount} ${name}`, `${name} (${amount})`]
  const isReadBack = (text: string) => {
    const { value } = readLine(mark + text)
    return value !== undefined && !value.said.shop && isSame(value, item)
  }
  return mark + (plain.find(isReadBack) ?? `"${name.replace(/"/g, '""')}" (${amount})`)
}

/**
 * A list as text to send to somebody, grouped by shop, in the order given. `readEntries(text, Infinity)` makes the same
 * items of it: a line that would be read as something else has its name in quotes.
 */
export function listAsText(items: readonly TextItem[], language: 'pt' | 'en' | 'es'): string {
  // Without a shop they come first: what follows a heading is of that shop.
  const groups = new Map<string, string[]>([['', []]])
  for (const item of items) {
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
