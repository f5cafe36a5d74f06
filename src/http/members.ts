import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Account } from '../features/accounts/rules.ts'
import { type RawForm, typed } from '../fields.ts'
import { translateFor, wantsJson } from './language.ts'
import { localPath, pageOfForm } from './local-path.ts'

/** Sends whoever is signed out to log in, and afterwards back to where they wanted to go. */
export function membersOnly(app: FastifyInstance): void {
  // After parsing, so that what was typed can be taken along; before the form's token is looked at.
  app.addHook('preValidation', (request, reply, done) => {
    // A page of the list says whose it is: another account, signed in since in another tab, gets nothing of what is tapped there.
    const meant = request.headers['x-account'] ?? String(request.account?.id)
    if (request.account && meant === String(request.account.id)) return done()
    sendToLogin(request, reply)
  })
}

export function sendToLogin(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!wantsJson(request)) {
    const { page, kept } = wanted(request)
    return reply.redirect(`/login?${kept ? `kept=${kept}&` : ''}next=${encodeURIComponent(page)}`, 302)
  }
  const message = translateFor(request)('login.needed')
  return reply.status(401).header('cache-control', 'no-store').send({ error: 'unauthenticated', message })
}

/** The signed-in account of a route behind `membersOnly`. */
export function getAccount(request: FastifyRequest): Account {
  const account = request.account
  if (!account) throw new Error('a members-only route ran without an account')
  return account
}

const LIST = '/carrinho/'
/** Balancers refuse longer URLs, and this one is in the `next` of another. */
const MAX_KEPT = 3900

/** `none`: there was too much of it. */
type KeptBoxes = 'boxes' | 'none'

/**
 * A page, never an action: a signed-out POST leads to its form's page, with what was typed in it, or to the one that asks
 * for the rest.
 */
function wanted(request: FastifyRequest): { page: string; kept?: KeptBoxes } {
  if (request.method === 'GET' || request.method === 'HEAD') return { page: safeNext(request.url) }
  const { form } = request.routeOptions.config
  const page = pageOfForm(request) ?? LIST
  const body = (request.body ?? {}) as RawForm
  const names = Object.values(form?.fields ?? {})
    .filter(({ isSecret }) => !isSecret)
    .map(({ name }) => name)
  const filledIn = (name: string) => ({ name, value: typed(body, name) })
  const written = (names.length > 0 ? [...(form?.hidden ?? []), ...names] : []).map(filledIn)
  const rest = form?.afterLogin?.(body)
  const query = whatFits([...written.filter(({ value }) => value !== ''), ...(rest?.typed ?? [])], page.length)
  const asked = rest?.ticks && `?${new URLSearchParams(rest.ticks.query)}`
  if (rest?.ticks && asked && page.length + rest.ticks.path.length + asked.length + query.length <= MAX_KEPT) {
    return { page: page + rest.ticks.path + asked + query, kept: 'boxes' }
  }
  return { page: query === '' ? page : `${page}?${query.slice(1)}`, ...(asked && { kept: 'none' }) }
}

/** These, as far as they leave room for a page of that length. */
function whatFits(pairs: readonly { name: string; value: string }[], length: number): string {
  let query = ''
  for (const { name, value } of pairs) {
    const longer = `${query}&${new URLSearchParams({ [name]: value })}`
    if (length + longer.length <= MAX_KEPT) query = longer
  }
  return query
}

/** `next` if it leads somewhere on this site, the list otherwise. */
export const safeNext = (next: unknown): string => localPath(next) ?? LIST
