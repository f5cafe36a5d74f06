import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fold } from '../src/text-fold.ts'
import { cases } from './helper/fast.ts'

describe('a folded name', () => {
  const same = [
    ['Pão', 'pao', 'PÃO', 'pa\u0303o', ' Pão '],
    ['Açúcar  amarelo', 'acucar amarelo', 'AÇÚCAR\u00a0AMARELO', 'Açúcar\tamarelo'],
    ['Piña', 'pina', 'PIÑA'],
    ['ΣΟΦΟΣ', 'σοφος', 'σοφοσ'],
    ['İstanbul', 'istanbul'],
    ['le\u00adite', 'leite', 'le\u200bite'],
    ['ﬁambre', 'fiambre']
  ]
  for (const names of same) {
    test(`is one for ${names.map(name => `“${name}”`).join(', ')}`, () => {
      assert.deepEqual([...new Set(names.map(fold))], [fold(names[1] ?? '')])
    })
  }

  test('keeps apart what is apart', () => {
    const names = ['leite', 'leites', 'leite meio gordo', '7up', 'coca-cola', '🥚', '🥛', '牛奶', '牛肉']
    assert.equal(new Set(names.map(fold)).size, names.length)
  })

  test('keeps the marks that make other words in other scripts', () => {
    assert.notEqual(fold('が'), fold('か'))
    assert.notEqual(fold('कि'), fold('क'))
  })

  test('of plain letters is what it is beside a letter with an accent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), name => {
        assert.equal(fold(`${name}e`), fold(`${name}é`))
      }),
      { numRuns: cases(5000) }
    )
  })

  test('stays as it is when it is folded again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), name => {
        assert.equal(fold(fold(name)), fold(name))
      }),
      { numRuns: cases(5000) }
    )
  })
})
