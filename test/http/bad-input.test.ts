import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  Client,
  findInput,
  forEachEngine,
  newAccount,
  request,
  sessionCookie,
  sharedSite,
  signedIn
} from '../helper.ts'

const json = { accept: 'application/json' }
const item = { product_type: 'Peras', quantity: '3', local: 'Praça' }

forEachEngine('requests that make no sense', engine => {
  const site = sharedSite(engine)

  test('a missing or wrong CSRF token gets 403, a page that says so, and what was typed', async t => {
    const client = await signedIn(t, site.server)
    const other = await signedIn(t, site.server)
    const operation = client.hidden('operation') ?? ''
    for (const token of [undefined, '', 'x', other.csrf(), `${client.csrf()}x`, '🍊', 'a'.repeat(5000)]) {
      const form = { ...item, operation, ...(token === undefined ? {} : { csrf_token: token }) }
      const reply = await client.postRaw('/carrinho/', form)
      assert.equal(reply.status, 403, String(token).slice(0, 20))
      for (const [name, value] of Object.entries(item)) assert.equal(findInput(reply.text, name)?.value, value)
      const asJson = await client.postRaw('/carrinho/', form, json)
      assert.equal(asJson.status, 403)
      assert.equal((asJson.json() as { error: string }).error, 'csrf')
    }
    assert.deepEqual(await client.items(), [])
  })

  test('the form that comes back after a 403 can be sent', async t => {
    const client = await signedIn(t, site.server)
    const operation = client.hidden('operation') ?? ''
    const refused = await client.postRaw('/carrinho/', { ...item, operation, csrf_token: 'old' })
    assert.equal(refused.status, 403)
    const reply = await client.post('/carrinho/', { ...item, operation: client.hidden('operation') ?? '' })
    assert.equal(reply.status, 303)
    assert.equal((await client.items()).length, 1)
  })

  test('a form from another origin gets 403, even with the right token', async t => {
    const client = await signedIn(t, site.server)
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `${site.server.url}.evil.example` },
      { 'sec-fetch-site': 'cross-site' }
    ]
    for (const headers of foreign) {
      const reply = await client.post('/carrinho/', item, headers)
      assert.equal(reply.status, 403, JSON.stringify(headers))
      await client.get('/carrinho/')
    }
    assert.deepEqual(await client.items(), [])
  })

  test('every form that changes something asks for the token', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem()
    const [mine] = await client.items()
    for (const [path, form] of [
      ['/apagar_artigo', { id: String(mine?.id) }],
      ['/logout', {}],
      [
        '/conta/password',
        { password: client.account.password, new_password: 'x'.repeat(12), new_password_again: 'x'.repeat(12) }
      ],
      ['/conta/sessoes', {}],
      ['/conta/identidade', { name: 'Outra', email: newAccount().email, password: client.account.password }],
      ['/conta/apagar', { password: client.account.password }],
      ['/carrinho/', item]
    ] as const) {
      assert.equal((await client.postRaw(path, { ...form })).status, 403, path)
    }
    const reply = await client.postJson('/apagar_artigo', { id: mine?.id }, { 'x-csrf-token': 'wrong' })
    assert.equal(reply.status, 403)
    assert.equal((reply.json() as { error: string }).error, 'csrf')
    assert.equal((await client.items()).length, 1)
    const visitor = new Client(t, site.server)
    for (const path of ['/login', '/signup']) {
      assert.equal((await visitor.postRaw(path, { ...newAccount() })).status, 403, path)
    }
  })

  test('a refused login form keeps the e-mail and never shows the password', async t => {
    const client = new Client(t, site.server)
    const account = newAccount()
    const reply = await client.postRaw('/login', { email: account.email, password: account.password, csrf_token: 'x' })
    assert.equal(reply.status, 403)
    assert.ok(reply.text.includes(account.email))
    assert.ok(!reply.text.includes(account.password))
  })

  test('a token from before signing in is no longer good', async t => {
    const { account } = await signedIn(t, site.server)
    const client = new Client(t, site.server)
    await client.get('/login')
    const before = client.csrf() ?? ''
    await client.login(account)
    assert.equal((await client.postRaw('/carrinho/', { ...item, csrf_token: before })).status, 403)
  })

  test('a body over 64 KiB gets 413', async t => {
    const client = await signedIn(t, site.server)
    const big = 'x'.repeat(66_000)
    const form = await client.post('/carrinho/', { ...item, product_type: big })
    assert.equal(form.status, 413)
    assert.match(form.headers['content-type'] ?? '', /text\/html/)
    await client.get('/carrinho/')
    const asJson = await client.postJson('/apagar_artigo', { id: big })
    assert.equal(asJson.status, 413)
    assert.ok((asJson.json() as { error: string }).error)
    await client.get('/login')
    assert.ok(await client.isSignedIn())
  })

  test('a body that says that it is packed gets 415, whether it is or not', async t => {
    const client = await signedIn(t, site.server)
    const form = `product_type=Leite&quantity=1&local=x&csrf_token=${encodeURIComponent(client.csrf() ?? '')}`
    const send = (coding: string, body: string | Buffer, headers = {}) =>
      client.send('POST', '/carrinho/', {
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': coding, ...headers },
        body
      })
    for (const coding of ['gzip', 'br', 'identity, gzip', 'x']) {
      for (const body of [form, gzipSync(form)]) {
        const reply = await send(coding, body, json)
        assert.equal(reply.status, 415, coding)
        assert.equal((reply.json() as { error: string }).error, 'unsupported_media_type')
        assert.equal(reply.headers['accept-encoding'], 'identity')
      }
    }
    const page = await send('gzip', gzipSync(form))
    assert.equal(page.status, 415)
    assert.match(page.headers['content-type'] ?? '', /text\/html/)
    assert.deepEqual(await client.items(), [])
    assert.equal((await send('identity', form)).status, 303)
    const read = await client.send('GET', '/carrinho/', { headers: { 'content-encoding': 'gzip' } })
    assert.equal(read.status, 200, 'there is no body')
  })

  test('a content type that no form has gets 415', async t => {
    const client = await signedIn(t, site.server)
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'nonsense',
      'text/json; {}'
    ]) {
      for (const path of ['/carrinho/', '/apagar_artigo', '/login']) {
        const reply = await client.send('POST', path, { headers: { 'content-type': type, ...json }, body: 'a=b' })
        assert.equal(reply.status, 415, `${type} on ${path}`)
        assert.ok((reply.json() as { error: string }).error)
      }
    }
    const page = await client.send('POST', '/carrinho/', { headers: { 'content-type': 'text/plain' }, body: 'a=b' })
    assert.equal(page.status, 415)
    assert.match(page.headers['content-type'] ?? '', /text\/html/)
  })

  test('broken JSON gets 400', async t => {
    const client = await signedIn(t, site.server)
    for (const body of [
      '{',
      '',
      '{"id": 7',
      '{"id": 07}',
      'undefined',
      '\u0000',
      '{"id": "\\ud800"',
      "{'id': 7}",
      '[1,2'
    ]) {
      const reply = await client.postJson('/apagar_artigo', body)
      assert.equal(reply.status, 400, JSON.stringify(body))
      assert.ok((reply.json() as { error: string }).error)
    }
    for (const body of ['7', '"7"', 'null', '[]', '[{"id": 7}]', 'true']) {
      const reply = await client.postJson('/apagar_artigo', body)
      assert.ok([200, 400].includes(reply.status), `${body} answered ${reply.status}`)
    }
  })

  test('keys that reach into prototypes get 400', async t => {
    const client = await signedIn(t, site.server)
    for (const body of [
      '{"id": 7, "__proto__": {"admin": true}}',
      '{"id": 7, "constructor": {"prototype": {"admin": true}}}',
      '{"__proto__": {"id": 7}}'
    ]) {
      assert.equal((await client.postJson('/apagar_artigo', body)).status, 400, body)
    }
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const reply = await client.post('/carrinho/', { ...item, [key]: 'x' })
      assert.equal(reply.status, 400, key)
    }
    assert.deepEqual(await client.items(), [])
  })

  test('a field called as what every object has is a field like any other that nobody asked for', async t => {
    const client = await signedIn(t, site.server)
    const visitor = new Client(t, site.server)
    const names = [...Object.getOwnPropertyNames(Object.prototype), 'length', 'then', 'toJSON', 'csrf_token.x']
    let added = 0
    for (const name of names.filter(each => !['__proto__', 'constructor'].includes(each))) {
      await client.get('/carrinho/')
      const reply = await client.post('/carrinho/', { ...item, [name]: 'x' })
      assert.equal(reply.status, 303, name)
      added += 1
      const asJson = await client.postJson('/carrinho/', JSON.stringify({ ...item, [name]: 'x' }))
      assert.equal(asJson.status, 201, `${name} as JSON`)
      added += 1
    }
    assert.equal((await client.items()).length, added)
    for (const name of names) {
      // A refused form is shown again, with the labels of its fields.
      for (const form of [{ ...item, [name]: 'x', csrf_token: 'old' }, { [name]: 'x' }]) {
        const { status } = await client.postRaw('/carrinho/', form)
        assert.ok([400, 403].includes(status), `${name} answered ${status}`)
      }
      for (const path of ['/', '/carrinho/', '/login', '/nowhere']) {
        const pairs = `${name}=x&next=${name}&product_type=${name}`
        for (const who of [client, visitor]) {
          const { status } = await who.get(`${path}?${pairs}`, { cookie: `${name}=x; carrinho_lang=${name}` })
          assert.ok(status < 500, `${path}?${pairs} answered ${status}`)
        }
      }
      await visitor.get('/login')
      for (const form of [
        { lang: name, next: '/' },
        { lang: 'pt', next: name }
      ]) {
        const { status } = await visitor.post('/idioma', form)
        assert.ok([303, 400].includes(status), `${JSON.stringify(form)} answered ${status}`)
      }
      for (const header of ['accept-language', 'accept', 'accept-encoding']) {
        const { status } = await visitor.get('/login', { [header]: name })
        assert.equal(status, 200, `${header}: ${name}`)
      }
      const { status } = await visitor.postRaw('/login', { email: name, password: name, [name]: 'x', csrf_token: 'x' })
      assert.ok([400, 403].includes(status), `${name} at login answered ${status}`)
      const missing = await request(`${site.server.url}/static/${name}`, { headers: json })
      assert.equal(missing.status, 404, `/static/${name}`)
    }
    assert.ok(!site.server.logs.some(line => line.includes('"failed"')), 'nothing was our own fault')
  })

  test('a field that comes twice gets 400', async t => {
    const client = await signedIn(t, site.server)
    const csrf_token = client.csrf() ?? ''
    for (const name of Object.keys(item)) {
      const pairs: [string, string][] = [...Object.entries({ ...item, csrf_token }), [name, 'again']]
      const reply = await client.postRaw('/carrinho/', pairs)
      assert.equal(reply.status, 400, name)
    }
    for (const name of ['csrf_token', 'operation']) {
      const pairs: [string, string][] = [...Object.entries({ ...item, csrf_token, operation: 'abc' }), [name, 'again']]
      const reply = await client.postRaw('/carrinho/', pairs)
      assert.ok([400, 403].includes(reply.status), `${name} answered ${reply.status}`)
    }
    const twice = await client.postRaw('/apagar_artigo', [
      ['csrf_token', csrf_token],
      ['id', '1'],
      ['id', '2']
    ])
    assert.equal(twice.status, 400)
    const login = new Client(t, site.server)
    await login.get('/login')
    const reply = await login.postRaw('/login', [
      ['csrf_token', login.csrf() ?? ''],
      ['email', client.account.email],
      ['email', 'other@example.org'],
      ['password', client.account.password]
    ])
    assert.equal(reply.status, 400)
    assert.deepEqual(await client.items(), [])
  })

  test('bytes that are no text never break anything', async t => {
    const client = await signedIn(t, site.server)
    for (const body of [
      '%',
      '%zz=%',
      'product_type=%ff%fe&quantity=1&local=%c0%af',
      '&&&===',
      'a[b][c]=1&a[b]=2',
      '\u0000'
    ]) {
      const reply = await client.send('POST', '/carrinho/', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `${body}&csrf_token=${encodeURIComponent(client.csrf() ?? '')}`
      })
      assert.ok(reply.status >= 300 && reply.status < 500, `${JSON.stringify(body)} answered ${reply.status}`)
      await client.get('/carrinho/')
    }
    const many = Array.from({ length: 5000 }, (_, n): [string, string] => [`f${n}`, '1'])
    const reply = await client.postRaw('/carrinho/', many)
    assert.ok(reply.status >= 300 && reply.status < 500, `5000 fields answered ${reply.status}`)
  })

  test('an unknown path gets a 404 page, or JSON', async () => {
    for (const path of [
      '/nowhere',
      '/carrinho/7',
      '/static/../package.json',
      '/%',
      '/%ff',
      '/..%2f..%2fetc%2fpasswd',
      '/.env',
      '/__proto__'
    ]) {
      const page = await request(`${site.server.url}${path}`, { headers: { accept: 'text/html' } })
      assert.ok([400, 404].includes(page.status), `${path} answered ${page.status}`)
      assert.match(page.headers['content-type'] ?? '', /text\/html/, path)
    }
    const answer = await request(`${site.server.url}/nowhere`, { headers: json })
    assert.equal(answer.status, 404)
    assert.equal((answer.json() as { error: string }).error, 'not_found')
  })

  test('a wrong method gets a 405 page that names the right ones, or JSON', async () => {
    for (const [method, path, allowed] of [
      ['DELETE', '/login', 'POST'],
      ['PUT', '/carrinho/', 'GET'],
      ['PATCH', '/carrinho/', 'POST'],
      ['GET', '/apagar_artigo', 'POST'],
      ['POST', '/', 'GET'],
      ['POST', '/whoami', 'GET'],
      ['POST', '/servidor', 'GET'],
      ['GET', '/conta/password', 'POST'],
      ['GET', '/conta/identidade', 'POST'],
      ['PUT', '/conta/apagar', 'GET'],
      ['POST', '/conta/copia.json', 'GET'],
      ['DELETE', '/health/live', 'GET']
    ] as const) {
      const page = await request(`${site.server.url}${path}`, { method, headers: { accept: 'text/html' } })
      assert.equal(page.status, 405, `${method} ${path}`)
      assert.ok(page.headers.allow?.split(/, */).includes(allowed), `${method} ${path}: Allow: ${page.headers.allow}`)
      assert.match(page.headers['content-type'] ?? '', /text\/html/, path)
      const answer = await request(`${site.server.url}${path}`, { method, headers: json })
      assert.equal(answer.status, 405)
      assert.equal((answer.json() as { error: string }).error, 'method_not_allowed')
    }
  })

  test('the cookies of other applications on the host keep nobody out, and where there are too many the answer says so', async t => {
    const client = await signedIn(t, site.server)
    for (let n = 1; n <= 7; n++) client.cookies.set(`other_${n}`, 'x'.repeat(4000))
    assert.equal((await client.get('/carrinho/')).status, 200)
    assert.equal((await client.addItem()).status, 303)
    for (const n of [8, 9]) client.cookies.set(`other_${n}`, 'x'.repeat(4000))
    const reply = await client.get('/carrinho/')
    assert.equal(reply.status, 431)
    assert.match(reply.text, /"headers_too_large".*cookies/)
  })

  test('headers that no browser sends never break anything', async t => {
    const client = await signedIn(t, site.server)
    for (const headers of [
      { accept: '' },
      { accept: 'text/html;q=abc, */*' },
      { 'accept-language': '*;q=0, xx-@@, '.repeat(50) },
      { 'accept-encoding': 'nonsense' },
      { 'user-agent': '' },
      { 'user-agent': 'x'.repeat(6000) },
      { 'user-agent': "'; drop table sessions; -- <script>" },
      { 'x-forwarded-for': 'not an address, 999.999.999.999' },
      { 'x-forwarded-proto': 'gopher' },
      { 'x-request-id': 'x'.repeat(3000) },
      { cookie: '=;;;=a; carrinho_flash=%%%; lang=../../etc' },
      { 'if-none-match': '*' },
      { range: 'bytes=0-1' }
    ] as Record<string, string>[]) {
      const reply = await client.get('/carrinho/', headers)
      assert.ok(reply.status < 500, `${JSON.stringify(headers).slice(0, 80)} answered ${reply.status}`)
      const login = new Client(t, site.server)
      const { status } = await login.get('/login', headers)
      assert.ok(status < 500, `${JSON.stringify(headers).slice(0, 80)} answered ${status}`)
      await login.get('/login')
      const signedInWith = await login.post('/login', { ...client.account }, headers)
      assert.ok(signedInWith.status < 500, `${JSON.stringify(headers).slice(0, 80)} answered ${signedInWith.status}`)
      if (signedInWith.status === 303 && headers.cookie === undefined) {
        assert.ok(login.cookies.has(sessionCookie), JSON.stringify(headers).slice(0, 80))
      }
    }
  })
})
