import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Customer } from '../features/accounts/rules.ts'
import type { RawForm } from '../fields.ts'
import { typed } from './forms.ts'
import { translateFor, wantsJson } from './language.ts'
import { localPath } from './local-path.ts'

/** Sends whoever is signed out to log in, and afterwards back to where they wanted to go. */
export function membersOnly(app: FastifyInstance): void {
  // After parsing, so that what was typed can be taken along; before the form's token is looked at.
  app.addHook('preValidation', (request, reply, done) => {
    if (request.customer) return done()
    if (wantsJson(request)) {
      const message = translateFor(request)('login.needed')
      reply.status(401).header('cache-control', 'no-store').send({ error: 'unauthenticated', message })
    } else {
      reply.redirect(`/login?next=${encodeURIComponent(wantedPage(request))}`, 302)
    }
  })
}

/** The signed-in customer of a route behind `membersOnly`. */
export function getCustomer(request: FastifyRequest): Customer {
  const customer = request.customer
  if (!customer) throw new Error('a members-only route ran without a customer')
  return customer
}

const LIST = '/carrinho/'
const KEPT = ['product_type', 'quantity', 'local', 'operation'] as const

/** A page, never an action: a signed-out POST leads to the list, with what was typed in its form. */
function wantedPage(request: FastifyRequest): string {
  if (request.method === 'GET' || request.method === 'HEAD') return safeNext(request.url)
  const form = (request.body ?? {}) as RawForm
  const query = new URLSearchParams()
  for (const name of KEPT) {
    const value = typed(form, name)
    if (value !== '' && value.length <= 600) query.set(name, value)
  }
  if (request.url.startsWith('/conta')) return '/conta'
  return query.size > 0 ? `${LIST}?${query}` : LIST
}

/** `next` if it leads somewhere on this site, the list otherwise. */
export const safeNext = (next: unknown): string => localPath(next) ?? LIST
