import type { FastifyReply, FastifyRequest } from 'fastify'

/** Browsers take a cookie of this prefix from this very host only, over TLS, for the whole site: nobody else can set it. */
const HOST_PREFIX = '__Host-'

/** Whether the browser came by TLS, which ends at a balancer as a rule. */
export const isSecure = (request: FastifyRequest): boolean => request.protocol === 'https'

const fullName = (request: FastifyRequest, name: string) => (isSecure(request) ? HOST_PREFIX + name : name)

/**
 * Every value that was sent under exactly this name. A browser may hold several, of a parent domain, of other paths, of
 * other ports of this host, and does not say which is whose.
 */
export function sentValues(request: FastifyRequest, name: string): string[] {
  const header = request.headers.cookie
  if (!header?.includes(name)) return []
  const values: string[] = []
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) values.push(pair.slice(at + 1).trim())
  }
  return values
}

/** Under the prefix, whatever is known of the way here: no browser sends those without TLS. */
export const protectedValues = (request: FastifyRequest, name: string): string[] =>
  sentValues(request, HOST_PREFIX + name)

/** The values of a cookie that count: where there is TLS, no other host can have set them. */
export const ownValues = (request: FastifyRequest, name: string): string[] =>
  isSecure(request) ? protectedValues(request, name) : [...protectedValues(request, name), ...sentValues(request, name)]

/** As one name has one cookie for the whole site, so that any page can replace or clear it. */
const WHOLE_SITE = { path: '/', httpOnly: true, sameSite: 'lax' } as const

/**
 * By this host's own name for it.
 * @param value of characters that need no escaping
 * @param maxAgeSeconds until the browser is closed when left out
 */
export function setCookie(reply: FastifyReply, name: string, value: string, maxAgeSeconds?: number): void {
  const age = maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds }
  reply.setCookie(fullName(reply.request, name), value, { ...WHOLE_SITE, secure: isSecure(reply.request), ...age })
}

export const clearCookie = (reply: FastifyReply, name: string): void => setCookie(reply, name, '', 0)

/** The cookie by its plain name, which releases before `__Host-` set also over TLS. */
export function clearPlainCookie(reply: FastifyReply, name: string): void {
  reply.setCookie(name, '', { ...WHOLE_SITE, maxAge: 0 })
}

/** Takes back what was set by the plain name, by a library that knows no other. */
export function unsetCookie(reply: FastifyReply, name: string): void {
  const lines = [reply.getHeader('set-cookie') ?? []].flat().map(String)
  reply.removeHeader('set-cookie')
  reply.header(
    'set-cookie',
    lines.filter(line => !line.startsWith(`${name}=`))
  )
}
