import type { FastifyInstance, FastifyRequest } from 'fastify'
import { languageOf } from '../../http/language.ts'
import { formatDate, formatDuration, formatTime } from '../../i18n/index.ts'
import type { Lifecycle } from '../../lifecycle.ts'
import type { Store } from '../../open-store.ts'

/** A node that does not answer in this time is shown as absent. */
const NODE_MS = 1000

/** The node that answers right now; its fields are null where none does. */
export async function askNode(request: FastifyRequest, { dialect: { engine } }: Store) {
  try {
    const { node, role } = await request.work.ping(NODE_MS)
    return { engine, node, role }
  } catch {
    return { engine, node: null, role: null }
  }
}

const addressOf = (request: FastifyRequest) => request.socket.localAddress?.replace(/^::ffff:/, '') ?? '?'

export interface IdentityOptions {
  lifecycle: Lifecycle
  store: Store
}

/** `/whoami`, for programs. It costs one round trip and waits for nothing else. */
export function whoami(app: FastifyInstance, { lifecycle, store }: IdentityOptions): void {
  app.get('/whoami', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return {
      server: lifecycle.serverName,
      address: addressOf(request),
      time: new Date().toISOString(),
      version: lifecycle.version,
      uptimeSeconds: Math.round(process.uptime()),
      database: await askNode(request, store)
    }
  })
}

/** `/servidor`, the same for people, as on the documents' test pages. */
export function serverPage(app: FastifyInstance, { lifecycle, store }: IdentityOptions): void {
  app.get('/servidor', { config: { worksInOutage: true } }, async (request, reply) => {
    const lang = languageOf(request)
    const now = new Date()
    const info = {
      server: lifecycle.serverName,
      address: addressOf(request),
      date: formatDate(lang, now),
      time: formatTime(lang, now),
      version: lifecycle.version,
      uptime: formatDuration(lang, process.uptime()),
      ...(await askNode(request, store))
    }
    return reply.page('server', { info })
  })
}
