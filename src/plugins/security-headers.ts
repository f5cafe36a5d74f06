import type { FastifyInstance } from 'fastify'

/** Everything a page uses comes from here; nothing runs inline; nobody frames it. */
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  // Not no-referrer: with that, browsers send `Origin: null` with the site's own forms.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
}

const HALF_A_YEAR_SECONDS = 180 * 24 * 60 * 60

/** Constants on every answer, so a table of them and no library: @fastify/helmet makes them anew for each. */
export function securityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS)
    if (request.protocol === 'https') reply.header('strict-transport-security', `max-age=${HALF_A_YEAR_SECONDS}`)
    done()
  })
}
