import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Caller, Tokens } from '../../features/tokens/rules.ts'
import { logSecurity } from '../security-log.ts'
import { Problem, type ProblemCode } from './problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom the program acts for. */
    caller: Caller | undefined
  }
}

/** How a client is told what is wrong with its token, as RFC 6750 has it. */
const challenge = (error?: string, rest = '') =>
  `Bearer realm="carrinho"${error === undefined ? '' : `, error="${error}"`}${rest}`

/** A program says who it acts for with each request; cookies are nothing here. */
export function bearer(app: FastifyInstance, { tokens }: { tokens: Tokens }): void {
  app.decorateRequest('caller', undefined)
  // For the log, as on pages.
  app.decorateRequest('account', {
    getter() {
      return this.caller?.account
    }
  })

  app.addHook('onRequest', async request => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? []
    if (token === undefined) throw refused('token_missing', challenge())
    const caller = await tokens.recognise(request.work, token)
    if ('why' in caller) {
      const { why } = caller
      const { accountId = null, tokenId } = 'accountId' in caller ? caller : {}
      logSecurity(request, 'token.refused', { account: accountId, why, ...(tokenId && { token: tokenId }) })
      throw refused(`token_${why}`, challenge('invalid_token', `, error_description="the token is ${why}"`))
    }
    request.caller = caller
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (isRead || caller.scope === 'write') return
    logSecurity(request, 'token.refused', { token: caller.tokenId, why: 'scope' })
    throw refused('wrong_scope', challenge('insufficient_scope', ', scope="write"'))
  })
}

const refused = (code: ProblemCode, challenge: string) =>
  new Problem(code, { headers: { 'www-authenticate': challenge } })

/** Of a route behind `bearer`. */
export function getCaller({ caller }: FastifyRequest): Caller {
  if (!caller) throw new Error('a route of the API ran without a token')
  return caller
}
