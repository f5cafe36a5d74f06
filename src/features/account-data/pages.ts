import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { logSecurity } from '../../http/security-log.ts'
import { signOut } from '../../http/session.ts'
import { formatDuration } from '../../i18n/index.ts'
import { forgetAccount, visitorOf } from '../accounts/known-browser.ts'
import { clearWhatScriptsKept } from '../accounts/logout-page.ts'
import type { Accounts } from '../accounts/rules.ts'
import { confirmationForm } from '../accounts/schema.ts'
import type { AccountData } from './rules.ts'

const LEAVE = '/conta/apagar'

/** A copy of all that an account has, and its end. */
export function accountDataPages(
  app: FastifyInstance,
  { accounts, data }: { accounts: Accounts; data: AccountData }
): void {
  const show = async (request: FastifyRequest, reply: FastifyReply, wrong: Wrong) =>
    reply.page('leave', {
      fields: confirmationForm.fields,
      itemCount: await data.countItems(request.work, getAccount(request).id),
      ...wrong
    })

  app.get('/conta/copia.json', async (request, reply) => {
    const now = new Date()
    const parts = data.copyOf(request.work, getAccount(request).id, now)
    // Read before the answer begins: where there is no database, it is that of any page.
    const first = await parts.next()
    logSecurity(request, 'data.copied')
    reply.headers({
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename="carrinho-${now.toISOString().slice(0, 10)}.json"`
    })
    reply.type('application/json; charset=utf-8')
    return reply.send(Readable.from(from(first, parts)))
  })

  app.get(LEAVE, (request, reply) => respond(request, reply, { page: () => show(request, reply, nothingWrong) }))

  app.post(LEAVE, { config: { form: confirmationForm, page: LEAVE } }, async (request, reply) => {
    const refused = (status: number) => ({
      status,
      error: 'account',
      page: (wrong: Wrong) => show(request, reply, wrong)
    })
    const checked = confirmationForm.check(fieldsOf(request))
    if (!checked.ok) return respond(request, reply, { ...refused(400), errors: checked.errors })
    const { id } = getAccount(request)
    const result = await accounts.close(request.work, id, checked.value.current, visitorOf(request))
    if (result === 'wrong') {
      logSecurity(request, 'password.wrong')
      return respond(request, reply, { ...refused(400), errors: { password: { key: 'field.passwordWrong' } } })
    }
    if (result !== 'closed') {
      logSecurity(request, 'password.throttled', result)
      const { waitSeconds } = result
      const message = translateFor(request)('login.throttled', {
        wait: formatDuration(languageOf(request), waitSeconds)
      })
      return respond(request, reply, { ...refused(429), retryAfterSeconds: waitSeconds, message })
    }
    logSecurity(request, 'account.deleted', { account: id })
    await signOut(request, reply)
    forgetAccount(request, reply, id)
    clearWhatScriptsKept(request, reply)
    const { log } = request
    await data.clear(request.work, id, error => log.warn({ err: error }, 'an account is not wholly deleted yet'))
    return respond(request, reply, {
      goTo: '/',
      flash: { kind: 'info', key: 'flash.accountDeleted' },
      json: { status: 'deleted' }
    })
  })
}

async function* from<T>({ value, done }: IteratorResult<T, void>, rest: AsyncIterable<T>): AsyncGenerator<T, void> {
  if (done) return
  yield value
  yield* rest
}
