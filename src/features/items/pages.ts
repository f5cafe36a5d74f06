import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FieldErrors, RawForm } from '../../fields.ts'
import { setFlash } from '../../http/flash.ts'
import { fieldsOf, typed } from '../../http/forms.ts'
import { translateFor, wantsJson } from '../../http/language.ts'
import { getCustomer } from '../../http/members.ts'
import { logSecurity } from '../../http/security-log.ts'
import { translateErrors } from '../../http/views.ts'
import { type Carts, type Item, MAX_ITEMS, type Part, type Place } from './rules.ts'
import { checkItem, parseId } from './schema.ts'

interface ListForm {
  product_type: string
  quantity: string
  local: string
  operation: string
}

/** Answers with nothing in them to compress, but for a refused form. */
const SHORT = { compress: false } as const

/** An empty form, or one with what the URL carries: what was typed before a login. */
const emptyForm = (query: RawForm): ListForm => ({
  product_type: typed(query, 'product_type'),
  quantity: typed(query, 'quantity') || '1',
  local: typed(query, 'local'),
  operation: typed(query, 'operation') || randomUUID()
})

export function listPage(app: FastifyInstance, { carts, serverName }: { carts: Carts; serverName: string }): void {
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    form: ListForm,
    place: Place,
    errors: Record<string, string> = {},
    formError: string | null = null
  ) => {
    const page = await carts.page(request.work, getCustomer(request).id, place)
    return reply.page('list', {
      items: page.items,
      older: page.olderThan === undefined ? null : `/carrinho/?before=${page.olderThan}`,
      newer: page.newerThan === undefined ? null : `/carrinho/?after=${page.newerThan}`,
      form,
      errors,
      formError
    })
  }

  app.get<{ Querystring: RawForm }>('/carrinho/', async (request, reply) => {
    if (wantsJson(request)) {
      reply.header('cache-control', 'no-store')
      const { work } = request
      const { id } = getCustomer(request)
      const first = await carts.part(work, id, parseId(request.query.before))
      const rest = ({ olderThan }: Part) => ({
        server: serverName,
        databaseNode: work.node ?? null,
        next: olderThan === undefined ? null : `/carrinho/?before=${olderThan}`
      })
      if (first.olderThan === undefined) return { items: first.items.map(asJson), ...rest(first) }
      reply.type('application/json; charset=utf-8')
      return reply.send(Readable.from(longListAsJson(first, carts.partsAfter(work, id, first), rest)))
    }
    const { query } = request
    const place = { before: parseId(query.before), after: parseId(query.after) }
    return show(request, reply, emptyForm(query), place)
  })

  app.get('/carrinho', (_request, reply) => reply.redirect('/carrinho/', 308))

  app.post('/carrinho/', SHORT, async (request, reply) => {
    const fields = fieldsOf(request)
    const form: ListForm = {
      product_type: typed(fields, 'product_type'),
      quantity: typed(fields, 'quantity'),
      local: typed(fields, 'local'),
      operation: typed(fields, 'operation') || randomUUID()
    }
    const refuse = (status: number, code: string, errors: FieldErrors, formError: string | null = null) => {
      reply.status(status)
      const texts = translateErrors(request, errors)
      if (!wantsJson(request)) return show(request, reply, form, {}, texts, formError)
      reply.header('cache-control', 'no-store')
      const message = formError ?? Object.values(texts)[0]
      return reply.send({
        error: code,
        message,
        fields: texts,
        operation: form.operation,
        csrfToken: reply.formToken()
      })
    }

    const checked = checkItem(fields)
    if (!checked.ok) return refuse(400, 'invalid', checked.errors)
    const item = checked.value
    const operation = typed(fields, 'operation') || undefined
    const result = await carts.add(request.work, getCustomer(request).id, item, operation)
    if (result === 'reused') {
      // A page that the browser kept: what is on it now has not been added, and needs a key of its own.
      form.operation = randomUUID()
      return refuse(409, 'operation_reused', {}, translateFor(request)('operation.reused'))
    }
    if (result === 'full')
      return refuse(409, 'list_full', { product_type: { key: 'list.full', params: { max: MAX_ITEMS } } })
    if (wantsJson(request)) {
      reply.status(result === 'added' ? 201 : 200).header('cache-control', 'no-store')
      return { status: result, server: serverName, databaseNode: request.work.node ?? null }
    }
    const key = result === 'added' ? 'flash.added' : 'flash.alreadyAdded'
    setFlash(reply, { kind: 'success', key, params: { type: item.type } })
    return reply.redirect('/carrinho/', 303)
  })

  app.post('/apagar_artigo', SHORT, async (request, reply) => {
    const { id: raw } = fieldsOf(request)
    const id = parseId(raw)
    // Not a possible id, somebody else's, or gone: the same answer, which does not tell which.
    const result = id !== undefined && (await carts.remove(request.work, getCustomer(request).id, id))
    if (result === 'foreign') logSecurity(request, 'refused.owner', { item: id as number })
    const deleted = result === true
    if (wantsJson(request)) {
      reply.header('cache-control', 'no-store')
      return { deleted, server: serverName, databaseNode: request.work.node ?? null }
    }
    setFlash(reply, deleted ? { kind: 'success', key: 'flash.deleted' } : { kind: 'info', key: 'flash.notThere' })
    return reply.redirect('/carrinho/', 303)
  })
}

/** The guide's column names, which programs know. */
const asJson = ({ id, type, quantity, shop }: Item) => ({ id, tipo: type, quantidade: quantity, local: shop })

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
