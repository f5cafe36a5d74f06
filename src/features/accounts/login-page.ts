import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import type { FieldErrors } from '../../fields.ts'
import { fieldsOf, typed } from '../../http/forms.ts'
import { languageOf, translateFor, wantsJson } from '../../http/language.ts'
import { safeNext } from '../../http/members.ts'
import { logSecurity } from '../../http/security-log.ts'
import { signIn } from '../../http/session.ts'
import { translateErrors } from '../../http/views.ts'
import { formatDuration } from '../../i18n/index.ts'
import { rememberBrowser, visitorOf } from './known-browser.ts'
import type { Accounts } from './rules.ts'
import { checkLogin } from './schema.ts'

export function loginPage(app: FastifyInstance, { config, accounts }: { config: Config; accounts: Accounts }): void {
  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    form: { email: string; next: unknown },
    errors: FieldErrors = {},
    formError: string | null = null
  ) => {
    const fields = translateErrors(request, errors)
    if (wantsJson(request)) {
      return reply.send({ error: 'login', message: formError ?? Object.values(fields)[0] ?? '', fields })
    }
    return reply.page('login', {
      form: { email: form.email, next: safeNext(form.next) },
      errors: fields,
      formError,
      signupOpen: config.signup === 'open'
    })
  }

  app.get<{ Querystring: { next?: unknown } }>('/login', async (request, reply) => {
    const next = safeNext(request.query.next)
    if (request.customer) return reply.redirect(next, 302)
    return show(request, reply, { email: '', next })
  })

  app.post('/login', async (request, reply) => {
    const fields = fieldsOf(request)
    const form = { email: typed(fields, 'email'), next: fields.next }
    const checked = checkLogin(fields)
    if (!checked.ok) return show(request, reply.status(400), form, checked.errors)

    const t = translateFor(request)
    const result = await accounts.logIn(request.work, checked.value, visitorOf(request))
    if ('waitSeconds' in result) {
      const { waitSeconds, account = null } = result
      logSecurity(request, 'login.throttled', { account, waitSeconds })
      reply.status(429).header('retry-after', waitSeconds)
      const wait = formatDuration(languageOf(request), waitSeconds)
      return show(request, reply, form, {}, t('login.throttled', { wait }))
    }
    if ('failed' in result) {
      logSecurity(request, 'login.failed', { account: result.account ?? null })
      return show(request, reply.status(401), form, {}, t('login.failed'))
    }
    await signIn(request, result.customer)
    rememberBrowser(request, reply, result)
    logSecurity(request, 'login')
    return reply.redirect(safeNext(fields.next), 303)
  })
}
