import type { FastifyRequest } from 'fastify'

export type SecurityEvent =
  | 'login'
  | 'login.failed'
  | 'login.throttled'
  | 'logout'
  | 'signup'
  | 'signup.taken'
  | 'signup.throttled'
  | 'signup.closed'
  | 'password.changed'
  | 'password.wrong'
  | 'password.throttled'
  | 'sessions.ended'
  | 'refused.owner'

export interface About {
  /** Whose account it is about; null when there is none. What was typed for an e-mail may be a password: never that. */
  account?: number | null
  waitSeconds?: number
  /** How many. */
  ended?: number
  item?: number
}

/** One line about what somebody may have to look into one day: who, from where, under which request. Never a secret. */
export function logSecurity(request: FastifyRequest, event: SecurityEvent, about: About = {}): void {
  const { id: reqId, ip: address, customer } = request
  request.log.info({ reqId, event, account: customer?.id ?? null, address, ...about }, 'security')
}
