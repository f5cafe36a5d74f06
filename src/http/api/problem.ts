import type { FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { AppError } from '../../errors.ts'
import type { FieldError } from '../../field-error.ts'
import { type Language, type MessageKey, negotiateLanguage, type Params, translator } from '../../i18n/index.ts'
import { toAppError } from '../error-pages.ts'

/** What can go wrong, and the status that it is answered with. The texts are `problem.<code>` and `problem.<code>.text`. */
export const problemStatus = {
  bad_request: 400,
  bad_json: 400,
  not_utf8: 400,
  invalid: 400,
  key_missing: 400,
  key_malformed: 400,
  token_missing: 401,
  token_mistyped: 401,
  token_unknown: 401,
  token_expired: 401,
  token_revoked: 401,
  wrong_scope: 403,
  not_found: 404,
  method_not_allowed: 405,
  in_progress: 409,
  id_taken: 409,
  list_full: 409,
  item_pictures_full: 409,
  account_pictures_full: 409,
  lists_full: 409,
  shops_full: 409,
  first_list: 409,
  same_list: 409,
  out_of_bounds: 409,
  nothing_to_undo: 409,
  undone: 409,
  too_old: 409,
  overtaken: 409,
  moved: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media_type: 415,
  not_a_picture: 415,
  range_not_satisfiable: 416,
  key_reused: 422,
  precondition_required: 428,
  rate_limited: 429,
  internal: 500,
  database_unavailable: 503,
  database_read_only: 503,
  storage_full: 503,
  pictures_off: 503,
  pictures_away: 503,
  busy: 503,
  database_elsewhere: 504
} as const

export type ProblemCode = keyof typeof problemStatus

const fieldProblem = Type.Object({
  field: Type.String({ description: 'The name of the field, parameter or header.' }),
  in: Type.String({ enum: ['body', 'query', 'path', 'header'], description: 'Where it is.' }),
  pointer: Type.Optional(Type.String({ description: 'In a body: where, as an RFC 6901 pointer.' })),
  detail: Type.String({ description: 'What is wrong with it, for people.' })
})

export const problemSchema = Type.Object(
  {
    type: Type.String({
      format: 'uri-reference',
      description: 'Names the kind of problem, and leads to what is said of it.'
    }),
    title: Type.String({ description: 'The kind of problem, for people, in the language of Accept-Language.' }),
    status: Type.Integer({ description: 'The status of the answer.' }),
    detail: Type.String({ description: 'What can be done about it, for people.' }),
    code: Type.String({
      enum: Object.keys(problemStatus),
      description: 'The kind of problem, for programs. There may be more one day.'
    }),
    requestId: Type.String({ description: 'What the log of the service knows the request by.' }),
    errors: Type.Optional(
      Type.Array(fieldProblem, {
        description:
          'Of `invalid`, of a picture that is not taken, of an id that is in a request twice, and of `not_found` where a body names what is not there: each of these.'
      })
    ),
    current: Type.Optional(
      Type.Object({}, { additionalProperties: true, description: 'Of `precondition_failed`: how it is now.' })
    )
  },
  {
    $id: 'Problem',
    description: 'Why a request was refused or failed (RFC 9457).',
    examples: [
      {
        type: '/api#invalid',
        title: 'Some fields will not do',
        status: 400,
        detail: 'Each of them is in “errors”, with the reason.',
        code: 'invalid',
        requestId: '0b5c6a0e-6d7b-4f57-8d5c-3a3c4f4f0f0e',
        errors: [{ field: 'quantity', in: 'body', pointer: '/quantity', detail: 'The least is 0.001.' }]
      }
    ]
  }
)
type ProblemBody = Static<typeof problemSchema>

export interface WrongField {
  field: string
  in: 'body' | 'query' | 'path' | 'header'
  /** Of a body's field; by default of one on top. */
  pointer?: string
  error: FieldError
}

interface Rest {
  params?: Params
  /** What can be done about it, where that is not what the kind of problem says. */
  text?: MessageKey
  fields?: readonly WrongField[]
  current?: object
  headers?: Record<string, string>
  cause?: unknown
}

/** What a program is told when its request is refused. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly statusCode: number
  readonly rest: Rest

  constructor(code: ProblemCode, rest: Rest = {}) {
    super(code, { cause: rest.cause })
    this.name = 'Problem'
    this.code = code
    this.statusCode = problemStatus[code]
    this.rest = rest
  }
}

export const invalid = (...fields: WrongField[]) => new Problem('invalid', { fields })

const isCode = (code: string): code is ProblemCode => Object.hasOwn(problemStatus, code)

/** Whatever went wrong, as a problem. */
export function toProblem(raw: unknown): Problem {
  if (raw instanceof Problem) return raw
  const { code: fastifyCode } = raw as { code?: unknown }
  if (fastifyCode === 'FST_ERR_CTP_INVALID_JSON_BODY') return new Problem('bad_json')
  const error = toAppError(raw)
  const code = isCode(error.code) ? error.code : 'bad_request'
  const { retryAfterSeconds: wait } = error
  const isOurs = error.statusCode < 500
  return new Problem(isOurs || isCode(error.code) ? code : 'internal', {
    cause: error.cause ?? (isOurs || raw instanceof AppError ? undefined : raw),
    headers: { ...error.headers, ...(wait !== undefined && { 'retry-after': String(wait) }) }
  })
}

/** English, where a program does not say what its people read; Node's own `fetch` says `*`, which names none. */
const languageOf = (request: FastifyRequest): Language => {
  const asked = request.headers['accept-language']
  return asked === undefined || /^\s*\*?\s*$/.test(asked) ? 'en' : negotiateLanguage(asked)
}

/** The problem's answer: its body, and the headers that go with it. */
export function describeProblem(
  { code, statusCode, rest }: Problem,
  request: FastifyRequest
): { body: ProblemBody; headers: Record<string, string> } {
  const language = languageOf(request)
  const t = translator(language)
  const { params, text: detail, fields, current, headers } = rest
  // The sentence for people who wait for the one server that has the database is that for any outage.
  const text: MessageKey = `problem.${code === 'database_elsewhere' ? 'database_unavailable' : code}`
  return {
    body: {
      type: `/api#${code}`,
      title: t(text, params),
      status: statusCode,
      detail: t(detail ?? `${text}.text`, params),
      code,
      requestId: request.id,
      ...(fields && {
        errors: fields.map(({ field, in: place, pointer = `/${field}`, error }) => ({
          field,
          in: place,
          ...(place === 'body' ? { pointer } : {}),
          detail: t(error.key, error.params)
        }))
      }),
      ...(current && { current })
    },
    headers: { 'content-language': language, vary: 'accept-language', 'cache-control': 'no-store', ...headers }
  }
}
