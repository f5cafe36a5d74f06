import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { badRequest, notFound } from '../../errors.ts'
import { type RawForm, typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { keyOf } from '../../http/told.ts'
import { newKey } from '../../keys.ts'
import { type ListAt, places } from '../items/list-at.ts'
import { formatAmount } from '../items/quantity.ts'
import { parseIds } from '../items/row-forms.ts'
import { type Carts, MAX_ITEMS } from '../items/rules.ts'
import { basePath, listAt, refOf } from './places.ts'
import type { Lists } from './rules.ts'
import { listButtons, parseListRef } from './schema.ts'

interface Chosen {
  ids: readonly number[]
  to: string
  isAll?: boolean
}

/** Items of one list to another. */
export function movePage(app: FastifyInstance, { lists, carts }: { lists: Lists; carts: Carts }): void {
  const whereOf = (request: FastifyRequest, { list }: ListAt) => ({ accountId: getAccount(request).id, list })

  const show = async (request: FastifyRequest, reply: FastifyReply, at: ListAt, chosen: Chosen, wrong: Wrong) => {
    const [view, all] = [
      await carts.view(request.work, whereOf(request, at)),
      await lists.all(request.work, getAccount(request).id)
    ]
    if (!view) throw notFound()
    const t = translateFor(request)
    const here = listAt(all, at)
    return reply.page('move', {
      base: at.base,
      name: view.list.name || t('list.title'),
      items: view.items.map(({ id, type, thousandths, unit, shop, doneAt }) => ({
        id,
        type,
        shop,
        isDone: doneAt !== null,
        amount: formatAmount(thousandths, unit, languageOf(request)),
        isChosen: chosen.isAll || chosen.ids.includes(id)
      })),
      targets: all
        .filter(list => list !== here)
        .map(list => ({ ref: String(refOf(list)), name: list.name || t('list.title') })),
      to: chosen.to,
      operation: newKey(),
      ...wrong
    })
  }

  for (const { prefix, page, of } of places) {
    const hereOf = (request: FastifyRequest): ListAt => {
      const at = of(request.params)
      if (!at) throw notFound()
      return at
    }

    app.get<{ Querystring: RawForm }>(`${prefix}/mover`, (request, reply) => {
      const ids = parseIds(request.query.artigo) ?? []
      return respond(request, reply, {
        page: () => show(request, reply, hereOf(request), { ids, to: '' }, nothingWrong)
      })
    })

    app.post(`${prefix}/mover`, { config: { form: listButtons, page } }, async (request, reply) => {
      const at = hereOf(request)
      const fields = fieldsOf(request)
      const ids = parseIds(fields.id)
      const act = typed(fields, 'do')
      if (ids && (act === 'todos' || act === 'nenhum')) {
        const chosen = { ids: [], to: typed(fields, 'to'), isAll: act === 'todos' }
        return respond(request, reply, { page: () => show(request, reply, at, chosen, nothingWrong) })
      }
      if (!ids || (act !== 'mover' && act !== 'copiar')) throw badRequest()
      const to = parseListRef(fields.to)
      const refused = (status: number, error: string) => ({
        status,
        error,
        page: (wrong: Wrong) => show(request, reply, at, { ids, to: typed(fields, 'to') }, wrong)
      })
      const t = translateFor(request)
      if (ids.length === 0 || to === undefined) {
        const message = t(ids.length === 0 ? 'move.none' : 'move.noTarget')
        return respond(request, reply, { ...refused(400, 'invalid'), message })
      }
      const where = whereOf(request, at)
      const key = keyOf(fields, act, ids.join(), to)
      const result =
        act === 'mover'
          ? await carts.move(request.work, where, ids, to, key)
          : await carts.copy(request.work, where, ids, to, key, { merge: true })
      switch (result.status) {
        case 'noList':
        case 'notThere':
          throw notFound()
        case 'reused':
          return respond(request, reply, { ...refused(409, 'operation_reused'), message: t('lists.reused') })
        case 'sameList':
          return respond(request, reply, { ...refused(409, 'same_list'), message: t('lists.sameList') })
        case 'outOfBounds':
          return respond(request, reply, { ...refused(409, 'out_of_bounds'), message: t('lists.outOfBounds') })
        case 'full':
          return respond(request, reply, { ...refused(409, 'list_full'), message: t('list.full', { max: MAX_ITEMS }) })
      }
      const gone = (status: string) =>
        respond(request, reply, {
          goTo: `${at.base}/`,
          flash: { kind: 'info', key: 'move.gone' },
          json: { status, count: 0 }
        })
      if (result.status === 'nothing') return gone('done')
      const count = 'missing' in result ? ids.length - result.missing.length : result.items.length
      const all = await lists.all(request.work, where.accountId)
      const name = all.find(list => refOf(list) === to || list.id === to)?.name || t('list.title')
      if (count === 0) return gone(result.status)
      return respond(request, reply, {
        goTo: `${at.base}/`,
        flash: {
          kind: 'success',
          key: act === 'mover' ? 'flash.moved' : 'flash.copied',
          params: { count, name },
          // A move is taken back where it left from, a copy where it went to.
          undo: { path: `${act === 'mover' ? at.base : basePath(to)}/anular`, version: result.version }
        },
        json: { status: result.status, version: result.version, count }
      })
    })
  }
}
