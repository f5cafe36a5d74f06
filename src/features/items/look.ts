import { type RawForm, typed } from '../../fields.ts'
import type { ListAt } from './list-at.ts'
import { entryForm, parseId, quickForm } from './schema.ts'

/** What is looked at of a list. */
export interface Look {
  /** From 1; another one is the nearest that there is. */
  page: number
  /** That shop alone; undefined: all. */
  shop: string | undefined
}

/** `?loja=Lidl` is that shop alone, `?loja=` what may be bought anywhere. A page's form says the same in hidden fields. */
export function lookOf(fields: unknown): Look {
  const { pagina, loja } = fields as RawForm
  return { page: parseId(pagina) ?? 1, shop: typeof loja === 'string' ? loja : undefined }
}

/** The page where that is seen. */
export function placeOf({ base }: ListAt, { page, shop }: Look): string {
  const query = new URLSearchParams()
  if (shop !== undefined) query.set('loja', shop)
  if (page !== 1) query.set('pagina', String(page))
  return query.size === 0 ? `${base}/` : `${base}/?${query}`
}

const TYPED = Object.values({ ...quickForm.fields, ...entryForm.fields }).map(({ name }) => name)
/** Balancers refuse longer URLs. */
const MAX_URL = 3900

/** What a page says of itself when its rows are sent, and what was typed above them: to be sent once more. */
export const carried = (fields: RawForm): { name: string; value: string }[] =>
  ['loja', 'pagina', ...TYPED]
    .filter(name => (name === 'loja' ? typeof fields[name] === 'string' : typed(fields, name) !== ''))
    .map(name => ({ name, value: typed(fields, name) }))

/** The page on which a button of the rows was pressed; what was typed above them, and not sent, is there again. */
export function backTo(at: ListAt, fields: RawForm): string {
  const place = placeOf(at, lookOf(fields))
  if ([quickForm.fields.entry, entryForm.fields.type].every(({ name }) => typed(fields, name) === '')) return place
  const written = new URLSearchParams()
  for (const name of TYPED) if (typed(fields, name) !== '') written.set(name, typed(fields, name))
  const whole = `${place}${place.includes('?') ? '&' : '?'}${written}`
  return whole.length <= MAX_URL ? whole : place
}
