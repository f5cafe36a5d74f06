import Type, { type Static } from 'typebox'
import { type Field, fail } from '../../field-error.ts'
import { type Checked, formOf, gather, line, ownText, type RawForm, secret, typed } from '../../fields.ts'
import { cleanEmail, emailKey, fitsKey, MAX_EMAIL } from '../../login-key.ts'
import { hasControl, isLonger, isVisible, lengthOf } from '../../text.ts'
import { type Owner, weaknessOf } from './password-choice.ts'

export const MIN_PASSWORD = 8
export const MAX_PASSWORD = 256

const email = ownText({ label: 'label.email', maxLength: MAX_EMAIL })
const password = secret({ label: 'label.password' })
const newPassword = { minLength: MIN_PASSWORD, maxLength: MAX_PASSWORD }

const signupSchema = Type.Object({
  name: line({ label: 'label.name' }),
  email,
  password: secret({ label: 'label.password', ...newPassword })
})
export const signupForm = formOf(signupSchema, {
  hidden: ['next'],
  own: {
    email: checkCleanEmail,
    password: (raw, form) => checkNewPassword(raw, { name: asText(form.name), email: asText(form.email) })
  }
})
export type SignupInput = Static<typeof signupSchema>

const loginSchema = Type.Object({ email, password })
export const loginForm = formOf(loginSchema, {
  hidden: ['next'],
  own: { email: checkEmail, password: checkGivenPassword }
})
export type LoginInput = Static<typeof loginSchema>

/** A form that asks for the current password, and nothing else. */
export const confirmationForm = formOf(
  Type.Object({ current: secret({ field: 'password', label: 'label.confirmPassword' }) }),
  { own: { current: checkGivenPassword } }
)

const identitySchema = Type.Object({
  name: line({ label: 'label.name' }),
  email,
  current: secret({ field: 'password', label: 'label.confirmPassword' })
})

/** `was_…`: what the page showed, so that nothing is changed that was not touched. */
export const identityForm = formOf(identitySchema, {
  hidden: ['was_name', 'was_email'],
  own: { email: checkCleanEmail, current: checkGivenPassword }
})

/** Stands in for what was left as it was: that is not checked, as it may have come from another application. */
const UNTOUCHED = { name: '-', email: 'a@b' }

/** What of its name and e-mail somebody changes. */
export function checkIdentityChange(
  form: RawForm,
  present: Owner
): Checked<{ current: string; change: Partial<Owner> }, string> {
  const asShown = (name: 'name' | 'email') => typed(form, name) === (form[`was_${name}`] ?? present[name])
  const checked = identityForm.check({
    ...form,
    ...(asShown('name') && { name: UNTOUCHED.name }),
    ...(asShown('email') && { email: UNTOUCHED.email })
  })
  if (!checked.ok) return checked
  const { name, email, current } = checked.value
  return {
    ok: true,
    value: { current, change: { ...(!asShown('name') && { name }), ...(!asShown('email') && { email }) } }
  }
}

/** Checked below: what is right depends on whose password it is. */
export const passwordForm = formOf(
  Type.Object({
    current: secret({ field: 'password', label: 'label.currentPassword' }),
    next: secret({ field: 'new_password', label: 'label.newPassword', ...newPassword }),
    again: secret({ field: 'new_password_again', label: 'label.repeatPassword' })
  })
)

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

const isSameText = (raw: unknown, text: string): boolean => typeof raw === 'string' && raw.normalize('NFC') === text

/** As it was typed. What cannot be seen, or stands around it, came along when it was pasted: no reason to refuse it. */
function checkEmail(raw: unknown): Field<string> {
  if (Array.isArray(raw)) return fail('field.repeated')
  if (typeof raw !== 'string' || !isVisible(raw)) return fail('field.required')
  const email = cleanEmail(raw)
  if (isLonger(email, MAX_EMAIL) || !fitsKey(emailKey(raw))) return fail('field.tooLong', { max: MAX_EMAIL })
  return !hasControl(email) && /^[^\s@]+@[^\s@]+$/u.test(email) ? { value: raw } : fail('field.email')
}

/** As it is stored. */
function checkCleanEmail(raw: unknown): Field<string> {
  const checked = checkEmail(raw)
  return checked.error ? checked : { value: cleanEmail(checked.value) }
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
