import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const PREFIX = 'carrinho_'
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 190 bits. */
const SECRET_LENGTH = 32
const CHECKSUM_LENGTH = 6

/** A new token: a prefix by which people and scanners know it, the secret, and a checksum by which a mistyped one is known. */
export function newToken(): string {
  const secret = Array.from({ length: SECRET_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return PREFIX + secret + checksum(secret)
}

/** Whether it can be a token at all: what was mistyped or cut off cannot. */
export function isWholeToken(text: string): boolean {
  if (!/^carrinho_[\dA-Za-z]{38}$/.test(text)) return false
  const secret = text.slice(PREFIX.length, -CHECKSUM_LENGTH)
  return text.endsWith(checksum(secret))
}

function checksum(text: string): string {
  let digits = ''
  for (let rest = crc32(text); digits.length < CHECKSUM_LENGTH; rest = Math.floor(rest / ALPHABET.length)) {
    digits = ALPHABET[rest % ALPHABET.length] + digits
  }
  return digits
}
