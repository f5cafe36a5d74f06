import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { badRequest, notFound } from '../../errors.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor, wantsJson } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { respond } from '../../http/respond.ts'
import type { Said } from '../../i18n/index.ts'
import type { History } from '../history/rules.ts'
import { alsoGone, type Message, saveBoxes, saveBoxesToo } from './boxes-page.ts'
import { respondGone } from './gone-page.ts'
import { type ListAt, places } from './list-at.ts'
import { backTo } from './look.ts'
import { formatAmount } from './quantity.ts'
import { keyOf, parseSeen, parseStep, parseVersion, rowForm } from './row-forms.ts'
import type { Carts } from './rules.ts'
import { parseId } from './schema.ts'

interface Parts {
  carts: Carts
  history: History
}

/** Answers with nothing in them to compress. */
const SHORT = { compress: false } as const

/** The page on which a button was pressed, as it is now. */
const back = (request: FastifyRequest, at: ListAt): string => backTo(at, fieldsOf(request))

/** What the rows and buttons of a list do: each is one keyed change, sent as the state that is wanted, and can be taken back. */
export function listActions(app: FastifyInstance, { carts, history }: Parts): void {
  const whereOf = (request: FastifyRequest, { list }: ListAt) => ({ accountId: getAccount(request).id, list })

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
      goTo: back(request, at),
      flash: { kind: 'error', key, ...(params ? { params } : {}) }
    })
  }

  /** The two ways in which nothing was done that any action knows. */
  const unless = (status: string, request: FastifyRequest, reply: FastifyReply, at: ListAt): unknown => {
    if (status === 'noList' || status === 'notThere') throw notFound()
    if (status === 'full')
      return refused(request, reply, at, 'list_full', { key: 'list.full', params: { max: 10_000 } })
    return refused(request, reply, at, 'operation_reused', { key: 'operation.reusedAction' })
  }

  /** `version`: the change that was made, where anything was. */
  const done = (
    request: FastifyRequest,
    reply: FastifyReply,
    at: ListAt,
    version: number | undefined,
    { key, params, also }: Said,
    json: object
  ) =>
    respond(request, reply, {
      goTo: back(request, at),
      flash: {
        kind: version === undefined ? 'info' : 'success',
        ...{ key, also, ...(params ? { params } : {}) },
        ...(version === undefined ? {} : { undo: { path: `${at.base}/anular`, version } })
      },
      json: version === undefined ? { ...json, message: translateFor(request)(key, params) } : { ...json, version }
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
      const saved = await saveBoxes(carts, request, whereOf(request, here), fields)
      if (!saved) return done(request, reply, here, undefined, { key: 'flash.nothingTicked' }, { status: 'done' })
      if (saved.status === 'reused' || saved.status === 'noList') return unless(saved.status, request, reply, here)
      const { status, version, missing, asked, message } = saved
      if (missing.length === asked.length) {
        return respondGone(history, request, reply, here, missing, { status, missing })
      }
      const also = alsoGone(missing)
      return done(request, reply, here, version, { ...message, ...(also && { also }) }, { status, missing })
    })

    app.post(`${prefix}/quantidade`, { ...SHORT, config: { form: rowForm, page } }, async (request, reply) => {
      const here = hereOf(request)
      const fields = fieldsOf(request)
      const step = parseStep(fields.step)
      if (!step) throw badRequest()
      const where = whereOf(request, here)
      const also = await saveBoxesToo(carts, request, where, fields)
      const key = keyOf(fields, 'adjust', step.id, step.delta)
      const result = await carts.adjust(request.work, where, step.id, step.delta, key)
      if (result.status === 'reused' || result.status === 'noList') return unless(result.status, request, reply, here)
      if (result.status === 'outOfBounds') {
        return refused(request, reply, here, 'out_of_bounds', { key: 'flash.outOfBounds' })
      }
      const { status, version, found, thousandths } = result
      if (!found || thousandths === undefined) {
        return respondGone(history, request, reply, here, [step.id], { status, found: false })
      }
      const item = wantsJson(request) ? undefined : await carts.find(request.work, where, step.id)
      const amount = formatAmount(thousandths, item?.unit ?? '', languageOf(request))
      const message = { key: 'flash.counted' as const, params: { type: item?.type ?? '', amount }, also }
      return done(request, reply, here, version, message, { status, found, thousandths, amount })
    })

    app.post(`${prefix}/apagar`, { ...SHORT, config: { form: rowForm, page } }, async (request, reply) => {
      const here = hereOf(request)
      const fields = fieldsOf(request)
      const id = parseId(fields.id)
      const where = whereOf(request, here)
      const also = await saveBoxesToo(carts, request, where, fields)
      const gone = { key: 'flash.notThere' as const, also }
      if (id === undefined) return done(request, reply, here, undefined, gone, { deleted: false })
      const result = await carts.removeItems(request.work, where, [id], keyOf(fields, 'remove', id))
      if (result.status === 'stale') throw new Error('no version was asked for')
      if (result.status === 'reused' || result.status === 'noList') return unless(result.status, request, reply, here)
      if (result.missing.length > 0) return done(request, reply, here, undefined, gone, { deleted: false })
      return done(request, reply, here, result.version, { key: 'flash.deleted', also }, { deleted: true })
    })

    app.post(`${prefix}/limpar`, { ...SHORT, config: { form: rowForm, page } }, async (request, reply) => {
      const here = hereOf(request)
      const fields = fieldsOf(request)
      const was = parseSeen(fields.was)
      if (!was) throw badRequest()
      const where = whereOf(request, here)
      const also = await saveBoxesToo(carts, request, where, fields)
      const none = { key: 'flash.nothingCleared' as const, also }
      if (was.length === 0)
        return done(request, reply, here, undefined, none, { status: 'done', removed: [], kept: [] })
      const result = await carts.clear(request.work, where, was, keyOf(fields, 'clear'))
      if (result.status === 'nothing') {
        return done(request, reply, here, undefined, none, { status: 'done', removed: [], kept: result.kept })
      }
      if (!('removed' in result)) return unless(result.status, request, reply, here)
      const { status, version, removed, kept } = result
      if (removed.length === 0) return done(request, reply, here, undefined, none, { status, removed, kept })
      const message = { key: 'flash.cleared' as const, params: { count: removed.length }, also }
      return done(request, reply, here, version, message, { status, removed, kept })
    })

    app.post(`${prefix}/anular`, { ...SHORT, config: { form: rowForm, page } }, async (request, reply) => {
      const here = hereOf(request)
      const fields = fieldsOf(request)
      const version = parseVersion(fields.version)
      if (version === undefined) throw badRequest()
      const where = whereOf(request, here)
      const key = keyOf(fields, 'undo', version)
      const result = await history.undo(request.work, where, version, key)
      // After it: what is undone is as the boxes showed it, and a box that was pressed since is the last word.
      const also = await saveBoxesToo(carts, request, where, fields)
      const { status } = result
      if (status === 'noList' || status === 'notThere') throw notFound()
      if (status === 'reused' || status === 'full') return unless(status, request, reply, here)
      const t = translateFor(request)
      if (status === 'undone' || status === 'tooOld' || status === 'overtaken') {
        return refused(request, reply, here, status === 'tooOld' ? 'too_old' : status, { key: `undo.${status}` })
      }
      return respond(request, reply, {
        goTo: back(request, here),
        flash: { kind: 'success', key: 'undo.done', also },
        json: { status, message: t('undo.done'), change: 'version' in result ? result.version : undefined }
      })
    })
  }
}
