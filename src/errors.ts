import type { MessageKey } from './i18n/index.ts'

/** What an error's page says: catalogue keys `<page>.title` and `<page>.text`. */
export type ErrorPage =
  | 'csrf.expired'
  | 'csrf.origin'
  | 'unavailable'
  | 'busy'
  | 'picturesAway'
  | 'full'
  | 'readOnly'
  | 'notFound'
  | 'listGone'
  | 'methodNotAllowed'
  | 'tooLarge'
  | 'unsupportedMedia'
  | 'badRequest'
  | 'notUtf8'
  | 'internal'

/** An error meant for the person at the other end: a stable code for programs, a catalogue key for people. */
export class AppError extends Error {
  readonly code: string
  readonly statusCode: number
  readonly page: ErrorPage
  /** Whole seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined
  /** Of the answer, besides those that every answer has. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: string,
    statusCode: number,
    page: ErrorPage,
    options: ErrorOptions & { retryAfterSeconds?: number; headers?: Record<string, string> } = {}
  ) {
    super(code, options)
    this.name = 'AppError'
    this.code = code
    this.statusCode = statusCode
    this.page = page
    this.retryAfterSeconds = options.retryAfterSeconds
    this.headers = options.headers ?? {}
  }

  get title(): MessageKey {
    return `${this.page}.title`
  }

  get text(): MessageKey {
    return `${this.page}.text`
  }
}

/** The database did not answer within the request's deadline. Nothing that was acknowledged is affected. */
export const databaseUnavailable = (cause?: unknown) =>
  new AppError('database_unavailable', 503, 'unavailable', { cause, retryAfterSeconds: 2 })

/** No database node has room for what was to be written. What was acknowledged is there, and can be read. */
export const storageFull = (cause?: unknown) =>
  new AppError('storage_full', 503, 'full', { cause, retryAfterSeconds: 10 })

/** No database node takes writes. What was acknowledged is there, and can be read. */
export const databaseReadOnly = (cause?: unknown) =>
  new AppError('database_read_only', 503, 'readOnly', { cause, retryAfterSeconds: 5 })

/**
 * This server has no database, and another one of the site has: the request belongs there. A balancer that may repeat it does
 * so; 504, as each 503 would be repeated otherwise, also those of an outage that is everybody's.
 */
export const databaseElsewhere = (server: string) =>
  new AppError('database_elsewhere', 504, 'unavailable', {
    retryAfterSeconds: 1,
    headers: { 'x-carrinho-elsewhere': server }
  })

/** Whoever asked has hung up: nobody reads this. */
export const clientLeft = () => new AppError('client_left', 499, 'badRequest')

/** The folder of pictures does not answer, or is not there. Nothing else waits for it. */
export const picturesAway = (cause?: unknown) =>
  new AppError('pictures_away', 503, 'picturesAway', { cause, retryAfterSeconds: 5 })

/** This site keeps no pictures. */
export const picturesOff = () => new AppError('pictures_off', 503, 'picturesAway', { retryAfterSeconds: 3600 })

/** More password checks are waiting than the deadline lets us finish. */
export const tooBusy = () => new AppError('busy', 503, 'busy', { retryAfterSeconds: 5 })

export const csrfExpired = () => new AppError('csrf', 403, 'csrf.expired')
export const foreignOrigin = () => new AppError('csrf', 403, 'csrf.origin')
export const badRequest = (code = 'bad_request') => new AppError(code, 400, 'badRequest')
export const unsupportedMedia = () => new AppError('unsupported_media_type', 415, 'unsupportedMedia')
/** What was sent is text in another encoding, or none at all. */
export const notUtf8 = () => new AppError('not_utf8', 400, 'notUtf8')
export const notFound = () => new AppError('not_found', 404, 'notFound')
/** Deleted meanwhile, perhaps: said in the same words of what never was, and of what is another's. */
export const listGone = () => new AppError('not_found', 404, 'listGone')
export const methodNotAllowed = () => new AppError('method_not_allowed', 405, 'methodNotAllowed')

/** All that is wrong with the configuration, a line a mistake. */
export class ConfigError extends Error {
  readonly mistakes: string[]

  constructor(mistakes: string[]) {
    super(mistakes.join('\n'))
    this.name = 'ConfigError'
    this.mistakes = mistakes
  }
}

/** A command's refusal with its exit code: 1 for what did not work, 2 for what was asked wrongly. */
export class Refusal extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
