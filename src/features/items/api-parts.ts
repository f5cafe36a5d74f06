import type { FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { getCaller } from '../../http/api/bearer.ts'
import { invalid, Problem } from '../../http/api/problem.ts'
import { logSecurity } from '../../http/security-log.ts'
import type { ItemContent } from '../../store/change.ts'
import { type ItemRef, isId, type ListId } from '../../store/steps.ts'
import type { History } from '../history/rules.ts'
import { itemAsJson, type NewItemBody, parseItemRef, readContent } from './api-schema.ts'
import type { AddedItemJson } from './api-schema-many.ts'
import type { Added, Carts, Done, NewItem, Where } from './rules.ts'
import { parseId } from './schema.ts'

/** What the API's routes of lists and items have in common. */

export const listParams = Type.Object({
  list: Type.String({ description: 'The id of a list, or `first` for the first one.', examples: ['first'] })
})
export const ITEMS = '/lists/:list/items'
export const ITEM = `${ITEMS}/:item`
export const LOCATION = { Location: { type: 'string', description: 'Its path.' } }

export const itemParams = Type.Object({
  ...listParams.properties,
  item: Type.String({ description: 'The id of an item.', examples: ['0f8fad5b-d9cb-469f-a165-70867728950e'] })
})

/** The item that a path is about. @throws Problem not_found for what cannot be one */
export function itemOf(request: FastifyRequest): ItemRef {
  const found = parseItemRef((request.params as Static<typeof itemParams>).item)
  if (found === undefined) throw new Problem('not_found')
  return found
}

/** The list that a program names; undefined for what cannot be one. */
export const parseListId = (text: string): ListId | undefined =>
  text === 'first' ? 'first' : text === '0' ? 0 : parseId(text)

/** The list that a path is about. @throws Problem not_found for what cannot be one */
export function listOf(request: FastifyRequest): Where {
  const list = parseListId((request.params as Static<typeof listParams>).list)
  if (list === undefined) throw new Problem('not_found')
  return { accountId: getCaller(request).account.id, list }
}

/** The answer does not tell what is not there from what is another's; the log does. */
export async function notThere(request: FastifyRequest, carts: Carts, refs: readonly ItemRef[]): Promise<Problem> {
  const ids = refs.filter(isId)
  const foreign = await carts.findForeign(request.work, getCaller(request).account.id, ids)
  if (foreign !== undefined) logSecurity(request, 'refused.owner', { item: foreign })
  return new Problem('not_found')
}

/** Fields of an item as they are stored. @throws Problem invalid; `at` is where in the body they are */
export function contentIn(body: Parameters<typeof readContent>[0], at = ''): Partial<NewItem> {
  const { value, wrong } = readContent(body)
  if (wrong.length === 0) return value
  throw invalid(...wrong.map(({ field, error }) => ({ field, in: 'body', pointer: `${at}/${field}`, error }) as const))
}

/** An item to add, as rules want it. */
export const newItemIn = ({ id, ...body }: NewItemBody, at?: string): NewItem => ({
  ...{ unit: '', shop: '', note: '', thousandths: 1000 },
  ...(contentIn(body, at) as Pick<NewItem, 'type'>),
  ...(id !== undefined && { uid: id })
})

export const asChange = ({ listId, version }: Pick<Done, 'listId' | 'version'>) => ({ list: String(listId), version })

/** What additions became, in their order, as the change left it. */
export async function additionsAsJson(
  request: FastifyRequest,
  history: History,
  { items, each, listId, version }: Done<{ items: Added[]; each: number[] }>,
  merge: boolean
): Promise<AddedItemJson[]> {
  const grown = items.filter(({ merged }) => merged).map(({ id }) => id)
  const where = { accountId: getCaller(request).account.id, listId, version }
  const then = await history.itemsAfter(request.work, where, grown)
  const shown = items.map(({ id, after, merged }) => {
    const item = merged ? then.get(id) : { ...(after as ItemContent), id, version }
    if (!item) throw new Problem('not_found')
    return { ...itemAsJson(item, listId), ...(merge && { merged }) }
  })
  return each.map(place => shown[place] as AddedItemJson)
}
