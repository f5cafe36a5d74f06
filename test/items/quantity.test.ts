import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  formatAmount,
  formatQuantity,
  MAX_QUANTITY,
  ONE,
  readQuantity,
  readUnit,
  thousandthsOf,
  wholeQuantity
} from '../../src/features/items/quantity.ts'
import { languages } from '../../src/i18n/index.ts'
import { cases } from '../helper/fast.ts'

const possible = fc.integer({ min: 1, max: MAX_QUANTITY * ONE })

describe('a quantity', () => {
  const read: Record<string, number> = {
    '1': 1000,
    '3': 3000,
    ' 12 ': 12_000,
    '007': 7000,
    '1,5': 1500,
    '1.5': 1500,
    '0,333': 333,
    '2,250': 2250,
    '0.001': 1,
    ',5': 500,
    '.25': 250,
    '½': 500,
    '¼': 250,
    '1½': 1500,
    '1 ½': 1500,
    '1/2': 500,
    '2 3/4': 2750,
    '1⁄8': 125,
    '9999': 9_999_000,
    '9998,999': 9_998_999
  }
  for (const [text, thousandths] of Object.entries(read)) {
    test(`“${text}” is exactly ${thousandths} thousandths`, () => assert.equal(thousandthsOf(text), thousandths))
  }

  const refused = (
    '0|0,0|0,000|-1|+1|−1|9999,001|9999½|10000|1,2,3|1.2.3|1e3|1E3|0x10|1,2345|0,0001|1.000,5|1,000.5|1 000|1 000|' +
    "1'000|1_000|2,|2.|,|.|1/3|⅓|2/0|5/4|½½|½ 1|1 2|Infinity|NaN|duas|1 kg|٣|２|" +
    '1'.repeat(400)
  ).split('|')
  for (const text of refused) {
    test(`“${text.slice(0, 20)}” is none`, () => {
      assert.equal(thousandthsOf(text), undefined)
      assert.equal(readQuantity(text).error?.key, 'field.amount')
    })
  }

  test('in a field is read without what was pasted along unseen', () => {
    for (const text of ['\u200b1,5', '1,5\u200f', ' \ufeff1,5\u2060 '])
      assert.deepEqual(readQuantity(text), { value: 1500 })
    assert.equal(readQuantity('\u200b').error?.key, 'field.required')
  })

  test('is read from JSON numbers too, if they are exact', () => {
    assert.deepEqual(
      [1, 1.5, 0.125].map(it => readQuantity(it).value),
      [1000, 1500, 125]
    )
    for (const raw of [0, -1, 1e21, 1e-7, 0.1 + 0.2, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.equal(readQuantity(raw).error?.key, 'field.amount', String(raw))
    }
  })

  test('that is missing, sent twice or no text is said to be so', () => {
    for (const raw of [undefined, null, '', '  ', true, {}])
      assert.equal(readQuantity(raw).error?.key, 'field.required')
    assert.equal(readQuantity(['1', '2']).error?.key, 'field.repeated')
  })

  test('is written as the language has it, and read back as it was', () => {
    assert.equal(formatQuantity(1500, 'pt'), '1,5')
    assert.equal(formatQuantity(1500, 'en'), '1.5')
    assert.equal(formatQuantity(20, 'es'), '0,02')
    assert.equal(formatAmount(2000, 'kg', 'pt'), '2 kg')
    assert.equal(formatAmount(3000, '', 'pt'), '3')
    fc.assert(
      fc.property(possible, fc.constantFrom(...languages), (thousandths, language) => {
        assert.equal(thousandthsOf(formatQuantity(thousandths, language)), thousandths)
      })
    )
  })

  test('never throws, and is never outside of its limits', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'0123456789,./½⁄ -e') }))
    fc.assert(
      fc.property(text, raw => {
        const thousandths = thousandthsOf(raw)
        assert.ok(
          thousandths === undefined || (Number.isInteger(thousandths) && thousandths >= 1 && thousandths <= 9_999_000)
        )
      }),
      { numRuns: cases(2000) }
    )
  })

  test('is rounded up to at least one for those who know only whole ones', () => {
    assert.deepEqual([1, 333, 1000, 1001, 9_999_000].map(wholeQuantity), [1, 1, 1, 2, 9999])
  })
})

describe('a unit', () => {
  const same: Record<string, string[]> = {
    kg: ['kg', 'Kg', 'KG', ' kg ', 'kg.', 'quilo', 'Quilos', 'kilos', 'kilogramos'],
    g: ['g', 'gr', 'gramas', 'GRAMS', 'gramos'],
    l: ['l', 'L', 'lt', 'litro', 'Litros', 'litres', 'liters'],
    ml: ['ml', 'mL', 'ML', 'mililitros'],
    '': ['', '  ', 'un', 'Unid.', 'unidades', 'x']
  }
  for (const [unit, words] of Object.entries(same)) {
    test(`is ${unit ? `“${unit}”` : 'none'} for ${words.map(word => `“${word}”`).join(', ')}`, () => {
      for (const word of words) assert.deepEqual(readUnit(word), { value: unit }, word)
    })
  }

  test('may be a word of one’s own, as it was typed', () => {
    for (const word of ['pacotes', 'Dúzia', 'cl', 'fl oz', 'pão-de-ló', 'm2', 'cx.']) {
      assert.deepEqual(readUnit(word), { value: word })
    }
  })

  test('has at most 12 characters, begins with a letter, and is one text', () => {
    assert.deepEqual(readUnit('á'.repeat(12)), { value: 'á'.repeat(12) })
    assert.deepEqual(readUnit('a'.repeat(13)).error, { key: 'field.tooLong', params: { max: 12 } })
    for (const word of ['2kg', '½', '(kg)', '"', '@', '<b>', 'a\nb', 'a\u0000']) {
      assert.equal(readUnit(word).error?.key, 'field.unit', word)
    }
    assert.equal(readUnit(['kg', 'g']).error?.key, 'field.repeated')
    assert.equal(readUnit(5).error?.key, 'field.invalid')
    assert.deepEqual(readUnit(undefined), { value: '' })
  })
})
