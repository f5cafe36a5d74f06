import { createHash } from 'node:crypto'
import csrfProtection from '@fastify/csrf-protection'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { foreignOrigin } from '../errors.ts'

/**
 * Form tokens: a secret in a cookie, and in each form a token made from it, from the session and from a key of the
 * server's, so that nobody makes one for another's session, whatever cookies they can plant. Signed-out visitors have
 * them too, and no row is written for them.
 */
export async function csrf(app: FastifyInstance, { config }: { config: Config }): Promise<void> {
  await app.register(csrfProtection, {
    cookieKey: 'carrinho_csrf',
    cookieOpts: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' },
    csrfOpts: { hmacKey: createHash('sha256').update(`csrf ${config.sessionSecrets[0]}`).digest('base64url') },
    getUserInfo: (request: FastifyRequest) => request.sessionBinding(),
    getToken: request => {
      const header = request.headers['x-csrf-token']
      const field = (request.body as { csrf_token?: unknown } | null | undefined)?.csrf_token
      return typeof header === 'string' ? header : typeof field === 'string' ? field : undefined
    },
    logLevel: 'debug'
  })

  app.addHook('preHandler', (request, reply, done) => {
    // A method or path that is not there does nothing, and says so instead.
    if (request.is404 || request.method === 'GET' || request.method === 'HEAD') return done()
    if (isForeign(request)) return done(foreignOrigin())
    app.csrfProtection(request, reply, done)
  })
}

/** A token for a form on the page being answered. */
export const formToken = (request: FastifyRequest, reply: FastifyReply): string =>
  reply.generateCsrf({ userInfo: request.sessionBinding() } as never)

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
