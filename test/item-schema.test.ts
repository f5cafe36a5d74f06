import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import Type from 'typebox'
import { itemForm, itemSchema } from '../src/features/items/schema.ts'
import { type Described, formOf, line, lines, whole } from '../src/fields.ts'
import { digest } from '../src/keys.ts'
import { items } from '../src/store/tables.ts'
import { root } from './helper.ts'

const wrong = 'field.quantity'
const colours = {
  'a line': { colour: line({ label: 'label.type' }), values: ['azul', 'verde'] },
  lines: { colour: lines({ label: 'label.type', maxLength: 9 }), values: ['', 'azul', 'verde'] },
  'a number': { colour: whole({ label: 'label.type', minimum: 1, maximum: 9, wrong }), values: [1, 2] }
}
const item: Record<string, string | number> = Object.fromEntries(
  Object.entries(itemSchema.properties).map(([key, { type }]) => [key, type === 'integer' ? 3 : `some ${key}`])
)
const formWith = (properties: Record<string, Described>) => formOf(Type.Object(properties))

describe('the digest of a key', () => {
  for (const [kind, { colour, values }] of Object.entries(colours)) {
    test(`knows a field that is added to the schema without anybody telling it: ${kind}`, () => {
      for (const properties of [
        { ...itemSchema.properties, colour },
        { colour, ...itemSchema.properties }
      ]) {
        const form = formWith(properties)
        const digests = values.map(value => form.digest({ ...item, colour: value }))
        assert.equal(new Set(digests).size, values.length)
      }
    })
  }

  test('knows every field of an item', () => {
    const form = formWith(itemSchema.properties)
    const plain = form.digest(item)
    for (const [key, { type }] of Object.entries(itemSchema.properties)) {
      assert.notEqual(form.digest({ ...item, [key]: type === 'integer' ? 4 : 'other' }), plain, key)
    }
  })

  test('does not take one field for another, nor a part of one', () => {
    const note = (label: 'label.type') => lines({ label, maxLength: 99 })
    const form = formWith({ a: note('label.type'), b: note('label.type'), c: line({ label: 'label.type' }) })
    const some = ['', 'a', 'b', 'c', '1:a', 'a1:b', '1:a1:b']
    const all = some.flatMap(a => some.flatMap(b => some.map(c => form.digest({ a, b, c }))))
    assert.equal(new Set(all).size, some.length ** 3)
  })

  test('of a form without the optional fields is what releases before those fields made of it', () => {
    const old = { type: 'Pão', quantity: 2, shop: 'Padaria' }
    const form = formWith({ ...itemSchema.properties, colour: colours.lines.colour })
    assert.equal(form.digest({ ...old, note: '', colour: '' }), digest('Pão', 2, 'Padaria'))
  })
})

describe('the schema of an item', () => {
  test('has the fields that the table has columns for', () => {
    for (const name of Object.keys(itemSchema.properties)) assert.ok(name in items.columns, name)
  })

  test('has a message for each limit, at the field', () => {
    const form = formWith({
      ...itemSchema.properties,
      colour: lines({ label: 'label.type', maxLength: 5 })
    })
    const good = { ...form.typed({}), product_type: 'a', quantity: '1', local: 'b' }
    for (const [field, value, key] of [
      ['product_type', 'x'.repeat(141), 'field.tooLong'],
      ['product_type', 'x\ny', 'field.controlCharacters'],
      ['product_type', undefined, 'field.required'],
      ['product_type', 5, 'field.required'],
      ['local', ['a', 'b'], 'field.repeated'],
      ['quantity', '10000', 'field.quantity'],
      ['quantity', 'two', 'field.quantity'],
      ['quantity', null, 'field.required'],
      ['colour', 'x'.repeat(6), 'field.tooLong'],
      ['colour', 'a\u0007', 'field.controlCharacters'],
      ['colour', ['a', 'b'], 'field.repeated'],
      ['colour', 5, 'field.invalid']
    ] as const) {
      const checked = form.check({ ...good, [field]: value })
      assert.ok(!checked.ok, `${field} ${value}`)
      assert.deepEqual(Object.keys(checked.errors), [field])
      assert.equal(checked.errors[field]?.key, key, `${field} ${value}`)
    }
    for (const [value, taken] of [
      [undefined, ''],
      [' \u200b ', ''],
      ['a\r\nb\n', 'a\nb'],
      ['🍊'.repeat(5), '🍊'.repeat(5)]
    ] as const) {
      const checked = form.check({ ...good, colour: value })
      assert.ok(checked.ok && (checked.value as Record<string, unknown>).colour === taken, JSON.stringify(value))
    }
  })

  test('is the only place that names the fields of its form, beside the page that shows them', () => {
    for (const file of ['http/error-pages.ts', 'http/forms.ts', 'http/members.ts', 'features/items/pages.ts']) {
      const text = readFileSync(join(root, 'src', file), 'utf8')
      for (const { name } of Object.values(itemForm.fields)) {
        if (name !== 'quantity') assert.ok(!text.includes(`'${name}'`), `${file}: ${name}`)
      }
    }
  })
})
