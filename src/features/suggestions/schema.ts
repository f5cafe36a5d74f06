import Type from 'typebox'
import { formOf } from '../../fields.ts'

/** The form that forgets a name: the name, and when it was bought last as the page knew it. */
export const forgetForm = formOf(Type.Object({}), { hidden: ['name', 'seen'] })

/** A moment as a form carries it; undefined for anything that cannot be one. */
export function parseMoment(raw: unknown): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
