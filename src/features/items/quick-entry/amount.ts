import { isVisible } from '../../../text.ts'
import { fold } from '../../../text-fold.ts'
import { knownUnit, MAX_QUANTITY, NUMBER, ONE, readUnit, thousandthsInLine, thousandthsOf } from '../quantity.ts'
import { containers, containersOf, dozens, measures, notCounted, numberWords, ofWords, prepositions } from './words.ts'

/** How much of what: each reader finds a quantity and its unit in another place of a text, the rest is the name. */

interface Amount {
  thousandths: number
  unit: string
}
type Named = Amount & { name: string }

const times = {
  before: new RegExp(`^(${NUMBER}) ?(?:[xX] |× ?)(.+)$`, 'u'),
  after: new RegExp(`^(.+) (?:([x×]) ?(${NUMBER})|(${NUMBER}) ?[x×])$`, 'u')
}
const measured = {
  before: new RegExp(String.raw`^(${NUMBER}) ?(\p{L}+\.?) (.+)$`, 'u'),
  after: new RegExp(String.raw`^(.+) (${NUMBER}) ?(\p{L}+\.?)$`, 'u'),
  inBrackets: new RegExp(String.raw`^(.+?) ?\((?:x ?)?(${NUMBER})(?: ?(\p{L}[^()]*))?\)$`, 'u')
}
const counted = new RegExp(`^(${NUMBER})( ?)(.+)$`, 'u')

/** Written out, so that no name begins with them by chance. */
const isLongUnit = (word: string): boolean => word.length >= 4 && Boolean(knownUnit(word))

const isYear = (text: string): boolean => /^(19|20)\d\d$/.test(text)
const endsOpen = (name: string): boolean =>
  /[\d+×*/-]$|\dx$/i.test(name) || prepositions.has(fold(name.slice(name.lastIndexOf(' ') + 1)))

/** A unit after a number. `5G` and `64G` are no weights. */
function unitOf(word: string, written: string): string | undefined {
  const number = (thousandthsOf(written) ?? 0) / ONE
  if (word === 'G' && (number < 50 || Number.isInteger(Math.log2(number)))) return undefined
  return word === 'x' || word === 'X' ? undefined : knownUnit(word)
}

function withTimesBefore(text: string): Named | undefined {
  const [, number = '', name = ''] = times.before.exec(text) ?? []
  const thousandths = thousandthsInLine(number, '')
  if (thousandths === undefined) return undefined
  // `10 x 15 fotos` is a size; `2 x 500 g massa` is not.
  const [, size, unit = ''] = measured.before.exec(name) ?? []
  if (/^\d/.test(name) && (size === undefined || knownUnit(unit) === undefined)) return undefined
  return { name, thousandths, unit: '' }
}

function withTimesAfter(text: string): Named | undefined {
  const [whole = '', name = '', sign, after, before] = times.after.exec(text) ?? []
  const thousandths = thousandthsInLine(after ?? before ?? '', '')
  if (thousandths === undefined || /[x×*/+-]$/.test(name)) return undefined
  const isSpaced = / [x×] /.test(whole.slice(name.length))
  // `foto 10 x 15` and `Windows x64`.
  if (isSpaced ? /\d$/.test(name) : sign === 'x' && thousandths > 50 * ONE) return undefined
  return { name, thousandths, unit: '' }
}

function withUnitBefore(text: string): Named | undefined {
  const [, number = '', word = '', rest = ''] = measured.before.exec(text) ?? []
  const words = rest.split(' ')
  const unit = measures.includes(fold(word)) ? fold(word) : (unitOf(word, number) ?? containerOf(word, words))
  const thousandths = thousandthsInLine(number, unit)
  return unit === undefined || thousandths === undefined ? undefined : withRest(words, { thousandths, unit })
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
  if (endsOpen(name)) return undefined
  const unit = unitOf(word, number) ?? (containers.has(fold(word)) ? word : undefined)
  const thousandths = thousandthsInLine(number, unit)
  return unit === undefined || thousandths === undefined ? undefined : { name, thousandths, unit }
}

/** `arroz (2 pacotes)`. */
function withBrackets(text: string, quoted: string): Named | undefined {
  const [, name = '', number = '', word = ''] = measured.inBrackets.exec(text) ?? []
  const unit = readUnit(word).value
  const thousandths = thousandthsInLine(number, unit)
  if (thousandths === undefined || unit === undefined) return undefined
  if (name !== quoted && (word === '' ? isYear(number) : notCounted.has(fold(word)))) return undefined
  return { name, thousandths, unit }
}

/** `meio quilo de fiambre`, `uma dúzia de ovos`, `2 dúzias de ovos`, `litro e meio de leite`. */
function inWords(text: string): Named | undefined {
  const words = text.split(' ')
  const folded = words.slice(0, 4).map(fold)
  const digits = /^\d/.test(text) ? (words[0] ?? '') : ''
  const inLetters = numberWords[folded[0] ?? '']
  const isNumbered = inLetters !== undefined || thousandthsOf(digits) !== undefined
  const isHalfA = folded[0] === 'half' && folded[1] === 'a'
  const place = !isNumbered ? 0 : isHalfA ? 2 : 1
  const word = folded[place] ?? ''
  const rest = words.slice(place + 1)
  const unit = isLongUnit(word) ? knownUnit(word) : undefined
  const thousandths = isNumbered ? (inLetters ?? thousandthsInLine(digits, unit)) : ONE
  if (thousandths === undefined) return undefined
  if (dozens.has(word)) {
    const named = withRest(rest, { thousandths, unit: '' }, word !== 'dozen' && !/^\d/.test(text))
    return named && { ...named, thousandths: named.thousandths * 12 }
  }
  if (isNumbered && (containers.has(word) || containersOf.has(word))) {
    return withRest(rest, { thousandths, unit: words[place] ?? '' }, true)
  }
  return unit === undefined ? undefined : withRest(rest, { thousandths, unit }, true)
}

/** `3 leite`, `½ melancia`. */
function withCount(text: string, quoted: string): Named | undefined {
  const [, number = '', space, name = ''] = counted.exec(text) ?? []
  const thousandths = thousandthsInLine(number, '')
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

/** A name and how much of it; undefined where the whole text is a name. `quoted` is its stand-in for a quoted name. */
export function readAmount(text: string, quoted: string): Named | undefined {
  for (const reader of readers) {
    const named = reader(text, quoted)
    const isPossible = named && named.thousandths <= MAX_QUANTITY * ONE
    if (isPossible && (named.name === quoted || isVisible(named.name))) return named
  }
  return undefined
}

/** A text that begins with an amount for certain. */
export const beginsWithAmount = (text: string): boolean =>
  [withTimesBefore, inWords, withUnitBefore].some(reader => reader(text) !== undefined)
