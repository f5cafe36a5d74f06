import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox'
import { type Field, type FieldError, fail } from './field-error.ts'
import type { MessageKey } from './i18n/index.ts'
import { digest } from './keys.ts'
import { CONTROL, hasControl, isVisible, MAX_TEXT, withoutUnseen } from './text.ts'

export type FieldErrors<F extends string = string> = Partial<Record<F, FieldError>>

export type Checked<V, F extends string = string> = { ok: true; value: V } | { ok: false; errors: FieldErrors<F> }

/** A form's fields as they arrived: absent, a text, a number from JSON, a list where one was sent twice, … */
export type RawForm = Record<string, unknown>

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

/** A field as it was typed, to be shown again. */
export const typed = (form: RawForm, name: string): string => {
  const value = form[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** What a property of a schema says beside what JSON Schema knows. */
interface Notes {
  label: MessageKey
  /** Its name in forms, where that is not the property's. */
  field?: string
  /** Its name in the older JSON, where that is not the property's. */
  json?: string
}

/** A schema with what is said of it, which TypeBox's own types would forget. */
const noted = <S extends TSchema, N extends Notes>(schema: S, notes: N): S & N => Object.assign(schema, notes)

/** One line that has to be filled in. */
export const line = (notes: Notes & { maxLength?: number }) =>
  noted(Type.String({ minLength: 1, pattern: `^[^${CONTROL}]*$` }), { maxLength: MAX_TEXT, ...notes })

/** One line that may be left empty. */
export const optionalLine = (notes: Notes & { maxLength?: number }) =>
  noted(Type.String({ pattern: `^[^${CONTROL}]*$`, default: '' }), { maxLength: MAX_TEXT, ...notes })

/** Lines that may be left empty. */
export const lines = (notes: Notes & { maxLength: number }) =>
  noted(Type.String({ pattern: `^(?:[^${CONTROL}]|\\n)*$`, default: '' }), { multiline: true, ...notes })

/** A whole number; `wrong` is said of any other, with `min` and `max`. */
export const whole = (notes: Notes & { minimum: number; maximum: number; wrong: MessageKey }) =>
  noted(Type.Integer(), notes)

/** Text with rules of its own, which the schema's owner checks. */
export const ownText = (notes: Notes & { maxLength?: number; multiline?: boolean }) => noted(Type.String(), notes)

/** The same of a whole number. */
export const ownWhole = (notes: Notes) => noted(Type.Integer(), notes)

/** Text with rules of its own that is never shown again. */
export const secret = (notes: Notes & { minLength?: number; maxLength?: number }) =>
  noted(Type.String(), { secret: true, ...notes })

/** A field of a form, as pages show it. */
export interface FormField {
  name: string
  label: MessageKey
  isSecret: boolean
  hasLines: boolean
  /** Markup: what the browser should know of its limits. */
  limits: string
  min: number | null
}

/** What is known of any form. */
export interface AnyForm {
  /** By the names of the properties, in the schema's order. */
  readonly fields: Readonly<Record<string, FormField>>
  /** Names of what a page fills in by itself. */
  readonly hidden: readonly string[]
  /** Those that may be sent any number of times, as boxes to tick are. */
  readonly repeated?: readonly string[]
  /** What else of it, where the session had ended, goes along to the login and is asked for after it. */
  readonly afterLogin?: (raw: RawForm) => AfterLogin
}

export interface AfterLogin {
  /** What is on the page beside its fields, and is shown there again. */
  typed?: readonly { name: string; value: string }[]
  /** What is asked for, by a page below that of the form. */
  ticks?: { path: string; query: Record<string, string> } | undefined
}

export interface Form<P extends TProperties> extends AnyForm {
  readonly fields: Readonly<Record<keyof P & string, FormField>>
  /** Its fields as they were typed, by their names. */
  typed(raw: RawForm): Record<string, string>
  check(raw: RawForm): Checked<Static<TObject<P>>>
  /** Of every property: another value of any is another digest. */
  digest(value: Static<TObject<P>>): string
  /** The same values under the names that the older JSON has for them. */
  toJson(value: Static<TObject<P>>): Record<string, unknown>
}

/** As much of a property's schema as is read here. */
interface Property extends Notes {
  type: 'string' | 'integer'
  default?: unknown
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  multiline?: boolean
  secret?: boolean
  wrong?: MessageKey
}

/** A schema that says what its field is called, which `line` and its like make. */
export type Described = TSchema & Property

type Check = (raw: unknown, form: RawForm) => Field<unknown>

const ajv = new Ajv({ allErrors: true, strict: false })

interface FormOptions<V> {
  hidden?: readonly string[]
  /** Fields with rules of their own, which may look at the others. */
  own?: { [K in keyof V]?: (raw: unknown, form: RawForm) => Field<V[K]> }
}

/** Everything that follows from a schema: what a form's fields are called, may hold and say when they do not. */
export function formOf<P extends Record<string, Described>>(
  schema: TObject<P>,
  { hidden = [], own = {} }: FormOptions<Static<TObject<P>>> = {}
): Form<P> {
  type Value = Static<TObject<P>>
  const ownChecks = own as Record<string, Check | undefined>
  const properties = Object.entries<Described>(schema.properties).map(([key, property]) => {
    const name = property.field ?? key
    return { key, name, property, check: ownChecks[key] ?? checker(property, ajv.compile<unknown>(property)) }
  })
  const required = properties.filter(({ property }) => property.default === undefined)
  const optional = properties.filter(({ property }) => property.default !== undefined)
  const fields = Object.fromEntries(properties.map(({ key, name, property }) => [key, fieldOf(name, property)]))

  return {
    fields: fields as Record<keyof P & string, FormField>,
    hidden,

    typed: raw => Object.fromEntries(properties.map(({ name }) => [name, typed(raw, name)])),

    check(raw) {
      const errors: FieldErrors = {}
      const value: Record<string, unknown> = {}
      for (const { key, name, check } of properties) {
        const checked = check(raw[name], raw)
        if (checked.error) errors[name] = checked.error
        else value[key] = checked.value
      }
      return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, value: value as Value }
    },

    // What was left empty is left out: the digest of a form stays what it was when a release adds a field.
    digest(value) {
      const of = value as Record<string, string | number>
      const given = optional.filter(({ key, property }) => of[key] !== property.default)
      return digest(...required.map(({ key }) => of[key] ?? ''), ...given.flatMap(({ key }) => [key, of[key] ?? '']))
    },

    toJson: value =>
      Object.fromEntries(
        properties.map(({ key, property }) => [property.json ?? key, (value as Record<string, unknown>)[key]])
      )
  }
}

function fieldOf(name: string, property: Property): FormField {
  const { label, minimum, maximum, minLength, maxLength } = property
  const limits = property.default === undefined ? ['required'] : []
  if (maximum !== undefined) limits.push(`data-max="${maximum}"`)
  // A password that was cut off while pasting would be another one.
  if (maxLength !== undefined && !property.secret) limits.push(`maxlength="${maxLength}"`)
  return {
    name,
    label,
    isSecret: property.secret === true,
    hasLines: property.multiline === true,
    limits: limits.join(' '),
    min: minimum ?? minLength ?? null
  }
}

/** Reads a field as it arrives and holds it against its schema. */
function checker(property: Property, validate: ValidateFunction): Check {
  const read = property.type === 'integer' ? readWhole : property.multiline ? readLines : readLine
  return raw => {
    if (Array.isArray(raw)) return fail('field.repeated')
    if (raw === undefined || raw === null) {
      return property.default === undefined ? fail('field.required') : { value: property.default }
    }
    const value = read(raw)
    if (value === undefined) return fail(property.default === undefined ? 'field.required' : 'field.invalid')
    return validate(value) ? { value } : explain(property, validate.errors ?? [])
  }
}

function explain({ minimum, maximum, maxLength, wrong }: Property, errors: ErrorObject[]): { error: FieldError } {
  const broken = new Set(errors.map(({ keyword }) => keyword))
  if (broken.has('pattern')) return fail('field.controlCharacters')
  if (broken.has('minLength')) return fail('field.required')
  if (broken.has('maxLength') && maxLength !== undefined) return fail('field.tooLong', { max: maxLength })
  return minimum !== undefined && maximum !== undefined && wrong
    ? fail(wrong, { min: minimum, max: maximum })
    : fail('field.invalid')
}

function readLine(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return undefined
  // Left as it is, control characters around it included: they are refused.
  if (hasControl(raw)) return raw
  return isVisible(raw) ? withoutUnseen(raw).trim() : ''
}

function readLines(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return undefined
  const text = withoutUnseen(raw.replace(/\r\n?/g, '\n')).trim()
  return isVisible(text) || hasControl(text) ? text : ''
}

function readWhole(raw: unknown): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string') return undefined
  const digits = withoutUnseen(text).trim()
  if (digits === '') return undefined
  return /^\d{1,24}$/.test(digits) ? Number(digits) : Number.NaN
}
