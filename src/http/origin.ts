import type { FastifyRequest } from 'fastify'

/**
 * The browser says that another site's page sent this. What it says itself (`Sec-Fetch-Site`) is believed: no page can
 * forge it, and it knows ports and names that a proxy did not pass on. Without it, over plain HTTP and from old browsers,
 * the page's host has to be ours.
 */
export function isForeign(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site']
  if (site) return site !== 'same-origin' && site !== 'none'
  const { origin } = request.headers
  if (origin === undefined) return false
  const from = hostOf(origin)
  return from === undefined || !namesOf(request).some(name => hostOf(`http://${name}`) === from)
}

/** What this site is called on this request: by the proxy's word, where it is trusted, and by the request's own. */
const namesOf = (request: FastifyRequest): string[] => [request.host, request.headers.host ?? '']

/**
 * Host and port, without a default one: the scheme may differ where a proxy ends TLS and does not say so, and then a
 * proxy's `:80` is the browser's nothing, or `:443`.
 */
function hostOf(origin: string): string | undefined {
  try {
    const { protocol, hostname, port } = new URL(origin)
    if (protocol !== 'http:' && protocol !== 'https:') return undefined
    return port === '' || port === '80' || port === '443' ? hostname : `${hostname}:${port}`
  } catch {
    return undefined // `null`, or no origin at all
  }
}

const MAX_TOLD = 100
const short = (text: string | string[] | undefined) => (text === undefined ? null : String(text).slice(0, 200))

/** Logs both hosts of a refused form, the first time that these two meet: so that a proxy's mistake is found, and no flood. */
export function tellOnce(): (request: FastifyRequest) => void {
  const told = new Set<string>()
  return request => {
    const { headers } = request
    const hosts = {
      origin: short(headers.origin),
      host: short(headers.host),
      forwardedHost: short(headers['x-forwarded-host']),
      site: short(headers['sec-fetch-site'])
    }
    const key = JSON.stringify(hosts)
    if (told.has(key) || told.size >= MAX_TOLD) return
    told.add(key)
    request.log.warn(
      hosts,
      'refused a form as of another site; if it is ours, the proxy has to pass on the host, see docs/operating.md'
    )
  }
}
