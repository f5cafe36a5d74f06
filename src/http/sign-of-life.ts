import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { balancerTest } from './balancers.ts'

/** A balancer that gives a silent server up after `timeout server` hears from this one well before that. */
const EVERY_MS = 500
const LOOK_EVERY_MS = 250

/** Some programs take the first status line that comes for the answer, as Python's http.client does. Browsers never do. */
const isBrowser = ({ headers }: FastifyRequest) =>
  headers.accept?.includes('text/html') === true || headers['sec-fetch-mode'] !== undefined

/**
 * While a browser's request takes long, because its database is failing over, the balancer is sent `102 Processing` twice a
 * second. A frozen server sends nothing: so a balancer can wait for a server that waits for its database, and still give up
 * one that is dead within two seconds. Nor does one that cannot tell yet whether it alone has lost the database: once a 102
 * was passed on, balancers no longer send the request elsewhere. Only for trusted balancers: old clients of HTTP/1.0 know no 1xx.
 */
export function signOfLife(
  app: FastifyInstance,
  { config, lifecycle }: { config: Config; lifecycle: Lifecycle }
): void {
  if (config.trustProxy.length === 0) return
  const isBalancer = balancerTest(config)
  /** Those that are being answered, and when each is next due for a sign. */
  const answering = new Map<ServerResponse, number>()

  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request
    if (isBalancer(socket.remoteAddress ?? '')) {
      lifecycle.reachedAt(socket)
      if (request.raw.httpVersion === '1.1' && isBrowser(request)) {
        answering.set(reply.raw, performance.now() + EVERY_MS)
      }
    }
    done()
  })
  /** Those that were sent one. */
  const told = new WeakSet<ServerResponse>()
  // The balancer that hears 504 would ask another server, cannot any more, and says 500 in its own words: this is a page.
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (reply.statusCode === 504 && told.has(reply.raw)) reply.status(503)
    done(null, payload)
  })
  app.addHook('onResponse', (_request, reply, done) => {
    answering.delete(reply.raw)
    done()
  })

  const timer = setInterval(() => {
    if (lifecycle.database === 'unclear') return
    const now = performance.now()
    for (const [response, dueAt] of answering) {
      if (dueAt > now) continue
      if (response.destroyed || response.headersSent) answering.delete(response)
      else {
        response.writeProcessing()
        told.add(response)
        answering.set(response, now + EVERY_MS)
      }
    }
  }, LOOK_EVERY_MS)
  timer.unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    done()
  })
}
