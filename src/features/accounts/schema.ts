import {
  type Checked,
  checkText,
  type Field,
  fail,
  gather,
  hasControl,
  isLonger,
  isVisible,
  lengthOf,
  type RawForm
} from '../../fields.ts'
import { cleanEmail, emailKey, fitsKey, MAX_EMAIL } from '../../login-key.ts'
import { type Owner, weaknessOf } from './password-choice.ts'

export const MIN_PASSWORD = 8
export const MAX_PASSWORD = 256

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

const isSameText = (raw: unknown, text: string): boolean => typeof raw === 'string' && raw.normalize('NFC') === text

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
