import type { ServerResponse } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'

/** A balancer that gives a silent server up after `timeout server` hears from this one well before that. */
const EVERY_MS = 500

/**
 * While a request takes long, because its database is failing over, the balancer is sent `102 Processing` twice a second.
 * A frozen server sends nothing: so a balancer can wait for a server that waits for its database, and still give up one
 * that is dead within two seconds. Only for trusted balancers: old clients of HTTP/1.0 know no 1xx.
 */
export function signOfLife(app: FastifyInstance, { config }: { config: Config }): void {
  if (config.trustProxy.length === 0) return
  const isTrusted = proxyAddr.compile(config.trustProxy)
  const balancers = new Map<string, boolean>()
  const isBalancer = (address: string) => {
    let known = balancers.get(address)
    if (known === undefined) {
      known = isTrusted(address, 0)
      if (balancers.size < 1000) balancers.set(address, known)
    }
    return known
  }
  /** In the order of their arrival. */
  const answering = new Map<ServerResponse, number>()

  app.addHook('onRequest', (request, reply, done) => {
    if (request.raw.httpVersion === '1.1' && isBalancer(request.socket.remoteAddress ?? '')) {
      answering.set(reply.raw, performance.now())
    }
    done()
  })
  app.addHook('onResponse', (_request, reply, done) => {
    answering.delete(reply.raw)
    done()
  })

  const timer = setInterval(() => {
    const longAgo = performance.now() - EVERY_MS
    for (const [response, since] of answering) {
      if (since > longAgo) break
      if (response.destroyed || response.headersSent) answering.delete(response)
      else response.writeProcessing()
    }
  }, EVERY_MS)
  timer.unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    done()
  })
}
