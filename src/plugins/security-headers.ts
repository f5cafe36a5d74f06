/**
 * On every answer: everything a page uses comes from here, nothing runs inline, nobody frames it. Constants, so a table
 * of them and no library: @fastify/helmet makes them anew for each answer.
 */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  // Not no-referrer: with that, browsers send `Origin: null` with the site's own forms.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
}

/** On answers over HTTPS: half a year, in seconds. */
export const STRICT_TRANSPORT = `max-age=${180 * 24 * 60 * 60}`
