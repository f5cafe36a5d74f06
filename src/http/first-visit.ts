import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { type AssetNames, readAssetText } from './assets.ts'
import { ownValues, setCookie } from './cookies.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

const COOKIE = 'carrinho_styles'
const FIRST_VISIT = 'none'
const YEAR_SECONDS = 365 * 24 * 60 * 60

/** The style sheet of every page, where it is in the page itself. */
interface InPage {
  /** Undefined where the page links it. */
  styles: Buffer | undefined
  /** Whether the browser is to fetch it as a file besides, for the pages after this one. */
  isKept: boolean
}

/**
 * On a slow link each question costs half a second, so a browser that has not got this release's styles gets them in the
 * page. That it has them says a cookie, which is nobody's name and no secret: whoever plants one gets a page that links
 * them. They come as a file, too, with the second page; the first has enough to load. The script is always a file: nothing
 * that runs stands in a page.
 */
export function firstVisits(names: AssetNames): (reply: FastifyReply) => InPage {
  const text = readAssetText(names, 'main.css')
  const hash = (encoding: 'base64' | 'base64url') => createHash('sha256').update(text).digest(encoding)
  // This very text and no other: nothing else that stands in a page styles it.
  const policy = `${SECURITY_HEADERS['content-security-policy']}; style-src 'self' 'sha256-${hash('base64')}'`
  // Under either name of the cookie: each page looks, and need not split all that was sent.
  const release = hash('base64url').slice(0, 12)
  const known = `${COOKIE}=${release}`
  const linked: InPage = { styles: undefined, isKept: false }
  const first: InPage = { styles: Buffer.from(text), isKept: false }
  const second: InPage = { ...first, isKept: true }

  return reply => {
    const { request } = reply
    if (request.headers.cookie?.includes(known)) return linked
    reply.header('content-security-policy', policy)
    const comesAgain = ownValues(request, COOKIE).length > 0
    setCookie(reply, COOKIE, comesAgain ? release : FIRST_VISIT, YEAR_SECONDS)
    return comesAgain ? second : first
  }
}
