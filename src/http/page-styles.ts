import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { type AssetNames, readAssetText } from './assets.ts'
import { ownValues, setCookie } from './cookies.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

const COOKIE = 'carrinho_styles'
const FIRST_VISIT = 'none'
const YEAR_SECONDS = 365 * 24 * 60 * 60

interface PageStyles {
  /** To be in the page itself; undefined where the page links them. */
  text: Buffer | undefined
  /** Whether the browser gets them as a file besides, for the next pages. */
  isKept: boolean
}

/**
 * On a slow link each question costs half a second, so a browser that has not got this release's styles gets them in the
 * page. That it has them says a cookie, which is nobody's name and no secret: whoever plants one gets a page that links
 * them. They come as a file, too, with the second page and not the first, which has the scripts to load.
 */
export function pageStyles(names: AssetNames): (reply: FastifyReply) => PageStyles {
  const text = readAssetText(names, 'main.css')
  const release = createHash('sha256').update(text).digest('base64url').slice(0, 12)
  const hash = createHash('sha256').update(text).digest('base64')
  const policy = `${SECURITY_HEADERS['content-security-policy']}; style-src 'self' 'sha256-${hash}'`
  // Under either name of the cookie: each page looks, and need not split all that was sent.
  const known = `${COOKIE}=${release}`
  const linked: PageStyles = { text: undefined, isKept: false }
  const first: PageStyles = { text: Buffer.from(text), isKept: false }
  const again: PageStyles = { text: first.text, isKept: true }

  return reply => {
    const { request } = reply
    if (request.headers.cookie?.includes(known)) return linked
    reply.header('content-security-policy', policy)
    const comesAgain = ownValues(request, COOKIE).length > 0
    setCookie(reply, COOKIE, comesAgain ? release : FIRST_VISIT, YEAR_SECONDS)
    return comesAgain ? again : first
  }
}
