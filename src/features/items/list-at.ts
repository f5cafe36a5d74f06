import { parseId } from './schema.ts'

/** Which of an account's lists a request is about, and where its pages are. */
export interface ListAt {
  list: 'first' | number
  base: string
}

interface Place {
  /** Of the routes of its pages. */
  prefix: string
  /** Where who was signed out meanwhile goes on. */
  page: string
  /** Undefined for what cannot be a list. */
  of(params: unknown): ListAt | undefined
}

const FIRST: ListAt = { list: 'first', base: '/carrinho' }

/** The first list lives at /carrinho, as ever; all have their number. */
export const places: readonly Place[] = [
  { prefix: FIRST.base, page: `${FIRST.base}/`, of: () => FIRST },
  {
    prefix: '/listas/:list',
    page: '/listas/:list/',
    of(params) {
      const id = parseId((params as { list?: unknown }).list)
      return id === undefined ? undefined : { list: id, base: `/listas/${id}` }
    }
  }
]
