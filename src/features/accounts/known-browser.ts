import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import { clearCookie, ownValues, setCookie } from '../../http/cookies.ts'
import { createSigner, keysFor, type Signer } from '../../http/signing.ts'
import { newKey } from '../../keys.ts'
import { clientNetwork } from './client-network.ts'
import type { Proof, Recognised, Visitor } from './rules.ts'

const COOKIE = 'carrinho_known'
/** People of one household; the one who logged in longest ago is forgotten. */
const MAX_ACCOUNTS = 5
const MAX_AGE_S = 400 * 86_400

declare module 'fastify' {
  interface FastifyInstance {
    knownBrowserSigner: Signer
  }
}

/**
 * A signed cookie says that this browser has logged in to an account before. It opens nothing: only failed logins of such a
 * browser are counted apart from those of strangers.
 */
export function knownBrowsers(app: FastifyInstance, { config }: { config: Config }): void {
  app.decorate('knownBrowserSigner', createSigner(keysFor('known', config.sessionSecrets)))
}

export function rememberBrowser(request: FastifyRequest, reply: FastifyReply, { account, mark }: Recognised): void {
  const others = proofsOf(request).filter(({ accountId }) => accountId !== account.id)
  keep(request, reply, [{ accountId: account.id, mark, nonce: newKey() }, ...others].slice(0, MAX_ACCOUNTS))
}

/** The account is no more. */
export function forgetAccount(request: FastifyRequest, reply: FastifyReply, accountId: number): void {
  const others = proofsOf(request).filter(proof => proof.accountId !== accountId)
  keep(request, reply, others)
}

function keep(request: FastifyRequest, reply: FastifyReply, proofs: Proof[]): void {
  const text = proofs.map(({ accountId, mark, nonce }) => `${accountId}.${mark}.${nonce}`).join('!')
  if (text === '') clearCookie(reply, COOKIE)
  else setCookie(reply, COOKIE, `${text}~${request.server.knownBrowserSigner.sign(text)}`, MAX_AGE_S)
}

export const visitorOf = (request: FastifyRequest): Visitor => ({
  network: clientNetwork(request.ip),
  proofs: proofsOf(request)
})

/** What none of our secrets signed is another site's on this host, or made up. */
function proofsOf(request: FastifyRequest): Proof[] {
  return ownValues(request, COOKIE).flatMap(value => {
    const [text = '', signature = ''] = value.split('~')
    if (request.server.knownBrowserSigner.signedBy(text, signature) === undefined) return []
    return text.split('!').flatMap(proof => {
      const [id, mark, nonce] = proof.split('.')
      return id && mark && nonce ? [{ accountId: Number(id), mark, nonce }] : []
    })
  })
}
