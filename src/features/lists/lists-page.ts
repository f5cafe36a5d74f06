import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound } from '../../errors.ts'
import { type RawForm, typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { translateFor } from '../../http/language.ts'
import { lastListOf } from '../../http/last-list.ts'
import { getAccount } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { keyOf, refuseButton } from '../../http/told.ts'
import { newKey } from '../../keys.ts'
import { type Carts, MAX_ITEMS } from '../items/rules.ts'
import { searchForm } from '../search/schema.ts'
import { baseOf, basePath } from './places.ts'
import { type Lists, MAX_LISTS } from './rules.ts'
import { listButtons, listForm, parseListRef } from './schema.ts'

const PAGE = '/listas/'
const SHORT = { compress: false } as const

/** All lists of an account, and what makes and fills them. */
export function listsPage(app: FastifyInstance, { lists, carts }: { lists: Lists; carts: Carts }): void {
  const read = async (request: FastifyRequest) => {
    const { id } = getAccount(request)
    const all = await lists.all(request.work, id)
    const named = all.map(list => ({ ...list, base: baseOf(list) }))
    const here = named.filter(({ putAwayAt }) => putAwayAt === null)
    return {
      lists: here.filter(({ isTemplate }) => !isTemplate),
      templates: here.filter(({ isTemplate }) => isTemplate),
      away: named.filter(({ putAwayAt }) => putAwayAt !== null),
      removed: await lists.recentlyRemoved(request.work, id)
    }
  }

  const show = async (request: FastifyRequest, reply: FastifyReply, raw: RawForm, wrong: Wrong) =>
    reply.page('lists', {
      ...(await read(request)),
      search: searchForm.fields,
      fields: listForm.fields,
      form: { ...listForm.typed(raw), operation: typed(raw, 'operation') || newKey() },
      ...wrong
    })

  app.get<{ Querystring: RawForm }>(PAGE, (request, reply) =>
    respond(request, reply, {
      json: () => read(request),
      page: () => show(request, reply, request.query, nothingWrong)
    })
  )
  app.get('/listas', (_request, reply) => reply.redirect(PAGE, 308))

  /** Where who logs in goes on: the list that was open last in this browser. */
  app.get('/listas/ultima', async (request, reply) => {
    const { id } = getAccount(request)
    const last = lastListOf(request, id)
    const all = last === undefined ? [] : await lists.all(request.work, id)
    const list = all.find(one => one.id === last)
    return reply.redirect(`${list ? baseOf(list) : '/carrinho'}/`, 302)
  })

  app.post(PAGE, { ...SHORT, config: { form: listForm, page: PAGE } }, async (request, reply) => {
    const fields = fieldsOf(request)
    const refused = (status: number, error: string, raw: RawForm = fields) => ({
      status,
      error,
      page: (wrong: Wrong) => show(request, reply, raw, wrong)
    })
    const checked = listForm.check(fields)
    if (!checked.ok) return respond(request, reply, { ...refused(400, 'invalid'), errors: checked.errors })
    const isTemplate = typed(fields, 'template') === '1'
    const { name } = checked.value
    const key = typed(fields, 'operation') || undefined
    const result = await lists.make(request.work, getAccount(request).id, { name, isTemplate }, key)
    if (result.status === 'tooMany') {
      const errors = { name: { key: 'lists.tooMany', params: { max: MAX_LISTS } } } as const
      return respond(request, reply, { ...refused(409, 'too_many_lists'), errors })
    }
    if (result.status === 'noList') throw new Error('a new list needs no other')
    if (result.status === 'reused') {
      // A page that the browser kept: what is on it now needs a key of its own.
      const message = translateFor(request)('lists.reused')
      return respond(request, reply, {
        ...refused(409, 'operation_reused', { ...fields, operation: newKey() }),
        message
      })
    }
    return respond(request, reply, {
      goTo: `/listas/${result.listId}/`,
      flash: { kind: 'success', key: isTemplate ? 'flash.templateMade' : 'flash.listMade', params: { name } },
      status: result.status === 'done' ? 201 : 200,
      json: { status: result.status, id: result.listId, version: result.version }
    })
  })

  app.post('/listas/encher', { ...SHORT, config: { form: listButtons, page: PAGE } }, async (request, reply) => {
    const fields = fieldsOf(request)
    const [from, to] = [parseListRef(fields.from), parseListRef(fields.to)]
    if (from === undefined || to === undefined) throw notFound()
    const goTo = `${basePath(to)}/`
    const where = { accountId: getAccount(request).id, list: to }
    const result = await carts.fill(request.work, where, from, keyOf(fields, 'fill', from, to))
    switch (result.status) {
      case 'noList':
        throw notFound()
      case 'reused':
        return refuseButton(request, reply, { goTo, error: 'operation_reused', key: 'lists.reused' })
      case 'nothing':
        return respond(request, reply, {
          goTo,
          flash: { kind: 'info', key: 'flash.filled', params: { count: 0 } },
          json: { status: 'done', count: 0 }
        })
      case 'sameList':
        return refuseButton(request, reply, { goTo, error: 'same_list', key: 'lists.sameList' })
      case 'outOfBounds':
        return refuseButton(request, reply, { goTo, error: 'out_of_bounds', key: 'lists.outOfBounds' })
      case 'full':
        return refuseButton(request, reply, { goTo, error: 'list_full', key: 'list.full', params: { max: MAX_ITEMS } })
    }
    const { status, version, items } = result
    return respond(request, reply, {
      goTo,
      flash: {
        kind: 'success',
        key: 'flash.filled',
        params: { count: items.length },
        undo: { path: `${goTo}anular`, version }
      },
      json: { status, version, count: items.length }
    })
  })
}
