import type { RawForm } from '../../fields.ts'
import type { ListAt } from './list-at.ts'
import { parseId } from './schema.ts'

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
