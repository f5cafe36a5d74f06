import Type, { type TSchema } from 'typebox'

/** A schema that the document names, added to the scope by `addSchema` with this `$id`. */
export const ref = (id: string) => Type.Unsafe<unknown>({ $ref: `${id}#` })

const text = (description: string) => ({ type: 'string', description })
const whole = (description: string) => ({ type: 'integer', description })

const LIMIT_HEADERS = {
  'RateLimit-Limit': whole('Requests a minute that this token may make of one web server.'),
  'RateLimit-Remaining': whole('How many of them are left.'),
  'RateLimit-Reset': whole('Seconds until they are counted anew.')
}
const REPLAYED = {
  'Idempotency-Replayed': { type: 'string', const: 'true', description: 'This very request was carried out before.' }
}
const ETAG = { ETag: text('What this is now, for If-Match and If-None-Match.') }

export const CONTENT_RANGE = { 'Content-Range': text('Which bytes these are, and how many there are (RFC 9110).') }

const ABOUT: Record<number, { description: string; headers?: Record<string, object> }> = {
  400: { description: 'Something that was sent will not do; `errors` names each field.' },
  401: {
    description: 'The token is missing, mistyped, unknown, expired or revoked; `code` says which.',
    headers: { 'WWW-Authenticate': text('RFC 6750.') }
  },
  403: { description: 'The token may only read.', headers: { 'WWW-Authenticate': text('RFC 6750.') } },
  404: { description: 'It does not exist, or is not of this account.' },
  409: {
    description:
      'What is there does not allow it, and nothing was done; or, of a write, the same request is still in progress (`in_progress`). `code` says which.',
    headers: { 'Retry-After': whole('Seconds to wait, of `in_progress`.') }
  },
  412: {
    description: 'It is not as If-Match says. Nothing was done; `current` is how it is now.',
    headers: ETAG
  },
  413: { description: 'The body is too large: it may have 64 KiB, a picture 8 MB and 20 million pixels.' },
  415: {
    description:
      'The Content-Type is none that is taken here, or what is sent as a picture is none that can be kept (`not_a_picture`).'
  },
  416: { description: 'It has none of these bytes.', headers: CONTENT_RANGE },
  422: { description: 'The key was used for another request. Nothing was done.' },
  428: { description: 'If-Match is missing.' },
  429: {
    description: 'This token made too many requests.',
    headers: { ...LIMIT_HEADERS, 'Retry-After': whole('Seconds to wait.') }
  },
  500: { description: 'A fault of the service.' },
  503: {
    description:
      'The database does not answer, or has no room; or there is too much to do; or the folder of pictures does not answer (`pictures_away`), or there is none (`pictures_off`). The request may be repeated with the same key.',
    headers: { 'Retry-After': whole('Seconds to wait.') }
  },
  504: {
    description: 'This web server has no database, and another one has. The request may be repeated with the same key.',
    headers: { 'Retry-After': whole('Seconds to wait.') }
  }
}

const OF_ALL = [400, 401, 429, 500, 503, 504]
export const OF_WRITES = [403, 409, 413, 415, 422]

const PROBLEM = { 'application/problem+json': { schema: { $ref: 'Problem#' } } }

interface Good {
  status?: number
  description: string
  /** Of its body; none where there is no body. */
  body?: TSchema
  /** Of the body; by default JSON. */
  type?: string
  hasEtag?: boolean
  headers?: Record<string, object>
}

/** The same for what has an ETag, and is not sent to who has it. */
export const answersUnlessKnown = (
  good: Good | readonly Good[],
  ...others: readonly number[]
): Record<number, object> =>
  answers(
    [
      ...[good].flat().map(one => ({ ...(one as Good), hasEtag: true })),
      { status: 304, description: 'It still has one of the ETags of If-None-Match.', hasEtag: true }
    ],
    ...others
  )

/** Everything that a route may answer: what is good, what every route has, and these other statuses. */
export function answers(good: Good | readonly Good[], ...others: readonly number[]): Record<number, object> {
  const all: Record<number, object> = {}
  const isWrite = others.includes(422)
  for (const { status = 200, description, body, type = 'application/json', hasEtag, headers } of [
    good
  ].flat() as Good[]) {
    all[status] = {
      description,
      headers: { ...LIMIT_HEADERS, ...(isWrite ? REPLAYED : {}), ...(hasEtag ? ETAG : {}), ...headers },
      ...(body ? { content: { [type]: { schema: body } } } : { type: 'null' })
    }
  }
  for (const status of [...new Set([...OF_ALL, ...others])].sort((a, b) => a - b)) {
    all[status] = { ...ABOUT[status], content: PROBLEM }
  }
  return all
}
