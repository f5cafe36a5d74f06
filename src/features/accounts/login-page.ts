import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Config } from '../../config/config.ts'
import { type RawForm, typed } from '../../fields.ts'
import { setFlash } from '../../http/flash.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor } from '../../http/language.ts'
import { afterLogin } from '../../http/last-list.ts'
import { safeNext } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { logSecurity } from '../../http/security-log.ts'
import { signIn } from '../../http/session.ts'
import { formatDuration } from '../../i18n/index.ts'
import { rememberBrowser, visitorOf } from './known-browser.ts'
import type { Accounts } from './rules.ts'
import { loginForm } from './schema.ts'

type KeptKey = 'login.kept' | 'login.notKept' | 'login.keptBoxes' | 'login.tooManyBoxes'

/** What became of what was tapped when the session had ended, as the page's script says; without one, of what was ticked. */
function keptKey(kept: unknown): KeptKey | undefined {
  switch (kept) {
    case undefined:
      return undefined
    case '0':
      return 'login.notKept'
    case 'boxes':
      return 'login.keptBoxes'
    case 'none':
      return 'login.tooManyBoxes'
    default:
      return 'login.kept'
  }
}

export function loginPage(app: FastifyInstance, { config, accounts }: { config: Config; accounts: Accounts }): void {
  const show = (reply: FastifyReply, raw: RawForm, wrong: Wrong, kept?: KeptKey) =>
    reply.page('login', {
      kept,
      fields: loginForm.fields,
      form: { email: typed(raw, 'email'), next: safeNext(raw.next) },
      ...wrong,
      signupOpen: config.signup === 'open'
    })

  app.get<{ Querystring: RawForm }>('/login', async (request, reply) => {
    const next = safeNext(request.query.next)
    const kept = keptKey(request.query.kept)
    if (request.account) {
      // Another account than that of the page, which was signed in meanwhile in another tab.
      if (kept) setFlash(reply, { kind: 'info', key: kept })
      return reply.redirect(next, 302)
    }
    return respond(request, reply, {
      page: () => show(reply, { next }, nothingWrong, kept)
    })
  })

  app.post('/login', { config: { form: loginForm } }, async (request, reply) => {
    const fields = fieldsOf(request)
    const refused = (status: number) => ({ status, error: 'login', page: (wrong: Wrong) => show(reply, fields, wrong) })
    const checked = loginForm.check(fields)
    if (!checked.ok) return respond(request, reply, { ...refused(400), errors: checked.errors })

    const t = translateFor(request)
    const result = await accounts.logIn(request.work, checked.value, visitorOf(request))
    if ('waitSeconds' in result) {
      const { waitSeconds, accountId = null } = result
      logSecurity(request, 'login.throttled', { account: accountId, waitSeconds })
      const message = t('login.throttled', { wait: formatDuration(languageOf(request), waitSeconds) })
      return respond(request, reply, { ...refused(429), retryAfterSeconds: waitSeconds, message })
    }
    if ('failed' in result) {
      logSecurity(request, 'login.failed', { account: result.accountId ?? null })
      return respond(request, reply, { ...refused(401), message: t('login.failed') })
    }
    await signIn(request, result.account)
    rememberBrowser(request, reply, result)
    logSecurity(request, 'login')
    return respond(request, reply, { goTo: afterLogin(request, result.account.id, safeNext(fields.next)) })
  })
}
