import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound } from '../../errors.ts'
import { type AnyForm, type RawForm, typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { ReadyParts } from '../../http/ready-parts.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { logSecurity } from '../../http/security-log.ts'
import { textOf } from '../../i18n/index.ts'
import type { Shops } from '../shops/rules.ts'
import { toldOf } from './added-told.ts'
import { saveBoxes, saveBoxesToo } from './boxes-page.ts'
import { isUntouched, keptForms, typedFields } from './forms-html.ts'
import { type ListAt, places } from './list-at.ts'
import { backTo, lookOf, placeOf } from './look.ts'
import { readEntries } from './quick-entry/entries.ts'
import { isOfPage, keyOf, rowForm, ticksAfterLogin } from './row-forms.ts'
import { keptRows } from './rows-html.ts'
import { type Carts, type Item, MAX_ITEMS, type NewItem, type Part } from './rules.ts'
import { entryForm, itemForm, parseId, quickForm } from './schema.ts'
import { showList } from './shown-list.ts'

const LIST = '/carrinho/'
/** Answers with nothing in them to compress, but for a refused form. */
const SHORT = { compress: false } as const

/**
 * Both forms that add: items as one writes them, or one in fields. Without scripts the boxes of the rows come with them, which
 * are sent again where that is needed, but do not crowd out what was typed where it is taken along to a login.
 */
const addForms: AnyForm = {
  fields: { ...quickForm.fields, ...entryForm.fields },
  hidden: ['operation', 'merge'],
  repeated: ['boxes', 'was', 'done'],
  afterLogin: ticksAfterLogin
}

/** What was typed, also before a login, and the key under which it is sent. */
interface Typed {
  entry: string
  form: Record<string, string> & { operation: string }
  /** Which of the two was sent. */
  isQuick: boolean
}

interface Parts {
  carts: Carts
  shops: Pick<Shops, 'all'>
  serverName: string
}

export function listPage(app: FastifyInstance, { carts, shops, serverName }: Parts): void {
  const whereOf = (request: FastifyRequest, { list }: ListAt) => ({ accountId: getAccount(request).id, list })
  const typedIn = (raw: RawForm, isQuick: boolean): Typed => {
    // One key for both forms: either is sent from this page.
    const operation = typed(raw, 'operation') || randomUUID()
    return { entry: typed(raw, 'entry'), form: { ...entryForm.typed(raw), operation }, isQuick }
  }

  const rowsHtml = keptRows((of, rows) => app.part('rows', of.lang, { ...of, rows }))
  const { fields } = entryForm
  const formsHtml = keptForms((lang, of) => app.part('forms', lang, { ...of, fields, quickFields: quickForm.fields }))

  const show = async (request: FastifyRequest, reply: FastifyReply, at: ListAt, was: Typed, wrong: Wrong) => {
    const view = await carts.view(request.work, whereOf(request, at))
    if (!view) throw notFound()
    const look = lookOf(request.query)
    const { groups, done, ticked, page, pages } = showList(view.items, view.ordering, look)
    const removal = at.list === 'first' ? '/apagar_artigo' : `${at.base}/apagar`
    const lang = languageOf(request)
    const { base } = at
    const csrfToken = reply.formToken()
    const rowsOf = { lang, base, removal }
    const hasRows = groups.length > 0 || done.length > 0
    const ready = new ReadyParts()
    const data = {
      heading: view.list.name || translateFor(request)('list.title'),
      base,
      csrfToken,
      forms: ready.put(...formsHtml(lang, { base, hasRows, csrfToken, ...was, ...wrong })),
      hasRows,
      groups: groups.map(({ shop, rows }) => ({ shop, rows: ready.put(...rowsHtml(rowsOf, rows)) })),
      basket: done.length > 0 ? ready.put(...rowsHtml(rowsOf, done)) : '',
      shown: done.length,
      ticked,
      pages,
      was: done.map(({ item }) => `${item.id}:${item.version}`).join(),
      operation: randomUUID(),
      isOneShop: look.shop !== undefined,
      shop: look.shop ?? '',
      pageNumber: page,
      src: placeOf(at, { ...look, page }),
      older: page < pages ? placeOf(at, { ...look, page: page + 1 }) : null,
      newer: page > 1 ? placeOf(at, { ...look, page: page - 1 }) : null,
      ...wrong
    }
    return reply.page('list', data, ready)
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

  /** All of another list is on its page: programs have the API. */
  const otherList = async (request: FastifyRequest, at: ListAt) => {
    const view = await carts.view(request.work, whereOf(request, at))
    if (!view) throw notFound()
    return { items: view.items.map(asJson), ...here(request) }
  }

  for (const { prefix, page, of } of places) {
    const hereOf = (request: FastifyRequest): ListAt => {
      const at = of(request.params)
      if (!at) throw notFound()
      return at
    }

    app.get<{ Querystring: RawForm }>(`${prefix}/`, async (request, reply) => {
      const at = hereOf(request)
      const { query } = request
      const isQuick = typed(query, entryForm.fields.type.name) === ''
      const was = typedIn({ ...query, ...typedFields(query) }, isQuick)
      return respond(request, reply, {
        json: () => (at.list === 'first' ? wholeList(request, reply, parseId(query.before)) : otherList(request, at)),
        page: () => show(request, reply, at, was, nothingWrong)
      })
    })

    app.get(prefix, (request, reply) => reply.redirect(`${hereOf(request).base}/`, 308))

    app.post(`${prefix}/`, { ...SHORT, config: { form: addForms, page } }, async (request, reply) => {
      const at = hereOf(request)
      const fields = fieldsOf(request)
      const [hasEntry, hasType] = [quickForm.fields.entry, entryForm.fields.type].map(
        ({ name }) => typed(fields, name) !== ''
      )
      const saved =
        fields.boxes === undefined ? undefined : await saveBoxes(carts, request, whereOf(request, at), fields)
      // The Enter key on a box presses the form's first button, which is this one.
      if (saved && 'message' in saved && !hasEntry && !hasType) {
        return respond(request, reply, { goTo: `${at.base}/`, flash: { kind: 'success', ...saved.message } })
      }
      // Said where it was to be written, not at the separate fields, which may not even be open.
      const isQuick = hasEntry || (fields.entry !== undefined && isUntouched(typedFields(fields)))
      return isQuick ? addQuick(request, reply, at) : addOne(request, reply, at)
    })
  }

  /** Answers that have the list in them, with what was typed. */
  const refusal = (request: FastifyRequest, reply: FastifyReply, at: ListAt, was: Typed) => {
    return {
      with: (status: number, error: string) => ({
        status,
        error,
        json: { operation: was.form.operation },
        page: (wrong: Wrong) => show(request, reply, at, was, wrong)
      }),
      /** A page that the browser kept: what is on it now has not been added, and needs a key of its own. */
      renew() {
        was.form.operation = randomUUID()
      }
    }
  }

  const addOne = async (request: FastifyRequest, reply: FastifyReply, at: ListAt) => {
    const fields = fieldsOf(request)
    const refused = refusal(request, reply, at, typedIn(fields, false))
    const checked = entryForm.check(fields)
    if (!checked.ok) return respond(request, reply, { ...refused.with(400, 'invalid'), errors: checked.errors })
    // Pages ask for it; programs that know the guide's fields alone get a row for each addition.
    const merge = typed(fields, 'merge') === '1' || fields.boxes !== undefined
    return add(request, reply, at, refused, [checked.value], entryForm.fields.type.name, merge)
  }

  /** A line that begins with a shop can be read where the shop is known. */
  const readQuick = async (request: FastifyRequest, text: string) => {
    const read = readEntries(text)
    if (read.ok || read.errors.every(({ error }) => error.key !== 'quick.onlyShop')) return read
    const known = await shops.all(request.work, getAccount(request).id)
    return readEntries(text, known)
  }

  const addQuick = async (request: FastifyRequest, reply: FastifyReply, at: ListAt) => {
    const fields = fieldsOf(request)
    const refused = refusal(request, reply, at, typedIn(fields, true))
    const read = await readQuick(request, typed(fields, 'entry'))
    if (!read.ok) {
      const t = translateFor(request)
      const [{ line, error } = { line: 1, error: { key: 'field.required' as const } }] = read.errors
      const problem = t(error.key, 'params' in error ? error.params : undefined)
      const isOne = read.errors.length === 1 && line === 1
      const entry = isOne ? error : { key: 'quick.inLine' as const, params: { line, problem } }
      return respond(request, reply, { ...refused.with(400, 'invalid'), errors: { entry } })
    }
    const items: NewItem[] = read.entries.map(({ name, thousandths, unit, shop, note, done }) => ({
      type: name,
      thousandths,
      unit,
      shop,
      note,
      done
    }))
    // Without scripts both forms are sent by the buttons of either.
    if (fields.boxes !== undefined && typed(fields, entryForm.fields.type.name) !== '') {
      const checked = entryForm.check(fields)
      if (!checked.ok) {
        const both = refusal(request, reply, at, typedIn(fields, false))
        return respond(request, reply, { ...both.with(400, 'invalid'), errors: checked.errors })
      }
      items.push(checked.value)
    }
    return add(request, reply, at, refused, items, quickForm.fields.entry.name, true)
  }

  const add = async (
    request: FastifyRequest,
    reply: FastifyReply,
    at: ListAt,
    refused: ReturnType<typeof refusal>,
    items: NewItem[],
    field: string,
    merge: boolean
  ) => {
    const t = translateFor(request)
    const key = typed(fieldsOf(request), 'operation') || undefined
    const result = await carts.addItems(request.work, whereOf(request, at), items, { ...(key ? { key } : {}), merge })
    switch (result.status) {
      case 'noList':
        throw notFound()
      case 'uidTaken':
      case 'uidTwice':
        throw new Error('no name was asked for')
      case 'reused':
        refused.renew()
        return respond(request, reply, { ...refused.with(409, 'operation_reused'), message: t('operation.reused') })
      case 'full': {
        const errors = { [field]: { key: 'list.full' as const, params: { max: MAX_ITEMS } } }
        return respond(request, reply, { ...refused.with(409, 'list_full'), errors })
      }
      case 'outOfBounds': {
        const errors = { [field]: { key: 'flash.outOfBounds' as const } }
        return respond(request, reply, { ...refused.with(409, 'out_of_bounds'), errors })
      }
    }
    const { status, version } = result
    const isNew = status === 'done'
    const message = isNew
      ? toldOf(items, result, languageOf(request), field === quickForm.fields.entry.name)
      : { key: 'flash.alreadyAdded' as const, params: { type: items[0]?.type ?? '' } }
    return respond(request, reply, {
      goTo: `${at.base}/`,
      flash: { kind: 'success', ...message, ...(isNew ? { undo: { path: `${at.base}/anular`, version } } : {}) },
      status: isNew ? 201 : 200,
      json: {
        status: isNew ? 'added' : status,
        message: textOf(t, message),
        ...(isNew ? { version } : {}),
        ...here(request)
      }
    })
  }

  app.post('/apagar_artigo', { ...SHORT, config: { form: rowForm, page: LIST } }, async (request, reply) => {
    const fields = fieldsOf(request)
    const id = parseId(fields.id)
    const accountId = getAccount(request).id
    const where = { accountId, list: 'first' } as const
    const also = await saveBoxesToo(carts, request, where, fields)
    const key = isOfPage(fields) ? keyOf(fields, 'remove', id ?? '') : undefined
    // Not a possible id, somebody else's, or gone: the same answer, which does not tell which.
    const result = id === undefined ? undefined : await carts.removeItems(request.work, where, [id], key)
    const version = result && 'missing' in result && result.missing.length === 0 ? result.version : undefined
    const foreign =
      version === undefined && id !== undefined && (await carts.findForeign(request.work, accountId, [id]))
    if (foreign) {
      logSecurity(request, 'refused.owner', { item: id })
    }
    const deleted = version !== undefined
    return respond(request, reply, {
      goTo: backTo({ list: 'first', base: '/carrinho' }, fields),
      flash: deleted
        ? { kind: 'success', key: 'flash.deleted', also, undo: { path: '/carrinho/anular', version } }
        : { kind: 'info', key: 'flash.notThere', also },
      json: { deleted, ...(deleted ? { version } : {}), ...here(request) }
    })
  })
}

/** The guide's column names, which programs know; with what came later beside them. */
const asJson = ({ id, type, quantity, shop, note, thousandths, unit, doneAt, version }: Item) => ({
  id,
  ...itemForm.toJson({ type, quantity, shop, note }),
  thousandths,
  unit,
  done: doneAt !== null,
  version
})

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
