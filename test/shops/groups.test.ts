import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { groupByShop, type Ordering, onlyShop, unordered } from '../../src/features/shops/groups.ts'

const items = [
  { id: 5, type: 'Sal', shop: '' },
  { id: 4, type: 'Pão', shop: 'Pingo Doce' },
  { id: 3, type: 'Leite', shop: 'Lidl, Pingo Doce' },
  { id: 2, type: 'Ovos', shop: 'lídl' },
  { id: 1, type: 'Frango', shop: 'Talho' }
]
const shown = (ordering: Ordering, some = items) =>
  groupByShop(some, ordering).map(({ shop, items: here }) => `${shop}: ${here.map(({ type }) => type).join(' ')}`)
const ordered = (shops: string[], names: Record<string, string[]> = {}): Ordering => ({
  shops,
  names: new Map(Object.entries(names))
})

describe('a list by shop', () => {
  test('has an item of several shops under each, and shops without a place by their names', () => {
    assert.deepEqual(shown(unordered), [': Sal', 'Lidl: Leite Ovos', 'Pingo Doce: Pão Leite', 'Talho: Frango'])
    const [, lidl, pingo] = groupByShop(items, unordered)
    assert.equal(lidl?.items[0], pingo?.items[1])
  })

  test('is in the order of the account, whatever accents and capitals the names have', () => {
    assert.deepEqual(shown(ordered(['TALHO', '', 'Lidl'], { lidl: ['Óvos', 'manteiga', 'LEITE'] })), [
      'Talho: Frango',
      ': Sal',
      'Lidl: Ovos Leite',
      'Pingo Doce: Pão Leite'
    ])
  })

  test('has what has no place yet after the rest, as it came', () => {
    const some = ['a', 'b', 'c', 'd'].map((type, id) => ({ id, type, shop: 'Lidl' }))
    assert.deepEqual(shown(ordered([], { lidl: ['d', 'b'] }), some), ['Lidl: d b a c'])
  })

  test('has no group of a shop where nothing is to be bought', () => {
    assert.deepEqual(shown(ordered(['Aldi', 'Lidl']), []), [])
    assert.deepEqual(shown(ordered(['Aldi', 'Lidl']), items.slice(4)), ['Talho: Frango'])
  })

  test('can be seen one shop at a time', () => {
    const groups = groupByShop(items, unordered)
    assert.deepEqual(
      onlyShop(groups, 'LIDL')?.items.map(({ id }) => id),
      [3, 2]
    )
    assert.deepEqual(
      onlyShop(groups, '')?.items.map(({ id }) => id),
      [5]
    )
    assert.equal(onlyShop(groups, 'Aldi'), undefined)
  })
})
