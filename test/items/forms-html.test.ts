import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import nunjucks from 'nunjucks'
import { type FormsOf, keptForms } from '../../src/features/items/forms-html.ts'
import { entryForm, quickForm } from '../../src/features/items/schema.ts'
import { SPELLING, VIEWS } from '../../src/http/views.ts'
import { type Language, languages, translator } from '../../src/i18n/index.ts'

const env = new nunjucks.Environment(new nunjucks.FileSystemLoader(VIEWS), SPELLING)
let made = 0
const render = (lang: Language, of: FormsOf) => {
  made++
  return env.render('forms.njk', {
    t: translator(lang),
    fields: entryForm.fields,
    quickFields: quickForm.fields,
    ...of
  })
}

const untouched: FormsOf = {
  base: '/carrinho',
  hasRows: true,
  csrfToken: 'abc-DEF_123',
  entry: '',
  form: { ...entryForm.typed({ quantity: '1' }), operation: 'a key' },
  isQuick: true,
  errors: {},
  formError: null
}

/** Mostly as it is when nobody has written anything. */
const orElse = <T>(usual: T, other: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, other)
const anyText = fc.oneof(
  fc.constantFrom('~base~', '~csrfToken~', '~operation~', '"><script>', '</textarea>', '1', 'pão'),
  fc.string({ unit: 'grapheme', maxLength: 8 })
)
const anyForms: fc.Arbitrary<FormsOf> = fc.record({
  base: fc.constantFrom('/carrinho', '/listas/1', '/listas/11'),
  hasRows: fc.boolean(),
  csrfToken: fc.constantFrom('abc', '-_x'),
  entry: orElse('', anyText),
  form: fc.record({
    ...Object.fromEntries(
      Object.entries(entryForm.typed({ quantity: '1' })).map(([name, value]) => [name, orElse(value, anyText)])
    ),
    operation: fc.oneof(fc.uuid(), anyText)
  }) as fc.Arbitrary<Record<string, string>>,
  isQuick: orElse(true, fc.constant(false)),
  errors: orElse<Record<string, string>>({}, fc.dictionary(fc.constantFrom('entry', 'quantity'), anyText)),
  formError: orElse<string | null>(null, anyText)
})

test('the forms are what they would be if none were kept, whatever was written in them', () => {
  const kept = keptForms(render)
  fc.assert(
    fc.property(fc.constantFrom<Language>(...languages), anyForms, (lang, of) => {
      assert.equal(String(Buffer.concat(kept(lang, of))), render(lang, of))
    })
  )
})

test('untouched ones are made once for a language', () => {
  const kept = keptForms(render)
  made = 0
  for (const base of ['/carrinho', '/listas/7']) {
    for (const operation of ['k-1', 'k-2']) kept('pt', { ...untouched, base, form: { ...untouched.form, operation } })
  }
  assert.equal(made, 1)
})
