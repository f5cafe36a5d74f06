import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
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

/**
 * Has the browser forget what our scripts kept, unless the page says that taps wait in its tab, perhaps another account's. Not
 * "cookies", which would take those of other sites of the domain, the language and the message of the next page, nor "cache":
 * Chrome takes seconds for it, and no page is in it.
 */
export function clearWhatScriptsKept(request: FastifyRequest, reply: FastifyReply): void {
  if (typed(fieldsOf(request), 'kept') === '') reply.header('clear-site-data', '"storage"')
}

export async function logOut(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { account } = request
  if (account) {
    // What was sent is read before anything is done.
    clearWhatScriptsKept(request, reply)
    await signOut(request, reply)
    logSecurity(request, 'logout', { account: account.id })
  }
  return respond(request, reply, {
    goTo: '/',
    ...(account && { flash: { kind: 'info', key: 'flash.signedOut' } })
  })
}
