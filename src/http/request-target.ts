import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** A path and a query. A `#` is no part of either: who reads it as one, and who does not, would take it for two addresses. */
const ORIGIN_FORM = /^\/[!"$->@-~]*(?:\?[^#]*)?$/
const ABSOLUTE_FORM = /^https?:\/\/((?:[\w.~%!$&'()*+,;=-]+|\[[\da-f:.]+\])(?::\d*)?)((?:[/?].*)?)$/is
/** Of the server as a whole. */
const ASTERISK = '*'
/** Its escape is none, so that it is answered as every URL that cannot be decoded. */
const NOWHERE = '/%'

/**
 * What a request is for, as a path of this site. Node lets more through than HTTP knows: the router would take the first
 * page for a lone `*`, and for each other single character.
 */
export function pathOf(raw: IncomingMessage): string {
  const { url = '', method, headers } = raw
  if (ORIGIN_FORM.test(url)) return url
  if (url === ASTERISK) return method === 'OPTIONS' ? ASTERISK : NOWHERE
  const [, authority, rest = ''] = ABSOLUTE_FORM.exec(url) ?? []
  if (authority === undefined) return NOWHERE
  // As proxies are asked. What it names is the host, whatever the header says.
  headers.host = authority
  if (rest === '' && method === 'OPTIONS') return ASTERISK
  const path = rest.startsWith('/') ? rest : `/${rest}`
  return ORIGIN_FORM.test(path) ? path : NOWHERE
}

/** Of what is asked here, by people and programs. */
export const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/** `OPTIONS *` asks whether anybody is there. */
export function answersAsterisk(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url === ASTERISK) reply.status(204).header('allow', METHODS).send()
    else done()
  })
}
