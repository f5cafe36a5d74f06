import { fold } from '../../../text-fold.ts'
import { unmarked } from './marks.ts'
import { joinShops } from './shops.ts'

export interface Heading {
  /** The shop of the lines below; empty: of none. */
  shop: string
  /** Where another of a higher number follows at once, it is a heading of headings. */
  level: number
}

const hashed = /^(#{1,6})\s+(.+)$/
const withColon = /^([^:"]*\p{L}[^:"]*?)\s*:$/u
/** What lists are called in messages, folded: no shop. */
const titles = new Set(
  (
    'lista|a lista|lista de compras|lista das compras|lista da compra|compras|as compras|comprar|a comprar|para comprar|falta|faltam|' +
    'list|the list|shopping list|shopping|grocery list|groceries|to buy|we need|' +
    'la lista|lista de la compra|lista del super|la compra|compra|por comprar|faltan'
  ).split('|')
)

/** `# Lidl`, `Lidl:`, `@Lidl @Aldi:`: a line that names what the lines below have in common. */
export function headingOf(content: string): Heading | undefined {
  const [, marks, label] = hashed.exec(content) ?? []
  if (marks !== undefined && label !== undefined) return { shop: label, level: marks.length }
  const { text, done } = unmarked(content)
  const [, named] = withColon.exec(text) ?? []
  if (named === undefined || done) return undefined
  const [before = '', ...shops] = ` ${named}`.split(/ @(?=[^\s@])/)
  if (shops.length > 0) return before === '' ? { shop: joinShops(shops), level: 7 } : undefined
  return titles.has(fold(named.replace(/[^\p{L}\p{M}\s]/gu, '')))
    ? { shop: '', level: 0 }
    : { shop: named.replace(/\s+/g, ' '), level: 7 }
}
