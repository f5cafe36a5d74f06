import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { answers, OF_WRITES, ref } from '../../http/api/answers.ts'
import { Problem } from '../../http/api/problem.ts'
import { refusal } from '../../http/api/refusals.ts'
import { keyOf, noQuery, replayed, writeHeaders } from '../../http/api/request.ts'
import { API } from '../../http/api/scope.ts'
import type { ItemContent } from '../../store/change.ts'
import { asChange, listOf, listParams } from '../items/api-parts.ts'
import { itemAsJson, itemIdOf } from '../items/api-schema.ts'
import { ONE } from '../items/quantity.ts'
import type { Carts } from '../items/rules.ts'
import { hashesIn } from '../pictures/schema.ts'
import type { Entry, History } from './rules.ts'

const MOST = 100
/** A version that no list will ever have. */
const NEVER = Number.MAX_SAFE_INTEGER

const removedSchema = Type.Object(
  {
    id: Type.String({ description: 'The id that it had.' }),
    removed: Type.Boolean({ const: true, description: 'It is no longer on the list.' })
  },
  { $id: 'RemovedItem', description: 'That an item is gone.', examples: [{ id: '17', removed: true }] }
)
const sinceSchema = Type.Object(
  {
    version: Type.Integer({ description: 'The version of the list by now: what to ask for next time.' }),
    full: Type.Boolean({
      description: 'Whether these are all items of the list: whatever else the program has is no longer there.'
    }),
    items: Type.Array(Type.Union([ref('Item'), ref('RemovedItem')]), {
      description: 'The items that were touched since, as they are now; those that are gone have `removed`.'
    })
  },
  { $id: 'Changes', description: 'What happened to a list since a version.' }
)
const sinceQuery = Type.Object(
  {
    since: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'The version that the program has. Without it, and where it is too old or was never: everything.'
      })
    )
  },
  { additionalProperties: false }
)

const fieldsSchema = Type.Object(
  {
    name: Type.Optional(Type.String()),
    quantity: Type.Optional(Type.Number()),
    unit: Type.Optional(Type.String()),
    shop: Type.Optional(Type.String()),
    note: Type.Optional(Type.String()),
    done: Type.Optional(Type.Boolean()),
    pictures: Type.Optional(Type.Array(Type.String(), { description: 'The ids of its pictures.' }))
  },
  { $id: 'Fields', description: 'Fields of an item.', examples: [{ quantity: 2 }] }
)
const entrySchema = Type.Object(
  {
    version: Type.Integer({ description: 'The number of the change.' }),
    kind: Type.String({
      description:
        'What it did: `add`, `remove`, `tick`, `adjust`, `edit`, `picture`, `clear`, `move`, `copy`, `undo`, …'
    }),
    at: Type.String({ format: 'date-time', description: 'When.' }),
    who: Type.Union([Type.String(), Type.Null()], { description: 'Who; null for an account that is gone.' }),
    canUndo: Type.Boolean({ description: 'Whether it may be taken back, unless something else happened meanwhile.' }),
    undoneBy: Type.Union([Type.Integer(), Type.Null()], { description: 'The change that took it back.' }),
    undoes: Type.Optional(Type.Integer({ description: 'The change that it took back.' })),
    items: Type.Array(
      Type.Object({
        id: Type.String({ description: 'The item.' }),
        before: Type.Union([ref('Fields'), Type.Null()], { description: 'What it was; null where it was not there.' }),
        after: Type.Union([ref('Fields'), Type.Null()], { description: 'What it became; null where it is gone.' })
      }),
      { description: 'What it did to which items.' }
    )
  },
  { $id: 'HistoryEntry', description: 'A change of a list.' }
)
const historySchema = Type.Object(
  {
    changes: Type.Array(ref('HistoryEntry'), { description: 'The latest first.' }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'The path of the page of older ones; null on the last.'
    })
  },
  { $id: 'History', description: 'What happened to a list, for a year back.' }
)
const historyQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST, default: 50, description: 'Changes on a page.' })),
    before: Type.Optional(Type.Integer({ minimum: 1, description: 'Those before this version.' }))
  },
  { additionalProperties: false }
)
const undoSinceSchema = Type.Object(
  {
    since: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The version of the list as it shall be again.'
    })
  },
  {
    $id: 'UndoSince',
    additionalProperties: false,
    description: 'What to go back to.',
    examples: [{ since: 12 }]
  }
)
const changeParams = Type.Object({
  ...listParams.properties,
  version: Type.String({ description: 'The number of a change.', examples: ['12'] })
})

const asFields = (content: Partial<ItemContent> | null) => {
  if (content === null) return null
  const { type, thousandths, unit, shop, note, doneAt, pictures } = content
  return {
    name: type,
    quantity: thousandths === undefined ? undefined : thousandths / ONE,
    ...{ unit, shop, note },
    done: doneAt === undefined ? undefined : doneAt !== null,
    pictures: pictures === undefined ? undefined : hashesIn(pictures)
  }
}

const asJson = ({ version, kind, at, who, canUndo, undoneBy, detail }: Entry, idOf: (id: number) => string) => ({
  ...{ version, kind, at: new Date(at).toISOString(), who, canUndo, undoneBy },
  ...(detail.undoes !== undefined && { undoes: detail.undoes }),
  items: detail.items.map(({ id, before, after }) => ({
    id: idOf(id),
    before: asFields(before),
    after: asFields(after)
  }))
})

export function historyApi(api: FastifyInstance, { history, carts }: { history: History; carts: Carts }): void {
  for (const schema of [removedSchema, sinceSchema, fieldsSchema, entrySchema, historySchema, undoSinceSchema])
    api.addSchema(schema)
  const about = { tags: ['changes'], params: listParams }

  /** How programs name the items of these changes: as the changes themselves say, or the items that are still there. */
  const idsIn = async (request: FastifyRequest, accountId: number, entries: readonly Entry[]) => {
    const all = entries.flatMap(({ detail }) => detail.items)
    const said = new Map<number, string>()
    for (const { id, before, after } of all) {
      const uid = before?.uid ?? after?.uid
      if (uid) said.set(id, uid)
    }
    const others = [...new Set(all.map(({ id }) => id).filter(id => !said.has(id)))]
    const found = await carts.uidsOf(request.work, accountId, others)
    return (id: number) => said.get(id) ?? found.get(id) ?? String(id)
  }

  api.get<{ Querystring: Static<typeof sinceQuery> }>(
    '/lists/:list/changes',
    {
      schema: {
        ...about,
        operationId: 'listChanges',
        summary: 'What happened to a list since a version',
        querystring: sinceQuery,
        response: answers({ description: 'The changes.', body: ref('Changes') }, 404)
      }
    },
    async request => {
      const where = listOf(request)
      const found = await history.since(request.work, where, request.query.since ?? NEVER)
      if (!found) throw new Problem('not_found')
      const { version, full, items, removed } = found
      return {
        version,
        full,
        items: [
          ...items.map(item => itemAsJson(item, where.list)),
          ...removed.map(item => ({ id: itemIdOf(item), removed: true }))
        ]
      }
    }
  )

  api.get<{ Querystring: Static<typeof historyQuery> }>(
    '/lists/:list/history',
    {
      schema: {
        ...about,
        operationId: 'listHistory',
        summary: 'Who did what to a list, and when',
        querystring: historyQuery,
        response: answers({ description: 'A page of changes.', body: ref('History') }, 404)
      }
    },
    async request => {
      const where = listOf(request)
      const { limit = 50, before } = request.query
      const { entries, older } = await history.page(request.work, where, { limit, ...(before && { before }) })
      if (entries.length === 0 && !(await carts.isThere(request.work, where))) throw new Problem('not_found')
      const idOf = await idsIn(request, where.accountId, entries)
      return {
        changes: entries.map(entry => asJson(entry, idOf)),
        next: older === undefined ? null : `${API}/lists/${where.list}/history?limit=${limit}&before=${older}`
      }
    }
  )

  api.post(
    '/lists/:list/changes/:version/undo',
    {
      schema: {
        ...about,
        operationId: 'undoChange',
        summary: 'Take a change back, within 30 days',
        querystring: noQuery,
        params: changeParams,
        headers: writeHeaders,
        response: answers(
          { description: 'The change that took it back, which can be undone itself.', body: ref('Change') },
          ...OF_WRITES,
          404
        )
      }
    },
    async (request, reply) => {
      const { version } = request.params as Static<typeof changeParams>
      if (!/^[1-9]\d{0,14}$/.test(version)) throw new Problem('not_found')
      const outcome = await history.undo(request.work, listOf(request), Number(version), keyOf(request))
      if (!('listId' in outcome)) throw refusal(outcome.status)
      return replayed(reply, outcome.status).send(asChange(outcome))
    }
  )

  api.post<{ Body: Static<typeof undoSinceSchema> }>(
    '/lists/:list/undo',
    {
      schema: {
        ...about,
        operationId: 'undoSince',
        summary: 'Take back all that happened since a version, within 30 days',
        querystring: noQuery,
        headers: writeHeaders,
        body: ref('UndoSince'),
        response: answers(
          { description: 'The one change that took it all back, which can be undone itself.', body: ref('Change') },
          ...OF_WRITES,
          404
        )
      }
    },
    async (request, reply) => {
      const outcome = await history.undoSince(request.work, listOf(request), request.body.since, keyOf(request))
      if (outcome.status === 'notThere') throw new Problem('nothing_to_undo')
      if (!('listId' in outcome)) throw refusal(outcome.status)
      return replayed(reply, outcome.status).send(asChange(outcome))
    }
  )
}
