import { type Field, fail } from '../../../field-error.ts'
import { hasControl, isLonger, isVisible, MAX_TEXT, withoutUnseen } from '../../../text.ts'
import { ONE } from '../quantity.ts'
import { readAmount } from './amount.ts'
import { divide } from './at-shops.ts'
import { onlyMarks, tickAlone, unmarked, withoutNumber } from './marks.ts'
import { joinShops, splitShops } from './shops.ts'

export interface Entry {
  name: string
  thousandths: number
  unit: string
  /** Several are divided by commas; empty: wherever. */
  shop: string
  note: string
  done: boolean
  /** What of it was written; the rest is assumed, and may be filled in from what is known of the name. */
  said: { quantity: boolean; unit: boolean; shop: boolean }
  /** From 1. */
  line: number
}

/** A character of no alphabet that is not in the text. */
function unusedIn(text: string): string {
  let code = 0xe000
  while (text.includes(String.fromCharCode(code))) code += 1
  return String.fromCharCode(code)
}

const quotedName = /(^|\s)("(?:[^"]|"")+")(?=\s|$)/

/** A tick alone is no shop's name: at the end of a line it would be read as one. */
const isShop = (text: string): boolean => isVisible(text) && !tickAlone.test(text)

/** Reads what is a line's own: no marks before it, and no shop above. */
function readOwn(line: string, known: ReadonlySet<string>): Field<Omit<Entry, 'note' | 'line'>> {
  const stand = unusedIn(line)
  const [, , quoted = ''] = quotedName.exec(line) ?? []
  const text = (quoted ? line.replace(quotedName, `$1${stand}`) : line).replace(/\s+/g, ' ').trim()
  const back = (part: string) => part.split(stand).join(quoted)
  const divided = divide(text, stand, known)
  const places = divided.shops.map(place => splitShops(back(place)))
  const shops = places.every(place => place.length > 0 && place.every(isShop)) ? places.flat() : []
  // A box may stand beside the item, too, with its shop before or after both: `@Lidl: [x] leite`, `~~leite~~ @Lidl`.
  const { text: body, done } = shops.length > 0 ? unmarked(divided.item) : { text, done: false }
  if (body === '' && shops.length > 0) return fail('quick.onlyShop')

  const read = readAmount(body, stand)
  const { name, thousandths, unit } = read ?? { name: body, thousandths: ONE, unit: '' }
  return checkTexts({
    name: withoutUnseen(name === stand ? quoted.slice(1, -1).replace(/""/g, '"') : back(name)).trim(),
    thousandths,
    unit,
    shop: joinShops(shops),
    done,
    said: { quantity: read !== undefined, unit: unit !== '', shop: shops.length > 0 }
  })
}

export function checkTexts<E extends { name: string; shop: string }>(entry: E): Field<E> {
  for (const text of [entry.name, entry.shop]) {
    if (hasControl(text)) return fail('field.controlCharacters')
    if (isLonger(text, MAX_TEXT)) return fail('field.tooLong', { max: MAX_TEXT })
  }
  return isVisible(entry.name) ? { value: entry } : fail('field.required')
}

/** One item, with the box to tick that may stand before it. */
export function readLine(
  content: string,
  isNumbered = false,
  knownShops: ReadonlySet<string> = new Set()
): Field<Omit<Entry, 'note' | 'line'>> {
  if (onlyMarks.test(content)) return fail('field.required')
  const bare = unmarked(content)
  const { text, done } = isNumbered ? unmarked(withoutNumber(bare.text)) : bare
  const read = readOwn(text, knownShops)
  return read.error ? read : { value: { ...read.value, done: read.value.done || done || bare.done } }
}
