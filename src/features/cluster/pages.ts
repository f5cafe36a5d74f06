import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import { languageOf } from '../../http/language.ts'
import { respond } from '../../http/respond.ts'
import { formatDateTime } from '../../i18n/index.ts'
import { askNode, type IdentityOptions } from './server-page.ts'

/** `/cluster`, for demonstrations: who answers, by which way, and whether anything that was acknowledged is missing. */
export function clusterPage(
  app: FastifyInstance,
  { config, lifecycle, store }: IdentityOptions & { config: Config }
): void {
  const sessionOf = ({ session: { signedIn } }: FastifyRequest) =>
    signedIn
      ? { madeOn: signedIn.madeOn, since: new Date(signedIn.createdAt).toISOString(), email: signedIn.account.email }
      : null

  app.get('/cluster', { config: { worksInOutage: true } }, async (request, reply) => {
    const session = sessionOf(request)
    return respond(request, reply, {
      json: () => {
        // Scripts must not take an outage for being signed out.
        if (request.outage) throw request.outage
        return { server: lifecycle.serverName, databaseNode: request.work.node ?? null, session }
      },
      page: async () => {
        const { node } = await askNode(request, store)
        return reply.page('cluster', {
          node,
          sessionKnown: !request.outage,
          session: session && {
            server: session.madeOn,
            since: formatDateTime(languageOf(request), new Date(session.since)),
            now: lifecycle.serverName
          },
          signup: config.signup
        })
      }
    })
  })
}
