import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { badRequest, notFound } from '../../errors.ts'
import type { RawForm } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { respond } from '../../http/respond.ts'
import { fold } from '../../text-fold.ts'
import { MAX_SHOPS, type Shops } from './rules.ts'
import { forgetForm, learnForm, moveForm, parseMove, parseShop } from './schema.ts'

const PAGE = '/lojas'
const pageOf = (shop: string) => (shop === '' ? PAGE : `${PAGE}?loja=${encodeURIComponent(shop)}`)
const SHORT = { compress: false } as const

/** A name with what its buttons send: up, before the one above; down, before the one after next, or to the end. */
const asRows = (names: readonly string[]) =>
  names.map((name, index) => ({
    name,
    above: names[index - 1] ?? '',
    below: names[index + 2] ?? '',
    goesToEnd: index + 2 >= names.length
  }))

/** In which order an account goes to shops, and through each of them. */
export function shopsPage(app: FastifyInstance, { shops }: { shops: Shops }): void {
  const showAll = async (request: FastifyRequest, reply: FastifyReply) => {
    const { shops: names, learns } = await shops.all(request.work, getAccount(request).id)
    return reply.page('shops', { shop: '', rows: asRows(names), learns })
  }

  const showOne = async (request: FastifyRequest, reply: FastifyReply, shop: string) => {
    const found = await shops.one(request.work, getAccount(request).id, shop)
    if (!found) throw notFound()
    return reply.page('shops', { shop: found.shop, rows: asRows(found.names), learns: true })
  }

  app.get<{ Querystring: RawForm }>(PAGE, (request, reply) => {
    const { loja } = request.query
    const shop = parseShop(loja)
    if (loja !== undefined && shop === undefined) throw notFound()
    return respond(request, reply, {
      page: () => (shop === undefined ? showAll(request, reply) : showOne(request, reply, shop)),
      json: async () => {
        const { id } = getAccount(request)
        if (shop === undefined) {
          const { shops: names, learns } = await shops.all(request.work, id)
          return { shops: names, learns }
        }
        const found = await shops.one(request.work, id, shop)
        if (!found) throw notFound()
        return { shop: found.shop, names: found.names }
      }
    })
  })

  app.post(`${PAGE}/mover`, { ...SHORT, config: { form: moveForm, page: PAGE } }, async (request, reply) => {
    const move = parseMove(fieldsOf(request))
    if (!move) throw badRequest('bad_field')
    const { shop, name, target } = move
    const { id } = getAccount(request)
    const order =
      shop === ''
        ? await shops.moveShop(request.work, id, name, target)
        : await shops.moveName(request.work, id, shop, name, target)
    if (order === 'notThere') throw notFound()
    if (order === 'full') {
      const message = translateFor(request)('shops.tooMany', { max: MAX_SHOPS })
      return respond(request, reply, {
        status: 409,
        error: 'too_many_shops',
        message,
        page: () => {
          reply.status(409)
          return showOne(request, reply, shop)
        }
      })
    }
    const place = order.findIndex(other => fold(other) === fold(name))
    return respond(request, reply, {
      // The page opens where the name is now.
      goTo: `${pageOf(shop)}#p-${place}`,
      flash: {
        kind: 'success',
        key: 'flash.placed',
        params: { name: name || translateFor(request)('shops.anywhere'), place: place + 1 }
      },
      json: { order }
    })
  })

  app.post(`${PAGE}/aprender`, { ...SHORT, config: { form: learnForm, page: PAGE } }, async (request, reply) => {
    const { learns: asked } = fieldsOf(request)
    if (asked !== '1' && asked !== '0') throw badRequest('bad_field')
    const learns = asked === '1'
    await shops.setLearning(request.work, getAccount(request).id, learns)
    return respond(request, reply, {
      goTo: PAGE,
      flash: { kind: 'success', key: learns ? 'flash.learns' : 'flash.learnsNot' },
      json: { learns }
    })
  })

  app.post(`${PAGE}/esquecer`, { ...SHORT, config: { form: forgetForm, page: PAGE } }, async (request, reply) => {
    const fields = fieldsOf(request)
    const shop = parseShop(fields.shop)
    const name = fields.name === undefined ? undefined : parseShop(fields.name)
    if (shop === undefined || (fields.name !== undefined && name === undefined)) throw badRequest('bad_field')
    const forgotten = await shops.forget(request.work, getAccount(request).id, shop, name)
    const what = name ?? shop
    return respond(request, reply, {
      goTo: name === undefined ? PAGE : pageOf(shop),
      flash: forgotten
        ? { kind: 'success', key: 'flash.placeForgotten', params: { name: what } }
        : { kind: 'info', key: 'flash.placeNotForgotten', params: { name: what } },
      json: { forgotten }
    })
  })
}
