import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { listAsText, type TextItem } from '../../src/features/items/as-text.ts'
import { MAX_QUANTITY, ONE, readUnit } from '../../src/features/items/quantity.ts'
import { readEntries } from '../../src/features/items/quick-entry/entries.ts'
import { languages } from '../../src/i18n/index.ts'
import { hasControl, isVisible, withoutUnseen } from '../../src/text.ts'
import { cases } from '../helper/fast.ts'

const item = (name: string, more: Partial<TextItem> = {}): TextItem => ({
  name,
  thousandths: ONE,
  unit: '',
  shop: '',
  note: '',
  done: false,
  ...more
})

function readBack(text: string): TextItem[] {
  const read = readEntries(text, { maxLines: Number.POSITIVE_INFINITY })
  assert.ok(read.ok, `${text}\n${JSON.stringify(read)}`)
  return read.entries.map(({ said: _said, line: _line, ...rest }) => rest)
}

/** As the text has them: those of one shop together, those of none first. */
const grouped = (items: TextItem[]): TextItem[] => {
  const shops = [...new Set(['', ...items.map(({ shop }) => shop)])]
  return shops.flatMap(shop => items.filter(it => it.shop === shop))
}

describe('a list as text', () => {
  const week = [
    item('laranjas', { thousandths: 1500, unit: 'kg', shop: 'Pingo Doce' }),
    item('leite', { thousandths: 6000, shop: 'Lidl', note: 'meio gordo\n\n  o azul' }),
    item('pilhas AA'),
    item('arroz', { thousandths: 2000, unit: 'pacotes', shop: 'Lidl', done: true }),
    item('3 leites', { shop: 'Lidl' }),
    item('pão', { shop: 'Lidl, Pingo Doce' })
  ]

  test('is plain, by shop, and has names in quotes only where they would be read otherwise', () => {
    assert.equal(
      listAsText(week, 'pt'),
      [
        '- pilhas AA',
        '',
        '# Pingo Doce',
        '- 1,5 kg laranjas',
        '',
        '# Lidl',
        '- 6 leite',
        '  > meio gordo',
        '  > ',
        '  >   o azul',
        '- [x] 2 pacotes arroz',
        '- "3 leites" (1)',
        '',
        '# Lidl, Pingo Doce',
        '- pão'
      ].join('\n')
    )
    assert.match(listAsText(week, 'en'), /^- 1\.5 kg laranjas$/m)
    assert.equal(listAsText([], 'pt'), '')
  })

  test('has what may be a thousand written so that it is read as it was, in every language', () => {
    const odd = [
      item('açafrão', { thousandths: 1250, unit: 'g' }),
      item('arroz', { thousandths: 1_500_000, unit: 'g' }),
      item('atum', { thousandths: 1125, unit: 'latas' }),
      item('carne', { thousandths: 1125, unit: 'kg' }),
      item('melancia', { thousandths: 1125 }),
      item('Lidl:'),
      item('1.500 leite')
    ]
    const text = listAsText(odd, 'pt')
    assert.equal(
      text,
      '- 1,25 g açafrão\n- 1500 g arroz\n- 01,125 latas atum\n- 1,125 kg carne\n- melancia (01,125)\n- "Lidl:" (1)\n- 1.500 leite'
    )
    for (const language of languages) assert.deepEqual(readBack(listAsText(odd, language)), odd)
  })

  test('is read back as the same items', () => {
    for (const language of languages) assert.deepEqual(readBack(listAsText(week, language)), grouped(week))
  })

  test('is read back as the same items, whatever they are called', () => {
    const tricky = fc
      .array(
        fc.constantFrom(
          ...'2|1,5|1.500|01,500|½|3x|x3|×|kg|g|L|de|@|@Lidl|Lidl:|:|\u200d|\u200f|ക്\u200d|"|""|(|)|(2 kg)|leite|meio|dúzia|#|-|[x]|1.|>|✓|☐|✅|~|~~|( )|•|o\t| |  '.split(
            '|'
          )
        ),
        {
          minLength: 1,
          maxLength: 8
        }
      )
      .chain(parts => fc.constantFrom(parts.join(' '), parts.join('')))
    const text = fc
      .oneof(
        tricky,
        fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
        fc.string({ minLength: 1, maxLength: 40 })
      )
      .map(it => withoutUnseen(it).trim())
    const line = text.filter(it => isVisible(it) && !hasControl(it))
    const shop = fc.oneof(fc.constantFrom('', 'Lidl', 'Pingo Doce', 'Lidl, Aldi'), line)
    const note = fc.oneof(
      fc.constant(''),
      fc.array(line, { maxLength: 3 }).map(lines => lines.join('\n').trim())
    )
    const unit = fc.oneof(
      fc.constantFrom('', 'kg', 'g', 'l', 'ml', 'pacotes', 'anos', 'cl', 'fl oz'),
      fc.stringMatching(/^[a-zç][a-z.]{0,11}$/).filter(it => readUnit(it).value === it)
    )
    const anyItem = fc.record(
      {
        name: line,
        thousandths: fc.oneof(
          fc.constant(ONE),
          fc.integer({ min: 1, max: MAX_QUANTITY }).map(it => it * ONE),
          fc.integer({ min: 1, max: MAX_QUANTITY * ONE })
        ),
        unit,
        shop,
        note,
        done: fc.boolean()
      },
      { noNullPrototype: true }
    )
    fc.assert(
      fc.property(
        fc.array(anyItem, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...languages),
        (items, language) => {
          assert.deepEqual(readBack(listAsText(items, language)), grouped(items))
        }
      ),
      { numRuns: cases(3000) }
    )
  })
})
