import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { isMessageKey, type Said } from '../i18n/index.ts'
import { clearCookie, ownValues, setCookie } from './cookies.ts'
import { createSigner, keysFor, type Signer } from './signing.ts'

const FLASH_COOKIE = 'carrinho_flash'
const SHOWN_WITHIN_S = 60

declare module 'fastify' {
  interface FastifyInstance {
    flashSigner: Signer
  }
}

export interface Flash extends Said {
  kind: 'success' | 'info' | 'error'
  /** The change that was made, and where it can be taken back. */
  undo?: { path: string; version: number }
}

/** Messages for the next page, in a signed cookie: any web server may be the one that shows it. */
export function flashes(app: FastifyInstance, { config }: { config: Config }): void {
  app.decorate('flashSigner', createSigner(keysFor('flash', config.sessionSecrets)))
}

export function setFlash(reply: FastifyReply, flash: Flash): void {
  const text = Buffer.from(JSON.stringify(flash)).toString('base64url')
  setCookie(reply, FLASH_COOKIE, `${text}.${reply.server.flashSigner.sign(text)}`, SHOWN_WITHIN_S)
}

/** The message, once. One that none of our secrets signed is another site's on this host, and stays. */
export function takeFlash(request: FastifyRequest, reply: FastifyReply): Flash | undefined {
  for (const value of ownValues(request, FLASH_COOKIE)) {
    const [text = '', signature = ''] = value.split('.')
    if (request.server.flashSigner.signedBy(text, signature) === undefined) continue
    clearCookie(reply, FLASH_COOKIE)
    const flash = JSON.parse(Buffer.from(text, 'base64url').toString()) as Flash
    // An older release may have signed it, and known other messages.
    return [flash, ...(flash.also ?? [])].every(({ key }) => isMessageKey(key)) ? flash : undefined
  }
  return undefined
}
