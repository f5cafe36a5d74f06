import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { badRequest, notFound } from '../../errors.ts'
import { type AnyForm, type RawForm, typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor, wantsJson } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { respond } from '../../http/respond.ts'
import type { MessageKey, Params } from '../../i18n/index.ts'
import { digest } from '../../keys.ts'
import type { History } from '../history/rules.ts'
import { type ListAt, places } from './list-at.ts'
import { formatAmount } from './quantity.ts'
import { parseIds, parseSeen, parseStep, parseVersion } from './row-forms.ts'
import type { Carts } from './rules.ts'
import { oneItemForm, parseId } from './schema.ts'

interface Parts {
  carts: Carts
  history: History
}

/** Answers with nothing in them to compress. */
const SHORT = { compress: false } as const
const rowForm: AnyForm = {
  fields: {},
  hidden: ['operation', 'seen', 'was', 'step', 'version', 'id'],
  repeated: ['done']
}

interface Message {
  key: MessageKey
  params?: Params
}

/** What the rows and buttons of a list do: each is one keyed change, sent as the state that is wanted, and can be taken back. */
export function listActions(app: FastifyInstance, { carts, history }: Parts): void {
  const whereOf = (request: FastifyRequest, { list }: ListAt) => ({ accountId: getAccount(request).id, list })

  /** A page has one key; what is done on it is told apart by what it is done to. */
  const keyOf = (fields: RawForm, ...what: (string | number)[]): string | undefined => {
    const operation = typed(fields, 'operation')
    return operation === '' ? undefined : digest(operation, ...what)
  }

  const refused = (
    request: FastifyRequest,
    reply: FastifyReply,
    at: ListAt,
    error: string,
    { key, params }: Message
  ) => {
    const message = translateFor(request)(key, params)
    if (wantsJson(request)) return respond(request, reply, { status: 409, error, message, page: async () => '' })
    return respond(request, reply, {
      goTo: `${at.base}/`,
      flash: { kind: 'error', key, ...(params ? { params } : {}) }
    })
  }

  /** The two ways in which nothing was done that any action knows. */
  const unless = (status: string, request: FastifyRequest, reply: FastifyReply, at: ListAt): unknown => {
    if (status === 'noList') throw notFound()
    if (status === 'full')
      return refused(request, reply, at, 'list_full', { key: 'list.full', params: { max: 10_000 } })
    return refused(request, reply, at, 'operation_reused', { key: 'operation.reusedAction' })
  }

  const done = (
    request: FastifyRequest,
    reply: FastifyReply,
    at: ListAt,
    version: number | undefined,
    message: Message,
    json: object
  ) =>
    respond(request, reply, {
      goTo: `${at.base}/`,
      flash: {
        kind: version === undefined ? 'info' : 'success',
        ...message,
        ...(version === undefined ? {} : { undo: { path: `${at.base}/anular`, version } })
      },
      json:
        version === undefined
          ? { ...json, message: translateFor(request)(message.key, message.params) }
          : { ...json, version }
    })

  for (const { prefix, page, of } of places) {
    const hereOf = (request: FastifyRequest): ListAt => {
      const at = of(request.params)
      if (!at) throw notFound()
      return at
    }

    app.post(`${prefix}/marcar`, { ...SHORT, config: { form: rowForm, page } }, async (request, reply) => {
      const here = hereOf(request)
      const fields = fieldsOf(request)
      const checked = parseIds(fields.done)
      const open = fields.seen === undefined ? parseIds(fields.open) : undefined
      const was = parseSeen(fields.was)
      if (!checked || !was) throw badRequest()
      const tickedBefore = new Set(was.map(({ id }) => id))
      const stillTicked = new Set(checked)
      const change = {
        done: checked.filter(id => !tickedBefore.has(id)),
        open: open ?? [...tickedBefore].filter(id => !stillTicked.has(id))
      }
      const all = [...change.done, ...change.open]
      if (all.length === 0)
        return done(request, reply, here, undefined, { key: 'flash.nothingTicked' }, { status: 'done' })
      const where = whereOf(request, here)
      // A program's key stands for this request alone; a page's, for all that is done on it.
      const key =
        fields.seen === undefined
          ? typed(fields, 'operation') || undefined
          : keyOf(fields, 'tick', ...change.done, '|', ...change.open)
      const result = await carts.tick(request.work, where, change, key)
      if (result.status === 'reused' || result.status === 'noList') return unless(result.status, request, reply, here)
      const { missing, version, status } = result
      if (missing.length > 0 && missing.length === all.length) {
        return done(request, reply, here, undefined, { key: 'flash.gone' }, { status, missing })
      }
      // Who has no script is told of one item by its name.
      const item =
        all.length === 1 && !wantsJson(request) ? await carts.find(request.work, where, all[0] as number) : undefined
      const ticked = change.done.length > 0
      const message: Message = item
        ? { key: ticked ? 'flash.ticked' : 'flash.unticked', params: { type: item.type } }
        : { key: ticked ? 'flash.tickedMany' : 'flash.untickedMany', params: { count: all.length } }
      return done(request, reply, here, version, message, { status, missing })
    })

    app.post(`${prefix}/quantidade`, { ...SHORT, config: { form: rowForm, page } }, async (request, reply) => {
      const here = hereOf(request)
      const fields = fieldsOf(request)
      const step = parseStep(fields.step)
      if (!step) throw badRequest()
      const where = whereOf(request, here)
      const key =
        fields.seen === undefined
          ? typed(fields, 'operation') || undefined
          : keyOf(fields, 'adjust', step.id, step.delta)
      const result = await carts.adjust(request.work, where, step.id, step.delta, key)
      if (result.status === 'reused' || result.status === 'noList') return unless(result.status, request, reply, here)
      if (result.status === 'outOfBounds') {
        return refused(request, reply, here, 'out_of_bounds', { key: 'flash.outOfBounds' })
      }
      const { status, version, found, thousandths } = result
      if (!found || thousandths === undefined) {
        return done(request, reply, here, undefined, { key: 'flash.gone' }, { status, found: false })
      }
      const item = wantsJson(request) ? undefined : await carts.find(request.work, where, step.id)
      const amount = formatAmount(thousandths, item?.unit ?? '', languageOf(request))
      const message: Message = { key: 'flash.counted', params: { type: item?.type ?? '', amount } }
      return done(request, reply, here, version, message, { status, found, thousandths, amount })
    })

    app.post(`${prefix}/apagar`, { ...SHORT, config: { form: oneItemForm, page } }, async (request, reply) => {
      const here = hereOf(request)
      const fields = fieldsOf(request)
      const id = parseId(fields.id)
      const where = whereOf(request, here)
      const gone: Message = { key: 'flash.notThere' }
      if (id === undefined) return done(request, reply, here, undefined, gone, { deleted: false })
      const key = fields.seen === undefined ? typed(fields, 'operation') || undefined : keyOf(fields, 'remove', id)
      const result = await carts.removeItems(request.work, where, [id], key)
      if (result.status === 'stale') throw new Error('no version was asked for')
      if (result.status === 'reused' || result.status === 'noList') return unless(result.status, request, reply, here)
      if (result.missing.length > 0) return done(request, reply, here, undefined, gone, { deleted: false })
      return done(request, reply, here, result.version, { key: 'flash.deleted' }, { deleted: true })
    })

    app.post(`${prefix}/limpar`, { ...SHORT, config: { form: rowForm, page } }, async (request, reply) => {
      const here = hereOf(request)
      const fields = fieldsOf(request)
      const was = parseSeen(fields.was)
      if (!was) throw badRequest()
      const none: Message = { key: 'flash.nothingCleared' }
      if (was.length === 0)
        return done(request, reply, here, undefined, none, { status: 'done', removed: [], kept: [] })
      const key = fields.seen === undefined ? typed(fields, 'operation') || undefined : keyOf(fields, 'clear')
      const result = await carts.clear(request.work, whereOf(request, here), was, key)
      if (result.status === 'reused' || result.status === 'noList') return unless(result.status, request, reply, here)
      const { status, version, removed, kept } = result
      if (removed.length === 0) return done(request, reply, here, undefined, none, { status, removed, kept })
      const message: Message = { key: 'flash.cleared', params: { count: removed.length } }
      return done(request, reply, here, version, message, { status, removed, kept })
    })

    app.post(`${prefix}/anular`, { ...SHORT, config: { form: rowForm, page } }, async (request, reply) => {
      const here = hereOf(request)
      const fields = fieldsOf(request)
      const version = parseVersion(fields.version)
      if (version === undefined) throw badRequest()
      const key = typed(fields, 'operation') || undefined
      const result = await history.undo(request.work, whereOf(request, here), version, key)
      const { status } = result
      if (status === 'noList' || status === 'notThere') throw notFound()
      if (status === 'reused' || status === 'full') return unless(status, request, reply, here)
      const t = translateFor(request)
      if (status === 'undone' || status === 'tooOld' || status === 'overtaken') {
        return refused(request, reply, here, status === 'tooOld' ? 'too_old' : status, { key: `undo.${status}` })
      }
      return respond(request, reply, {
        goTo: `${here.base}/`,
        flash: { kind: 'success', key: 'undo.done' },
        json: { status, message: t('undo.done'), change: 'version' in result ? result.version : undefined }
      })
    })
  }
}
