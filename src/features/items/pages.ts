import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type RawForm, typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { logSecurity } from '../../http/security-log.ts'
import { type Carts, type Item, MAX_ITEMS, type Part, type Place } from './rules.ts'
import { itemForm, oneItemForm, parseId } from './schema.ts'

const LIST = '/carrinho/'
/** Answers with nothing in them to compress, but for a refused form. */
const SHORT = { compress: false } as const

/** What was typed, also before a login, and the key under which it is sent. */
const typedForm = (raw: RawForm) => ({ ...itemForm.typed(raw), operation: typed(raw, 'operation') || randomUUID() })
type ListForm = Record<string, string>

export function listPage(app: FastifyInstance, { carts, serverName }: { carts: Carts; serverName: string }): void {
  const show = async (request: FastifyRequest, reply: FastifyReply, form: ListForm, place: Place, wrong: Wrong) => {
    const page = await carts.page(request.work, getAccount(request).id, place)
    return reply.page('list', {
      items: page.items,
      older: page.olderThan === undefined ? null : `${LIST}?before=${page.olderThan}`,
      newer: page.newerThan === undefined ? null : `${LIST}?after=${page.newerThan}`,
      fields: itemForm.fields,
      form,
      ...wrong
    })
  }

  /** Who answers, for programs. */
  const here = ({ work }: FastifyRequest) => ({ server: serverName, databaseNode: work.node ?? null })

  const wholeList = async (request: FastifyRequest, reply: FastifyReply, before: number | undefined) => {
    const { work } = request
    const { id } = getAccount(request)
    const first = await carts.part(work, id, before)
    const rest = ({ olderThan }: Part) => ({
      ...here(request),
      next: olderThan === undefined ? null : `${LIST}?before=${olderThan}`
    })
    if (first.olderThan === undefined) return { items: first.items.map(asJson), ...rest(first) }
    reply.type('application/json; charset=utf-8')
    return reply.send(Readable.from(longListAsJson(first, carts.partsAfter(work, id, first), rest)))
  }

  app.get<{ Querystring: RawForm }>('/carrinho/', async (request, reply) => {
    const { query } = request
    const place = { before: parseId(query.before), after: parseId(query.after) }
    const form = typedForm({ ...query, quantity: typed(query, 'quantity') || '1' })
    return respond(request, reply, {
      json: () => wholeList(request, reply, place.before),
      page: () => show(request, reply, form, place, nothingWrong)
    })
  })

  app.get('/carrinho', (_request, reply) => reply.redirect(LIST, 308))

  app.post('/carrinho/', { ...SHORT, config: { form: itemForm, page: LIST } }, async (request, reply) => {
    const fields = fieldsOf(request)
    const form = typedForm(fields)
    const refused = (status: number, error: string) => ({
      status,
      error,
      json: { operation: form.operation },
      page: (wrong: Wrong) => show(request, reply, form, {}, wrong)
    })

    const checked = itemForm.check(fields)
    if (!checked.ok) return respond(request, reply, { ...refused(400, 'invalid'), errors: checked.errors })
    const operation = typed(fields, 'operation') || undefined
    const result = await carts.add(request.work, getAccount(request).id, checked.value, operation)
    if (result === 'reused') {
      // A page that the browser kept: what is on it now has not been added, and needs a key of its own.
      form.operation = randomUUID()
      const message = translateFor(request)('operation.reused')
      return respond(request, reply, { ...refused(409, 'operation_reused'), message })
    }
    if (result === 'full') {
      const errors = { [itemForm.fields.type.name]: { key: 'list.full', params: { max: MAX_ITEMS } } } as const
      return respond(request, reply, { ...refused(409, 'list_full'), errors })
    }
    return respond(request, reply, {
      goTo: LIST,
      flash: {
        kind: 'success',
        key: result === 'added' ? 'flash.added' : 'flash.alreadyAdded',
        params: { type: checked.value.type }
      },
      status: result === 'added' ? 201 : 200,
      json: { status: result, ...here(request) }
    })
  })

  app.post('/apagar_artigo', { ...SHORT, config: { form: oneItemForm, page: LIST } }, async (request, reply) => {
    const { id: raw } = fieldsOf(request)
    const id = parseId(raw)
    // Not a possible id, somebody else's, or gone: the same answer, which does not tell which.
    const result = id !== undefined && (await carts.remove(request.work, getAccount(request).id, id))
    if (result === 'foreign') logSecurity(request, 'refused.owner', { item: id as number })
    const deleted = result === true
    return respond(request, reply, {
      goTo: LIST,
      flash: deleted ? { kind: 'success', key: 'flash.deleted' } : { kind: 'info', key: 'flash.notThere' },
      json: { deleted, ...here(request) }
    })
  })
}

/** The guide's column names, which programs know. */
const asJson = (item: Item) => ({ id: item.id, ...itemForm.toJson(item) })

/** The same object as for a short list, never held whole. Should the database go away half-way, the connection breaks. */
async function* longListAsJson(first: Part, others: AsyncGenerator<Part, void>, rest: (last: Part) => object) {
  const listed = (part: Part) => JSON.stringify(part.items.map(asJson)).slice(1, -1)
  yield `{"items":[${listed(first)}`
  let last = first
  for await (const part of others) {
    if (part.items.length > 0) yield `,${listed(part)}`
    last = part
  }
  yield `],${JSON.stringify(rest(last)).slice(1)}`
}
