import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { setFlash } from '../plugins/flash.ts'
import { fieldsOf, typed } from '../plugins/forms.ts'
import { translateFor, wantsJson } from '../plugins/language.ts'
import { signIn } from '../plugins/session.ts'
import { translateErrors } from '../plugins/views.ts'
import type { Accounts } from '../shop/accounts.ts'
import { checkSignup, type FieldErrors } from '../shop/validation.ts'
import { safeNext } from './members.ts'

interface SignupForm {
  name: string
  email: string
  next: unknown
}

export function signupPage(app: FastifyInstance, { config, accounts }: { config: Config; accounts: Accounts }): void {
  const isOpen = config.signup === 'open'

  const show = (request: FastifyRequest, reply: FastifyReply, form: SignupForm, errors: FieldErrors = {}) => {
    const closed = isOpen ? null : translateFor(request)('signup.closed')
    const fields = translateErrors(request, errors)
    if (wantsJson(request)) {
      return reply.send({ error: 'signup', message: closed ?? Object.values(fields)[0] ?? '', fields })
    }
    return reply.page('signup', {
      form: { ...form, next: safeNext(form.next) },
      errors: fields,
      formError: closed,
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
    if (!isOpen) return show(request, reply.status(403), form)
    const checked = checkSignup(fields)
    if (!checked.ok) return show(request, reply.status(400), form, checked.errors)

    const customer = await accounts.signUp(request.work, checked.value)
    if (!customer) return show(request, reply.status(400), form, { email: { key: 'field.emailTaken' } })
    await signIn(request, customer)
    setFlash(reply, { kind: 'success', key: 'flash.signedUp', params: { name: customer.name } })
    return reply.redirect(safeNext(fields.next), 303)
  })
}
