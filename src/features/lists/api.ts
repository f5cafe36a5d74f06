import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { answers, answersUnlessKnown, OF_WRITES, ref } from '../../http/api/answers.ts'
import { getCaller } from '../../http/api/bearer.ts'
import { invalid, Problem } from '../../http/api/problem.ts'
import { refusal } from '../../http/api/refusals.ts'
import {
  etagOf,
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
import { hasControl, isVisible, withoutUnseen } from '../../text.ts'
import { asChange, listOf, listParams } from '../items/api-parts.ts'
import type { Done, ListInfo, Where } from '../items/rules.ts'
import type { CountedListInfo, Lists } from './rules.ts'
import { MAX_NAME } from './schema.ts'

const IS_TEMPLATE = 'Whether it is kept to fill other lists with.'

const moment = (description: string) => Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description })

const described = {
  id: Type.String({ description: 'By which paths name it.' }),
  name: Type.String({ description: 'Empty for the first list until somebody names it.' }),
  version: Type.Integer({ description: 'The number of its latest change.' }),
  isFirst: Type.Boolean({ description: 'Whether it is the account’s first list, which is always there.' }),
  isTemplate: Type.Boolean({ description: IS_TEMPLATE }),
  putAwayAt: moment('When it was put out of sight; null while it is in use.')
}
const EXAMPLE = { id: '7', name: 'Festa', version: 12, isFirst: false, isTemplate: false, putAwayAt: null }

const listSchema = Type.Object(
  {
    ...described,
    open: Type.Integer({ description: 'Items that are to buy.' }),
    done: Type.Integer({ description: 'Items that are ticked off.' })
  },
  { $id: 'List', description: 'A list of the account.', examples: [{ ...EXAMPLE, open: 3, done: 1 }] }
)
const removedListSchema = Type.Object(
  { ...described, removedAt: Type.String({ format: 'date-time', description: 'When it was removed.' }) },
  {
    $id: 'RemovedList',
    description: 'A list that was removed and can be restored.',
    examples: [{ ...EXAMPLE, removedAt: '2026-11-26T18:30:00.000Z' }]
  }
)
const listsSchema = Type.Object(
  { lists: Type.Array(ref('List'), { description: 'The first list first.' }) },
  { $id: 'Lists', description: 'All lists of the account.' }
)
const removedListsSchema = Type.Object(
  { lists: Type.Array(ref('RemovedList'), { description: 'The latest first.' }) },
  { $id: 'RemovedLists', description: 'Lists that can be restored.' }
)
const name = Type.String({ minLength: 1, maxLength: MAX_NAME, description: 'What it is called.' })
const newListSchema = Type.Object(
  { name, isTemplate: Type.Optional(Type.Boolean({ description: IS_TEMPLATE })) },
  { $id: 'NewList', additionalProperties: false, description: 'A list to make.', examples: [{ name: 'Festa' }] }
)
const listChangesSchema = Type.Object(
  {
    name: Type.Optional(name),
    isTemplate: Type.Optional(Type.Boolean({ description: IS_TEMPLATE })),
    isPutAway: Type.Optional(Type.Boolean({ description: 'Whether it is out of sight, with all that is on it.' }))
  },
  {
    $id: 'ListChanges',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description: 'What to set of a list: one thing at a time, as each is a change of its own.',
    examples: [{ name: 'Festa do João' }]
  }
)

const momentOf = (at: number | null) => (at === null ? null : new Date(at).toISOString())
const describe = ({ id, name, version, isFirst, isTemplate, putAwayAt }: ListInfo) => ({
  ...{ id: String(id), name, version, isFirst, isTemplate },
  putAwayAt: momentOf(putAwayAt)
})
const asJson = ({ open, done, ...list }: CountedListInfo) => ({ ...describe(list), open, done })

function checkName(given: string): string {
  const error = hasControl(given) ? 'field.controlCharacters' : isVisible(given) ? undefined : 'field.required'
  if (error) throw invalid({ field: 'name', in: 'body', error: { key: error } })
  return withoutUnseen(given).trim()
}

export function listsApi(api: FastifyInstance, { lists }: { lists: Lists }): void {
  for (const schema of [
    listSchema,
    removedListSchema,
    listsSchema,
    removedListsSchema,
    newListSchema,
    listChangesSchema
  ]) {
    api.addSchema(schema)
  }
  const about = { tags: ['lists'], querystring: noQuery }
  const list = { body: ref('List'), hasEtag: true }

  const find = async (request: FastifyRequest, where: Where): Promise<CountedListInfo> => {
    const found = await lists.find(request.work, where)
    if (!found) throw new Problem('not_found')
    return found
  }

  /**
   * The list as a write left it, or why nothing was done. The answer to a request is the same however often and late it is
   * sent.
   */
  const sendAfter = async (
    request: FastifyRequest,
    reply: FastifyReply,
    where: Where,
    outcome: Done | { status: string }
  ): Promise<FastifyReply> => {
    if (outcome.status === 'stale') {
      const now = await find(request, where)
      reply.header('etag', etagOf(now.version))
      throw refusal(outcome.status, asJson(now))
    }
    if (!('listId' in outcome)) throw refusal(outcome.status)
    const { listId, version, status } = outcome
    const then = await lists.after(request.work, where.accountId, listId, version)
    if (!then) throw new Problem('not_found')
    return replayed(reply.header('etag', etagOf(version)), status).send(asJson(then))
  }

  api.get(
    '/lists',
    {
      schema: {
        ...about,
        operationId: 'listLists',
        summary: 'All lists',
        response: answers({ description: 'The lists, those that were put away too.', body: ref('Lists') })
      }
    },
    async request => ({ lists: (await lists.all(request.work, getCaller(request).account.id)).map(asJson) })
  )

  api.get(
    '/removed-lists',
    {
      schema: {
        ...about,
        operationId: 'listRemovedLists',
        summary: 'Lists that can be restored, for 30 days',
        response: answers({ description: 'The removed lists.', body: ref('RemovedLists') })
      }
    },
    async request => {
      const removed = await lists.recentlyRemoved(request.work, getCaller(request).account.id)
      return { lists: removed.map(one => ({ ...describe(one), removedAt: momentOf(one.removedAt) })) }
    }
  )

  api.post<{ Body: Static<typeof newListSchema> }>(
    '/lists',
    {
      schema: {
        ...about,
        operationId: 'makeList',
        summary: 'Make a list',
        headers: writeHeaders,
        body: ref('NewList'),
        response: answers(
          {
            ...list,
            status: 201,
            description: 'The list.',
            headers: { Location: { type: 'string', description: 'Its path.' } }
          },
          ...OF_WRITES,
          404
        )
      }
    },
    async (request, reply) => {
      const { isTemplate = false } = request.body
      const { id: accountId } = getCaller(request).account
      const wanted = { name: checkName(request.body.name), isTemplate }
      const outcome = await lists.make(request.work, accountId, wanted, keyOf(request))
      if (!('listId' in outcome)) throw refusal(outcome.status)
      reply.status(201).header('location', `${API}/lists/${outcome.listId}`)
      return sendAfter(request, reply, { accountId, list: outcome.listId }, outcome)
    }
  )

  api.get(
    '/lists/:list',
    {
      schema: {
        ...about,
        operationId: 'getList',
        summary: 'One list',
        params: listParams,
        headers: readHeaders,
        response: answersUnlessKnown({ ...list, description: 'The list.' }, 404)
      }
    },
    async (request, reply) => {
      const found = await find(request, listOf(request))
      return sendVersion(request, reply, found.version, asJson(found))
    }
  )

  api.patch<{ Body: Static<typeof listChangesSchema> }>(
    '/lists/:list',
    {
      schema: {
        ...about,
        operationId: 'editList',
        summary: 'Rename a list, put it away, take it back',
        params: listParams,
        headers: mustMatchHeaders,
        body: ref('ListChanges'),
        response: answers({ ...list, description: 'The list, as it is now.' }, ...OF_WRITES, 404, 412, 428)
      }
    },
    async (request, reply) => {
      const where = listOf(request)
      const { name, isTemplate, isPutAway } = request.body
      const asked = [keyOf(request), seenBy(request)] as const
      const { work } = request
      const outcome =
        name !== undefined
          ? await lists.rename(work, where, checkName(name), ...asked)
          : isTemplate !== undefined
            ? await lists.setTemplate(work, where, isTemplate, ...asked)
            : isPutAway
              ? await lists.putAway(work, where, ...asked)
              : await lists.takeBack(work, where, ...asked)
      return sendAfter(request, reply, where, outcome)
    }
  )

  api.delete(
    '/lists/:list',
    {
      schema: {
        ...about,
        operationId: 'removeList',
        summary: 'Remove a list and all that is on it',
        params: listParams,
        headers: mustMatchHeaders,
        response: answers(
          { description: 'It is removed; for 30 days it can be restored.', body: ref('Change') },
          ...OF_WRITES,
          404,
          412,
          428
        )
      }
    },
    async (request, reply) => {
      const where = listOf(request)
      const outcome = await lists.remove(request.work, where, keyOf(request), seenBy(request))
      if (!('listId' in outcome)) return sendAfter(request, reply, where, outcome)
      return replayed(reply, outcome.status).send(asChange(outcome))
    }
  )

  api.post(
    '/lists/:list/restore',
    {
      schema: {
        ...about,
        operationId: 'restoreList',
        summary: 'Bring a removed list back, with all that was on it',
        params: listParams,
        headers: writeHeaders,
        response: answers({ ...list, description: 'The list.' }, ...OF_WRITES, 404)
      }
    },
    async (request, reply) => {
      const where = listOf(request)
      return sendAfter(request, reply, where, await lists.restore(request.work, where, keyOf(request)))
    }
  )
}
