import type { MessageKey, Params } from '../i18n/index.ts'
import { cleanEmail, emailKey, fitsKey, MAX_EMAIL } from '../store/login-key.ts'
import { type Owner, weaknessOf } from './password-choice.ts'

export { emailKey, formerEmailKey, MAX_EMAIL } from '../store/login-key.ts'

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
export const MIN_QUANTITY = 1
export const MAX_QUANTITY = 9999
export const MIN_PASSWORD = 8
export const MAX_PASSWORD = 256

export interface ItemInput {
  type: string
  quantity: number
  shop: string
}

export function checkItem(form: RawForm): Checked<ItemInput, 'product_type' | 'quantity' | 'local'> {
  const type = checkText(form.product_type)
  const quantity = checkQuantity(form.quantity)
  const shop = checkText(form.local)
  return gather({ product_type: type, quantity, local: shop }, () => ({
    type: type.value ?? '',
    quantity: quantity.value ?? 0,
    shop: shop.value ?? ''
  }))
}

export interface SignupInput {
  name: string
  email: string
  password: string
}

export function checkSignup(form: RawForm): Checked<SignupInput, 'name' | 'email' | 'password'> {
  const name = checkText(form.name)
  const email = checkEmail(form.email)
  const password = checkNewPassword(form.password, { name: asText(form.name), email: asText(form.email) })
  return gather({ name, email, password }, () => ({
    name: name.value ?? '',
    email: cleanEmail(email.value ?? ''),
    password: password.value ?? ''
  }))
}

export interface LoginInput {
  email: string
  password: string
}

export function checkLogin(form: RawForm): Checked<LoginInput, 'email' | 'password'> {
  const email = checkEmail(form.email)
  const password = checkGivenPassword(form.password)
  return gather({ email, password }, () => ({ email: email.value ?? '', password: password.value ?? '' }))
}

export interface PasswordChangeInput {
  current: string
  next: string
}

export function checkPasswordChange(
  form: RawForm,
  owner: Owner
): Checked<PasswordChangeInput, 'password' | 'new_password' | 'new_password_again'> {
  const current = checkGivenPassword(form.password)
  const next = checkNewPassword(form.new_password, owner)
  const again: Field<string> =
    next.value !== undefined && !isSameText(form.new_password_again, next.value)
      ? { error: { key: 'field.passwordMismatch' } }
      : { value: next.value ?? '' }
  return gather({ password: current, new_password: next, new_password_again: again }, () => ({
    current: current.value ?? '',
    next: next.value ?? ''
  }))
}

/** A form that asks for the current password, and nothing else. */
export function checkConfirmation(form: RawForm): Checked<{ current: string }, 'password'> {
  const current = checkGivenPassword(form.password)
  return gather({ password: current }, () => ({ current: current.value ?? '' }))
}

/** An item's id as a form or JSON carries it; undefined for anything that cannot be one. */
export function parseId(raw: unknown): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string' || !/^[1-9]\d{0,9}$/.test(text)) return undefined
  const id = Number(text)
  return id <= 2_147_483_647 ? id : undefined
}

const isSameText = (raw: unknown, text: string): boolean => typeof raw === 'string' && raw.normalize('NFC') === text

type Field<V> = { value: V; error?: undefined } | { value?: undefined; error: FieldError }

function gather<V, F extends string>(fields: Record<F, Field<unknown>>, value: () => V): Checked<V, F> {
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

const fail = (key: MessageKey, params?: Params): { error: FieldError } => ({
  error: params ? { key, params } : { key }
})

/** Characters are counted as people see them in a form: code points, as the databases do. */
const lengthOf = (text: string): number => [...text].length
/** Counts only where that can matter: a text has no more code points than it has units. */
const isLonger = (text: string, max: number): boolean => text.length > max && lengthOf(text) > max

/** Something to see: not only spaces, marks without a letter and invisible formatting. */
const isVisible = (text: string): boolean => /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}]/u.test(text)

const hasControl = (text: string): boolean => /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text)

function checkText(raw: unknown): Field<string> {
  if (Array.isArray(raw)) return fail('field.repeated')
  if (typeof raw !== 'string') return fail('field.required')
  const text = raw.trim()
  if (hasControl(raw)) return fail('field.controlCharacters')
  if (!isVisible(text)) return fail('field.required')
  if (isLonger(text, MAX_TEXT)) return fail('field.tooLong', { max: MAX_TEXT })
  return { value: text }
}

function checkQuantity(raw: unknown): Field<number> {
  const range = { min: MIN_QUANTITY, max: MAX_QUANTITY }
  if (Array.isArray(raw)) return fail('field.repeated')
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string' || text.trim() === '') return fail('field.required')
  if (!/^0{0,20}\d{1,4}$/.test(text.trim())) return fail('field.quantity', range)
  const quantity = Number(text)
  return quantity >= MIN_QUANTITY && quantity <= MAX_QUANTITY ? { value: quantity } : fail('field.quantity', range)
}

/** As it was typed. What cannot be seen, or stands around it, came along when it was pasted and is nobody's mistake. */
function checkEmail(raw: unknown): Field<string> {
  if (Array.isArray(raw)) return fail('field.repeated')
  if (typeof raw !== 'string' || !isVisible(raw)) return fail('field.required')
  const email = cleanEmail(raw)
  if (isLonger(email, MAX_EMAIL) || !fitsKey(emailKey(raw))) return fail('field.tooLong', { max: MAX_EMAIL })
  return !hasControl(email) && /^[^\s@]+@[^\s@]+$/u.test(email) ? { value: raw } : fail('field.email')
}

/** Joiners and variation selectors that a keyboard does write: in emoji and in scripts that need them. */
const TYPED = /(?<=[\p{Emoji}\p{M}\u200d]|(?!\p{Script=Latin})\p{L})(?:\u200c|\u200d|\ufe0e|\ufe0f)/gu
const UNTYPED = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\p{Default_Ignorable_Code_Point}]/u

function checkNewPassword(raw: unknown, owner: Owner): Field<string> {
  if (Array.isArray(raw)) return fail('field.repeated')
  if (typeof raw !== 'string' || raw === '') return fail('field.required')
  if (UNTYPED.test(raw.replace(TYPED, ''))) return fail('field.controlCharacters')
  const password = raw.normalize('NFC')
  if (lengthOf(password) < MIN_PASSWORD) return fail('field.passwordShort', { min: MIN_PASSWORD })
  if (isLonger(password, MAX_PASSWORD)) return fail('field.passwordLong', { max: MAX_PASSWORD })
  const weakness = weaknessOf(password, owner)
  return weakness ? fail(weakness) : { value: password }
}

/** As much of a field as may matter beside another, which is refused by itself where it is none. */
const asText = (raw: unknown): string => (typeof raw === 'string' ? raw.slice(0, MAX_EMAIL) : '')

/** A password to compare, not to choose: only what would waste a hash is refused. */
function checkGivenPassword(raw: unknown): Field<string> {
  if (Array.isArray(raw)) return fail('field.repeated')
  if (typeof raw !== 'string' || raw === '') return fail('field.required')
  return isLonger(raw.normalize('NFC'), MAX_PASSWORD)
    ? fail('field.passwordLong', { max: MAX_PASSWORD })
    : { value: raw }
}
