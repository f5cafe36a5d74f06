import { hash, randomBytes } from 'node:crypto'

/** SHA-256 of the parts, told apart from each other, as 43 characters. */
export function digest(...parts: (string | number)[]): string {
  let text = String(parts[0])
  if (parts.length > 1) {
    text = ''
    for (const part of parts) text += `${Buffer.byteLength(String(part))}:${part}`
  }
  return hash('sha256', text, 'base64url')
}

/** A new key of 22 characters, unguessable and for practical purposes unique. */
export const newKey = (): string => randomBytes(16).toString('base64url')
