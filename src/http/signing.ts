import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** What is signed. Each has a key of its own, so that nothing signed as one passes for another. */
export type Purpose = 'session' | 'form' | 'flash' | 'known'

/** For each secret a key: the first signs, all verify. */
export const keysFor = (purpose: Purpose, secrets: string[]): Buffer[] =>
  secrets.map(secret => Buffer.from(hkdfSync('sha256', secret, '', `carrinho ${purpose}`, 32)))

export interface Signer {
  /** 43 characters that go into a cookie or a URL as they are. */
  sign(text: string): string
  /** Which key signed it, 0 for today's; undefined when none of them did. */
  signedBy(text: string, signature: string): number | undefined
}

export function createSigner(keys: (string | Buffer)[]): Signer {
  const [today] = keys
  if (today === undefined) throw new Error('nothing to sign with')
  const signature = (text: string, key: string | Buffer) => createHmac('sha256', key).update(text).digest('base64url')
  return {
    sign: text => signature(text, today),
    signedBy(text, given) {
      const bytes = Buffer.from(given)
      const index = keys.findIndex(key => {
        const expected = Buffer.from(signature(text, key))
        return expected.length === bytes.length && timingSafeEqual(expected, bytes)
      })
      return index < 0 ? undefined : index
    }
  }
}
