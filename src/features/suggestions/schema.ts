import Type from 'typebox'
import { formOf, type RawForm, typed } from '../../fields.ts'
import { MAX_TEXT } from '../../text.ts'

/** The form that forgets a name: the name, and when it was bought last as the page knew it. */
export const forgetForm = formOf(Type.Object({}), { hidden: ['name', 'seen'] })

/** What is looked for; whoever writes more looks for its beginning. */
export const queryOf = (raw: RawForm): string => [...typed(raw, 'q')].slice(0, MAX_TEXT).join('')

/** A moment as a form carries it; undefined for anything that cannot be one. */
export function parseMoment(raw: unknown): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
