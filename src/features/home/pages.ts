import type { FastifyInstance } from 'fastify'

export function indexPage(app: FastifyInstance): void {
  app.get('/', (_request, reply) => reply.page('index'))
}
