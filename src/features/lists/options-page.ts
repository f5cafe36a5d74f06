import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound } from '../../errors.ts'
import { type RawForm, typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { keyOf, refuseButton } from '../../http/told.ts'
import type { MessageKey } from '../../i18n/index.ts'
import { newKey } from '../../keys.ts'
import { type ListAt, places } from '../items/list-at.ts'
import { baseOf, listAt, refOf } from './places.ts'
import { type CountedListInfo, type Lists, MAX_LISTS } from './rules.ts'
import { listButtons, listForm } from './schema.ts'

const ALL = '/listas/'
const SHORT = { compress: false } as const

/** No page asks for a version of a list. */
type Button = Exclude<Awaited<ReturnType<Lists['remove' | 'restore' | 'rename']>>, { status: 'stale' }>

/** What can be done with a list as a whole. */
export function listOptionsPage(app: FastifyInstance, { lists }: { lists: Lists }): void {
  /** The list that a request is about, and all others. @throws AppError not_found */
  const read = async (request: FastifyRequest, at: ListAt | undefined) => {
    const all = at ? await lists.all(request.work, getAccount(request).id) : []
    const list = at && listAt(all, at)
    if (!list) throw notFound()
    return { list, others: all.filter(one => one !== list) }
  }
  const nameIn = (request: FastifyRequest, { name }: Pick<CountedListInfo, 'name'>) =>
    name || translateFor(request)('list.title')

  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    at: ListAt | undefined,
    raw: RawForm | undefined,
    wrong: Wrong
  ) => {
    const { list, others } = await read(request, at)
    const choice = (one: CountedListInfo) => ({ ref: refOf(one), name: nameIn(request, one) })
    return reply.page('list-options', {
      list: { ...list, base: baseOf(list), ref: refOf(list), shownName: nameIn(request, list) },
      targets: others.filter(({ isTemplate, putAwayAt }) => !isTemplate && putAwayAt === null).map(choice),
      templates: others.filter(({ isTemplate }) => isTemplate).map(choice),
      fields: listForm.fields,
      form: raw ? listForm.typed(raw) : { name: list.name },
      operation: newKey(),
      ...wrong
    })
  }

  /** What a button answers, whichever it was. */
  const told = (
    request: FastifyRequest,
    reply: FastifyReply,
    result: Button,
    { base, goTo, key, name }: { base: string; goTo: string; key: MessageKey; name: string }
  ) => {
    const back = `${base}/opcoes`
    switch (result.status) {
      case 'noList':
        throw notFound()
      case 'reused':
        return refuseButton(request, reply, { goTo: back, error: 'operation_reused', key: 'lists.reused' })
      case 'first':
        return refuseButton(request, reply, { goTo: back, error: 'first_list', key: 'lists.first' })
      case 'tooOld':
        return refuseButton(request, reply, { goTo: ALL, error: 'too_old', key: 'lists.tooOld' })
      case 'tooMany':
        return refuseButton(request, reply, {
          goTo: ALL,
          error: 'too_many_lists',
          key: 'lists.tooMany',
          params: { max: MAX_LISTS }
        })
    }
    return respond(request, reply, {
      goTo,
      flash: { kind: 'success', key, params: { name } },
      json: { status: result.status, id: result.listId, version: result.version }
    })
  }

  for (const { prefix, page, of } of places) {
    app.get(`${prefix}/opcoes`, (request, reply) =>
      respond(request, reply, { page: () => show(request, reply, of(request.params), undefined, nothingWrong) })
    )

    app.post(`${prefix}/nome`, { ...SHORT, config: { form: listForm, page } }, async (request, reply) => {
      const fields = fieldsOf(request)
      const { list } = await read(request, of(request.params))
      const checked = listForm.check(fields)
      if (!checked.ok) {
        return respond(request, reply, {
          status: 400,
          error: 'invalid',
          errors: checked.errors,
          page: wrong => show(request, reply, of(request.params), fields, wrong)
        })
      }
      const { name } = checked.value
      const where = { accountId: getAccount(request).id, list: refOf(list) }
      const result = await lists.rename(request.work, where, name, keyOf(fields, 'rename', name))
      const base = baseOf(list)
      return told(request, reply, result, { base, goTo: `${base}/`, key: 'flash.listRenamed', name })
    })

    const button = (
      path: string,
      press: (request: FastifyRequest, list: CountedListInfo, fields: RawForm) => Promise<Button>,
      after: (list: CountedListInfo, fields: RawForm) => { goTo: string; key: MessageKey }
    ) =>
      app.post(`${prefix}/${path}`, { ...SHORT, config: { form: listButtons, page } }, async (request, reply) => {
        const fields = fieldsOf(request)
        const { list } = await read(request, of(request.params))
        const result = await press(request, list, fields)
        return told(request, reply, result, {
          base: baseOf(list),
          name: nameIn(request, list),
          ...after(list, fields)
        })
      })
    const whereOf = (request: FastifyRequest, list: CountedListInfo) => ({
      accountId: getAccount(request).id,
      list: refOf(list)
    })

    button(
      'modelo',
      (request, list, fields) => {
        const isTemplate = typed(fields, 'template') === '1'
        return lists.setTemplate(
          request.work,
          whereOf(request, list),
          isTemplate,
          keyOf(fields, 'template', String(isTemplate))
        )
      },
      (list, fields) => ({
        goTo: `${baseOf(list)}/opcoes`,
        key: typed(fields, 'template') === '1' ? 'flash.isTemplate' : 'flash.isNoTemplate'
      })
    )
    button(
      'guardar',
      (request, list, fields) => lists.putAway(request.work, whereOf(request, list), keyOf(fields, 'away', list.id)),
      () => ({ goTo: ALL, key: 'flash.listAway' })
    )
    button(
      'repor',
      (request, list, fields) => lists.takeBack(request.work, whereOf(request, list), keyOf(fields, 'back', list.id)),
      list => ({ goTo: `${baseOf(list)}/`, key: 'flash.listBack' })
    )
    button(
      'apagar-lista',
      (request, list, fields) => lists.remove(request.work, whereOf(request, list), keyOf(fields, 'drop', list.id)),
      () => ({ goTo: ALL, key: 'flash.listRemoved' })
    )
  }

  app.post(
    '/listas/:list/recuperar',
    { ...SHORT, config: { form: listButtons, page: ALL } },
    async (request, reply) => {
      const fields = fieldsOf(request)
      const at = places[1]?.of(request.params)
      if (!at || at.list === 'first') throw notFound()
      const { id: accountId } = getAccount(request)
      const removed = await lists.recentlyRemoved(request.work, accountId)
      const where = { accountId, list: at.list }
      const result = await lists.restore(request.work, where, keyOf(fields, 'restore', at.list))
      const name = nameIn(request, removed.find(({ id }) => id === at.list) ?? { name: '' })
      const { base } = at
      return told(request, reply, result, { base, goTo: `${base}/`, key: 'flash.listRestored', name })
    }
  )
}
