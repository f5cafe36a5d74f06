import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import nunjucks from 'nunjucks'
import { keptRows, type RenderRows } from '../../src/features/items/rows-html.ts'
import type { Item } from '../../src/features/items/rules.ts'
import { asShown, type Row } from '../../src/features/items/shown-list.ts'
import { SPELLING, VIEWS } from '../../src/http/views.ts'
import { type Language, languages, translator } from '../../src/i18n/index.ts'

const env = new nunjucks.Environment(new nunjucks.FileSystemLoader(VIEWS), SPELLING)
/** How many rows were made for each page. */
const made: number[] = []
const render: RenderRows = (of, rows) => {
  made.push(rows.length)
  return env.render('rows.njk', { t: translator(of.lang), ...of, rows })
}

const anyText = fc.oneof(
  fc.constantFrom('', 'Leite', 'leite', '</li>\n', '<b>', '"', '{{ t }}', '&minus;', '−', '🥖', '","a'),
  fc.string({ unit: 'grapheme', maxLength: 8 })
)
const anyItem: fc.Arbitrary<Item> = fc.record({
  id: fc.integer({ min: 1, max: 3 }),
  uid: fc.constant(null),
  version: fc.integer({ min: 0, max: 2 }),
  quantity: fc.constant(1),
  type: anyText,
  thousandths: fc.constantFrom(1, 1000, 1500, 100_000, 9_999_000),
  unit: fc.constantFrom('', 'g', 'kg', 'caixa'),
  shop: anyText,
  note: anyText,
  doneAt: fc.constantFrom(null, 1, 2),
  pictures: fc.constantFrom(null, 'a')
})
const anyRow = anyItem.chain(item => fc.constantFrom('', '-1').map(place => ({ item, row: `item-${item.id}${place}` })))
const anyPlace = fc.record({
  lang: fc.constantFrom<Language>(...languages),
  base: fc.constantFrom('/carrinho', '/listas/1', '/listas/11'),
  removal: fc.constantFrom('/apagar_artigo', '/listas/1/apagar')
})

test('a row is what it would be if none were kept, whatever was shown before', () => {
  const kept = keptRows(render)
  fc.assert(
    fc.property(anyPlace, fc.array(anyRow, { maxLength: 6 }), (of, rows) => {
      const alone = rows.map(row =>
        env.render('rows.njk', { t: translator(of.lang), ...of, rows: [asShown(row, of.lang)] })
      )
      assert.equal(String(Buffer.concat(kept(of, rows))), alone.join(''))
    })
  )
})

test('of a list that was shown before only what changed is made', () => {
  const kept = keptRows(render)
  const of = { lang: 'pt', base: '/carrinho', removal: '/apagar_artigo' } as const
  const row = (id: number, thousandths = 1000): Row => ({
    row: `item-${id}`,
    item: {
      ...{ id, uid: null, version: 1, type: `Artigo ${id}`, quantity: 1, thousandths },
      ...{ unit: '', shop: '', note: '', doneAt: null, pictures: null }
    }
  })
  made.length = 0
  kept(of, [row(1), row(2), row(3)])
  kept(of, [row(3), row(1), row(2)])
  kept(of, [row(1), row(2, 2000), row(3)])
  kept({ ...of, lang: 'en' }, [row(1)])
  assert.deepEqual(made, [3, 1, 1])
})

test('a page with more rows than are kept has them all', () => {
  const kept = keptRows(render)
  const of = { lang: 'pt', base: '/carrinho', removal: '/apagar_artigo' } as const
  const [sample] = fc.sample(anyRow, 1) as [Row]
  const rows = Array.from({ length: 2500 }, (_, n) => ({ row: `item-${n}`, item: { ...sample.item, id: n } }))
  for (let time = 0; time < 2; time++) {
    const ids = [...String(Buffer.concat(kept(of, rows))).matchAll(/^<li id="item-(\d+)"/gm)].map(match =>
      Number(match[1])
    )
    assert.deepEqual(
      ids,
      rows.map((_, n) => n)
    )
  }
})
