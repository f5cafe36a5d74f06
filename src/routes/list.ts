import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { setFlash } from '../plugins/flash.ts'
import { fieldsOf, typed } from '../plugins/forms.ts'
import { translateFor, wantsJson } from '../plugins/language.ts'
import { translateErrors } from '../plugins/views.ts'
import type { Carts, Item, Place } from '../shop/carts.ts'
import { checkItem, type FieldErrors, parseId, type RawForm } from '../shop/validation.ts'
import { getCustomer } from './members.ts'

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
      const items = await carts.all(request.work, getCustomer(request).id)
      reply.header('cache-control', 'no-store')
      return { items: items.map(asJson), server: serverName, databaseNode: request.work.node ?? null }
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
    const deleted = id !== undefined && (await carts.remove(request.work, getCustomer(request).id, id))
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
