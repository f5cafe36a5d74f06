import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type RawForm, typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { logSecurity } from '../../http/security-log.ts'
import { sessionHere, signIn } from '../../http/session.ts'
import { formatDateTime, formatDuration } from '../../i18n/index.ts'
import type { Store } from '../../open-store.ts'
import { tokenSection } from '../tokens/pages.ts'
import type { Tokens } from '../tokens/rules.ts'
import { rememberBrowser, visitorOf } from './known-browser.ts'
import type { Accounts, Throttled } from './rules.ts'
import { checkIdentityChange, checkPasswordChange, confirmationForm, identityForm, passwordForm } from './schema.ts'

const ACCOUNT = '/conta'

/** The page's forms. */
type FormName = 'identity' | 'password' | 'ending'

export function accountPage(
  app: FastifyInstance,
  { store, accounts, tokens, hasPictures }: { store: Store; accounts: Accounts; tokens: Tokens; hasPictures: boolean }
): void {
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    wrong: Partial<Record<FormName, Wrong>> = {},
    raw: RawForm = {}
  ) => {
    const { name, email } = getAccount(request)
    const shown = { name, email, was_name: name, was_email: email }
    const kept = Object.fromEntries(Object.keys(shown).map(field => [field, typed(raw, field)]))
    const lang = languageOf(request)
    const here = sessionHere(request)
    const rows = await store.sessions.list(request.work, getAccount(request).id, Date.now())
    const sessions = rows.map(row => ({
      current: row.idHash === here,
      device: describeDevice(row.userAgent),
      address: row.address,
      createdAt: formatDateTime(lang, new Date(row.createdAt)),
      lastSeenAt: formatDateTime(lang, new Date(row.lastSeenAt)),
      server: row.madeOn
    }))
    return reply.page('account', {
      identity: {
        fields: identityForm.fields,
        form: wrong.identity ? kept : shown,
        ...(wrong.identity ?? nothingWrong)
      },
      password: { fields: passwordForm.fields, ...(wrong.password ?? nothingWrong) },
      ending: { fields: confirmationForm.fields, ...(wrong.ending ?? nothingWrong) },
      tokens: await tokenSection({ tokens }, request),
      sessions,
      hasPictures,
      hasOthers: sessions.some(session => !session.current)
    })
  }

  const refused = (request: FastifyRequest, reply: FastifyReply, form: FormName, status = 400) => ({
    status,
    error: 'account',
    page: (wrong: Wrong) => show(request, reply, { [form]: wrong }, fieldsOf(request))
  })

  /** The current password was wrong, or there were too many that were: said in the form that asked for it. */
  const refuse = (request: FastifyRequest, reply: FastifyReply, form: FormName, result: 'wrong' | Throttled) => {
    if (result === 'wrong') {
      logSecurity(request, 'password.wrong')
      const errors = { password: { key: 'field.passwordWrong' } } as const
      return respond(request, reply, { ...refused(request, reply, form), errors })
    }
    logSecurity(request, 'password.throttled', result)
    return askToWait(request, reply, form, result, 'login.throttled')
  }

  const askToWait = (
    request: FastifyRequest,
    reply: FastifyReply,
    form: FormName,
    { waitSeconds }: Throttled,
    said: 'login.throttled' | 'account.identity.throttled'
  ) => {
    const message = translateFor(request)(said, { wait: formatDuration(languageOf(request), waitSeconds) })
    return respond(request, reply, { ...refused(request, reply, form, 429), retryAfterSeconds: waitSeconds, message })
  }

  app.get('/conta', (request, reply) => respond(request, reply, { page: () => show(request, reply) }))

  app.post('/conta/identidade', { config: { form: identityForm, page: ACCOUNT } }, async (request, reply) => {
    const account = getAccount(request)
    const checked = checkIdentityChange(fieldsOf(request), account)
    if (!checked.ok) {
      return respond(request, reply, { ...refused(request, reply, 'identity'), errors: checked.errors })
    }
    const { current, change } = checked.value
    const result = await accounts.changeIdentity(request.work, account.id, current, change, visitorOf(request))
    if (result === 'taken') {
      logSecurity(request, 'email.taken')
      const errors = { email: { key: 'field.emailTakenByOther' } } as const
      return respond(request, reply, { ...refused(request, reply, 'identity'), errors })
    }
    if (typeof result === 'object' && 'tooManyEmails' in result) {
      logSecurity(request, 'email.throttled', result.tooManyEmails)
      return askToWait(request, reply, 'identity', result.tooManyEmails, 'account.identity.throttled')
    }
    if (result === 'wrong' || 'waitSeconds' in result) return refuse(request, reply, 'identity', result)
    if (change.name !== undefined) logSecurity(request, 'name.changed')
    if (result.moved) logSecurity(request, 'email.changed')
    return respond(request, reply, { goTo: ACCOUNT, flash: { kind: 'success', key: 'flash.identityChanged' } })
  })

  app.post('/conta/password', { config: { form: passwordForm, page: ACCOUNT } }, async (request, reply) => {
    const account = getAccount(request)
    const checked = checkPasswordChange(fieldsOf(request), account)
    if (!checked.ok) {
      return respond(request, reply, { ...refused(request, reply, 'password'), errors: checked.errors })
    }
    const here = sessionHere(request)
    const result = await accounts.changePassword(request.work, account.id, checked.value, here)
    if (result === 'wrong' || 'waitSeconds' in result) return refuse(request, reply, 'password', result)
    // Whoever copied the old cookie has nothing.
    await signIn(request, account)
    rememberBrowser(request, reply, { account, mark: result.mark })
    logSecurity(request, 'password.changed', { ended: result.ended })
    return respond(request, reply, { goTo: ACCOUNT, flash: { kind: 'success', key: 'flash.passwordChanged' } })
  })

  app.post('/conta/sessoes', { config: { form: confirmationForm, page: ACCOUNT } }, async (request, reply) => {
    const checked = confirmationForm.check(fieldsOf(request))
    if (!checked.ok) {
      return respond(request, reply, { ...refused(request, reply, 'ending'), errors: checked.errors })
    }
    const here = sessionHere(request)
    const { id } = getAccount(request)
    const result = await accounts.endOtherSessions(request.work, id, checked.value.current, here)
    if (result === 'wrong' || 'waitSeconds' in result) return refuse(request, reply, 'ending', result)
    logSecurity(request, 'sessions.ended', { ended: result.ended })
    return respond(request, reply, {
      goTo: ACCOUNT,
      flash: { kind: 'success', key: 'flash.sessionsEnded', params: { count: result.ended } }
    })
  })
}

const BROWSERS: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/^(curl|w3m|Lynx|Links|Wget)/, '$1']
]
const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux|X11/, 'Linux']
]

/** `Firefox · Android`: enough for people to know their own devices again. */
function describeDevice(userAgent: string): string {
  const find = (table: [RegExp, string][]) => {
    for (const [pattern, name] of table) {
      const match = pattern.exec(userAgent)
      if (match) return name.replace('$1', match[1] ?? '')
    }
    return undefined
  }
  const known = [find(BROWSERS), find(SYSTEMS)].filter(part => part !== undefined)
  return known.length > 0 ? known.join(' · ') : userAgent.slice(0, 40) || '?'
}
