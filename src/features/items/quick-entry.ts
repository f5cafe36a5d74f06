import { type Field, type FieldError, fail } from '../../field-error.ts'
import { hasControl, isLonger, isVisible, MAX_TEXT, withoutTurns } from '../../text.ts'
import { fold } from '../../text-fold.ts'
import { knownUnit, MAX_QUANTITY, NUMBER, ONE, readUnit, thousandthsOf } from './quantity.ts'

/**
 * Items as people write or paste them, in any of the three languages. What is not certain is part of the name: a name that
 * lost its number would be wrong in silence. For web servers and browsers alike, the oldest included.
 */

export const MAX_LINE = 2000
export const MAX_LINES = 200
export const MAX_NOTE = 500

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

export interface LineError {
  line: number
  error: FieldError
}

export interface ReadOptions {
  maxLines?: number
  /** Shops that are known: a line may begin with one of them. */
  shops?: readonly string[]
}

export type Entries = { ok: true; entries: Entry[] } | { ok: false; errors: LineError[] }

interface Amount {
  thousandths: number
  unit: string
}
type Named = Amount & { name: string }

const pattern = (text: string) => new RegExp(text, 'u')
const times = {
  before: pattern(`^(${NUMBER}) ?(?:[xX] |× ?)(.+)$`),
  after: pattern(`^(.+) (?:([x×]) ?(${NUMBER})|(${NUMBER}) ?[x×])$`)
}
const measured = {
  before: pattern(String.raw`^(${NUMBER}) ?(\p{L}+\.?) (.+)$`),
  after: pattern(String.raw`^(.+) (${NUMBER}) ?(\p{L}+\.?)$`),
  inBrackets: pattern(String.raw`^(.+?) ?\((?:x ?)?(${NUMBER})(?: ?(\p{L}[^()]*))?\)$`)
}
const counted = pattern(`^(${NUMBER})( ?)(.+)$`)

/** Units that are words of one's own, and certain when they stand before a name: `20 cl natas`, but `cola 33cl`. */
const measures = ['cl', 'dl', 'lb', 'lbs', 'oz']
/** What things come in, and nothing else after a number: not `sacos de lixo`, `barras de cereais`, `molho de tomate`. */
const containers = new Set(
  (
    'caixa caixas pacote pacotes lata latas garrafa garrafas garrafao garrafoes frasco frascos boiao boioes ' +
    'embalagem embalagens pack packs cuvete cuvetes grade grades maco macos ' +
    'caja cajas paquete paquetes botella botellas bote botes tarro tarros manojo manojos ' +
    'boxes packets cans tins bottles jars cartons tubs bunches'
  ).split(' ')
)
/** The same where `of` follows: `1 can opener` is a name. */
const containersOf = new Set('box packet can tin bottle jar carton tub bunch'.split(' '))
/** After a number they belong to the name: `5 estrelas`, `2 em 1 champô`, `30 cm`. */
const notCounted = new Set(
  (
    'em in en por a o up estrela estrelas star stars estrella estrellas ano anos year years dia dias day days ' +
    'mes meses month months hora horas hour hours h min mm cm km mg mcg ui iu va kw kwh mah gb tb mb ghz mhz ' +
    'volt volts watt watts graus grados degrees euro euros'
  ).split(' ')
)
/** Before a measure they make it part of the name: `saco de 5 kg`. */
const prepositions = new Set('de do da com com para por sem ate of for with to up from con sin hasta x'.split(' '))
const ofWords = new Set(['de', 'of'])
const numberWords: Readonly<Record<string, number>> = {
  meio: 500,
  meia: 500,
  medio: 500,
  media: 500,
  half: 500,
  um: 1000,
  uma: 1000,
  un: 1000,
  una: 1000,
  a: 1000,
  one: 1000,
  dois: 2000,
  duas: 2000,
  dos: 2000,
  two: 2000,
  tres: 3000,
  three: 3000,
  quatro: 4000,
  cuatro: 4000,
  four: 4000,
  cinco: 5000,
  five: 5000,
  seis: 6000,
  six: 6000
}
const dozens = new Set('duzia duzias docena docenas dozen'.split(' '))
/** Written out, so that no name begins with them by chance. */
const isLongUnit = (word: string): boolean => word.length >= 4 && Boolean(knownUnit(word))

const isYear = (text: string): boolean => /^(19|20)\d\d$/.test(text)
const endsOpen = (name: string): boolean =>
  /[\d+×*/-]$|\dx$/i.test(name) || prepositions.has(fold(name.slice(name.lastIndexOf(' ') + 1)))

/** A unit after a number. `5G` and `64G` are no weights. */
function unitOf(word: string, thousandths: number): string | undefined {
  const number = thousandths / ONE
  if (word === 'G' && (number < 50 || Number.isInteger(Math.log2(number)))) return undefined
  return word === 'x' || word === 'X' ? undefined : knownUnit(word)
}

function withTimesBefore(text: string): Named | undefined {
  const [, number = '', name = ''] = times.before.exec(text) ?? []
  const thousandths = thousandthsOf(number)
  if (thousandths === undefined) return undefined
  // `10 x 15 fotos` is a size; `2 x 500 g massa` is not.
  const [, size, unit = ''] = measured.before.exec(name) ?? []
  if (/^\d/.test(name) && (size === undefined || knownUnit(unit) === undefined)) return undefined
  return { name, thousandths, unit: '' }
}

function withTimesAfter(text: string): Named | undefined {
  const [whole = '', name = '', sign, after, before] = times.after.exec(text) ?? []
  const thousandths = thousandthsOf(after ?? before ?? '')
  if (thousandths === undefined || /[x×*/+-]$/.test(name)) return undefined
  const isSpaced = / [x×] /.test(whole.slice(name.length))
  // `foto 10 x 15` and `Windows x64`.
  if (isSpaced ? /\d$/.test(name) : sign === 'x' && thousandths > 50 * ONE) return undefined
  return { name, thousandths, unit: '' }
}

function withUnitBefore(text: string): Named | undefined {
  const [, number = '', word = '', rest = ''] = measured.before.exec(text) ?? []
  const thousandths = thousandthsOf(number)
  if (thousandths === undefined) return undefined
  const words = rest.split(' ')
  const unit = measures.includes(fold(word)) ? fold(word) : (unitOf(word, thousandths) ?? containerOf(word, words))
  return unit === undefined ? undefined : withRest(words, { thousandths, unit })
}

/** As it was written, if it is a container before these words. */
const containerOf = (word: string, rest: readonly string[]): string | undefined =>
  containers.has(fold(word)) || (containersOf.has(fold(word)) && ofWords.has(fold(rest[0] ?? ''))) ? word : undefined

/** What follows a unit: `e meio`, `de`, and the name. */
function withRest(words: string[], { thousandths, unit }: Amount, needsOf = false): Named | undefined {
  const [first = '', second = ''] = words.map(fold)
  const isHalf = (first === 'e' && /^mei[oa]$/.test(second)) || (first === 'y' && /^medi[oa]$/.test(second))
  const rest = isHalf ? words.slice(2) : words
  const hasOf = ofWords.has(fold(rest[0] ?? ''))
  const name = rest.slice(hasOf ? 1 : 0).join(' ')
  if (name === '' || (needsOf && !hasOf)) return undefined
  return { name, thousandths: thousandths + (isHalf ? ONE / 2 : 0), unit }
}

function withUnitAfter(text: string): Named | undefined {
  const [, name = '', number = '', word = ''] = measured.after.exec(text) ?? []
  const thousandths = thousandthsOf(number)
  if (thousandths === undefined || endsOpen(name)) return undefined
  const unit = unitOf(word, thousandths) ?? (containers.has(fold(word)) ? word : undefined)
  return unit === undefined ? undefined : { name, thousandths, unit }
}

/** `arroz (2 pacotes)`. */
function withBrackets(text: string, quoted: string): Named | undefined {
  const [, name = '', number = '', word = ''] = measured.inBrackets.exec(text) ?? []
  const thousandths = thousandthsOf(number)
  const unit = readUnit(word).value
  if (thousandths === undefined || unit === undefined) return undefined
  if (name !== quoted && (word === '' ? isYear(number) : notCounted.has(fold(word)))) return undefined
  return { name, thousandths, unit }
}

/** `meio quilo de fiambre`, `uma dúzia de ovos`, `2 dúzias de ovos`, `litro e meio de leite`. */
function inWords(text: string): Named | undefined {
  const words = text.split(' ')
  const folded = words.slice(0, 4).map(fold)
  const number =
    numberWords[folded[0] ?? ''] ?? (/^\d/.test(words[0] ?? '') ? thousandthsOf(words[0] ?? '') : undefined)
  const isHalfA = folded[0] === 'half' && folded[1] === 'a'
  const place = number === undefined ? 0 : isHalfA ? 2 : 1
  const word = folded[place] ?? ''
  const rest = words.slice(place + 1)
  const thousandths = number ?? ONE
  if (dozens.has(word)) {
    const named = withRest(rest, { thousandths, unit: '' }, word !== 'dozen' && !/^\d/.test(text))
    return named && { ...named, thousandths: named.thousandths * 12 }
  }
  if (number !== undefined && (containers.has(word) || containersOf.has(word))) {
    return withRest(rest, { thousandths, unit: words[place] ?? '' }, true)
  }
  return isLongUnit(word) ? withRest(rest, { thousandths, unit: knownUnit(word) ?? '' }, true) : undefined
}

/** `3 leite`, `½ melancia`. */
function withCount(text: string, quoted: string): Named | undefined {
  const [, number = '', space, name = ''] = counted.exec(text) ?? []
  const thousandths = thousandthsOf(number)
  if (thousandths === undefined) return undefined
  if (name === quoted || /\D$/.test(number))
    return /^[\p{L}\p{Co}]/u.test(name) ? { name, thousandths, unit: '' } : undefined
  const isNumbered = /^0\d/.test(number) || isYear(number) || thousandths >= 1000 * ONE
  const [first = ''] = /^\p{L}[\p{L}\p{M}'’]+/u.exec(name) ?? []
  const word = fold(first)
  const isMeasure = notCounted.has(word) || measures.includes(word) || knownUnit(word) !== undefined
  return space && !isNumbered && !isMeasure ? { name, thousandths, unit: '' } : undefined
}

/** Each with what stands in the text for a quoted name. The first that is certain is right. */
const readers: readonly ((text: string, quoted: string) => Named | undefined)[] = [
  withBrackets,
  withTimesBefore,
  inWords,
  withUnitBefore,
  withCount,
  withTimesAfter,
  withUnitAfter
]

function readBody(text: string, quoted: string): Named | undefined {
  for (const reader of readers) {
    const named = reader(text, quoted)
    const isPossible = named && named.thousandths <= MAX_QUANTITY * ONE
    if (isPossible && (named.name === quoted || isVisible(named.name))) return named
  }
  return undefined
}

/** A character of no alphabet that is not in the text. */
function unusedIn(text: string): string {
  let code = 0xe000
  while (text.includes(String.fromCharCode(code))) code += 1
  return String.fromCharCode(code)
}

const amountAfterShop = pattern(String.raw`^(.+?) ((?:${NUMBER}) ?(?:[xX×]|\p{L}+\.?)|[x×] ?(?:${NUMBER}))$`)
const shopWithColon = /^([^:]*[^:\s])\s*:\s*(\S.*)$/

/** Where a line that begins with a shop has its item, if that is certain: after a colon, a shop that is known, or at an amount. */
function afterShop(text: string, known: ReadonlySet<string>): { shop: string; item: string } | undefined {
  const [, named, rest = ''] = shopWithColon.exec(text) ?? []
  if (named !== undefined) return { shop: named, item: rest }
  if (known.has(fold(text))) return undefined
  const words = text.split(' ')
  const parts = words.slice(1).map((_, index) => ({
    shop: words.slice(0, index + 1).join(' '),
    item: words.slice(index + 1).join(' ')
  }))
  const isAmount = (item: string) =>
    [withTimesBefore, inWords, withUnitBefore].some(reader => reader(item) !== undefined)
  return parts.reverse().find(({ shop }) => known.has(fold(shop))) ?? parts.reverse().find(({ item }) => isAmount(item))
}

/** A line's item and its shops, which may come first, or have an amount after them (`pão @Lidl 2 kg`). */
function divide(text: string, stand: string, known: ReadonlySet<string>): { item: string; shops: string[] } {
  const [before = '', ...shops] = ` ${text}`.split(/ @(?=[^\s@])/)
  const item = before.trim()
  const last = shops[shops.length - 1]
  if (last === undefined) return { item, shops }
  const others = shops.slice(0, -1)
  if (item === '') {
    const first = afterShop(last, known)
    return first ? { item: first.item, shops: [...others, first.shop] } : { item, shops }
  }
  const [, shop = '', amount = ''] = amountAfterShop.exec(last) ?? []
  if (shop === '' || readBody(item, stand)) return { item, shops }
  const whole = [`${amount} ${item}`, `${item} ${amount}`].find(text => readBody(text, stand)?.name === item)
  return whole === undefined ? { item, shops } : { item: whole, shops: [...others, shop] }
}

const quotedName = /(^|\s)("(?:[^"]|"")+")(?=\s|$)/

/** A tick alone is no shop's name: at the end of a line it would be read as one. */
const isShop = (text: string): boolean => isVisible(text) && !tickAlone.test(text)

/** Reads what is a line's own: no marks before it, and no shop above. */
function readOwn(line: string, known: ReadonlySet<string>): Field<Omit<Entry, 'note' | 'done' | 'line'>> {
  const stand = unusedIn(line)
  const [, , quoted = ''] = quotedName.exec(line) ?? []
  const text = (quoted ? line.replace(quotedName, `$1${stand}`) : line).replace(/\s+/g, ' ').trim()
  const back = (part: string) => part.split(stand).join(quoted)
  const divided = divide(text, stand, known)
  const places = divided.shops.map(place => splitShops(back(place)))
  const shops = places.every(place => place.length > 0 && place.every(isShop)) ? places.flat() : []
  const body = shops.length > 0 ? divided.item : text
  if (body === '' && shops.length > 0) return fail('quick.onlyShop')

  const read = readBody(body, stand)
  const { name, thousandths, unit } = read ?? { name: body, thousandths: ONE, unit: '' }
  return checkTexts({
    name: name === stand ? quoted.slice(1, -1).replace(/""/g, '"').trim() : back(name),
    thousandths,
    unit,
    shop: joinShops(shops),
    said: { quantity: read !== undefined, unit: unit !== '', shop: shops.length > 0 }
  })
}

function checkTexts<E extends { name: string; shop: string }>(entry: E): Field<E> {
  for (const text of [entry.name, entry.shop]) {
    if (hasControl(text)) return fail('field.controlCharacters')
    if (isLonger(text, MAX_TEXT)) return fail('field.tooLong', { max: MAX_TEXT })
  }
  return isVisible(entry.name) ? { value: entry } : fail('field.required')
}

/** The shops where an item may be bought, each once, as its field `Lidl, Pingo Doce` names them. */
export function splitShops(field: string): string[] {
  const shops = new Map<string, string>()
  for (const part of field.split(',')) {
    const shop = part.trim()
    const folded = fold(shop)
    if (folded && !shops.has(folded)) shops.set(folded, shop)
  }
  return Array.from(shops.values())
}

export const joinShops = (shops: readonly string[]): string => splitShops(shops.join(',')).join(', ')

const heading = /^#{1,6}\s+(.+)$/
const noteLine = /^\s+> ?(.*)$/
const numbered = /^(\d{1,3})[.)]\s+(?=\S)/
const BULLET = String.raw`(?:[-*+·–—](?=\s|$)|[•‣⁃◦∙▪▫●]\uFE0F?|o(?=\t))\s*`
const OPEN = String.raw`(?:\[\s*\]|\(\s+\))(?=\s|$)|[☐□▢◻⬜❏❑❒◯○🔲]`
const TICKED = String.raw`(?:\[\s*[xX✓✔☑✅]\uFE0F?\s*\]|\([xX✓✔]\uFE0F?\))(?=\s|$)|[☑☒✅✔✓🗹🗸]`
const marks = pattern(String.raw`^(?:${BULLET})?(?:(?:${OPEN}|(${TICKED}))[\uFE0E\uFE0F]?\s*)?`)
const TICK_AFTER = String.raw`[☑✅✔✓🗹🗸][\uFE0E\uFE0F]?`
const tickAfter = pattern(String.raw`(?:\s+${TICK_AFTER})+$`)
const tickAlone = pattern(String.raw`^(?:${TICK_AFTER}\s*)+$`)
const struck = /^~~?([^~]+)~~?$/
const onlyMarks = pattern(String.raw`${marks.source}$`)

/** A line without what other programs put before an item, or after one that is ticked off. */
function unmarked(content: string): { text: string; done: boolean } {
  const [before = '', tick] = marks.exec(content) ?? []
  const after = tickAfter.exec(content)
  const text = content.slice(before.length, after ? after.index : undefined).trim()
  const [, crossedOut] = struck.exec(text) ?? []
  const done = Boolean(tick ?? after ?? crossedOut)
  return { text: crossedOut?.trim() ?? text, done }
}

/** As one of a numbered list may begin. */
export const looksNumbered = (text: string): boolean => numbered.test(text)

/** Lines that count 1, 2, 3 …, or begin again with 1 under another heading. */
function areNumbered(lines: readonly string[]): boolean {
  let last = 0
  return (
    lines.length > 1 &&
    lines.every(line => {
      const number = Number(numbered.exec(line)?.[1] ?? Number.NaN)
      const follows = number === last + 1 || number === 1
      last = number
      return follows
    })
  )
}

/** One item, with the box to tick that may stand before it. */
export function readLine(
  content: string,
  isNumbered = false,
  knownShops: ReadonlySet<string> = new Set()
): Field<Omit<Entry, 'note' | 'line'>> {
  if (onlyMarks.test(content)) return fail('field.required')
  const bare = unmarked(content)
  const { text, done } = isNumbered ? unmarked(bare.text.replace(numbered, '')) : bare
  const read = readOwn(text, knownShops)
  return read.error ? read : { value: { ...read.value, done: done || bare.done } }
}

/**
 * All items of what was typed or pasted, or what is wrong with which line: then there is none. A line `# Lidl` is the shop
 * of those below it, a line that begins with spaces and `>` a note to the one above; bullets, boxes to tick and numbers in
 * front are no part of an item.
 */
export function readEntries(text: string, { maxLines = MAX_LINES, shops: known = [] }: ReadOptions = {}): Entries {
  const knownShops = new Set(known.map(fold))
  const lines = withoutTurns(text)
    .split(/\r\n|[\n\r\u2028\u2029]/)
    // Messengers put an unseen mark of direction in front.
    .map((whole, index) => ({
      content: whole.replace(/^[\s\u200e\u200f]+/, '').trim(),
      note: noteLine.exec(whole)?.[1],
      line: index + 1
    }))
    .filter(({ content, note }) => note !== undefined || !onlyMarks.test(content))
  if (lines.length > maxLines) {
    return {
      ok: false,
      errors: [{ line: lines[maxLines]?.line ?? 0, error: { key: 'quick.tooManyLines', params: { max: maxLines } } }]
    }
  }
  const own = lines.filter(({ content, note }) => note === undefined && !heading.test(content))
  const isNumbered = areNumbered(own.map(({ content }) => unmarked(content).text))

  const entries: Entry[] = []
  const errors: LineError[] = []
  let shop = ''
  for (const { content, note, line } of lines) {
    const refuse = ({ error }: { error: FieldError }) => errors.push({ line, error })
    if (isLonger(content, MAX_LINE)) {
      refuse(fail('field.tooLong', { max: MAX_LINE }))
      continue
    }
    const last = entries[entries.length - 1]
    if (note !== undefined && last) {
      last.note = last.note === '' ? note : `${last.note}\n${note}`
      continue
    }
    const [, label] = heading.exec(content) ?? []
    if (label !== undefined) {
      const checked = checkTexts({ name: label, shop: '' })
      if (checked.error) refuse(checked)
      shop = label
      continue
    }
    const read = readLine(content, isNumbered, knownShops)
    if (read.error) refuse(read)
    else {
      const { value } = read
      const said = { ...value.said, shop: value.said.shop || shop !== '' }
      entries.push({ ...value, shop: value.shop || shop, said, note: '', line })
    }
  }
  for (const entry of entries) {
    entry.note = isVisible(entry.note) ? entry.note.trim() : ''
    if (hasControl(entry.note.replace(/\n/g, ''))) errors.push({ line: entry.line, ...fail('field.controlCharacters') })
    else if (isLonger(entry.note, MAX_NOTE))
      errors.push({ line: entry.line, ...fail('field.tooLong', { max: MAX_NOTE }) })
  }
  if (entries.length === 0 && errors.length === 0) {
    errors.push({ line: lines[0]?.line ?? 1, ...fail(lines.length > 0 ? 'quick.onlyShop' : 'field.required') })
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, entries }
}
