import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, badRequest, listGone, methodNotAllowed, notFound, unsupportedMedia } from '../errors.ts'
import { type FormField, type RawForm, typed } from '../fields.ts'
import type { FloodLog } from './flood-log.ts'
import { translateFor, wantsJson } from './language.ts'
import { localPath, pageOfForm } from './local-path.ts'
import { isForeign } from './origin.ts'

/** Whatever went wrong, as an error meant for the person at the other end. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const { statusCode = 500 } = error as Partial<FastifyError>
  if (statusCode === 413) return new AppError('too_large', 413, 'tooLarge')
  if (statusCode === 415) return unsupportedMedia()
  if (statusCode === 404) return notFound()
  if (statusCode >= 400 && statusCode < 500) return badRequest()
  return new AppError('internal', 500, 'internal', { cause: error })
}

/** A request fails: what is not the fault of who sent it is in the log, and of an outage not each time. */
export function failureLog(flood: FloodLog): (raw: unknown, request: FastifyRequest) => AppError {
  return (raw, request) => {
    const error = toAppError(raw)
    request.refusal = error.code
    const write = () => request.log.error({ err: error.cause ?? raw, code: error.code }, 'failed')
    if (error.statusCode === 503 || error.statusCode === 504) {
      // Without a cause nothing failed: there was too much to do.
      if (error.cause !== undefined) flood(error.code, write)
    } else if (error.statusCode >= 500) write()
    return error
  }
}

export function errorPages(app: FastifyInstance, { flood }: { flood: FloodLog }): void {
  const noteFailure = failureLog(flood)
  app.setErrorHandler(async (raw, request, reply) => {
    const error = noteFailure(raw, request)
    return answerError(error.code === 'not_found' && isOfList(request) ? listGone() : error, request, reply)
  })

  app.setNotFoundHandler(async (request, reply) => {
    const allowed = allowedMethods(app, request)
    if (allowed.length === 0) return answerError(notFound(), request, reply)
    reply.header('allow', allowed.join(', '))
    return answerError(methodNotAllowed(), request, reply)
  })
}

/** A list may be deleted while a tab has it open: what is sent from there, or loaded again, says so and where it is. */
const isOfList = ({ routeOptions }: FastifyRequest) => routeOptions.url?.startsWith('/listas/:list') === true

const METHODS = ['GET', 'HEAD', 'POST'] as const

function allowedMethods(app: FastifyInstance, request: FastifyRequest): string[] {
  const url = request.url.split('?', 1)[0] ?? '/'
  return METHODS.filter(method => app.hasRoute({ method, url }))
}

export async function answerError(error: AppError, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const t = translateFor(request)
  reply.status(error.statusCode).headers(error.headers)
  // An asset that is not there comes here from outside the site, where there are no pages.
  if (typeof reply.page !== 'function') return answerBarely(error, request, reply)
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  if (wantsJson(request)) {
    reply.header('cache-control', 'no-store')
    // Scripts send again with a fresh token, as people do with the page below.
    const fresh = error.code === 'csrf' && !isForeign(request) ? { csrfToken: reply.formToken() } : {}
    return reply.send({ error: error.code, message: t(error.text), requestId: request.id, ...fresh })
  }
  const page = {
    status: error.statusCode,
    heading: t(error.title),
    text: t(error.text),
    requestId: request.id,
    retryAfterSeconds: error.retryAfterSeconds ?? null
  }
  const form = request.method === 'POST' ? resendForm(error, request) : undefined
  if (form !== undefined) {
    const mayResendItself = error.code !== 'csrf' && !form?.fields.some(field => field.isSecret)
    return reply.page('resend', {
      ...page,
      form,
      retryAfterSeconds: mayResendItself ? page.retryAfterSeconds : null
    })
  }
  return reply.page('error', {
    ...page,
    retryAfterSeconds: request.method === 'GET' ? page.retryAfterSeconds : null,
    backTo: error.page === 'listGone' ? '/listas/' : (pageOfFile(error, request) ?? '/')
  })
}

/** No page can hold a file for another try: it has to be chosen again, where that was done. */
const pageOfFile = ({ statusCode }: AppError, request: FastifyRequest): string | undefined =>
  request.routeOptions.config.holdsFile && statusCode !== 404 && !isForeign(request) ? pageOfForm(request) : undefined

/** Where there is nothing to make a page with: the same words, and a way back. */
export function answerBarely(error: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const t = translateFor(request)
  // An asset that is not there may be there once this server is of the release whose page names it.
  reply.code(error.statusCode).headers(error.headers).header('cache-control', 'no-store')
  if (!request.headers.accept?.includes('text/html')) {
    return reply.send({ error: error.code, message: t(error.text), requestId: request.id })
  }
  reply.type('text/html; charset=utf-8')
  const title = t(error.title)
  return reply.send(
    `<!doctype html><html lang="${t('html.lang')}"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${t(error.text)}</p><p><a href="/">${t('error.home')}</a></p></html>`
  )
}

interface ResendForm {
  action: string
  fields: FormField[]
  /** Of the form's fields, by their names. */
  values: Record<string, string>
  /** What the page had filled in by itself. */
  hidden: { name: string; value: string }[]
}

/**
 * What was typed, to be sent again with one press: after an expired form, or while the database is away. Null where
 * another site may have written it, undefined where sending again is no answer.
 */
function resendForm(error: AppError, request: FastifyRequest): ResendForm | null | undefined {
  if (error.code !== 'csrf' && error.statusCode !== 503 && error.statusCode !== 504) return undefined
  if (request.routeOptions.config.holdsFile) return undefined
  if (isForeign(request)) return null
  if (typeof request.body !== 'object' || request.body === null) return null
  const body = request.body as RawForm
  const { form } = request.routeOptions.config
  const fields = Object.values(form?.fields ?? {}).filter(({ name }) => typeof body[name] === 'string')
  const shown = fields.filter(({ isSecret }) => !isSecret)
  return {
    action: localPath(request.url.split('?', 1)[0]) ?? '/',
    fields,
    values: Object.fromEntries(shown.map(({ name }) => [name, typed(body, name)])),
    hidden: [...(form?.hidden ?? []), ...(form?.repeated ?? [])].flatMap(name =>
      [body[name]]
        .flat()
        .filter(value => typeof value === 'string')
        .map(value => ({ name, value }))
    )
  }
}
