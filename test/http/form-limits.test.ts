import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  confirmationForm,
  identityForm,
  loginForm,
  passwordForm,
  signupForm
} from '../../src/features/accounts/schema.ts'
import { editForm, entryForm, itemForm, quickForm } from '../../src/features/items/schema.ts'
import { listForm } from '../../src/features/lists/schema.ts'
import { searchForm } from '../../src/features/search/schema.ts'
import { tokenForm } from '../../src/features/tokens/schema.ts'
import type { AnyForm, FormField } from '../../src/fields.ts'
import { VIEWS } from '../../src/http/views.ts'
import { rows } from '../helper/rows.ts'
import {
  type Attributes,
  Client,
  findTags,
  forEachEngine,
  newAccount,
  type Reply,
  root,
  type Scope,
  sharedSite,
  signedIn,
  visibleText
} from '../helper.ts'

/** A letter of four bytes, which a browser counts as two. */
const WIDE = '𝒳'

type Answer = Pick<Reply, 'status' | 'text'>

interface Case {
  form: AnyForm
  page: string
  action: string
  /** All fields, filled in well; by their names. */
  good: Record<string, string>
  isSignedIn?: false
}

const emailOf = (length: number) => {
  const { email } = newAccount()
  return 'x'.repeat(length - email.length) + email
}
const letters = ['x', 'ç', WIDE].map(letter => (length: number) => letter.repeat(length))
const password = 'uma palavra-passe comprida'
const item = { product_type: 'Leite', quantity: '1', unit: 'l', local: 'Mercado', note: '' }

function casesFor(client: Client & { account: { password: string; email: string } }, id: string | number): Case[] {
  const current = client.account.password
  return [
    {
      form: signupForm,
      page: '/signup',
      action: '/signup',
      /** Nobody signs up twice. */
      get good() {
        return { name: 'Ana', email: newAccount().email, password }
      },
      isSignedIn: false
    },
    {
      form: loginForm,
      page: '/login',
      action: '/login',
      good: { email: client.account.email, password: current },
      isSignedIn: false
    },
    { form: entryForm, page: '/carrinho/', action: '/carrinho/', good: item },
    { form: quickForm, page: '/carrinho/', action: '/carrinho/', good: { entry: 'leite' } },
    { form: editForm, page: `/carrinho/artigo/${id}`, action: `/carrinho/artigo/${id}`, good: item },
    { form: listForm, page: '/listas/', action: '/listas/', good: { name: 'Festa' } },
    { form: listForm, page: '/carrinho/opcoes', action: '/carrinho/nome', good: { name: 'Casa' } },
    {
      form: identityForm,
      page: '/conta',
      action: '/conta/identidade',
      good: { name: 'Ana', email: client.account.email, password: current }
    },
    {
      form: passwordForm,
      page: '/conta',
      action: '/conta/password',
      good: { password: current, new_password: password, new_password_again: password }
    },
    { form: confirmationForm, page: '/conta', action: '/conta/sessoes', good: { password: current } },
    { form: confirmationForm, page: '/conta/apagar', action: '/conta/apagar', good: { password: current } },
    ...['/conta', '/conta/tokens'].map(page => ({
      form: tokenForm,
      page,
      action: '/conta/tokens',
      good: { name: 'portátil', scope: 'read', days: '30', password: current }
    })),
    ...['/procurar', '/listas/'].map(page => ({ form: searchForm, page, action: '/procurar', good: { q: 'leite' } })),
    { form: searchForm, page: '/sugestoes', action: '/sugestoes', good: { q: 'leite' } }
  ]
}

/** The forms of a page that are sent there, each with its fields that are typed in. */
function formsIn(html: string, action: string): Attributes[][] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)]
    .filter(([, head]) => findTags(`<form${head}>`, 'form')[0]?.action === action)
    .map(([, , inside = '']) => typedIn(inside))
    .filter(fields => fields.length > 0)
}
const typedIn = (html: string): Attributes[] => [
  ...findTags(html, 'input').filter(
    ({ type = 'text', name, hidden }) =>
      name !== undefined && hidden === undefined && !['hidden', 'checkbox', 'radio', 'file'].includes(type)
  ),
  ...findTags(html, 'textarea').filter(({ name }) => name !== undefined)
]

const problemAt = (html: string, { id = '' }: Attributes): string =>
  visibleText(
    new RegExp(`<p class="wrong" id="${id.replace(/^f-/, 'e-')}">[\\s\\S]*?</p>`).exec(html)?.[0] ?? ''
  ).trim()

forEachEngine('what a form’s fields say of their limits', engine => {
  const site = sharedSite(engine)

  const member = async (t: Scope) => {
    const client = await signedIn(t, site.server)
    await client.addItem()
    const [{ id = 0 } = {}] = await rows(client)
    // So that there are other sessions to end.
    await new Client(t, site.server).login(client.account)
    return { client, cases: casesFor(client, id) }
  }

  /** Each field of each form, with what to send of the others. */
  async function forEachField(
    t: Scope,
    look: (
      field: FormField,
      input: Attributes,
      of: Case & { send: (value: string) => Promise<Answer> }
    ) => Promise<void>
  ) {
    const { client, cases } = await member(t)
    for (const one of cases) {
      const { form, page, action, isSignedIn = true } = one
      for (const field of Object.values(form.fields)) {
        const who = isSignedIn ? client : new Client(t, site.server)
        const { text } = await who.get(page)
        const input = formsIn(text, action)
          .flat()
          .find(({ name }) => name === field.name)
        if (!input) {
          assert.ok(
            findTags(text, 'select').some(({ name }) => name === field.name),
            `${page}: ${field.name}`
          )
          continue
        }
        const send = async (value: string): Promise<Answer> => {
          const visitor = isSignedIn ? client : new Client(t, site.server)
          await visitor.get(page)
          const operation = visitor.hidden('operation') ?? ''
          return visitor.post(action, { ...one.good, operation, [field.name]: value })
        }
        await look(field, input, { ...one, send })
      }
    }
  }
  test('each is what the server takes: that long passes, one longer is refused at the field', async t => {
    const seen: string[] = []
    await forEachField(t, async ({ name, isSecret }, input, { page, send }) => {
      const { maxlength, 'data-max': max } = input
      const what = `${page}: ${name}`
      if (isSecret) return assert.equal(maxlength, undefined, what)
      if (max !== undefined) {
        assert.equal((await send(max)).status, 303, what)
        const { status, text } = await send(String(Number(max) + 1))
        assert.equal(status, 400, what)
        assert.notEqual(problemAt(text, input), '', what)
        return
      }
      if (name === 'entry' || name === 'q') return
      assert.ok(maxlength, what)
      seen.push(`${name} ${maxlength}`)
      const length = Number(maxlength)
      for (const make of name === 'email' ? [emailOf] : letters) {
        const value = make(length)
        const right = await send(value)
        // The e-mail of a login is nobody’s, which is not said at the field.
        if (page === '/login') assert.equal(problemAt(right.text, input), '', what)
        else assert.ok(right.status < 400, `${what}: ${right.status} ${visibleText(right.text)}`)
        const longer = value.startsWith(WIDE) ? WIDE + value : `x${value}`
        const { status, text } = await send(longer)
        assert.equal(status, 400, what)
        assert.match(problemAt(text, input), new RegExp(`\\b${length}\\b`), what)
        const [kept] = [...findTags(text, 'input'), ...findTags(text, 'textarea')].filter(({ id }) => id === input.id)
        assert.equal(kept?.['aria-invalid'], 'true', what)
        assert.ok(text.includes(longer), `${what}: what was typed is gone`)
      }
    })
    for (const one of ['product_type 140', 'unit 12', 'local 140', 'note 500', 'name 80', 'name 140', 'email 255'])
      assert.ok(seen.includes(one), one)
  })

  test('a note’s lines count as one character each, as in the field', async t => {
    const { client } = await member(t)
    const send = async (note: string) => {
      await client.get('/carrinho/')
      return client.post('/carrinho/', { ...item, note, operation: client.hidden('operation') ?? '' })
    }
    assert.equal((await send(`${'x\r\n'.repeat(249)}xx`)).status, 303)
    assert.equal((await send(`${'x\r\n'.repeat(249)}xxx`)).status, 400)
  })

  test('what has to be filled in is refused empty, at the field, and nothing else is', async t => {
    await forEachField(t, async ({ name }, input, { page, send, action }) => {
      // Of nothing everything is found.
      if (name === 'q') return assert.equal(input.required, undefined)
      const { status, text } = await send('')
      const what = `${page}: ${name}`
      if (input.required === undefined) return assert.equal(status, 303, what)
      assert.equal(status, 400, `${what} ${action}`)
      assert.notEqual(problemAt(text, input), '', what)
    })
  })

  test('a new password of the longest length is taken, and one longer refused at its field', async t => {
    const { client } = await member(t)
    const longest = `senha ${'abc défg '.repeat(30)}`.slice(0, 256)
    for (const [value, status] of [
      [`${longest}x`, 400],
      [longest, 303]
    ] as const) {
      await client.get('/conta')
      const form = { password: client.account.password, new_password: value, new_password_again: value }
      const { status: answered, text } = await client.post('/conta/password', form)
      assert.equal(answered, status)
      if (status === 400) assert.match(problemAt(text, { id: 'f-new_password' }), /256/)
    }
  })

  test('what is looked for may be as long as its field, and of more the beginning is looked for', async t => {
    const { client } = await member(t)
    const longest = 'x'.repeat(140)
    await client.get('/carrinho/')
    await client.post('/carrinho/', { ...item, product_type: longest, operation: client.hidden('operation') ?? '' })
    for (const page of ['/procurar', '/listas/', '/sugestoes']) {
      const { text } = await client.get(page)
      const input = typedIn(text).find(({ name }) => name === 'q')
      assert.equal(input?.maxlength, '140', page)
    }
    for (const query of [longest, `${longest}y`]) {
      const found = (await client.getJson(`/procurar?q=${query}`)).json() as { items: unknown[] }
      assert.equal(found.items.length, 1)
    }
  })

  test('each choice that is offered is taken', async t => {
    const { client, cases } = await member(t)
    const { good = {} } = cases.find(({ form }) => form === tokenForm) ?? {}
    const { text } = await client.get('/conta/tokens')
    for (const [, name = '', options = ''] of text.matchAll(/<select[^>]* name="(\w+)">([\s\S]*?)<\/select>/g)) {
      const values = findTags(options, 'option').map(({ value = '' }) => value)
      assert.ok(values.length > 1, name)
      for (const value of values) {
        await client.get('/conta/tokens')
        const operation = client.hidden('operation') ?? ''
        assert.ok((await client.post('/conta/tokens', { ...good, operation, [name]: value })).status < 400, value)
      }
    }
  })

  test('every form of a schema is looked at here, and every field of those pages is of one', async t => {
    const { client, cases } = await member(t)
    const looked = new Set(cases.map(({ form }) => form))
    const features = join(root, 'src/features')
    for (const feature of readdirSync(features)) {
      if (!readdirSync(join(features, feature)).includes('schema.ts')) continue
      const schema = await import(pathToFileURL(join(features, feature, 'schema.ts')).href)
      for (const [name, form] of Object.entries<AnyForm>(schema)) {
        if (typeof form?.fields !== 'object' || Object.keys(form.fields).length === 0) continue
        // The guide’s names alone, for programs.
        if (form === itemForm) continue
        assert.ok(looked.has(form), `${feature}/${name}`)
      }
    }
    for (const page of new Set(cases.map(({ page }) => page))) {
      const who = cases.find(one => one.page === page)?.isSignedIn === false ? new Client(t, site.server) : client
      const { text } = await who.get(page)
      const names = cases.filter(one => one.page === page).flatMap(one => Object.values(one.form.fields))
      for (const { name = '' } of typedIn(text))
        assert.ok(
          names.some(field => field.name === name),
          `${page}: ${name}`
        )
    }
  })
})

test('no template has a limit of its own', () => {
  for (const file of readdirSync(VIEWS)) {
    const text = readFileSync(join(VIEWS, file), 'utf8')
    assert.doesNotMatch(text, /\b(maxlength|minlength|pattern|min|max)=/, file)
  }
})
