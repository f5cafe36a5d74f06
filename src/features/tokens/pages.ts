import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { logSecurity } from '../../http/security-log.ts'
import { formatDateTime, formatDuration, type Language } from '../../i18n/index.ts'
import { newKey } from '../../keys.ts'
import type { Accounts } from '../accounts/rules.ts'
import { MAX_TOKENS, type Token, type Tokens } from './rules.ts'
import { isScope, revokeForm, scopes, TERMS, tokenForm } from './schema.ts'

const PAGE = '/conta/tokens'

/** What views/tokens-section.njk shows, also on the account's page. */
export async function tokenSection(
  { tokens }: { tokens: Tokens },
  request: FastifyRequest,
  form: Record<string, string> = {},
  wrong: Wrong = nothingWrong
) {
  const lang = languageOf(request)
  const rows = await tokens.list(request.work, getAccount(request).id)
  return {
    rows: rows.map(token => describe(lang, token)),
    fields: tokenForm.fields,
    scopes,
    terms: TERMS,
    form: { name: '', scope: 'read', days: '365', ...form, operation: form.operation || newKey() },
    ...wrong
  }
}

function describe(lang: Language, { id, name, scope, createdAt, expiresAt, lastUsedAt }: Token) {
  const when = (at: number | null) => (at === null ? null : formatDateTime(lang, new Date(at)))
  return { id, name, scope, made: when(createdAt), expires: when(expiresAt), used: when(lastUsedAt) }
}

export function tokensPage(app: FastifyInstance, { tokens, accounts }: { tokens: Tokens; accounts: Accounts }): void {
  const show = async (request: FastifyRequest, reply: FastifyReply, form?: Record<string, string>, wrong?: Wrong) =>
    reply.page('tokens', { tokens: await tokenSection({ tokens }, request, form, wrong) })

  const list = async (request: FastifyRequest) => {
    const rows = await tokens.list(request.work, getAccount(request).id)
    return { tokens: rows.map(({ accountId: _, ...token }) => token) }
  }

  app.get(PAGE, (request, reply) =>
    respond(request, reply, { json: () => list(request), page: () => show(request, reply) })
  )

  app.post(PAGE, { config: { form: tokenForm, page: PAGE } }, async (request, reply) => {
    const fields = fieldsOf(request)
    const { work } = request
    const account = getAccount(request)
    const form = { ...tokenForm.typed(fields), operation: typed(fields, 'operation') }
    const refused = (status: number, error: string) => ({
      status,
      error,
      page: (wrong: Wrong) => show(request, reply, form, wrong)
    })

    const checked = tokenForm.check(fields)
    if (!checked.ok) return respond(request, reply, { ...refused(400, 'invalid'), errors: checked.errors })
    const { current, name, scope, days } = checked.value
    if (!isScope(scope)) throw new Error('a scope was not checked')
    const confirmed = await accounts.confirm(work, account.id, current)
    if (confirmed === 'wrong') {
      logSecurity(request, 'password.wrong')
      const errors = { password: { key: 'field.passwordWrong' } } as const
      return respond(request, reply, { ...refused(400, 'account'), errors })
    }
    if (confirmed !== 'right') {
      const { waitSeconds } = confirmed
      logSecurity(request, 'password.throttled', { waitSeconds })
      const message = translateFor(request)('login.throttled', {
        wait: formatDuration(languageOf(request), waitSeconds)
      })
      return respond(request, reply, { ...refused(429, 'account'), retryAfterSeconds: waitSeconds, message })
    }

    const made = await tokens.make(work, account.id, { name, scope, days }, form.operation || undefined)
    if (made === 'full') {
      const message = translateFor(request)('tokens.full', { max: MAX_TOKENS })
      return respond(request, reply, { ...refused(409, 'tokens_full'), message })
    }
    if (made === 'used') {
      form.operation = ''
      return respond(request, reply, {
        ...refused(409, 'operation_reused'),
        message: translateFor(request)('tokens.again')
      })
    }
    logSecurity(request, 'token.made', { token: made.id, scope })
    // The only page that shows it: no redirect, which would have to carry it along.
    return respond(request, reply, {
      json: () => made,
      page: () => reply.page('token', { name, token: made.token })
    })
  })

  app.post('/conta/tokens/revogar', { config: { form: revokeForm, page: PAGE } }, async (request, reply) => {
    const id = typed(fieldsOf(request), 'id')
    // Somebody else's, or gone: the same answer, which does not tell which.
    const revoked = await tokens.revoke(request.work, getAccount(request).id, id)
    if (revoked) logSecurity(request, 'token.revoked', { token: id })
    return respond(request, reply, {
      goTo: '/conta',
      flash: revoked ? { kind: 'success', key: 'flash.tokenRevoked' } : { kind: 'info', key: 'flash.tokenGone' },
      json: { revoked }
    })
  })
}
