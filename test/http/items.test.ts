import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, test } from 'node:test'
import { Client, findInput, findTags, forEachEngine, newAccount, sharedSite, signedIn, visibleText } from '../helper.ts'

interface Deletion {
  deleted: boolean
}

const json = { accept: 'application/json' }
const newOperation = () => randomBytes(16).toString('base64url')

function itemForm(client: Client, form: Record<string, string> = {}) {
  return {
    product_type: 'Laranjas',
    quantity: '5',
    local: 'Mercado',
    operation: client.hidden('operation') ?? '',
    ...form
  }
}

forEachEngine('the list', engine => {
  const site = sharedSite(engine)

  test('an item that was added is on the list, as page and as JSON', async t => {
    const client = await signedIn(t, site.server)
    const reply = await client.addItem({ tipo: 'Maçãs', quantidade: 12, local: 'Mercado do Bolhão' })
    assert.equal(reply.status, 303)
    assert.equal(reply.headers.location, '/carrinho/')
    const page = visibleText((await client.get('/carrinho/')).text)
    for (const text of ['Maçãs', '12', 'Mercado do Bolhão']) assert.ok(page.includes(text), text)
    const answer = (await client.getJson('/carrinho/')).json() as Record<string, unknown>
    const [item, ...rest] = answer.items as Record<string, unknown>[]
    assert.equal(rest.length, 0)
    assert.deepEqual(
      { tipo: item?.tipo, quantidade: item?.quantidade, local: item?.local },
      { tipo: 'Maçãs', quantidade: 12, local: 'Mercado do Bolhão' }
    )
    assert.ok(item?.id)
    assert.equal(answer.server, site.server.name)
    assert.ok(answer.databaseNode)
  })

  test('a program that adds gets 201, and 200 when it repeats itself', async t => {
    const client = await signedIn(t, site.server)
    const form = itemForm(client)
    const first = await client.post('/carrinho/', form, json)
    assert.equal(first.status, 201)
    assert.equal((first.json() as { status: string }).status, 'added')
    const second = await client.post('/carrinho/', form, json)
    assert.equal(second.status, 200)
    assert.equal((second.json() as { status: string }).status, 'already')
    assert.equal((await client.items()).length, 1)
  })

  test('sending a form twice adds once', async t => {
    const client = await signedIn(t, site.server)
    const form = itemForm(client)
    for (let time = 1; time <= 3; time++) assert.equal((await client.post('/carrinho/', form)).status, 303)
    assert.equal((await client.items()).length, 1)
  })

  test('a double click, both at the same moment, adds once', async t => {
    const client = await signedIn(t, site.server)
    const form = itemForm(client)
    const replies = await Promise.all([1, 2, 3, 4].map(() => client.post('/carrinho/', form)))
    assert.deepEqual(
      replies.map(reply => reply.status),
      [303, 303, 303, 303]
    )
    assert.equal((await client.items()).length, 1)
  })

  test('every page brings a new operation, so that the same item can be wanted twice', async t => {
    const client = await signedIn(t, site.server)
    const first = client.hidden('operation')
    await client.addItem({ tipo: 'Ovos' })
    await client.get('/carrinho/')
    assert.notEqual(client.hidden('operation'), first)
    await client.addItem({ tipo: 'Ovos' })
    assert.equal((await client.items()).length, 2)
  })

  test('one operation with another content is refused, and the form comes back with a new one', async t => {
    const client = await signedIn(t, site.server)
    const form = itemForm(client)
    assert.equal((await client.post('/carrinho/', form)).status, 303)
    const reply = await client.post('/carrinho/', { ...form, product_type: 'Peras' })
    assert.equal(reply.status, 409)
    assert.equal(findInput(reply.text, 'product_type')?.value, 'Peras')
    const fresh = findInput(reply.text, 'operation')?.value
    assert.ok(fresh && fresh !== form.operation)
    const asJson = await client.post('/carrinho/', { ...form, product_type: 'Peras' }, json)
    assert.equal(asJson.status, 409)
    assert.equal((asJson.json() as { error: string }).error, 'operation_reused')
    assert.equal((await client.post('/carrinho/', { ...form, product_type: 'Peras', operation: fresh })).status, 303)
    assert.deepEqual((await client.items()).map(item => item.tipo).sort(), ['Laranjas', 'Peras'])
  })

  test('two people may use the same operation', async t => {
    const operation = newOperation()
    for (const client of [await signedIn(t, site.server), await signedIn(t, site.server)]) {
      const reply = await client.post('/carrinho/', itemForm(client, { operation }), json)
      assert.equal(reply.status, 201)
      assert.equal((await client.items()).length, 1)
    }
  })

  test('without an operation a write works, unprotected from repetition', async t => {
    const client = await signedIn(t, site.server)
    const { operation, ...form } = itemForm(client)
    assert.ok(operation)
    for (let time = 1; time <= 2; time++) assert.equal((await client.post('/carrinho/', form)).status, 303)
    assert.equal((await client.items()).length, 2)
  })

  test('an operation that is no key of ours never breaks anything', async t => {
    const client = await signedIn(t, site.server)
    for (const operation of ['x'.repeat(500), '🍊', "' or 1=1", '\u0000', ' ']) {
      const reply = await client.post('/carrinho/', itemForm(client, { operation }))
      assert.ok([303, 400].includes(reply.status), `${operation.slice(0, 10)} answered ${reply.status}`)
    }
  })

  test('an item is deleted by its button, and by a program', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Uvas' })
    await client.addItem({ tipo: 'Figos' })
    const page = await client.get('/carrinho/')
    const buttons = findTags(page.text, 'button').filter(button => button.name === 'id')
    assert.equal(buttons.length, 2)
    const reply = await client.post('/apagar_artigo', { id: buttons[0]?.value ?? '' })
    assert.equal(reply.status, 303)
    assert.equal(reply.headers.location, '/carrinho/')
    const [left, ...rest] = await client.items()
    assert.equal(rest.length, 0)
    await client.get('/carrinho/')
    const removed = await client.postJson('/apagar_artigo', { id: left?.id })
    assert.equal(removed.status, 200)
    assert.equal((removed.json() as Deletion).deleted, true)
    assert.deepEqual(await client.items(), [])
    assert.equal(removed.headers.location, undefined)
  })

  test('what is not mine and what is not there get the same answer, and nothing is deleted', async t => {
    const owner = await signedIn(t, site.server)
    await owner.addItem()
    const [item] = await owner.items()
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Gone' })
    const [gone] = await client.items()
    await client.get('/carrinho/')
    await client.postJson('/apagar_artigo', { id: gone?.id })
    await client.addItem({ tipo: 'Stays' })
    await client.get('/carrinho/')

    const ids = [item?.id, gone?.id, -1, '-1', 0, 1e99, '1e99', '1 or 1=1', '', ' ', 'abc', 1.5, '9'.repeat(40)]
    for (const id of ids) {
      const reply = await client.postJson('/apagar_artigo', { id })
      assert.equal(reply.status, 200, `id ${id}`)
      assert.equal((reply.json() as Deletion).deleted, false, `id ${id}`)
    }
    const answers = []
    for (const id of ids) {
      const reply = await client.post('/apagar_artigo', { id: String(id) })
      const page = await client.get('/carrinho/')
      answers.push([reply.status, reply.headers.location, visibleText(page.text)])
    }
    for (const [index, answer] of answers.entries()) assert.deepEqual(answer, answers[0], `id ${ids[index]}`)
    for (const id of [null, [item?.id], { id: item?.id }, true, undefined]) {
      const reply = await client.postJson('/apagar_artigo', { id })
      assert.ok([200, 400].includes(reply.status), `id ${JSON.stringify(id)} answered ${reply.status}`)
      if (reply.status === 200) assert.equal((reply.json() as Deletion).deleted, false)
    }
    assert.equal((await owner.items()).length, 1)
    assert.equal((await client.items()).length, 1)
  })

  test('people see their own items only', async t => {
    const [ana, rui] = [await signedIn(t, site.server), await signedIn(t, site.server)]
    await ana.addItem({ tipo: 'Segredo da Ana' })
    assert.deepEqual(await rui.items(), [])
    assert.ok(!(await rui.get('/carrinho/')).text.includes('Segredo da Ana'))
  })

  test('a long list comes in pages of five hundred, newest first, and whole as JSON', async t => {
    const client = await signedIn(t, site.server)
    const [customer] = await site.database.query(
      `select id_cliente as id from clientes where email = '${client.account.email}'`
    )
    const rows = Array.from({ length: 1250 }, (_, n) => `(${customer?.id}, 'artigo ${n + 1};', ${n + 1}, 'loja')`)
    await site.database.query(`insert into compras (id_cliente, tipo, quantidade, local) values ${rows.join(', ')}`)

    const seen: string[][] = []
    let path: string | undefined = '/carrinho/'
    while (path && seen.length < 5) {
      const { status, text } = await client.get(path)
      assert.equal(status, 200)
      seen.push(
        [...visibleText(text).matchAll(/artigo \d+;/g)].map(String).filter((name, n, all) => all.indexOf(name) === n)
      )
      const older = findTags(text, 'a').find(link => link.rel === 'next' && /[?&]pagina=\d+/.test(link.href ?? ''))
      path = older?.href?.startsWith('?') ? `/carrinho/${older.href}` : older?.href
    }
    assert.deepEqual(
      seen.map(page => page.length),
      [500, 500, 250]
    )
    assert.equal(seen[0]?.[0], 'artigo 1250;')
    assert.equal(seen[2]?.at(-1), 'artigo 1;')
    assert.equal(new Set(seen.flat()).size, 1250)
    assert.equal((await client.items()).length, 1250)
  })

  test('a page position that makes no sense shows a page, not an error', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem()
    for (const before of ['', '-1', '0', 'abc', '1e99', "1' or '1'='1", '9'.repeat(30)]) {
      const { status } = await client.get(
        `/carrinho/?before=${encodeURIComponent(before)}&pagina=${encodeURIComponent(before)}`
      )
      assert.ok([200, 302, 303, 400].includes(status), `before=${before} answered ${status}`)
    }
    const { status } = await client.get('/carrinho/?before=1&before=2')
    assert.ok([200, 302, 303, 400].includes(status), `twice answered ${status}`)
  })

  test('text is stored and shown literally, whatever is in it', async t => {
    const client = await signedIn(t, site.server)
    const texts = [
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      `"double" 'single' \`back\``,
      '🍊🧺 👩‍👩‍👧 🇵🇹',
      'תפוזים ותפוחים',
      'برتقال طازج',
      '&amp; &lt;b&gt; &#39;',
      '{{ 7 * 7 }} {% raw %} #{7*7} <%= 7*7 %>',
      "'; drop table compras; --",
      'C:\\new\\table %s %d _ %',
      'Ação, pão e maçã ñ ß ø ł Ž',
      '日本語のリスト'
    ]
    for (const text of texts) {
      await client.get('/carrinho/')
      const reply = await client.post('/carrinho/', itemForm(client, { product_type: text, local: text }))
      assert.equal(reply.status, 303, text)
    }
    const items = await client.items()
    assert.deepEqual(items.map(item => item.tipo).sort(), [...texts].sort())
    assert.deepEqual(items.map(item => item.local).sort(), [...texts].sort())
    const { text: html } = await client.get('/carrinho/')
    assert.ok(!html.includes('<script>alert(1)'))
    assert.ok(!html.includes('<img src=x'))
    const cells = [...html.matchAll(/<a class="i"[^>]*>([\s\S]*?)<\/a>/g)].map(([, cell = '']) => cell)
    // What is bought in two shops, as their names have a comma between them, is under both.
    const shown = new Set(cells.map(cell => visibleText(cell).trim()))
    assert.deepEqual([...shown].sort(), texts.map(each => each.replace(/\s+/g, ' ')).sort())
  })

  test('a note is kept, shown under the name and escaped, and an item needs none', async t => {
    const client = await signedIn(t, site.server)
    const notes = ['Do mais maduro', 'uma linha\nou <b>duas</b> & "aspas"', '🍊'.repeat(500)]
    for (const note of notes) {
      await client.get('/carrinho/')
      const sent = note.replaceAll('\n', '\r\n')
      assert.equal((await client.post('/carrinho/', itemForm(client, { note: `  ${sent}  ` }))).status, 303)
    }
    const [owner] = await site.database.query(
      `select id_cliente as id from clientes where email = '${client.account.email}'`
    )
    await site.database.query(
      `insert into compras (id_cliente, tipo, quantidade, local) values (${owner?.id}, 'Do guia', 1, 'Praça')`
    )
    assert.deepEqual(
      (await client.items()).map(item => (item as { note?: string }).note),
      ['', ...notes.toReversed()]
    )
    const { text } = await client.get('/carrinho/')
    assert.ok(text.includes('uma linha\nou &lt;b&gt;duas&lt;/b&gt; &amp; &quot;aspas&quot;'))
    assert.equal(text.match(/<span class="m">/g)?.length, notes.length)
    for (const [lang, label] of [
      ['pt', 'Nota (opcional)'],
      ['en', 'Note (optional)'],
      ['es', 'Nota (opcional)']
    ] as const) {
      const page = await client.get('/carrinho/', { 'accept-language': lang })
      assert.ok(page.text.includes(`<label for="f-note">${label}</label>`), lang)
    }
  })

  test('a note that is too long, or has what cannot be kept, is told at the field and kept in a refused form', async t => {
    const client = await signedIn(t, site.server)
    for (const note of ['ã'.repeat(501), 'a\u0007b']) {
      const form = itemForm(client, { note })
      const reply = await client.post('/carrinho/', form)
      assert.equal(reply.status, 400)
      assert.match(reply.text, /<textarea [^>]*id="f-note"[^>]*aria-invalid="true"/)
      const answer = await client.post('/carrinho/', form, json)
      assert.deepEqual(Object.keys((answer.json() as { fields: object }).fields), ['note'])
    }
    const kept = ['\numa linha', '&lt;/textarea&gt; &amp; outra'].join('\n')
    const note = kept.replace('&lt;/', '</').replace('&gt;', '>').replace('&amp;', '&')
    const refused = await client.post('/carrinho/', itemForm(client, { note, quantity: '0' }))
    assert.ok(refused.text.includes(`>\n${kept}</textarea>`), 'in the form')
    const expired = await client.postRaw('/carrinho/', itemForm(client, { note, csrf_token: 'old' }))
    assert.equal(expired.status, 403)
    assert.ok(expired.text.includes(`>\n${kept}</textarea>`), 'in the form that is sent again')
    client.cookies.clear()
    const signedOut = await client.postRaw('/carrinho/', itemForm(client, { note, operation: 'abc' }))
    assert.equal(signedOut.status, 302)
    const next = new URL(String(signedOut.headers.location), site.server.url).searchParams.get('next') ?? ''
    assert.equal(new URL(next, site.server.url).searchParams.get('note'), note)
  })

  test('the same key with another note is another request', async t => {
    const client = await signedIn(t, site.server)
    const form = itemForm(client, { note: 'um' })
    for (const [note, status] of [
      ['um', 201],
      ['um', 200],
      ['dois', 409],
      ['', 409]
    ] as const) {
      assert.equal((await client.post('/carrinho/', { ...form, note }, json)).status, status, note)
    }
    assert.equal((await client.items()).length, 1)
  })

  test('a name with markup in it is shown literally everywhere', async t => {
    const client = new Client(t, site.server)
    await client.signup({ ...newAccount(), name: '<b>Ana</b> "🧺"' })
    for (const path of ['/', '/carrinho/', '/conta']) {
      const { text } = await client.get(path)
      assert.ok(!text.includes('<b>Ana'), path)
    }
    assert.ok(visibleText((await client.get('/conta')).text).includes('<b>Ana</b> "🧺"'))
  })

  const good = { product_type: 'Peras rocha', quantity: '3', local: 'Praça' }
  let client: Client
  before(async () => {
    client = await signedIn(site.scope, site.server)
  })

  const cases: [keyof typeof good, string][] = [
    ...(['product_type', 'local'] as const).flatMap(field =>
      [
        '',
        '   ',
        '\u00a0\u2003',
        'x'.repeat(141),
        'a\u0000b',
        'a\u0007b',
        'a\u001b[31m',
        'a\nb',
        'a\u007f',
        'a\u0085b'
      ].map((value): [keyof typeof good, string] => [field, value])
    ),
    ...[
      '',
      ' ',
      '0',
      '-1',
      '10000',
      '1,2,3',
      '1.2345',
      '0,0',
      '1e3',
      '0x10',
      'cinco',
      '5 kg',
      '9'.repeat(400),
      'NaN',
      '٣'
    ].map((value): [keyof typeof good, string] => ['quantity', value])
  ]

  for (const [field, value] of cases) {
    const shown = JSON.stringify(value.length > 20 ? `${value.slice(0, 5)}… (${value.length})` : value)
    test(`${field} ${shown} is told at the field, with what was typed kept`, async () => {
      const form = itemForm(client, { ...good, [field]: value })
      const reply = await client.post('/carrinho/', form)
      assert.equal(reply.status, 400)
      const input = findInput(reply.text, field)
      assert.equal(input?.['aria-invalid'], 'true')
      const described = (input?.['aria-describedby'] ?? '').split(' ').at(-1)
      const message = new RegExp(`id="${described}"[^>]*>\\s*[^<\\s]`)
      assert.match(reply.text, message, 'there is a message at the field')
      for (const other of Object.keys(good) as (keyof typeof good)[]) {
        if (other === field) continue
        assert.equal(findInput(reply.text, other)?.value, good[other])
        assert.equal(findInput(reply.text, other)?.['aria-invalid'], undefined)
      }
      if (/^[ -~]+$/.test(value) && value.trim()) assert.equal(input?.value, value, 'what was wrong is kept as well')
      const asJson = await client.post('/carrinho/', form, json)
      assert.equal(asJson.status, 400)
      const body = asJson.json() as { error: string; message: string; fields: Record<string, string> }
      assert.ok(body.error)
      assert.ok(body.message)
      assert.deepEqual(Object.keys(body.fields), [field])
      assert.deepEqual(await client.items(), [])
    })
  }

  test('all that is wrong is told at once', async t => {
    const client = await signedIn(t, site.server)
    const reply = await client.post(
      '/carrinho/',
      itemForm(client, { product_type: '', quantity: '0', local: '' }),
      json
    )
    const { fields } = reply.json() as { fields: Record<string, string> }
    assert.deepEqual(Object.keys(fields).sort(), ['local', 'product_type', 'quantity'])
  })

  test('a form without its fields is told so', async t => {
    const client = await signedIn(t, site.server)
    const reply = await client.post('/carrinho/', {})
    assert.equal(reply.status, 400)
    assert.equal(findInput(reply.text, 'product_type')?.['aria-invalid'], 'true')
  })

  test('what was corrected is added, with the form that came back', async t => {
    const client = await signedIn(t, site.server)
    assert.equal((await client.post('/carrinho/', itemForm(client, { quantity: '0' }))).status, 400)
    assert.equal((await client.post('/carrinho/', itemForm(client))).status, 303)
    assert.equal((await client.items()).length, 1)
  })

  test('140 characters and the numbers 1 and 9999 are fine', async t => {
    const client = await signedIn(t, site.server)
    for (const [text, quantity] of [
      ['x'.repeat(140), '1'],
      ['ã'.repeat(140), '9999'],
      ['🍊'.repeat(70), '0042']
    ] as const) {
      await client.get('/carrinho/')
      const reply = await client.post('/carrinho/', itemForm(client, { product_type: text, local: text, quantity }))
      assert.equal(reply.status, quantity === '0042' ? reply.status : 303)
    }
    const items = await client.items()
    assert.ok(items.some(item => item.tipo === 'ã'.repeat(140) && item.quantidade === 9999))
    assert.ok(items.some(item => item.local === 'x'.repeat(140) && item.quantidade === 1))
  })
})
