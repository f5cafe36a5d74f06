import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isWholeToken, newToken } from '../src/features/tokens/token-text.ts'
import { cases } from './helper/fast.ts'

describe('a token', () => {
  test('is never made twice, and has at least 160 random bits', () => {
    const made = Array.from({ length: 2000 }, newToken)
    assert.equal(new Set(made).size, made.length)
    for (const token of made) assert.match(token, /^carrinho_[\dA-Za-z]{38}$/)
    // 32 characters before the checksum, each of which takes all of 62 values.
    const seen = Array.from({ length: 32 }, (_, at) => new Set(made.map(token => token['carrinho_'.length + at])))
    assert.ok(seen.every(values => values.size === 62))
    assert.ok(32 * Math.log2(62) >= 160)
  })

  test('is told apart from one with any other character, or two that changed places', () => {
    const alphabet = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz']
    fc.assert(
      fc.property(fc.integer({ min: 9, max: 46 }), fc.constantFrom(...alphabet), (at, other) => {
        const token = newToken()
        const mistyped = token.slice(0, at) + other + token.slice(at + 1)
        assert.equal(isWholeToken(mistyped), mistyped === token)
        const [a = '', b = ''] = token.slice(at - 1, at + 1)
        if (at === 9) return
        const swapped = token.slice(0, at - 1) + b + a + token.slice(at + 1)
        assert.equal(isWholeToken(swapped), swapped === token)
      }),
      { numRuns: cases(2000) }
    )
  })

  test('is none when cut off, prolonged, or something else', () => {
    const token = newToken()
    assert.ok(isWholeToken(token))
    for (const other of [
      '',
      'carrinho_',
      token.slice(0, -1),
      `${token}0`,
      ` ${token}`,
      token.toUpperCase(),
      `${token}\n`
    ]) {
      assert.ok(!isWholeToken(other), other)
    }
  })
})
