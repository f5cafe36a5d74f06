import { type Field, fail } from '../../field-error.ts'
import { isLonger, withoutUnseen } from '../../text.ts'
import { fold } from '../../text-fold.ts'

/**
 * Quantities are whole thousandths: exact on every database, in JSON and when two of them are added. For web servers and
 * browsers alike, the oldest included.
 */

export const ONE = 1000
export const MAX_QUANTITY = 9999
export const MAX_UNIT = 12

const vulgar: Readonly<Record<string, number>> = {
  '½': 500,
  '¼': 250,
  '¾': 750,
  '⅛': 125,
  '⅜': 375,
  '⅝': 625,
  '⅞': 875,
  '⅕': 200,
  '⅖': 400,
  '⅗': 600,
  '⅘': 800,
  '⅒': 100
}

/** A number as people write it, for a larger pattern; what it says is `thousandthsOf`. */
export const NUMBER = String.raw`(?:\d{1,4} ?)?[${Object.keys(vulgar).join('')}]|(?:\d{1,4} )?\d{1,2}[/⁄]\d{1,2}|\d*[.,]\d{1,3}|\d+`

const decimal = /^0*(\d{0,4})(?:[.,](\d{1,3}))?$/
const fraction = /^(?:(\d{1,4}) )?(\d{1,2})[/⁄](\d{1,2})$/
const mixed = /^(\d{1,4})? ?(\D)$/

/**
 * `1,5`, `1.5`, `½`, `1 ½`, `3/4`: thousandths, if it is more than nothing, at most MAX_QUANTITY and exact. One comma or
 * point is the decimal one: there are no separators of thousands.
 */
export function thousandthsOf(text: string): number | undefined {
  const thousandths = readNumber(text.trim())
  return thousandths !== undefined && thousandths > 0 && thousandths <= MAX_QUANTITY * ONE ? thousandths : undefined
}

/** A number that may have its thousands apart. */
const inGroups = /^[1-9]\d{0,2}[.,]\d{3}$/

/**
 * The same in a line that somebody wrote, in whatever language: `1.500 kg` are one and a half, as on a set of scales, and
 * `1.500 g` fifteen hundred. Of anything else nobody knows; `01,500` has decimals for certain.
 */
export function thousandthsInLine(text: string, unit: string | undefined): number | undefined {
  if (!inGroups.test(text) || unit === 'kg' || unit === 'l') return thousandthsOf(text)
  return unit === 'g' || unit === 'ml' ? thousandthsOf(text.replace(/[.,]/, '')) : undefined
}

function readNumber(text: string): number | undefined {
  const plain = /\d/.test(text) ? decimal.exec(text) : null
  if (plain) return Number(plain[1]) * ONE + Number((plain[2] ?? '').padEnd(3, '0'))
  const [, ones = 0, over, under] = fraction.exec(text) ?? []
  if (over !== undefined) {
    const part = (Number(over) * ONE) / Number(under)
    return Number.isInteger(part) && part < ONE ? Number(ones) * ONE + part : undefined
  }
  const [, before = 0, sign = ''] = mixed.exec(text) ?? []
  const part = vulgar[sign]
  return part === undefined ? undefined : Number(before) * ONE + part
}

/** A quantity as a form or JSON has it, in thousandths. */
export function readQuantity(raw: unknown): Field<number> {
  if (Array.isArray(raw)) return fail('field.repeated')
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string') return fail('field.required')
  const number = withoutUnseen(text).trim()
  if (number === '') return fail('field.required')
  const value = thousandthsOf(number)
  return value === undefined ? fail('field.amount', { max: MAX_QUANTITY }) : { value }
}

const decimalSigns = { pt: ',', en: '.', es: ',' } as const

/** As it is read back, without zeros that say nothing: `1,5`. */
export function formatQuantity(thousandths: number, language: keyof typeof decimalSigns): string {
  const rest = thousandths % ONE
  const ones = String((thousandths - rest) / ONE)
  return rest === 0 ? ones : ones + decimalSigns[language] + String(rest).padStart(3, '0').replace(/0+$/, '')
}

/** `1,5 kg`, or `3` of what has no unit. */
export const formatAmount = (thousandths: number, unit: string, language: keyof typeof decimalSigns): string =>
  formatQuantity(thousandths, language) + (unit && ` ${unit}`)

/** The same for a line, where `thousandthsInLine` reads it as it was. */
export function amountForLine(thousandths: number, unit: string, language: keyof typeof decimalSigns): string {
  const amount = formatAmount(thousandths, unit, language)
  const number = formatQuantity(thousandths, language)
  return thousandthsInLine(number, unit) === thousandths ? amount : `0${amount}`
}

/** For the guide's whole-numbered column `quantidade`: never less than there is to buy. */
export const wholeQuantity = (thousandths: number): number => Math.min(Math.ceil(thousandths / ONE), MAX_QUANTITY)

/** Other names of a unit, folded. Pieces need none. */
const otherNames: Readonly<Record<string, string>> = {
  kg: 'kgs kilo kilos quilo quilos kilogram kilograms kilogramo kilogramos quilograma quilogramas kilogramme kilogrammes',
  g: 'gr grs grama gramas gram grams gramo gramos gramme grammes',
  l: 'lt lts ltr litro litros litre litres liter liters',
  ml: 'mililitro mililitros millilitre millilitres milliliter milliliters',
  '': 'x un und unid unids unidade unidades unit units ud uds unidad unidades'
}
const units = new Map<string, string>()
for (const unit of Object.keys(otherNames)) {
  for (const name of [unit, ...(otherNames[unit] ?? '').split(' ')]) units.set(name, unit)
}

/** `kg`, `g`, `l`, `ml` or none, if that is what the word says: `Kg`, `quilos`, `litres`, `unid.`. */
export const knownUnit = (word: string): string | undefined => units.get(fold(word).replace(/\.$/, ''))

/** A unit as a form or JSON has it. Beside the known ones it is a word of one's own, left as it was typed. */
export function readUnit(raw: unknown): Field<string> {
  if (raw === undefined || raw === null) return { value: '' }
  if (Array.isArray(raw)) return fail('field.repeated')
  if (typeof raw !== 'string') return fail('field.invalid')
  const word = withoutUnseen(raw).trim().replace(/ +/g, ' ')
  const known = knownUnit(word)
  if (known !== undefined) return { value: known }
  if (isLonger(word, MAX_UNIT)) return fail('field.tooLong', { max: MAX_UNIT })
  return /^\p{L}[\p{L}\p{M}\p{N} .'’/%-]*$/u.test(word) ? { value: word } : fail('field.unit')
}
