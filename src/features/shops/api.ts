import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import type { FieldError } from '../../field-error.ts'
import { answers, OF_WRITES, ref } from '../../http/api/answers.ts'
import { getCaller } from '../../http/api/bearer.ts'
import { invalid, Problem, type WrongField } from '../../http/api/problem.ts'
import { namedBy, refusal } from '../../http/api/refusals.ts'
import { etagOf, keyOf, mustMatchHeaders, noQuery, replayed, seenBy } from '../../http/api/request.ts'
import { MAX_BODY_BYTES } from '../../http/forms.ts'
import { hasControl, isLonger, isVisible, MAX_TEXT, withoutUnseen } from '../../text.ts'
import { fold } from '../../text-fold.ts'
import { listOf, listParams } from '../items/api-parts.ts'
import { itemIdOf } from '../items/api-schema.ts'
import type { Carts } from '../items/rules.ts'
import { groupByShop } from './groups.ts'
import type { Shops } from './rules.ts'
import { MAX_ORDERED } from './shop-order.ts'

const itemIds = (description: string) => Type.Array(Type.String(), { description })

const shopSchema = Type.Object(
  {
    name: Type.String({ description: 'As it was first written; empty: what may be bought anywhere.' }),
    items: itemIds('The ids of what is to buy there, in the order in which the account goes through this shop.')
  },
  {
    $id: 'Shop',
    description: 'A shop, and what is to buy there.',
    examples: [{ name: 'Mercado', items: ['0f8fad5b-d9cb-469f-a165-70867728950e', '17'] }]
  }
)
const walkSchema = Type.Object(
  {
    version: Type.Integer({ description: 'The version of the list that this is of.' }),
    shops: Type.Array(ref('Shop'), {
      description: 'In the order in which the account goes to them. What may be bought in several shops is in each.'
    }),
    done: itemIds('The ids of what is ticked off, the latest first.')
  },
  { $id: 'Walk', description: 'A list as its page shows it: by shop, in the order that the account set.' }
)

const version = Type.Integer({ description: 'The number of the order: what its ETag says. 0 before it was ever set.' })
const shopNames = (description: string) =>
  Type.Array(Type.String({ maxLength: MAX_TEXT }), { maxItems: MAX_ORDERED, uniqueItems: true, description })
const itemNames = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: MAX_TEXT }), {
    maxItems: MAX_ORDERED,
    uniqueItems: true,
    description
  })

const AS_MANY = `As many as can be set: ${MAX_ORDERED}, if one request has room for them. Those that are left out come after these.`

const shopOrderSchema = Type.Object(
  {
    version,
    shops: Type.Array(Type.String(), {
      maxItems: MAX_ORDERED,
      description: `Their names: those that the order has, then the others by name. Empty: what may be bought anywhere. ${AS_MANY}`
    }),
    learns: Type.Boolean({ description: 'Whether orders are learned from that in which things are ticked off.' })
  },
  {
    $id: 'ShopOrder',
    description: 'In which order the account goes to shops, on all of its lists.',
    examples: [{ version: 4, shops: ['Padaria', 'Lidl', ''], learns: true }]
  }
)
const shopsInOrderSchema = Type.Object(
  {
    shops: shopNames(
      'Their names, those with items and others. A shop that is not named comes after these, by its name.'
    )
  },
  {
    $id: 'ShopsInOrder',
    additionalProperties: false,
    description: 'The whole order of shops, as it shall be.',
    examples: [{ shops: ['Padaria', 'Lidl', ''] }]
  }
)
const itemOrderSchema = Type.Object(
  {
    version,
    shop: Type.String({ description: 'The shop, as its name was first written.' }),
    items: Type.Array(Type.String(), {
      maxItems: MAX_ORDERED,
      description: `Names of items: those that the order has, whether or not they are on a list, then what is to buy there by name. ${AS_MANY}`
    })
  },
  {
    $id: 'ItemOrder',
    description: 'In which order the account goes through a shop.',
    examples: [{ version: 2, shop: 'Lidl', items: ['Alface', 'Leite'] }]
  }
)
const itemsInOrderSchema = Type.Object(
  { items: itemNames('Names of items, on a list or not. What is not named comes after these.') },
  {
    $id: 'ItemsInOrder',
    additionalProperties: false,
    description: 'The whole order of what is bought in a shop, as it shall be.',
    examples: [{ items: ['Alface', 'Leite'] }]
  }
)
const orderSetSchema = Type.Object(
  { version, order: Type.Array(Type.String(), { description: 'The names, as they were set.' }) },
  {
    $id: 'OrderSet',
    description: 'What an order was set to.',
    examples: [{ version: 5, order: ['Padaria', 'Lidl', ''] }]
  }
)
const shopQuery = Type.Object(
  {
    shop: Type.String({
      minLength: 1,
      maxLength: MAX_TEXT,
      description: 'The name of the shop, capitals and accents aside.'
    })
  },
  { additionalProperties: false }
)

/** A name as it is kept, or what is wrong with it. */
function readName(given: string, isShop: boolean): { value: string; error?: FieldError } {
  if (hasControl(given)) return { value: given, error: { key: 'field.controlCharacters' } }
  const value = withoutUnseen(given).trim()
  if (!isVisible(value) || fold(value) === '') return { value, error: { key: 'field.required' } }
  // One field of an item names several shops so.
  return isShop && value.includes(',') ? { value, error: { key: 'field.invalid' } } : { value }
}

/** @throws Problem invalid; a name may be there once, however it is written */
function readNames(field: 'shops' | 'items', given: readonly string[]): string[] {
  const wrong: WrongField[] = []
  const known = new Set<string>()
  const names = given.map((name, place) => {
    const isShop = field === 'shops'
    const { value, error } = isShop && name === '' ? { value: '' } : readName(name, isShop)
    const isTwice = known.has(fold(value))
    known.add(fold(value))
    const why = error ?? (isTwice ? ({ key: 'problem.field.repeated' } as const) : undefined)
    if (why) wrong.push({ field, in: 'body', pointer: `/${field}/${place}`, error: why })
    return value
  })
  if (wrong.length > 0) throw invalid(...wrong)
  return names
}

/** What is left of a request beside the names that it sets, whatever white space is between them. */
const ROOM = 1024
/** As a program may write it: all but ASCII escaped. */
const sizeOf = (name: string): number => JSON.stringify(name).replace(/[^ -~]/g, '\\u0000').length + ', '.length

/** Of names in order those that can be sent back as the order: what no request could name, as some rows have it, is left out. */
export function settable(names: readonly string[], isShop: boolean): string[] {
  const fit = names.filter(
    name => (isShop && name === '') || (!isLonger(name, MAX_TEXT) && !readName(name, isShop).error)
  )
  let room = MAX_BODY_BYTES - ROOM
  const last = fit.findIndex(name => {
    room -= sizeOf(name)
    return room < 0
  })
  return fit.slice(0, Math.min(MAX_ORDERED, last < 0 ? fit.length : last))
}

function shopIn(request: FastifyRequest): string {
  const { value, error } = readName((request.query as Static<typeof shopQuery>).shop, true)
  if (error) throw invalid({ field: 'shop', in: 'query', error })
  return value
}

/** In which order an account goes to shops, and through them. It is not a list's, and no change of one. */
function ordersApi(api: FastifyInstance, shops: Shops): void {
  const about = { tags: ['shops'] }
  const setting = {
    ...about,
    description:
      'It is no change of a list and has no undo. The keys of its latest five requests are remembered; a later one is held back by its If-Match.',
    headers: mustMatchHeaders,
    response: answers(
      { description: 'The order, as it was set.', body: ref('OrderSet'), hasEtag: true },
      ...OF_WRITES,
      412,
      428
    )
  }
  const accountOf = (request: FastifyRequest) => getCaller(request).account.id

  const shopOrder = async (request: FastifyRequest) => {
    const { version, shops: names, learns } = await shops.all(request.work, accountOf(request))
    return { version, shops: settable(names, true), learns }
  }
  const itemOrder = async (request: FastifyRequest, shop: string) => {
    const found = await shops.one(request.work, accountOf(request), shop)
    return found && { version: found.version, shop: found.shop, items: settable(found.names, false) }
  }

  /** @param now the order as it is, for who did not know */
  const set = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { shop, names, now }: { shop: string; names: string[]; now: () => Promise<{ version: number }> }
  ): Promise<FastifyReply> => {
    const asked = { shop, names }
    const outcome = await shops.setOrder(request.work, accountOf(request), asked, keyOf(request), seenBy(request))
    if (outcome.status === 'full') throw new Problem('shops_full', { params: namedBy('shops_full') })
    if (outcome.status === 'stale') {
      request.work.lookAfresh()
      const current = await now()
      reply.header('etag', etagOf(current.version))
      throw refusal('stale', current)
    }
    if (!('version' in outcome)) throw refusal(outcome.status)
    const { status, version } = outcome
    return replayed(reply.header('etag', etagOf(version)), status).send({ version, order: names })
  }

  api.get(
    '/shops',
    {
      schema: {
        ...about,
        operationId: 'getShopOrder',
        summary: 'Shops, in the order in which one goes to them',
        querystring: noQuery,
        response: answers({ description: 'The order.', body: ref('ShopOrder'), hasEtag: true })
      }
    },
    async (request, reply) => {
      const order = await shopOrder(request)
      return reply.header('etag', etagOf(order.version)).send(order)
    }
  )

  api.put<{ Body: Static<typeof shopsInOrderSchema> }>(
    '/shops',
    {
      schema: {
        ...setting,
        operationId: 'setShopOrder',
        summary: 'Set the order of shops',
        querystring: noQuery,
        body: ref('ShopsInOrder')
      }
    },
    (request, reply) =>
      set(request, reply, {
        shop: '',
        names: readNames('shops', request.body.shops),
        now: () => shopOrder(request)
      })
  )

  api.get(
    '/shops/items',
    {
      schema: {
        ...about,
        operationId: 'getItemOrder',
        summary: 'What is bought in a shop, in the order in which one goes through it',
        querystring: shopQuery,
        response: answers({ description: 'The order.', body: ref('ItemOrder'), hasEtag: true }, 404)
      }
    },
    async (request, reply) => {
      const order = await itemOrder(request, shopIn(request))
      if (!order) throw new Problem('not_found')
      return reply.header('etag', etagOf(order.version)).send(order)
    }
  )

  api.put<{ Body: Static<typeof itemsInOrderSchema> }>(
    '/shops/items',
    {
      schema: {
        ...setting,
        operationId: 'setItemOrder',
        summary: 'Set the order of what is bought in a shop',
        querystring: shopQuery,
        body: ref('ItemsInOrder')
      }
    },
    (request, reply) => {
      const shop = shopIn(request)
      return set(request, reply, {
        shop,
        names: readNames('items', request.body.items),
        now: async () => (await itemOrder(request, shop)) ?? { version: 0, shop, items: [] }
      })
    }
  )
}

export function shopsApi(api: FastifyInstance, { carts, shops }: { carts: Carts; shops: Shops }): void {
  for (const schema of [
    shopSchema,
    walkSchema,
    shopOrderSchema,
    shopsInOrderSchema,
    itemOrderSchema,
    itemsInOrderSchema,
    orderSetSchema
  ]) {
    api.addSchema(schema)
  }
  ordersApi(api, shops)
  api.get(
    '/lists/:list/shops',
    {
      schema: {
        operationId: 'listShops',
        tags: ['lists'],
        summary: 'A list by shop, in the order in which one walks',
        params: listParams,
        querystring: noQuery,
        response: answers({ description: 'The shops.', body: ref('Walk') }, 404)
      }
    },
    async request => {
      const found = await carts.view(request.work, listOf(request))
      if (!found) throw new Problem('not_found')
      const [open, done] = [true, false].map(isOpen => found.items.filter(it => (it.doneAt === null) === isOpen))
      const shops = groupByShop(open ?? [], found.ordering)
      return {
        version: found.list.version,
        shops: shops.map(({ shop, items }) => ({ name: shop, items: items.map(itemIdOf) })),
        done: (done ?? []).map(itemIdOf)
      }
    }
  )
}
