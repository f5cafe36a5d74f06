import { createHash } from 'node:crypto'
import { Tokens } from '@fastify/csrf'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { csrfExpired, foreignOrigin } from '../errors.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** A token for a form on the page being answered. */
    formToken(): string
  }
}

const COOKIE = 'carrinho_csrf'

/**
 * Form tokens: a secret in a cookie, and in each form a token made from it, from the session and with a key of the
 * server's, so that nobody makes one for another's session, whatever cookies they can plant. Signed-out visitors have
 * them too, and no row is written for them.
 */
export function csrf(app: FastifyInstance, { config }: { config: Config }): void {
  const tokens = Tokens({
    hmacKey: createHash('sha256').update(`csrf ${config.sessionSecrets[0]}`).digest('base64url')
  })
  // One text for both: the library's own way to bind a token to a user costs a second hash on each page.
  const bound = (request: FastifyRequest, secret: string) => `${secret}.${request.sessionBinding()}`

  app.decorateReply('formToken', function formToken(this: FastifyReply): string {
    let secret: string | undefined = secretOf(this.request)
    if (secret === undefined) {
      secret = tokens.secretSync()
      this.setCookie(COOKIE, secret, { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' })
      this.request.cookies[COOKIE] = secret
    }
    return tokens.create(bound(this.request, secret))
  })

  app.addHook('preHandler', (request, _reply, done) => {
    // A method or path that is not there does nothing, and says so instead.
    if (request.is404 || request.method === 'GET' || request.method === 'HEAD') return done()
    if (isForeign(request)) return done(foreignOrigin())
    const secret = secretOf(request)
    const token = tokenOf(request)
    const valid = secret !== undefined && token !== undefined && tokens.verify(bound(request, secret), token)
    done(valid ? undefined : csrfExpired())
  })
}

function secretOf(request: FastifyRequest): string | undefined {
  const cookie = request.cookies[COOKIE]
  return cookie !== undefined && /^[\w-]{24}$/.test(cookie) ? cookie : undefined
}

function tokenOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-csrf-token']
  const field = (request.body as { csrf_token?: unknown } | null | undefined)?.csrf_token
  const token = header ?? field
  return typeof token === 'string' ? token : undefined
}

/** The browser says that another site's page sent this. */
export function isForeign(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin } = request.headers
  if (origin === undefined) return false
  try {
    // The scheme may differ where a balancer ends TLS and does not say so.
    return new URL(origin).host !== new URL(`http://${request.host}`).host && origin !== `https://${request.host}`
  } catch {
    return true // `null`, or no origin at all
  }
}
