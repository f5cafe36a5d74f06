import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readContent } from '../src/features/items/api-schema.ts'
import { readUnit } from '../src/features/items/quantity.ts'
import { readEntries } from '../src/features/items/quick-entry/entries.ts'
import { splitShops } from '../src/features/items/quick-entry/shops.ts'
import { entryForm, itemForm } from '../src/features/items/schema.ts'
import { listForm } from '../src/features/lists/schema.ts'
import { translator } from '../src/i18n/index.ts'
import { isolated, withoutUnseen } from '../src/text.ts'

const turns = [...'\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069']

describe('what turns the direction of text', () => {
  test('is taken off every name, shop, unit and note, in forms, lines and the API', () => {
    for (const turn of turns) {
      const odd = `a${turn}b`
      const form = itemForm.check({ product_type: odd, quantity: '1', local: `${turn}${odd}${turn}`, note: odd })
      assert.deepEqual(form.ok && form.value, { type: 'ab', quantity: 1, shop: 'ab', note: 'ab' })
      const read = readEntries(`# ${odd}\n${turn}- [x] 2${turn} kg ${odd}\n  > ${odd}`)
      const [entry] = read.ok ? read.entries : []
      assert.deepEqual(
        [entry?.name, entry?.thousandths, entry?.unit, entry?.shop, entry?.note, entry?.done],
        ['ab', 2000, 'kg', 'ab', 'ab', true]
      )
      const { value, wrong } = readContent({ name: odd, shop: odd, note: odd, unit: odd })
      assert.deepEqual([value, wrong], [{ type: 'ab', shop: 'ab', note: 'ab', unit: 'ab' }, []])
      assert.deepEqual(readUnit(`k${turn}g`), { value: 'kg' })
      assert.equal(itemForm.check({ product_type: turn, quantity: '1', local: 'x' }).ok, false)
    }
  })

  test('is no more kept than what has no width, or the marks at the ends of a field, a list’s name and a shop', () => {
    for (const unseen of [...'\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad']) {
      const odd = `${unseen} ${unseen}leite${unseen} ${unseen}`
      const fields = { product_type: odd, quantity: `${unseen}2${unseen}`, local: odd, note: odd }
      const form = itemForm.check(fields)
      assert.deepEqual(form.ok && form.value, { type: 'leite', quantity: 2, shop: 'leite', note: 'leite' })
      const entry = entryForm.check({ ...fields, quantity: `${unseen}1,5${unseen}`, unit: `${unseen}kg${unseen}` })
      assert.deepEqual(entry.ok && [entry.value.type, entry.value.thousandths, entry.value.unit], ['leite', 1500, 'kg'])
      const { value } = readContent({ name: odd, shop: odd, note: odd, unit: `${unseen}kg${unseen}` })
      assert.deepEqual(value, { type: 'leite', shop: 'leite', note: 'leite', unit: 'kg' })
      const list = listForm.check({ name: odd })
      assert.deepEqual(list.ok && list.value, { name: 'leite' })
      assert.deepEqual(splitShops(`${odd},${odd}`), ['leite'])
    }
  })

  test('stays where letters from right to left need it, and they stand alone in a sentence', () => {
    const t = translator('pt')
    assert.equal(withoutUnseen('a\u200f\u200e\u061cb'), 'a\u200f\u200e\u061cb')
    assert.equal(t('flash.added', { type: 'Pão' }), '«Pão» está na lista.')
    for (const type of ['חלב', 'حليب 2%', 'חלב (3', '7 لبن']) {
      assert.equal(t('flash.added', { type }), `«\u2068${type}\u2069» está na lista.`)
    }
    // As a row of the guide's application may have it.
    assert.equal(t('flash.added', { type: '\u2069\u202eab' }), '«\u2068ab\u2069» está na lista.')
  })

  test('never reaches beyond the name, whatever it is', () => {
    const odd = fc.array(fc.constantFrom('a', 'ח', ' ', ...turns), { maxLength: 12 }).map(all => all.join(''))
    fc.assert(
      fc.property(odd, name => {
        let depth = 0
        for (const one of isolated(isolated(name))) {
          assert.ok(!'\u202a\u202b\u202d\u202e\u2066\u2067'.includes(one))
          depth += one === '\u2068' ? 1 : one === '\u2069' ? -1 : 0
          assert.ok(depth >= 0)
        }
        assert.equal(depth, 0)
      })
    )
  })
})
