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
  | 'name.changed'
  | 'email.changed'
  | 'email.taken'
  | 'email.throttled'
  | 'data.copied'
  | 'account.deleted'
  | 'refused.owner'
  | 'token.made'
  | 'token.revoked'
  | 'token.refused'

export interface About {
  /** Whose account it is about; null when there is none. What was typed for an e-mail may be a password: never that. */
  account?: number | null
  waitSeconds?: number
  /** How many. */
  ended?: number
  item?: number
  /** The id of a token, never the token. */
  token?: string
  scope?: string
  why?: string
}

/** What is refused without a look at it, and so may come by the thousand. */
const FLOODS = new Set<SecurityEvent>([
  'login.throttled',
  'signup.throttled',
  'password.throttled',
  'email.throttled',
  'signup.closed',
  'token.refused'
])

/** One line about what somebody may have to look into one day: who, from where, under which request. Never a secret. */
export function logSecurity(request: FastifyRequest, event: SecurityEvent, about: About = {}): void {
  const { ip: address, account } = request
  const line = { event, account: account?.id ?? null, address, ...about }
  const write = () => request.log.info(line, 'security')
  if (FLOODS.has(event)) request.server.flood(`${event} of account ${line.account} from ${address}`, write)
  else write()
}
