import type { MessageKey, Params } from './i18n/index.ts'

/** What is wrong with a field: a catalogue key and its parameters. */
export interface FieldError {
  key: MessageKey
  params?: Params
}

export type FieldErrors<F extends string = string> = Partial<Record<F, FieldError>>

export type Checked<V, F extends string> = { ok: true; value: V } | { ok: false; errors: FieldErrors<F> }

/** A form's fields as they arrived: absent, a text, a number from JSON, a list where one was sent twice, … */
export type RawForm = Record<string, unknown>

export const MAX_TEXT = 140

export type Field<V> = { value: V; error?: undefined } | { value?: undefined; error: FieldError }

export function gather<V, F extends string>(fields: Record<F, Field<unknown>>, value: () => V): Checked<V, F> {
  const errors: FieldErrors<F> = {}
  let ok = true
  for (const name in fields) {
    const { error } = fields[name]
    if (!error) continue
    errors[name] = error
    ok = false
  }
  return ok ? { ok: true, value: value() } : { ok: false, errors }
}

export const fail = (key: MessageKey, params?: Params): { error: FieldError } => ({
  error: params ? { key, params } : { key }
})

/** Characters are counted as people see them in a form: code points, as the databases do. */
export const lengthOf = (text: string): number => [...text].length
/** Counts only where that can matter: a text has no more code points than it has units. */
export const isLonger = (text: string, max: number): boolean => text.length > max && lengthOf(text) > max

/** Something to see: not only spaces, marks without a letter and invisible formatting. */
export const isVisible = (text: string): boolean => /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}]/u.test(text)

export const hasControl = (text: string): boolean => /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text)

export function checkText(raw: unknown): Field<string> {
  if (Array.isArray(raw)) return fail('field.repeated')
  if (typeof raw !== 'string') return fail('field.required')
  const text = raw.trim()
  if (hasControl(raw)) return fail('field.controlCharacters')
  if (!isVisible(text)) return fail('field.required')
  if (isLonger(text, MAX_TEXT)) return fail('field.tooLong', { max: MAX_TEXT })
  return { value: text }
}
