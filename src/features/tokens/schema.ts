import Type, { type Static } from 'typebox'
import { type Field, fail } from '../../field-error.ts'
import { formOf, line, ownText, ownWhole, secret } from '../../fields.ts'

export const scopes = ['read', 'write'] as const
export type TokenScope = (typeof scopes)[number]

/** What the page offers; 0 is for a token that does not end by itself. */
export const TERMS = [30, 90, 365, 0] as const
export const MAX_DAYS = 3650

const tokenSchema = Type.Object({
  name: line({ label: 'label.tokenName' }),
  scope: ownText({ label: 'label.tokenScope' }),
  days: ownWhole({ label: 'label.tokenDays' }),
  current: secret({ field: 'password', label: 'label.confirmPassword' })
})

export const isScope = (raw: unknown): raw is TokenScope => scopes.includes(raw as TokenScope)

/** Days as a form or a command line has them; undefined for anything else. */
export function parseDays(raw: unknown): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string' || !/^\d{1,4}$/.test(text)) return undefined
  return Number(text) <= MAX_DAYS ? Number(text) : undefined
}

function checkDays(raw: unknown): Field<number> {
  const days = parseDays(raw)
  return days === undefined ? fail('field.days', { max: MAX_DAYS }) : { value: days }
}

/** The form that makes a token; `operation` becomes its id, so that the form sent again makes no second one. */
export const tokenForm = formOf(tokenSchema, {
  hidden: ['operation'],
  own: { scope: raw => (isScope(raw) ? { value: raw } : fail('field.invalid')), days: checkDays }
})
export type TokenInput = Omit<Static<typeof tokenSchema>, 'current'>

/** The buttons that revoke. */
export const revokeForm = formOf(Type.Object({}), { hidden: ['id'] })
