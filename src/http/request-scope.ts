import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { clientLeft, databaseElsewhere } from '../errors.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Store } from '../open-store.ts'
import type { Work } from '../store/work.ts'
import { isSecure } from './cookies.ts'
import type { FloodLog } from './flood-log.ts'
import { SECURITY_HEADERS, STRICT_TRANSPORT } from './security-headers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What this request does on the database. */
    work: Work
    /** The code of the error that it is refused or fails with, for the log. */
    refusal: string | undefined
  }
}

const isRead = ({ method }: FastifyRequest) => method === 'GET' || method === 'HEAD'

/** The balancer's request id where the balancer is trusted and the id is one, a new one otherwise. */
export function requestIdOf(trustProxy: string[]): (raw: IncomingMessage) => string {
  const isTrusted = trustProxy.length > 0 ? proxyAddr.compile(trustProxy) : () => false
  return raw => {
    const given = raw.headers['x-request-id']
    const valid = typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given)
    return valid && isTrusted(raw.socket.remoteAddress ?? '', 0) ? given : randomUUID()
  }
}

/**
 * What every answer carries: which web server, which request, which database node and how long it took. And what every
 * request carries: its work on the database.
 */
export function requestScope(
  app: FastifyInstance,
  { config, lifecycle, store, flood }: { config: Config; lifecycle: Lifecycle; store: Store; flood: FloodLog }
): void {
  app.decorateRequest('work')
  app.decorateRequest('refusal', undefined)
  const logsAll = config.logLevel === 'debug' || config.logLevel === 'trace'
  const strictTransport = STRICT_TRANSPORT[config.hsts]
  /** Those that wait here while the database is another server's only are told to go there. */
  const inHand = new Set<Work>()
  lifecycle.onElsewhere(server => {
    for (const work of inHand) work.giveUp(databaseElsewhere(server))
  })
  const constant = { ...SECURITY_HEADERS, 'x-served-by': lifecycle.serverName }

  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(constant)
    reply.header('x-request-id', request.id)
    if (strictTransport && isSecure(request)) reply.header('strict-transport-security', strictTransport)
    const { requestMs } = config.limits
    const work = store.begin(lifecycle.requestLimitMs(requestMs), request.id, lifecycle.writableWithinMs(requestMs))
    request.work = work
    inHand.add(work)
    reply.raw.once('close', () => {
      inHand.delete(work)
      // A balancer that asks another server meanwhile, or a page that was left. A write is carried through: it may be half done.
      if (!reply.raw.writableFinished && isRead(request)) work.giveUp(clientLeft())
    })
    if (lifecycle.elsewhere !== undefined) work.giveUp(databaseElsewhere(lifecycle.elsewhere))
    done()
  })

  app.addHook('onSend', (request, reply, _payload, done) => {
    // Connections that balancers keep open move to the other servers before this one closes them.
    if (lifecycle.isDraining) reply.header('connection', 'close')
    const { node, roundTrips, databaseMs } = request.work
    if (roundTrips > 0) {
      if (node !== undefined) reply.header('x-database-node', node.replace(/[^\x20-\x7e]/g, '?'))
      reply.header('server-timing', `db;dur=${databaseMs.toFixed(1)};desc="${roundTrips} round trips"`)
    }
    done()
  })

  app.addHook('onResponse', (request, reply, done) => {
    const { node, roundTrips, databaseMs } = request.work
    const path = request.url.split('?', 1)[0] ?? '/'
    // What went well is for the balancer's log, which has the same request id.
    const { statusCode: status } = reply
    if (status < 400 && !logsAll) return done()
    const write = () =>
      request.log[status < 400 ? 'debug' : 'info'](
        {
          method: request.method,
          path,
          status,
          code: request.refusal,
          ms: Math.round(reply.elapsedTime * 10) / 10,
          ...(roundTrips > 0 ? { db: { node, ms: Math.round(databaseMs * 10) / 10, roundTrips } } : {})
        },
        'answered'
      )
    // What is refused may be refused a thousand times a second.
    if ((status >= 400 && status < 500) || status === 503 || status === 504)
      flood(`${status} ${request.refusal ?? ''}`.trim(), write)
    else write()
    done()
  })
}
