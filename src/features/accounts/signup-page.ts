import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import type { RawForm } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor } from '../../http/language.ts'
import { safeNext } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { logSecurity } from '../../http/security-log.ts'
import { signIn } from '../../http/session.ts'
import { formatDuration } from '../../i18n/index.ts'
import { rememberBrowser, visitorOf } from './known-browser.ts'
import type { Accounts } from './rules.ts'
import { signupForm } from './schema.ts'

export function signupPage(app: FastifyInstance, { config, accounts }: { config: Config; accounts: Accounts }): void {
  const isOpen = config.signup === 'open'

  const show = (reply: FastifyReply, raw: RawForm, wrong: Wrong) =>
    reply.page('signup', {
      fields: signupForm.fields,
      form: { ...signupForm.typed(raw), next: safeNext(raw.next) },
      ...wrong,
      signupOpen: isOpen
    })

  const closed = (request: FastifyRequest, reply: FastifyReply, raw: RawForm) =>
    respond(request, reply, {
      status: 403,
      error: 'signup',
      message: translateFor(request)('signup.closed'),
      page: wrong => show(reply, raw, wrong)
    })

  app.get<{ Querystring: RawForm }>('/signup', async (request, reply) => {
    const next = safeNext(request.query.next)
    if (request.account) return reply.redirect(next, 302)
    if (!isOpen) return closed(request, reply, { next })
    return respond(request, reply, { page: () => show(reply, { next }, nothingWrong) })
  })

  app.post('/signup', { config: { form: signupForm } }, async (request, reply) => {
    const fields = fieldsOf(request)
    if (!isOpen) {
      logSecurity(request, 'signup.closed')
      return closed(request, reply, fields)
    }
    const refused = (status: number) => ({
      status,
      error: 'signup',
      page: (wrong: Wrong) => show(reply, fields, wrong)
    })
    const checked = signupForm.check(fields)
    if (!checked.ok) return respond(request, reply, { ...refused(400), errors: checked.errors })

    const result = await accounts.signUp(request.work, checked.value, visitorOf(request))
    if (result === 'taken') {
      logSecurity(request, 'signup.taken')
      return respond(request, reply, { ...refused(400), errors: { email: { key: 'field.emailTaken' } } })
    }
    if ('waitSeconds' in result) {
      const { waitSeconds } = result
      logSecurity(request, 'signup.throttled', { waitSeconds })
      const wait = formatDuration(languageOf(request), waitSeconds)
      const message = translateFor(request)('signup.throttled', { wait })
      return respond(request, reply, { ...refused(429), retryAfterSeconds: waitSeconds, message })
    }
    const { account } = result
    await signIn(request, account)
    rememberBrowser(request, reply, result)
    logSecurity(request, 'signup')
    return respond(request, reply, {
      goTo: safeNext(fields.next),
      flash: { kind: 'success', key: 'flash.signedUp', params: { name: account.name } }
    })
  })
}
