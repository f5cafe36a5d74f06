import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { respond } from '../../http/respond.ts'
import { logSecurity } from '../../http/security-log.ts'
import { signOut } from '../../http/session.ts'

export function logoutPage(app: FastifyInstance): void {
  app.get('/logout', async (request, reply) => {
    if (!request.account) return reply.redirect('/', 302)
    return reply.page('logout')
  })

  app.post('/logout', logOut)
}

export async function logOut(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { account } = request
  if (account) {
    await signOut(request, reply)
    // What scripts kept. Not "cookies", which would take those of other sites of the domain, the language and the message
    // of the next page, nor "cache": Chrome takes seconds for it, and no page is in it.
    reply.header('clear-site-data', '"storage"')
    logSecurity(request, 'logout', { account: account.id })
  }
  return respond(request, reply, {
    goTo: '/',
    ...(account && { flash: { kind: 'info', key: 'flash.signedOut' } })
  })
}
