import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { localPath } from '../src/http/local-path.ts'
import { cases } from './helper/fast.ts'

const site = 'https://shop.example'

/** Where a browser on this site goes when told `path`. */
const goesTo = (path: string) => new URL(path, `${site}/login`)

describe('a path from outside', () => {
  test('that stays on the site is kept, as a browser reads it', () => {
    for (const [given, read] of [
      ['/', '/'],
      ['/conta', '/conta'],
      ['/carrinho/?before=7', '/carrinho/?before=7'],
      ['/carrinho/?product_type=P%C3%A3o&next=//evil.test', '/carrinho/?product_type=P%C3%A3o&next=//evil.test'],
      ['/carrinho/?local=Pão', '/carrinho/?local=P%C3%A3o'],
      ['/a/./b/../c#d', '/a/c#d'],
      ['/a//b', '/a//b'],
      ['/@evil.test', '/@evil.test'],
      ['/:80/x', '/:80/x']
    ] as const) {
      assert.equal(localPath(given), read, given)
    }
  })

  test('that leaves the site, in whatever disguise, is none', () => {
    for (const given of [
      '//evil.test',
      '///evil.test',
      '/.//evil.test',
      '/x/..//evil.test',
      '/x/y/../..//evil.test',
      '/%2e//evil.test',
      '/%2E%2e//evil.test',
      '/x/%2e%2e//evil.test',
      '/.%2e//evil.test',
      '/././/evil.test',
      '/\\evil.test',
      '/.\\/evil.test',
      '/x/..\\/evil.test',
      '\\\\evil.test',
      '/\t/evil.test',
      '/.\t//evil.test',
      '/\n/evil.test',
      '/\r\nset-cookie: a=b',
      ' //evil.test',
      'https://evil.test/',
      'https:evil.test',
      'javascript:alert(1)',
      'evil.test',
      '?next=1',
      '',
      `/${'x'.repeat(4000)}`
    ]) {
      assert.equal(localPath(given), undefined, JSON.stringify(given))
    }
    for (const given of [undefined, null, 7, ['/conta'], { toString: () => '/conta' }]) {
      assert.equal(localPath(given), undefined)
    }
  })

  test('is never one that a browser would leave the site for', () => {
    const piece = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.constantFrom('/', '//', '.', '..', '/.', '/..', '%2e', '%2E', '%2f', '%5c', '\\', 'x')
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom('evil.test', '@', ':', '?', '#', '\t', '\n', '\r', ' ', '\u0000', '%09')
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom('http:', 'javascript:', '／', '。', '\u2028', '\ufeff', '\ud800', '[', ']')
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) }
    )
    const paths = fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join(''))
    let kept = 0
    fc.assert(
      fc.property(
        fc.oneof(
          paths,
          paths.map(path => `/${path}`),
          fc.webUrl(),
          fc.string()
        ),
        given => {
          const path = localPath(given)
          if (path === undefined) return
          kept += 1
          assert.match(path, /^\/(?!\/)[\x21-\x7e]*$/)
          assert.ok(!path.includes('\\') || path.indexOf('\\') > path.search(/[?#]/), path)
          assert.equal(goesTo(path).origin, site)
          assert.equal(localPath(path), path, 'and it stays as it is')
        }
      ),
      { numRuns: cases(5000) }
    )
    assert.ok(kept > cases(500), `only ${kept} were looked at`)
  })
})
