import type { Config } from '../config/config.ts'

/**
 * On every answer: everything a page uses comes from here, nothing runs inline, nobody frames it, and no page asks for the
 * camera or the like. Constants, so a table of them and no library: @fastify/helmet makes them anew for each answer.
 */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()',
  // Not no-referrer: with that, browsers send `Origin: null` with the site's own forms.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
}

const YEAR_SECONDS = 365 * 24 * 60 * 60

/** For answers over TLS: what a browser shall remember of it. */
export const STRICT_TRANSPORT: Record<Config['hsts'], string | undefined> = {
  off: undefined,
  on: `max-age=${YEAR_SECONDS}`,
  subdomains: `max-age=${YEAR_SECONDS}; includeSubDomains`
}
