import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Lifecycle } from '../lifecycle.ts'

export function health(app: FastifyInstance, { lifecycle }: { lifecycle: Lifecycle }): void {
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
}
