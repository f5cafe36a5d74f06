import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Lifecycle } from '../../lifecycle.ts'
import type { Store } from '../../open-store.ts'
import type { Work } from '../../store/work.ts'

/** A sibling that asks has a request waiting. */
const DATABASE_MS = 250

export function health(app: FastifyInstance, { lifecycle, store }: { lifecycle: Lifecycle; store: Store }): void {
  const ready = async (_request: unknown, reply: FastifyReply) => {
    const { ready, status, reasons } = lifecycle.readiness()
    reply.status(ready ? 200 : 503).header('cache-control', 'no-store')
    return { status, reasons, server: lifecycle.serverName }
  }

  app.get('/health', ready)
  app.get('/health/ready', ready)

  // Alive is who answers at all, also while draining: a restart would help nobody.
  app.get('/health/live', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
    return { status: 'live', reasons: [], server: lifecycle.serverName }
  })

  // For the siblings: whether the database answers this server right now, and takes writes. However many ask, one question is on its way.
  let asking: Promise<boolean> | undefined
  const ask = (work: Work): Promise<boolean> => {
    if (lifecycle.isDraining || lifecycle.database !== 'heard') return Promise.resolve(false)
    asking ??= work
      .ping(DATABASE_MS)
      .then(
        () => true,
        () => false
      )
      .finally(() => {
        asking = undefined
      })
    return asking
  }
  app.get('/health/database', async (_request: FastifyRequest, reply) => {
    const answers = await ask(store.beginJob('health', DATABASE_MS))
    reply.status(answers ? 200 : 503).header('cache-control', 'no-store')
    return {
      status: answers ? 'reachable' : 'unreachable',
      reasons: answers ? [] : ['the database does not answer'],
      server: lifecycle.serverName,
      instance: lifecycle.instance,
      // As one that a sibling may send its requests to: it writes, and balancers send it some.
      writes: answers && !lifecycle.isReadOnly && lifecycle.readiness().ready
    }
  })
}
