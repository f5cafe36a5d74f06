import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { answers, OF_WRITES, ref } from '../../http/api/answers.ts'
import { getCaller } from '../../http/api/bearer.ts'
import { invalid, Problem } from '../../http/api/problem.ts'
import { refusal } from '../../http/api/refusals.ts'
import {
  etagOf,
  ifMatchHeaders,
  keyOf,
  mustMatchHeaders,
  noQuery,
  readHeaders,
  replayed,
  seenBy,
  sendVersion,
  writeHeaders
} from '../../http/api/request.ts'
import { API } from '../../http/api/scope.ts'
import type { ItemContent } from '../../store/change.ts'
import type { ListId } from '../../store/steps.ts'
import {
  type AdjustmentBody,
  adjustmentSchema,
  editsOf,
  type ItemChangesBody,
  itemAsJson,
  itemChangesSchema,
  itemIdOf,
  itemSchema,
  type NewItemBody,
  newItemSchema,
  parseItemRef,
  readContent,
  toThousandths,
  type Wrong
} from './api-schema.ts'
import type { Carts, NewItem, Where } from './rules.ts'
import { parseId } from './schema.ts'

const MOST = 1000

export const listParams = Type.Object({
  list: Type.String({ description: 'The id of a list, or `first` for the first one.', examples: ['first'] })
})
const itemParams = Type.Object({
  ...listParams.properties,
  item: Type.String({ description: 'The id of an item.', examples: ['0f8fad5b-d9cb-469f-a165-70867728950e'] })
})
const pageQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST, default: 500, description: 'Items on a page.' })),
    before: Type.Optional(Type.Integer({ minimum: 1, description: 'Where the page begins, as `next` has it.' }))
  },
  { additionalProperties: false }
)

const itemsSchema = Type.Object(
  {
    version: Type.Integer({ description: 'The version of the list that these items are of.' }),
    items: Type.Array(ref('Item'), { description: 'The newest first.' }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'The path of the page of older ones; null on the last page.'
    })
  },
  { $id: 'Items', description: 'Items of a list, a page of them.' }
)
export const changeSchema = Type.Object(
  {
    list: Type.String({ description: 'The id of the list.' }),
    version: Type.Integer({
      description: 'The number of the change, by which it can be undone; the list’s version by now.'
    })
  },
  { $id: 'Change', description: 'What a write came to.', examples: [{ list: '7', version: 13 }] }
)

/** The list that a path is about. @throws Problem not_found for what cannot be one */
export function listOf(request: FastifyRequest): Where {
  const { list: text } = request.params as Static<typeof listParams>
  const list: ListId | undefined = text === 'first' ? 'first' : text === '0' ? 0 : parseId(text)
  if (list === undefined) throw new Problem('not_found')
  return { accountId: getCaller(request).account.id, list }
}

function itemOf(request: FastifyRequest): number | string {
  const found = parseItemRef((request.params as Static<typeof itemParams>).item)
  if (found === undefined) throw new Problem('not_found')
  return found
}

const inBody = ({ field, error }: Wrong) => ({ field, in: 'body', error }) as const

function contentIn(body: Parameters<typeof readContent>[0]): Partial<NewItem> {
  const { value, wrong } = readContent(body)
  if (wrong.length > 0) throw invalid(...wrong.map(inBody))
  return value
}

export function itemsApi(api: FastifyInstance, { carts }: { carts: Carts }): void {
  for (const schema of [itemSchema, newItemSchema, itemChangesSchema, adjustmentSchema, itemsSchema, changeSchema]) {
    api.addSchema(schema)
  }
  const ITEMS = '/lists/:list/items'
  const ITEM = `${ITEMS}/:item`
  const about = { tags: ['items'], querystring: noQuery }
  const item = { body: ref('Item'), hasEtag: true }

  /** An item that a write is about. */
  const find = async (request: FastifyRequest, where: Where) => {
    const found = await carts.find(request.work, where, itemOf(request))
    if (!found) throw new Problem('not_found')
    return found
  }

  api.get<{ Querystring: Static<typeof pageQuery> }>(
    ITEMS,
    {
      schema: {
        ...about,
        operationId: 'listItems',
        summary: 'The items of a list, ticked off or not',
        params: listParams,
        headers: readHeaders,
        querystring: pageQuery,
        response: answers(
          [
            {
              description: 'A page of items.',
              body: ref('Items'),
              hasEtag: true,
              headers: { Link: { type: 'string', description: 'The next page, as RFC 8288 has it.' } }
            },
            { status: 304, description: 'The list is still at this version.', hasEtag: true }
          ],
          404
        )
      }
    },
    async (request, reply) => {
      const { limit = 500, before = Number.MAX_SAFE_INTEGER } = request.query
      const where = listOf(request)
      const found = await carts.view(request.work, where)
      if (!found) throw new Problem('not_found')
      const older = found.items.filter(({ id }) => id < before).sort((a, b) => b.id - a.id)
      const shown = older.slice(0, limit)
      const next =
        older.length > limit ? `${API}/lists/${where.list}/items?limit=${limit}&before=${shown.at(-1)?.id}` : null
      if (next !== null) reply.header('link', `<${next}>; rel="next"`)
      const { version } = found.list
      return sendVersion(request, reply, version, { version, items: shown.map(itemAsJson), next })
    }
  )

  api.post<{ Body: NewItemBody }>(
    ITEMS,
    {
      schema: {
        ...about,
        operationId: 'addItem',
        summary: 'Add an item',
        params: listParams,
        headers: writeHeaders,
        body: ref('NewItem'),
        response: answers(
          {
            ...item,
            status: 201,
            description: 'The item, as it was added.',
            headers: { Location: { type: 'string', description: 'Its path.' } }
          },
          ...OF_WRITES,
          404,
          409
        )
      }
    },
    async (request, reply) => {
      const where = listOf(request)
      const { id: uid, ...body } = request.body
      const content = { unit: '', shop: '', note: '', thousandths: 1000, ...contentIn(body) } as NewItem
      const outcome = await carts.addItems(request.work, where, [content], { key: keyOf(request), uid })
      if (!('items' in outcome)) throw refusal(outcome.status)
      const { items, version, status } = outcome
      const [added] = items
      if (!added?.after) throw new Error('an item was added and is not in its change')
      const made = { ...(added.after as ItemContent), id: added.id, version }
      reply.header('etag', etagOf(version)).header('location', `${API}/lists/${where.list}/items/${itemIdOf(made)}`)
      return replayed(reply, status).status(201).send(itemAsJson(made))
    }
  )

  api.get(
    ITEM,
    {
      schema: {
        ...about,
        operationId: 'getItem',
        summary: 'One item',
        params: itemParams,
        headers: readHeaders,
        response: answers(
          [
            { ...item, description: 'The item.' },
            { status: 304, description: 'It still is what it was.', hasEtag: true }
          ],
          404
        )
      }
    },
    async (request, reply) => {
      const found = await find(request, listOf(request))
      return sendVersion(request, reply, found.version, itemAsJson(found))
    }
  )

  api.patch<{ Body: ItemChangesBody }>(
    ITEM,
    {
      schema: {
        ...about,
        operationId: 'editItem',
        summary: 'Tick off an item, or set its fields',
        params: itemParams,
        headers: mustMatchHeaders,
        body: ref('ItemChanges'),
        response: answers({ ...item, description: 'The item, as it is now.' }, ...OF_WRITES, 404, 412, 428)
      }
    },
    async (request, reply) => {
      const where = listOf(request)
      const { done, ...rest } = request.body
      const edits = editsOf(contentIn(rest), done)
      const { id } = await find(request, where)
      const outcome = await carts.edit(request.work, where, id, edits, keyOf(request), seenBy(request))
      if (outcome.status === 'stale') {
        reply.header('etag', etagOf(outcome.item.version))
        throw refusal('stale', itemAsJson(outcome.item))
      }
      if (outcome.status !== 'done' && outcome.status !== 'already') throw refusal(outcome.status)
      const { item: now, status } = outcome
      if (!now) throw new Problem('not_found')
      return replayed(reply.header('etag', etagOf(now.version)), status).send(itemAsJson(now))
    }
  )

  api.post<{ Body: AdjustmentBody }>(
    `${ITEM}/adjust`,
    {
      schema: {
        ...about,
        operationId: 'adjustItem',
        summary: 'More or less of an item',
        params: itemParams,
        headers: writeHeaders,
        body: ref('Adjustment'),
        response: answers({ ...item, description: 'The item, as it is now.' }, ...OF_WRITES, 404)
      }
    },
    async (request, reply) => {
      const where = listOf(request)
      const delta = toThousandths(request.body.by)
      if (!delta) throw invalid({ field: 'by', in: 'body', error: { key: 'field.invalid' } })
      const { id } = await find(request, where)
      const outcome = await carts.adjust(request.work, where, id, delta, keyOf(request))
      if (outcome.status === 'outOfBounds') {
        throw invalid({ field: 'by', in: 'body', error: { key: 'field.amount', params: { max: 9999 } } })
      }
      if (outcome.status !== 'done' && outcome.status !== 'already') throw refusal(outcome.status)
      const now = outcome.found ? await carts.find(request.work, where, id) : undefined
      if (!now) throw new Problem('not_found')
      return replayed(reply.header('etag', etagOf(now.version)), outcome.status).send(itemAsJson(now))
    }
  )

  api.delete(
    ITEM,
    {
      schema: {
        ...about,
        operationId: 'removeItem',
        summary: 'Take an item off its list',
        params: itemParams,
        headers: ifMatchHeaders,
        response: answers({ description: 'It is off the list.', body: ref('Change') }, ...OF_WRITES, 404, 412)
      }
    },
    async (request, reply) => {
      const where = listOf(request)
      const outcome = await carts.removeOne(request.work, where, itemOf(request), keyOf(request), seenBy(request))
      if (outcome.status === 'stale') {
        reply.header('etag', etagOf(outcome.item.version))
        throw refusal('stale', itemAsJson(outcome.item))
      }
      if (outcome.status !== 'done' && outcome.status !== 'already') throw refusal(outcome.status)
      return replayed(reply, outcome.status).send({ list: String(outcome.listId), version: outcome.version })
    }
  )
}
