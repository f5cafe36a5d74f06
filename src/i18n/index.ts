import { isolated } from '../text.ts'
import type { Catalogue, Message, MessageKey, Params, Said } from './catalogue.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { pt } from './pt.ts'

export type { MessageKey, Params, Said } from './catalogue.ts'
export type Language = 'pt' | 'en' | 'es'
export type Translate = (key: MessageKey, params?: Params) => string

/** In the order in which they are offered; the first is the default. */
export const languages: readonly Language[] = ['pt', 'en', 'es']

/** Each language's name, in that language. */
export const languageNames: Readonly<Record<Language, string>> = { pt: 'Português', en: 'English', es: 'Español' }

const catalogues: Readonly<Record<Language, Catalogue>> = { pt, en, es }
const locales: Readonly<Record<Language, string>> = { pt: 'pt-PT', en: 'en-GB', es: 'es-ES' }

export const isLanguage = (value: unknown): value is Language => languages.includes(value as Language)

export const isMessageKey = (value: unknown): value is MessageKey =>
  typeof value === 'string' && Object.hasOwn(pt, value)

/**
 * For a page's scripts: the texts whose keys begin with one of `starts`, as JSON that is safe inside of a `<script>`. A
 * parameter that is not given stays as `{name}`, for the script to fill.
 */
export function scriptTexts(t: Translate): (starts: string[], params?: Params) => string {
  const known = new Map<string, string>()
  return (starts, params) => {
    if (params) return textsAsJson(t, starts, params)
    const name = starts.join(' ')
    const json = known.get(name) ?? textsAsJson(t, starts)
    known.set(name, json)
    return json
  }
}

function textsAsJson(t: Translate, starts: string[], params?: Params): string {
  const keys = starts.flatMap(start => {
    const found = (Object.keys(pt) as MessageKey[]).filter(key => key.startsWith(start))
    if (found.length === 0) throw new Error(`Unknown message keys: ${start}`)
    return found
  })
  const json = JSON.stringify(Object.fromEntries(keys.map(key => [key, t(key, params)])))
  // Beyond Latin-1 a single character doubles what the page's text takes in memory, and its way out.
  return json.replaceAll(/[<\u0100-\uffff]/g, found => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Literal text at even places, parameter names at odd ones; a plain string when there is no parameter. */
type Pattern = string | readonly string[]
type Compiled = Pattern | { one: Pattern; other: Pattern }

function compileText(text: string): Pattern {
  const parts = text.split(/\{(\w+)\}/)
  return parts.length === 1 ? text : parts
}

function compile(message: Message): Compiled {
  return typeof message === 'string'
    ? compileText(message)
    : { one: compileText(message.one), other: compileText(message.other) }
}

function fill(pattern: Pattern, params: Params): string {
  if (typeof pattern === 'string') return pattern
  let text = ''
  for (const [index, part] of pattern.entries()) {
    const param = index % 2 === 0 ? part : (params[part] ?? `{${part}}`)
    text += typeof param === 'string' ? isolated(param) : param
  }
  return text
}

const isPattern = (message: Compiled): message is Pattern => typeof message === 'string' || Array.isArray(message)

function createTranslator(language: Language): Translate {
  const messages = new Map<string, Compiled>()
  for (const [key, message] of Object.entries(catalogues[language])) messages.set(key, compile(message))
  const plural = new Intl.PluralRules(locales[language])

  return (key, params = {}) => {
    const message = messages.get(key)
    // Templates are not type-checked, so a misspelt key has to be loud here.
    if (message === undefined) throw new Error(`Unknown message key: ${key}`)
    if (typeof message === 'string') return message
    if (isPattern(message)) return fill(message, params)
    return fill(plural.select(Number(params.count)) === 'one' ? message.one : message.other, params)
  }
}

const translators: Readonly<Record<Language, Translate>> = {
  pt: createTranslator('pt'),
  en: createTranslator('en'),
  es: createTranslator('es')
}

/** Always the same function for a language. It throws on a key that does not exist. */
export const translator = (language: Language): Translate => translators[language]

export const textOf = (t: Translate, { key, params, also = [] }: Said): string =>
  [t(key, params), ...also.map(one => textOf(t, one))].join(' ')

/** A longer header is not a person's; the rest of it is ignored. */
const maxHeaderLength = 512

/** The offered language a person prefers most, by the `Accept-Language` header; Portuguese when none matches. */
export function negotiateLanguage(acceptLanguage: string | undefined): Language {
  let best: Language = 'pt'
  let bestQuality = 0
  for (const range of (acceptLanguage ?? '').slice(0, maxHeaderLength).split(',')) {
    const [tag = '', ...parameters] = range.split(';')
    const primary = tag.trim().toLowerCase().split('-')[0]
    const language = primary === '*' ? 'pt' : primary
    if (!isLanguage(language)) continue
    const quality = parameters.find(parameter => /^\s*q\s*=/i.test(parameter))?.split('=')[1]
    const weight = quality === undefined ? 1 : Number(quality.trim() || Number.NaN)
    if (weight <= 1 && weight > bestQuality) {
      best = language
      bestQuality = weight
    }
  }
  return best
}

const formats = (options: Intl.DateTimeFormatOptions): Record<Language, Intl.DateTimeFormat> => ({
  pt: new Intl.DateTimeFormat(locales.pt, options),
  en: new Intl.DateTimeFormat(locales.en, options),
  es: new Intl.DateTimeFormat(locales.es, options)
})

const dateTimeFormats = formats({ dateStyle: 'medium', timeStyle: 'short' })
const dateFormats = formats({ dateStyle: 'full' })
const timeFormats = formats({ timeStyle: 'long' })

/** Short, for lists: `20/11/2025, 23:01`. In the server's time zone, as the other two. */
export const formatDateTime = (language: Language, date: Date): string => dateTimeFormats[language].format(date)

/** `quinta-feira, 20 de novembro de 2025`. */
export const formatDate = (language: Language, date: Date): string => dateFormats[language].format(date)

/** With seconds and the time zone: `23:01:05 UTC`. */
export const formatTime = (language: Language, date: Date): string => timeFormats[language].format(date)

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1]
] as const

const listFormats = {
  pt: new Intl.ListFormat(locales.pt),
  en: new Intl.ListFormat(locales.en),
  es: new Intl.ListFormat(locales.es)
}

/** The two largest units that are not zero, rounded up so that a person told to wait does not come too early. */
export function formatDuration(language: Language, seconds: number): string {
  let left = Math.max(1, Math.ceil(seconds))
  const largest = units.findIndex(([, size]) => left >= size)
  const [, step] = units[Math.min(largest + 1, units.length - 1)] ?? units[3]
  left = Math.ceil(left / step) * step

  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count > 0) parts.push(formatUnit(language, unit, count))
  }
  return listFormats[language].format(parts)
}

const unitFormats = new Map<string, Intl.NumberFormat>()

function formatUnit(language: Language, unit: string, count: number): string {
  const key = `${language} ${unit}`
  let format = unitFormats.get(key)
  if (format === undefined) {
    format = new Intl.NumberFormat(locales[language], { style: 'unit', unit, unitDisplay: 'long' })
    unitFormats.set(key, format)
  }
  return format.format(count)
}
