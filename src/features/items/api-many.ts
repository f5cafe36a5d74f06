import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { answers, OF_WRITES, ref } from '../../http/api/answers.ts'
import { invalid, Problem } from '../../http/api/problem.ts'
import { refusal } from '../../http/api/refusals.ts'
import { keyOf, noQuery, replayed, writeHeaders } from '../../http/api/request.ts'
import { digest } from '../../keys.ts'
import type { ItemRef, ListId } from '../../store/steps.ts'
import type { History } from '../history/rules.ts'
import { additionsAsJson, asChange, listOf, listParams, newItemIn, notThere, parseListId } from './api-parts.ts'
import { parseItemRef } from './api-schema.ts'
import type { ClearingBody, CopyBody, FillingBody, ItemsToAddBody, MoveBody } from './api-schema-many.ts'
import type { Added, Carts, Done } from './rules.ts'

/** What cannot be an id is the name of nothing, and is said to be missing as such. */
const refOf = (text: string): ItemRef => parseItemRef(text) ?? text

function listIn(text: string): ListId {
  const list = parseListId(text)
  if (list === undefined) throw new Problem('not_found')
  return list
}

/** The same id for two items of one request: each that is not the first. */
function namedTwice(items: ItemsToAddBody['items']): Problem {
  const fields = items.flatMap(({ id }, place) =>
    id !== undefined && items.findIndex(other => other.id === id) < place
      ? [{ field: 'id', in: 'body', pointer: `/items/${place}/id`, error: { key: 'problem.field.repeated' } } as const]
      : []
  )
  return new Problem('id_taken', { text: 'problem.id_taken.twice', fields })
}

/** What is done to several items of a list by one request, as one change: one undo takes it back. */
export function manyItemsApi(api: FastifyInstance, { carts, history }: { carts: Carts; history: History }): void {
  interface Action {
    operationId: string
    summary: string
    body: string
    answer: { description: string; body: TSchema }
  }
  const act = <Body>(
    path: string,
    { operationId, summary, body, answer }: Action,
    handle: (request: FastifyRequest<{ Body: Body }>, reply: FastifyReply) => Promise<FastifyReply>
  ) =>
    api.post<{ Body: Body }>(
      `/lists/:list/${path}`,
      {
        schema: {
          tags: ['items'],
          operationId,
          summary,
          params: listParams,
          querystring: noQuery,
          headers: writeHeaders,
          body: ref(body),
          response: answers(answer, ...OF_WRITES, 404)
        }
      },
      handle
    )

  /** Why nothing was done. */
  const refuse = async (
    request: FastifyRequest,
    outcome: { status: string; missing?: readonly ItemRef[] },
    refs: readonly ItemRef[]
  ): Promise<Problem> => {
    const { status, missing = refs } = outcome
    if (status !== 'notThere' && status !== 'noList') return refusal(status)
    const { rest } = await notThere(request, carts, missing)
    if (status === 'noList') return new Problem('not_found', rest)
    const fields = missing.map(ref => ({
      field: 'items',
      in: 'body' as const,
      pointer: `/items/${refs.indexOf(ref)}`,
      error: { key: 'problem.not_found.text' as const }
    }))
    return new Problem('not_found', { ...rest, fields })
  }

  const sendAdditions = async (
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: Done<{ items: Added[]; each: number[] }>,
    merge: boolean
  ): Promise<FastifyReply> => {
    const items = await additionsAsJson(request, history, outcome, merge)
    return replayed(reply, outcome.status).send({ ...asChange(outcome), items })
  }

  act<ItemsToAddBody>(
    'add',
    {
      operationId: 'addItems',
      summary: 'Add up to 200 items, all or none',
      body: 'ItemsToAdd',
      answer: { description: 'What they became.', body: ref('Additions') }
    },
    async (request, reply) => {
      const where = listOf(request)
      const { items, merge = false } = request.body
      const key = keyOf(request)
      const added = items.map((item, place) => {
        const id = item.id ?? digest('item of', where.accountId, key, place)
        return newItemIn({ ...item, id }, `/items/${place}`)
      })
      const outcome = await carts.addItems(request.work, where, added, { key, merge })
      if (outcome.status === 'uidTwice') throw namedTwice(items)
      if (!('items' in outcome)) throw refusal(outcome.status)
      return sendAdditions(request, reply, outcome, merge)
    }
  )

  act<ClearingBody>(
    'clear',
    {
      operationId: 'clearItems',
      summary: 'Take ticked-off items off a list, exactly as they were seen',
      body: 'Clearing',
      answer: { description: 'What was cleared, and what was not.', body: ref('Cleared') }
    },
    async (request, reply) => {
      const seen = request.body.items.map(({ id, version }) => ({ id: refOf(id), version }))
      if (new Set(seen.map(({ id }) => id)).size < seen.length) {
        throw invalid({ field: 'items', in: 'body', pointer: '/items', error: { key: 'field.invalid' } })
      }
      const outcome = await carts.clear(request.work, listOf(request), seen, keyOf(request), { strict: true })
      if (!('listId' in outcome)) {
        throw await refuse(
          request,
          outcome,
          seen.map(({ id }) => id)
        )
      }
      const { removed, kept, missing } = outcome
      if (missing.length > 0) await notThere(request, carts, missing)
      return replayed(reply, outcome.status).send({
        ...asChange(outcome),
        ...{ removed: removed.map(String), kept: kept.map(String), missing: missing.map(String) }
      })
    }
  )

  act<MoveBody>(
    'move',
    {
      operationId: 'moveItems',
      summary: 'Take items to another list, all or none',
      body: 'Move',
      answer: { description: 'They are on the other list.', body: ref('Moved') }
    },
    async (request, reply) => {
      const refs = request.body.items.map(refOf)
      const to = listIn(request.body.to)
      const outcome = await carts.move(request.work, listOf(request), refs, to, keyOf(request), { strict: true })
      if (!('to' in outcome)) throw await refuse(request, outcome, refs)
      if (!outcome.to) throw new Error('a move has no other list')
      return replayed(reply, outcome.status).send({ ...asChange(outcome), to: asChange(outcome.to) })
    }
  )

  act<CopyBody>(
    'copy',
    {
      operationId: 'copyItems',
      summary: 'Put the same on another list, to buy, all or none',
      body: 'Copy',
      answer: { description: 'What is on the other list now.', body: ref('Additions') }
    },
    async (request, reply) => {
      const refs = request.body.items.map(refOf)
      const { merge = false } = request.body
      const to = listIn(request.body.to)
      const asked = { merge, strict: true }
      const outcome = await carts.copy(request.work, listOf(request), refs, to, keyOf(request), asked)
      if (!('items' in outcome)) throw await refuse(request, outcome, refs)
      return sendAdditions(request, reply, outcome, merge)
    }
  )

  act<FillingBody>(
    'fill',
    {
      operationId: 'fillList',
      summary: 'Put all that is on a list, such as a template, on this one, to buy',
      body: 'Filling',
      answer: { description: 'What is on the list now.', body: ref('Additions') }
    },
    async (request, reply) => {
      const { merge = true } = request.body
      const from = listIn(request.body.from)
      const outcome = await carts.fill(request.work, listOf(request), from, keyOf(request), { merge, strict: true })
      if (!('items' in outcome)) throw refusal(outcome.status)
      return sendAdditions(request, reply, outcome, merge)
    }
  )
}
