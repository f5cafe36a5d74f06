import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ownValues, setCookie } from './cookies.ts'

const COOKIE = 'carrinho_list'
const MAX_AGE_S = 400 * 86_400
const LISTS = new Set(['/carrinho/', '/listas/:list/'])

/** A browser remembers which list its account had open last: it opens first after the next login. It opens nothing to anybody. */
export function rememberLastList(members: FastifyInstance): void {
  members.addHook('onSend', (request, reply, _payload, done) => {
    const { account, method, routeOptions, params } = request
    const isShown =
      method === 'GET' &&
      reply.statusCode === 200 &&
      LISTS.has(routeOptions.url ?? '') &&
      String(reply.getHeader('content-type')).startsWith('text/html')
    if (account && isShown) {
      const { list = 'first' } = params as { list?: string }
      const value = `${account.id}.${list}`
      const known = ownValues(request, COOKIE)[0]
      // Who never had another one open is led to the first one anyway.
      if (known !== value && (known !== undefined || list !== 'first')) setCookie(reply, COOKIE, value, MAX_AGE_S)
    }
    done()
  })
}

/** The number of the list that an account had open last in this browser; undefined for its first one. */
export function lastListOf(request: FastifyRequest, accountId: number): number | undefined {
  const [, owner, list] = /^(\d{1,10})\.([1-9]\d{0,9})$/.exec(ownValues(request, COOKIE)[0] ?? '') ?? []
  return Number(owner) === accountId ? Number(list) : undefined
}

/** Where who logs in goes on, having wanted nothing else than the list. */
export const afterLogin = (request: FastifyRequest, accountId: number, wanted: string): string =>
  wanted === '/carrinho/' && lastListOf(request, accountId) !== undefined ? '/listas/ultima' : wanted
