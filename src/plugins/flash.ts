import type { FastifyReply, FastifyRequest } from 'fastify'
import { isMessageKey, type MessageKey, type Params } from '../i18n/index.ts'

const FLASH_COOKIE = 'carrinho_flash'

export interface Flash {
  kind: 'success' | 'info' | 'error'
  key: MessageKey
  params?: Params
}

/** A message for the next page, in a signed cookie: any web server may be the one that shows it. */
export function setFlash(reply: FastifyReply, flash: Flash): void {
  const value = Buffer.from(JSON.stringify(flash)).toString('base64url')
  reply.setCookie(FLASH_COOKIE, value, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: 'auto',
    signed: true,
    maxAge: 60
  })
}

/** The message, once. */
export function takeFlash(request: FastifyRequest, reply: FastifyReply): Flash | undefined {
  const cookie = request.cookies?.[FLASH_COOKIE]
  if (!cookie) return undefined
  reply.clearCookie(FLASH_COOKIE, { path: '/' })
  const { valid, value } = reply.unsignCookie(cookie)
  if (!valid || !value) return undefined
  const flash = JSON.parse(Buffer.from(value, 'base64url').toString()) as Flash
  // An older release may have signed it, and known other messages.
  return isMessageKey(flash.key) ? flash : undefined
}
