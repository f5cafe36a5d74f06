import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { type AssetNames, readAssetText } from './assets.ts'
import { ownValues, setCookie } from './cookies.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

const COOKIE = 'carrinho_assets'
const FIRST_VISIT = 'none'
const YEAR_SECONDS = 365 * 24 * 60 * 60

/** What of the style sheet and the script of every page is in the page itself. */
interface InPage {
  /** Undefined where the page links them. */
  styles: Buffer | undefined
  script: Buffer | undefined
  /** Whether the browser is to fetch them as files besides, for the pages after this one. */
  isKept: boolean
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/**
 * On a slow link each question costs half a second, so a browser that has not got this release's styles and script gets them
 * in the page. That it has them says a cookie, which is nobody's name and no secret: whoever plants one gets a page that
 * links them. They come as files, too, with the second page; the first has enough to load.
 */
export function firstVisits(names: AssetNames): (reply: FastifyReply) => InPage {
  const styles = readAssetText(names, 'main.css')
  const script = readAssetText(names, 'app.js')
  const release = createHash('sha256').update(styles).update(script).digest('base64url').slice(0, 12)
  // This very text and no other: nothing else that stands in a page is run, or styles it.
  const policy = `${SECURITY_HEADERS['content-security-policy']}; style-src 'self' ${hashOf(styles)}; script-src 'self' ${hashOf(script)}`
  // Under either name of the cookie: each page looks, and need not split all that was sent.
  const known = `${COOKIE}=${release}`
  const linked: InPage = { styles: undefined, script: undefined, isKept: false }
  const first: InPage = { styles: Buffer.from(styles), script: Buffer.from(script), isKept: false }
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
