import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { merge } from '../../src/features/items/merging.ts'
import { formatAmount } from '../../src/features/items/quantity.ts'
import { readEntries } from '../../src/features/items/quick-entry/entries.ts'
import { unitFor, unitKey } from '../../src/features/items/unit-forms.ts'
import type { ItemContent } from '../../src/store/change.ts'

const item = (type: string, more: Partial<ItemContent> = {}): ItemContent => ({
  ...{ uid: null, type, thousandths: 1000, unit: '', shop: '', note: '', doneAt: null, pictures: null },
  ...more
})
/** As in `2 Leite @Lidl`; `x` before what is in the basket. */
const shown = ({ type, thousandths, shop, doneAt }: ItemContent) =>
  `${doneAt === null ? '' : 'x '}${thousandths / 1000} ${type}${shop && ` @${shop}`}`

function listAfter(there: ItemContent[], added: ItemContent[]): string[] {
  const plan = merge(there, added, one => one)
  assert.ok(plan)
  return [...plan.changed.map(({ now }) => now), ...plan.news].map(shown)
}

describe('adding what is on the list already', () => {
  const cases: [title: string, there: ItemContent[], added: ItemContent[], after: string[]][] = [
    [
      'adds up at the same shop',
      [item('Leite', { shop: 'Lidl' })],
      [item('leite', { shop: 'LÍDL' })],
      ['2 Leite @Lidl']
    ],
    [
      'at the same shops, in whatever order',
      [item('Leite', { shop: 'Lidl, Aldi' })],
      [item('Leite', { shop: 'aldi,lidl' })],
      ['2 Leite @Lidl, Aldi']
    ],
    [
      'is another row at another shop',
      [item('Leite', { shop: 'Lidl' })],
      [item('Leite', { shop: 'Aldi' })],
      ['1 Leite @Lidl', '1 Leite @Aldi']
    ],
    ['adds up where the addition names no shop', [item('Leite', { shop: 'Lidl' })], [item('Leite')], ['2 Leite @Lidl']],
    ['gives its shop to a row without one', [item('Leite')], [item('Leite', { shop: 'Lidl' })], ['2 Leite @Lidl']],
    [
      'takes the row of its shop before one without',
      [item('Leite'), item('Leite', { shop: 'Lidl' })],
      [item('Leite', { shop: 'Lidl' }), item('Leite')],
      ['2 Leite', '2 Leite @Lidl']
    ],
    [
      'comes back from the basket with what was asked for',
      [item('Leite', { doneAt: 5, thousandths: 9000 })],
      [item('Leite'), item('Leite')],
      ['2 Leite']
    ],
    [
      'leaves the basket alone where the same is still to buy',
      [item('Leite', { doneAt: 5 }), item('Leite')],
      [item('Leite')],
      ['x 1 Leite', '2 Leite']
    ],
    [
      'does not tick what is to buy, when it comes ticked off',
      [item('Leite')],
      [item('Leite', { doneAt: 7 })],
      ['1 Leite', 'x 1 Leite']
    ],
    [
      'adds up in the basket, and stays there for another line of the same text',
      [item('Leite', { doneAt: 5 })],
      [item('Leite', { doneAt: 7 }), item('Leite')],
      ['x 2 Leite', '1 Leite']
    ]
  ]
  for (const [title, there, added, after] of cases) test(title, () => assert.deepEqual(listAfter(there, added), after))

  test('keeps both notes, and makes another row where there is no room for them', () => {
    const notes = (there: string, added: string) => {
      const plan = merge([item('Leite', { note: there })], [item('Leite', { note: added })], one => one)
      return [...(plan?.changed ?? []).map(({ now }) => now.note), ...(plan?.news ?? []).map(({ note }) => note)]
    }
    assert.deepEqual(notes('magro', 'sem lactose'), ['magro\nsem lactose'])
    assert.deepEqual(notes('magro', ''), ['magro'])
    assert.deepEqual(notes('', 'magro'), ['magro'])
    assert.deepEqual(notes('magro', 'magro'), ['magro'])
    assert.deepEqual(notes('a'.repeat(400), 'b'.repeat(100)), ['a'.repeat(400), 'b'.repeat(100)])
  })

  test('adds one and several of a unit that is known up, and names the sum as it is said', () => {
    const sum = (there: string, ...added: string[]) => {
      const [first, ...more] = [there, ...added].map(text => {
        const [number = '', unit = '', done] = text.split(' ')
        return item('Ovos', { thousandths: Number(number) * 1000, unit, doneAt: done ? 5 : null })
      })
      const plan = merge(first ? [first] : [], more, one => one)
      return [...(plan?.changed ?? []).map(({ now }) => now), ...(plan?.news ?? [])]
        .map(({ thousandths, unit }) => formatAmount(thousandths, unit, 'en'))
        .join(', ')
    }
    assert.equal(sum('1 caixa', '2 caixas'), '3 caixas')
    assert.equal(sum('2 caixas', '1 caixa'), '3 caixas')
    assert.equal(sum('1 Caixa', '1 caixa'), '2 caixas')
    assert.equal(sum('2 Caixas', '1 CAIXA'), '3 Caixas')
    assert.equal(sum('0.5 caixa', '0.5 caixas'), '1 caixa')
    assert.equal(sum('3 caixas x', '1 caixas'), '1 caixa', 'back from the basket with what was asked for')
    assert.equal(sum('1 garrafao', '2 garrafões'), '3 garrafões')
    assert.equal(sum('1 dúzia', '2 duzias'), '3 dúzias')
    assert.equal(sum('1 box', '2 boxes'), '3 boxes')
    assert.equal(sum('1 caja', '2 cajas'), '3 cajas')
    assert.equal(sum('1 pacote', '2 pacotes', '1 pacote'), '4 pacotes')
    assert.equal(sum('1 caixa', '1 caja'), '1 caixa, 1 caja', 'no unit is another language’s')
    assert.equal(
      sum('1 palete', '2 paletes'),
      '1 palete, 2 paletes',
      'a word of one’s own is compared as it is written'
    )
    assert.equal(sum('1 kg', '2 kg'), '3 kg')
    assert.equal(sum('1 ', '2 '), '3')
  })

  test('knows one and several of every container that quick entry reads', () => {
    const words =
      'caixas pacotes latas garrafas garrafões frascos boiões embalagens packs cuvetes grades maços cajas paquetes botellas botes ' +
      'tarros manojos boxes packets cans tins bottles jars cartons tubs bunches'
    for (const several of words.split(' ')) {
      const read = readEntries(`2 ${several} ovos`)
      assert.ok(read.ok && read.entries[0]?.unit === several, several)
      const one = unitFor(1000, several)
      assert.notEqual(one, several)
      assert.equal(unitKey(one), unitKey(several))
      assert.equal(unitFor(2000, one), several)
    }
  })

  test('keeps the pictures that are there, and adds those that come as long as there is room', () => {
    const hash = (digit: string) => digit.repeat(64)
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(hash) as [string, string, string, string]
    const row = (...pictures: string[]) => item('Leite', { pictures: pictures.join(' ') || null })
    const pictures = (there: ItemContent, ...added: ItemContent[]) =>
      merge([there], added, one => one)?.changed[0]?.now.pictures?.split(' ')
    assert.deepEqual(pictures(row(), row(a, b)), [a, b])
    assert.deepEqual(pictures(row(a, b), row()), [a, b])
    assert.deepEqual(pictures(row(a), row(b)), [a, b])
    assert.deepEqual(pictures(row(b, a), row(c, d)), [b, a, c])
    assert.deepEqual(pictures(row(a, b), row(b, a, c)), [a, b, c])
    assert.deepEqual(pictures(row(a, b, c), row(d)), [a, b, c])
    assert.deepEqual(pictures(row(), row(a), row(b), row(c), row(d)), [a, b, c])
    assert.equal(merge([row()], [row()], one => one)?.changed[0]?.now.pictures, null)
  })

  test('is refused where it comes to more than there can be', () => {
    assert.equal(
      merge([item('Leite', { thousandths: 9_999_000 })], [item('Leite')], one => one),
      undefined
    )
  })
})
