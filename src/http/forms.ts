import type { FastifyInstance, FastifyRequest } from 'fastify'
import { badRequest, notUtf8, unsupportedMedia } from '../errors.ts'
import type { AnyForm, RawForm } from '../fields.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The form that is sent here. */
    form?: AnyForm
    /** It is sent with a file, which no page can hold for another try. */
    holdsFile?: boolean
    /** The page that it is on; what is `:list` in it is that of the route. */
    page?: string
  }
}

/** Names that would reach an object's prototype, were the fields ever copied into an ordinary one. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])
const MAX_FIELDS = 50

/** Of whatever is sent but files. */
export const MAX_BODY_BYTES = 64 * 1024

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws AppError not_utf8 */
export function decodeBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw notUtf8()
  }
}

/** `+` and `%C3%A9` as what they stand for; a `%` that escapes nothing stands for itself. @throws AppError not_utf8 */
function decodeEscapes(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced.replace(/%(?![\da-f]{2})/gi, '%25'))
  } catch {
    throw notUtf8()
  }
}

/**
 * Names and values of a form's body or a URL's query, in an object without a prototype. A field sent twice becomes a
 * list, as which of the two was meant cannot be known. No library that is quicker refuses what is not UTF-8: they keep
 * it escaped, or put U+FFFD in its place.
 * @throws AppError not_utf8
 */
export function parseFields(text: string): RawForm {
  const fields: RawForm = Object.create(null)
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decodeEscapes(at < 0 ? pair : pair.slice(0, at))
    const value = at < 0 ? '' : decodeEscapes(pair.slice(at + 1))
    const known = fields[name]
    if (known === undefined) fields[name] = value
    else if (Array.isArray(known)) known.push(value)
    else fields[name] = [known, value]
  }
  return fields
}

/** @throws AppError bad_request, not_utf8 */
export function parseForm(body: Uint8Array): RawForm {
  const form = parseFields(decodeBytes(body))
  let count = 0
  for (const name in form) if (FORBIDDEN.has(name) || ++count > MAX_FIELDS) throw badRequest()
  return form
}

/** A text that a JSON escape left half a character in, as `"\ud83e"`, is no more UTF-8 than a stray byte. */
const isWhole = (value: unknown) => typeof value !== 'string' || !/\p{Cs}/u.test(value)

/** Bodies and queries: UTF-8 or refused, whatever way it is said in; stored wrongly is worse than not stored. */
export function forms(app: FastifyInstance): void {
  app.removeContentTypeParser(['text/plain', 'application/json'])
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      refuseCharset(request)
      return parseForm(body)
    }
  )
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      refuseCharset(request)
      parseJson(request, decodeBytes(body as Buffer), done)
    } catch (error) {
      done(error as Error)
    }
  })

  refusePacked(app)

  // Not where Fastify parses it: an error there would reach no page.
  app.addHook('preValidation', (request, _reply, done) => {
    try {
      request.query = parseQuery(request)
      done()
    } catch (error) {
      done(error as Error)
    }
  })
}

/** The fields of a URL's query. @throws AppError not_utf8 */
export function parseQuery({ url }: FastifyRequest): RawForm {
  const at = url.indexOf('?')
  const query = at < 0 ? '' : url.slice(at + 1)
  // Bytes that were not escaped arrive as one character each, in no encoding that anybody named.
  if (/[^\x20-\x7e]/.test(query)) throw notUtf8()
  return parseFields(query)
}

const isPacked = ({ headers }: FastifyRequest): boolean =>
  (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) &&
  !/^(identity)?$/i.test(headers['content-encoding']?.trim() ?? '')

/** A body that is said to be packed is not unpacked, and what it would be read as nobody wrote. */
export function refusePacked(app: FastifyInstance): void {
  app.addHook('preParsing', async (request, reply, payload) => {
    if (!isPacked(request)) return payload
    reply.header('accept-encoding', 'identity')
    throw unsupportedMedia()
  })
}

/** A body that names another encoding than UTF-8 would be read as something that nobody wrote. */
export function refuseCharset(request: FastifyRequest): void {
  const [, named = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(request.headers['content-type'] ?? '') ?? []
  if (!/^(utf-?8|us-ascii)$/i.test(named)) throw notUtf8()
}

/** The fields of a form or of a JSON object. @throws AppError bad_request for JSON or hidden fields of another shape */
export function fieldsOf(request: FastifyRequest): RawForm {
  const body = request.body ?? {}
  if (typeof body !== 'object' || Array.isArray(body)) throw badRequest()
  const form = body as RawForm
  for (const value of Object.values(form)) if (!isWhole(value)) throw notUtf8()
  // Fields that people see are refused where they stand; in these nobody could mend it.
  for (const name of request.routeOptions.config.form?.hidden ?? []) {
    const type = typeof form[name]
    if (type !== 'undefined' && type !== 'string' && type !== 'number') throw badRequest('bad_field')
  }
  return form
}
