import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import type { FieldErrors } from '../../fields.ts'
import { setFlash } from '../../http/flash.ts'
import { fieldsOf, typed } from '../../http/forms.ts'
import { languageOf, translateFor, wantsJson } from '../../http/language.ts'
import { safeNext } from '../../http/members.ts'
import { logSecurity } from '../../http/security-log.ts'
import { signIn } from '../../http/session.ts'
import { translateErrors } from '../../http/views.ts'
import { formatDuration } from '../../i18n/index.ts'
import { rememberBrowser, visitorOf } from './known-browser.ts'
import type { Accounts } from './rules.ts'
import { checkSignup } from './schema.ts'

interface SignupForm {
  name: string
  email: string
  next: unknown
}

export function signupPage(app: FastifyInstance, { config, accounts }: { config: Config; accounts: Accounts }): void {
  const isOpen = config.signup === 'open'

  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    form: SignupForm,
    errors: FieldErrors = {},
    formError = isOpen ? null : translateFor(request)('signup.closed')
  ) => {
    const fields = translateErrors(request, errors)
    if (wantsJson(request)) {
      return reply.send({ error: 'signup', message: formError ?? Object.values(fields)[0] ?? '', fields })
    }
    return reply.page('signup', {
      form: { ...form, next: safeNext(form.next) },
      errors: fields,
      formError,
      signupOpen: isOpen
    })
  }

  app.get<{ Querystring: { next?: unknown } }>('/signup', async (request, reply) => {
    const next = safeNext(request.query.next)
    if (request.customer) return reply.redirect(next, 302)
    return show(request, reply.status(isOpen ? 200 : 403), { name: '', email: '', next })
  })

  app.post('/signup', async (request, reply) => {
    const fields = fieldsOf(request)
    const form = { name: typed(fields, 'name'), email: typed(fields, 'email'), next: fields.next }
    if (!isOpen) {
      logSecurity(request, 'signup.closed')
      return show(request, reply.status(403), form)
    }
    const checked = checkSignup(fields)
    if (!checked.ok) return show(request, reply.status(400), form, checked.errors)

    const result = await accounts.signUp(request.work, checked.value, visitorOf(request))
    if (result === 'taken') {
      logSecurity(request, 'signup.taken')
      return show(request, reply.status(400), form, { email: { key: 'field.emailTaken' } })
    }
    if ('waitSeconds' in result) {
      const { waitSeconds } = result
      logSecurity(request, 'signup.throttled', { waitSeconds })
      reply.status(429).header('retry-after', waitSeconds)
      const wait = formatDuration(languageOf(request), waitSeconds)
      return show(request, reply, form, {}, translateFor(request)('signup.throttled', { wait }))
    }
    const { customer } = result
    await signIn(request, customer)
    rememberBrowser(request, reply, result)
    logSecurity(request, 'signup')
    setFlash(reply, { kind: 'success', key: 'flash.signedUp', params: { name: customer.name } })
    return reply.redirect(safeNext(fields.next), 303)
  })
}
