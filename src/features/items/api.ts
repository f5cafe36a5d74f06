import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { answers, answersUnlessKnown, OF_WRITES, ref } from '../../http/api/answers.ts'
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
import type { History } from '../history/rules.ts'
import {
  additionsAsJson,
  asChange,
  contentIn,
  ITEM,
  ITEMS,
  itemOf,
  itemParams,
  LOCATION,
  listOf,
  listParams,
  newItemIn,
  notThere
} from './api-parts.ts'
import { type AdjustmentBody, editsOf, type ItemChangesBody, itemAsJson, toThousandths } from './api-schema.ts'
import { type ItemToAddBody, itemSchemas } from './api-schema-many.ts'
import { MAX_QUANTITY } from './quantity.ts'
import type { Carts, Done, Item, NotEdited, Refused } from './rules.ts'

const MOST = 1000
/** Before it are all: no database makes an id so large. */
const MAX_ID = 2_147_483_647
const pageQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST, default: 500, description: 'Items on a page.' })),
    before: Type.Optional(Type.Integer({ minimum: 1, description: 'Where the page begins, as `next` has it.' }))
  },
  { additionalProperties: false }
)

export function itemsApi(api: FastifyInstance, { carts, history }: { carts: Carts; history: History }): void {
  for (const schema of itemSchemas) api.addSchema(schema)
  const about = { tags: ['items'], querystring: noQuery }
  const item = { body: ref('Item'), hasEtag: true }

  /** The item as a change left it: the answer to a request is the same however often and late it is sent. */
  const sendItem = async (
    request: FastifyRequest,
    reply: FastifyReply,
    made: { id: number; item?: Item | undefined } & Done
  ): Promise<FastifyReply> => {
    const where = { ...made, accountId: getCaller(request).account.id }
    const now = (await history.itemsAfter(request.work, where, [made.id], [made.item])).get(made.id)
    if (!now) throw new Problem('not_found')
    return replayed(reply.header('etag', etagOf(now.version)), made.status).send(itemAsJson(now, listOf(request).list))
  }

  /** Why nothing was done to an item. */
  const refuse = async (request: FastifyRequest, reply: FastifyReply, outcome: Refused | NotEdited) => {
    if (outcome.status === 'noList' || outcome.status === 'notThere') {
      return notThere(request, carts, [itemOf(request)])
    }
    if (outcome.status !== 'stale') return refusal(outcome.status)
    reply.header('etag', etagOf(outcome.item.version))
    return refusal('stale', itemAsJson(outcome.item, listOf(request).list))
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
        response: answersUnlessKnown(
          {
            description: 'A page of items.',
            body: ref('Items'),
            headers: { Link: { type: 'string', description: 'The next page, as RFC 8288 has it.' } }
          },
          404
        )
      }
    },
    async (request, reply) => {
      const { limit = 500, before = MAX_ID } = request.query
      const where = listOf(request)
      const found = await carts.page(request.work, where, { before: Math.min(before, MAX_ID), limit: limit + 1 })
      if (!found) throw new Problem('not_found')
      const shown = found.items.slice(0, limit)
      const hasMore = found.items.length > limit
      const next = hasMore ? `${API}/lists/${where.list}/items?limit=${limit}&before=${shown.at(-1)?.id}` : null
      if (next !== null) reply.header('link', `<${next}>; rel="next"`)
      const { version } = found.list
      return sendVersion(request, reply, version, {
        version,
        items: shown.map(one => itemAsJson(one, where.list)),
        next
      })
    }
  )

  api.post<{ Body: ItemToAddBody }>(
    ITEMS,
    {
      schema: {
        ...about,
        operationId: 'addItem',
        summary: 'Add an item, or more of one that is there',
        params: listParams,
        headers: writeHeaders,
        body: ref('ItemToAdd'),
        response: answers(
          [
            {
              status: 200,
              description: 'With `merge`: the item that was there, and is more now.',
              body: ref('AddedItem'),
              hasEtag: true,
              headers: LOCATION
            },
            {
              status: 201,
              description: 'The item, as it was added.',
              body: ref('AddedItem'),
              hasEtag: true,
              headers: LOCATION
            }
          ],
          ...OF_WRITES,
          404
        )
      }
    },
    async (request, reply) => {
      const where = listOf(request)
      const { merge = false, ...body } = request.body
      const outcome = await carts.addItems(request.work, where, [newItemIn(body)], { key: keyOf(request), merge })
      if (!('items' in outcome)) throw refusal(outcome.status)
      const [added] = await additionsAsJson(request, history, outcome, merge)
      if (!added) throw new Error('an item was added and is not in its change')
      reply.header('etag', etagOf(added.version)).header('location', `${API}/lists/${where.list}/items/${added.id}`)
      return replayed(reply, outcome.status)
        .status(added.merged ? 200 : 201)
        .send(added)
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
        response: answersUnlessKnown({ ...item, description: 'The item.' }, 404)
      }
    },
    async (request, reply) => {
      const found = await carts.find(request.work, listOf(request), itemOf(request))
      if (!found) throw await notThere(request, carts, [itemOf(request)])
      return sendVersion(request, reply, found.version, itemAsJson(found, listOf(request).list))
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
      const outcome = await carts.edit(request.work, where, itemOf(request), edits, keyOf(request), seenBy(request))
      if (outcome.status === 'conflict') throw new Error('nobody said what was seen')
      if (!('listId' in outcome)) throw await refuse(request, reply, outcome)
      return sendItem(request, reply, outcome)
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
      const outcome = await carts.adjustOne(request.work, where, itemOf(request), delta, keyOf(request))
      if (outcome.status === 'outOfBounds') {
        throw invalid({ field: 'by', in: 'body', error: { key: 'field.amount', params: { max: MAX_QUANTITY } } })
      }
      if (!('listId' in outcome)) throw await refuse(request, reply, outcome)
      return sendItem(request, reply, outcome)
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
      if (!('listId' in outcome)) throw await refuse(request, reply, outcome)
      return replayed(reply, outcome.status).send(asChange(outcome))
    }
  )
}
