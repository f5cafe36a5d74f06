import { createHash, randomBytes } from 'node:crypto'

/** SHA-256 of the parts, told apart from each other, as 43 characters. */
export function digest(...parts: (string | number)[]): string {
  const hash = createHash('sha256')
  if (parts.length === 1) return hash.update(String(parts[0])).digest('base64url')
  for (const part of parts) hash.update(`${Buffer.byteLength(String(part))}:${part}`)
  return hash.digest('base64url')
}

/** A new key of 22 characters, unguessable and for practical purposes unique. */
export const newKey = (): string => randomBytes(16).toString('base64url')
