import { createHash } from 'node:crypto'
import { Tokens } from '@fastify/csrf'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { csrfExpired, foreignOrigin } from '../errors.ts'
import { ownValues, sentValues, setCookie } from './cookies.ts'
import { isForeign, tellOnce } from './origin.ts'
import { keysFor } from './signing.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** A token for a form on the page being answered. */
    formToken(): string
  }
  interface FastifyRequest {
    /** What the tokens of this page are made from, once there is one. */
    formSecret: string | undefined
  }
}

const COOKIE = 'carrinho_csrf'
/** More cookies of one name than this are somebody's game. */
const MAX_SECRETS = 10

/**
 * Form tokens: a secret in a cookie, and in each form a token made from it, from the session and with a key of the
 * server's, so that nobody makes one for another's session, whatever cookies they can plant. Signed-out visitors have
 * them too, and no row is written for them.
 */
export function csrf(app: FastifyInstance, { config }: { config: Config }): void {
  const makers = keysFor('form', config.sessionSecrets).map(key => Tokens({ hmacKey: key.toString('base64url') }))
  const [today] = makers
  if (today === undefined) throw new Error('nothing to sign with')
  // Forms of the release before this one: their key was made otherwise, their cookie had no `__Host-`.
  const before = config.sessionSecrets.map(secret =>
    Tokens({ hmacKey: createHash('sha256').update(`csrf ${secret}`).digest('base64url') })
  )
  // One text for both: the library's own way to bind a token to a user costs a second hash on each page.
  const bound = (request: FastifyRequest, secret: string) => `${secret}.${request.sessionBinding()}`

  app.decorateRequest('formSecret', undefined)
  app.decorateReply('formToken', function formToken(this: FastifyReply): string {
    const { request } = this
    request.formSecret ??= secretsIn(ownValues(request, COOKIE))[0]
    if (request.formSecret === undefined) {
      request.formSecret = today.secretSync()
      setCookie(this, COOKIE, request.formSecret)
    }
    return today.create(bound(request, request.formSecret))
  })

  const isOurs = (request: FastifyRequest): boolean => {
    const token = tokenOf(request)
    if (token === undefined) return false
    const made = (by: typeof makers, values: string[]) =>
      secretsIn(values).some(secret => by.some(maker => maker.verify(bound(request, secret), token)))
    return made(makers, ownValues(request, COOKIE)) || made(before, sentValues(request, COOKIE))
  }

  const tell = tellOnce()
  app.addHook('preHandler', (request, _reply, done) => {
    // A method or path that is not there does nothing, and says so instead.
    if (request.is404 || request.method === 'GET' || request.method === 'HEAD') return done()
    if (isForeign(request)) {
      tell(request)
      return done(foreignOrigin())
    }
    done(isOurs(request) ? undefined : csrfExpired())
  })
}

const secretsIn = (values: string[]): string[] =>
  values.filter(value => /^[\w-]{24}$/.test(value)).slice(0, MAX_SECRETS)

function tokenOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-csrf-token']
  const field = (request.body as { csrf_token?: unknown } | null | undefined)?.csrf_token
  const token = header ?? field
  return typeof token === 'string' ? token : undefined
}
