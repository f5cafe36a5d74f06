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
  const value = reply.signCookie(Buffer.from(JSON.stringify(flash)).toString('base64url'))
  const secure = reply.request.protocol === 'https' ? '; Secure' : ''
  // Every write ends with one of these, and the library takes its options apart anew for each. Base64 needs no escaping.
  reply.header('set-cookie', `${FLASH_COOKIE}=${value}; Max-Age=60; Path=/; HttpOnly; SameSite=Lax${secure}`)
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
