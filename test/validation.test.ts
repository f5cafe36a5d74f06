import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import Fastify from 'fastify'
import { checkPasswordChange, loginForm, signupForm } from '../src/features/accounts/schema.ts'
import { itemForm, parseId } from '../src/features/items/schema.ts'
import type { Checked, RawForm } from '../src/fields.ts'
import { Problem } from '../src/http/api/problem.ts'
import { validation } from '../src/http/api/validation.ts'
import { emailKey } from '../src/login-key.ts'

const { check: checkItem } = itemForm
const { check: checkLogin } = loginForm
const { check: checkSignup } = signupForm

const letters = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(text => /[\p{L}\p{N}]/u.test(text))
const clean = letters
  .map(text => text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ''))
  .filter(text => /[\p{L}\p{N}]/u.test(text))

describe('an item', () => {
  test('of visible text and a number from 1 to 9999 is taken as it is', () => {
    fc.assert(
      fc.property(clean, fc.integer({ min: 1, max: 9999 }), clean, (type, quantity, shop) => {
        fc.pre([...type].length <= 140 && [...shop].length <= 140)
        const checked = checkItem({ product_type: type, quantity: String(quantity), local: shop })
        assert.deepEqual(checked, { ok: true, value: { type: type.trim(), quantity, shop: shop.trim(), note: '' } })
      })
    )
  })

  test('with any control character in it is refused at that field', () => {
    const control = fc.oneof(fc.integer({ min: 0, max: 0x1f }), fc.integer({ min: 0x7f, max: 0x9f }))
    fc.assert(
      fc.property(clean, control, clean, fc.constantFrom('product_type', 'local'), (before, code, after, field) => {
        const text = `${before}${String.fromCodePoint(code)}${after}`
        const checked = checkItem({ product_type: 'a', quantity: '1', local: 'b', [field]: text })
        assert.ok(!checked.ok)
        assert.deepEqual(Object.keys(checked.errors), [field])
      })
    )
  })

  test('whose quantity is any other number, or none, is refused', () => {
    const other = fc.oneof(
      fc.integer({ max: 0 }).map(String),
      fc.integer({ min: 10_000 }).map(String),
      fc.double({ noInteger: true }).map(String),
      fc.string().filter(text => !/^\s*0*\d{1,4}\s*$/.test(text))
    )
    fc.assert(
      fc.property(other, quantity => {
        const checked = checkItem({ product_type: 'a', quantity, local: 'b' })
        assert.ok(!checked.ok)
        assert.deepEqual(Object.keys(checked.errors), ['quantity'])
      })
    )
  })

  test('that only seems to have text in it is refused', () => {
    for (const text of [
      '',
      ' ',
      '\u00a0',
      '\u2003\u3000',
      '\u200b',
      '\u200d\u200d',
      '\ufeff',
      '\u00ad',
      '\u2060',
      '\u3164',
      '\u202e'
    ]) {
      const checked = checkItem({ product_type: text, quantity: '1', local: 'b' })
      assert.ok(!checked.ok, JSON.stringify(text))
    }
  })

  test('longer than 140 characters is refused, however they are written', () => {
    for (const character of ['a', 'ã', '🍊', '日']) {
      const check = (times: number) => checkItem({ product_type: character.repeat(times), quantity: '1', local: 'b' })
      assert.ok(check(140).ok, character)
      assert.ok(!check(141).ok, character)
    }
  })
})

describe('any form at all', () => {
  const value = fc.oneof(fc.string(), fc.constant(undefined), fc.array(fc.string()), fc.anything())

  test('is taken or refused with a message for a field of its own, never an exception', () => {
    const owner = { name: 'Ana Sousa', email: 'ana@example.org' }
    const forms: { check: (form: RawForm) => Checked<unknown>; names: string[] }[] = [
      { check: checkItem, names: ['product_type', 'quantity', 'local'] },
      { check: checkLogin, names: ['email', 'password'] },
      { check: checkSignup, names: ['name', 'email', 'password'] },
      {
        check: (form: RawForm) => checkPasswordChange(form, owner),
        names: ['password', 'new_password', 'new_password_again']
      }
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...forms),
        fc.array(value, { minLength: 3, maxLength: 3 }),
        ({ check, names }, values) => {
          const form = Object.fromEntries(names.map((name, index) => [name, values[index]]))
          const checked = check(form)
          if (checked.ok) return
          const wrong = Object.entries(checked.errors)
          assert.ok(wrong.length > 0)
          for (const [name, error] of wrong) {
            assert.ok(names.includes(name))
            assert.match(String(error?.key), /^field\./)
          }
        }
      )
    )
  })
})

test('an id is a positive number that the databases can hold, or nothing', () => {
  for (const [raw, id] of [
    ['7', 7],
    [7, 7],
    ['2147483647', 2_147_483_647]
  ] as const) {
    assert.equal(parseId(raw), id)
  }
  fc.assert(
    fc.property(fc.anything(), raw => {
      const id = parseId(raw)
      if (id !== undefined) assert.ok(Number.isInteger(id) && id >= 1 && id <= 2_147_483_647)
    })
  )
  for (const raw of ['-1', '0', '1e99', '1 or 1=1', '2147483648', '07', ' 7', '7.0', 1.5, [7], { id: 7 }, null, true]) {
    assert.equal(parseId(raw), undefined, JSON.stringify(raw))
  }
})

test('an e-mail is one account, in whatever case', () => {
  fc.assert(
    fc.property(fc.emailAddress(), email => {
      assert.equal(emailKey(email.toUpperCase()), emailKey(` ${email.toLowerCase()} `))
    })
  )
})

describe('what nobody can see', () => {
  const invisible = [
    '\u200b',
    '\u200e',
    '\u202a',
    '\u2066',
    '\u00ad',
    '\u2060',
    '\ufeff',
    '\u061c',
    '\u180e',
    '\ufe0f',
    '\u3164',
    '\u{e0041}'
  ]
  const address = 'ana.josé@exemplo.pt'

  test('in an e-mail, or around it, or how its accents are made, makes no other account of it', () => {
    const place = fc.integer({ min: 0, max: address.length })
    fc.assert(
      fc.property(
        place,
        fc.array(fc.constantFrom(...invisible), { maxLength: 3 }),
        fc.constantFrom('', ' ', '\t', '\r\n', '\u00a0'),
        fc.constantFrom('NFC', 'NFD'),
        fc.boolean(),
        (at, marks, around, form, capitals) => {
          const plain = capitals ? address.toUpperCase() : address
          const pasted = `${around}${plain.slice(0, at)}${marks.join('')}${plain.slice(at)}${around}`.normalize(form)
          assert.equal(emailKey(pasted), address)
          const signup = checkSignup({ name: 'Ana', email: pasted, password: 'uma frase curta' })
          assert.ok(signup.ok)
          assert.equal(signup.value.email, plain)
          const login = checkLogin({ email: pasted, password: 'x' })
          assert.ok(login.ok)
          assert.equal(emailKey(login.value.email), address)
        }
      )
    )
  })

  test('in an e-mail does not hide that there is none, nor a control character inside it', () => {
    for (const email of [
      '\u200b',
      '\u200e@\u200e',
      'ana\u0000b@exemplo.pt',
      'ana\r\nb@exemplo.pt',
      'a na@exemplo.pt'
    ]) {
      const checked = checkSignup({ name: 'Ana', email, password: 'uma frase curta' })
      assert.ok(!checked.ok && checked.errors.email, JSON.stringify(email))
    }
  })

  test('in a new password is refused at the field, but for what a keyboard writes in emoji and scripts', () => {
    const check = (password: string) => checkSignup({ name: 'Ana', email: 'ana@exemplo.pt', password })
    for (const mark of [
      '\u200b',
      '\u200e',
      '\u202a',
      '\u00ad',
      '\ufeff',
      '\t',
      '\n',
      '\u0000',
      '\u200d',
      '\u{e0041}'
    ]) {
      for (const password of [`palavra${mark}passe`, `${mark}palavra-passe`, `palavra-passe${mark}`]) {
        const checked = check(password)
        assert.ok(!checked.ok, JSON.stringify(password))
        assert.deepEqual(Object.keys(checked.errors), ['password'])
      }
    }
    for (const password of ['uma 👩‍🍳 e um ❤️ no forno', '7️⃣2️⃣9️⃣4️⃣', 'می‌خواهم نان تازه', 'क्‍षमा करें जी'])
      assert.ok(check(password).ok, password)
  })

  test('a new password is taken composed, however it was typed, and the repetition with it', () => {
    const typed = 'pão com maçã'
    for (const [first, again] of [
      ['NFC', 'NFD'],
      ['NFD', 'NFC'],
      ['NFD', 'NFD']
    ] as const) {
      const form = { password: 'x', new_password: typed.normalize(first), new_password_again: typed.normalize(again) }
      const checked = checkPasswordChange(form, { name: 'Ana', email: 'ana@exemplo.pt' })
      assert.ok(checked.ok)
      assert.equal(checked.value.next, typed)
    }
    const long = 'pão e maçã; '.repeat(22).slice(0, 256).normalize('NFD')
    assert.ok(checkLogin({ email: 'a@b.pt', password: long }).ok)
    assert.ok(checkSignup({ name: 'A', email: 'a@b.pt', password: long }).ok)
  })
})

describe('a body of the API', () => {
  test('is told for each field what it may be, of whatever kind the field is', async () => {
    const app = Fastify()
    validation(app)
    const properties = {
      scope: { type: 'string', enum: ['read', 'write'] },
      days: { type: 'integer', minimum: 1, maximum: 9 },
      name: { type: 'string', maxLength: 3 }
    }
    app.post('/', { schema: { body: { type: 'object', properties, required: ['scope'] } } }, () => 'taken')
    app.setErrorHandler(problem => {
      assert.ok(problem instanceof Problem, String(problem))
      return problem.rest.fields?.map(({ pointer, error }) => [pointer, error.key, error.params])
    })
    const said = async (payload: object) => (await app.inject({ method: 'POST', url: '/', payload })).body
    assert.equal(await said({ scope: 'read', days: 9, name: 'pão' }), 'taken')
    assert.deepEqual(JSON.parse(await said({ scope: 'all', days: 0, name: 'leite' })), [
      ['/scope', 'problem.field.oneOf', { values: 'read, write' }],
      ['/days', 'problem.field.least', { min: 1 }],
      ['/name', 'field.tooLong', { max: 3 }]
    ])
    assert.deepEqual(JSON.parse(await said({})), [['/scope', 'field.required', null]])
    await app.close()
  })
})
