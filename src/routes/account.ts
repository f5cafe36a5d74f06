import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { formatDateTime, formatDuration } from '../i18n/index.ts'
import { setFlash } from '../plugins/flash.ts'
import { fieldsOf } from '../plugins/forms.ts'
import { languageOf, translateFor } from '../plugins/language.ts'
import { sessionHere, signIn } from '../plugins/session.ts'
import { translateErrors } from '../plugins/views.ts'
import type { Accounts } from '../shop/accounts.ts'
import { checkPasswordChange, type FieldErrors } from '../shop/validation.ts'
import type { Store } from '../store/index.ts'
import { getCustomer } from './members.ts'

export function accountPage(app: FastifyInstance, { store, accounts }: { store: Store; accounts: Accounts }): void {
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    errors: FieldErrors = {},
    formError: string | null = null
  ) => {
    const lang = languageOf(request)
    const here = sessionHere(request)
    const rows = await store.sessions.list(request.work, getCustomer(request).id, Date.now())
    const sessions = rows.map(row => ({
      current: row.idHash === here,
      device: describeDevice(row.userAgent),
      address: row.address,
      createdAt: formatDateTime(lang, new Date(row.createdAt)),
      lastSeenAt: formatDateTime(lang, new Date(row.lastSeenAt)),
      server: row.madeOn
    }))
    return reply.page('account', {
      errors: translateErrors(request, errors),
      formError,
      sessions,
      hasOthers: sessions.some(session => !session.current)
    })
  }

  app.get('/conta', (request, reply) => show(request, reply))

  app.post('/conta/password', async (request, reply) => {
    const checked = checkPasswordChange(fieldsOf(request))
    if (!checked.ok) return show(request, reply.status(400), checked.errors)
    const customer = getCustomer(request)
    const result = await accounts.changePassword(request.work, customer.id, checked.value, sessionHere(request))
    if (result === 'wrong') return show(request, reply.status(400), { password: { key: 'field.passwordWrong' } })
    if (result !== 'changed') {
      reply.status(429).header('retry-after', result.waitSeconds)
      const wait = formatDuration(languageOf(request), result.waitSeconds)
      return show(request, reply, {}, translateFor(request)('login.throttled', { wait }))
    }
    // Whoever copied the old cookie has nothing.
    await signIn(request, customer)
    setFlash(reply, { kind: 'success', key: 'flash.passwordChanged' })
    return reply.redirect('/conta', 303)
  })

  app.post('/conta/sessoes', async (request, reply) => {
    const here = sessionHere(request)
    const { id } = getCustomer(request)
    const count = await request.work.repeatable(() => store.sessions.removeAll(request.work, id, here))
    setFlash(reply, { kind: 'success', key: 'flash.sessionsEnded', params: { count } })
    return reply.redirect('/conta', 303)
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
