import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Client,
  findTags,
  forEachEngine,
  ownProcess,
  request,
  sharedSite,
  signedIn,
  startServer,
  visibleText
} from '../helper.ts'

forEachEngine('health and identity', engine => {
  const site = sharedSite(engine)

  test('every answer names the web server and the request', async t => {
    const client = await signedIn(t, site.server)
    const seen = new Set<string>()
    for (const path of [
      '/',
      '/login',
      '/carrinho/',
      '/servidor',
      '/whoami',
      '/health/live',
      '/health/ready',
      '/metrics',
      '/nowhere'
    ]) {
      const { headers } = await client.get(path)
      assert.equal(headers['x-served-by'], site.server.name, path)
      const id = String(headers['x-request-id'] ?? '')
      assert.ok(id.length > 0, path)
      assert.ok(!seen.has(id), 'no two requests share an id')
      seen.add(id)
    }
  })

  test('answers that read the database name its node and the time spent in it', async t => {
    const client = await signedIn(t, site.server)
    for (const reply of [
      await client.get('/carrinho/'),
      await client.getJson('/carrinho/'),
      await client.get('/conta')
    ]) {
      assert.ok(reply.headers['x-database-node'])
      assert.match(String(reply.headers['server-timing']), /db[^,]*;dur=[\d.]+/)
    }
    const { headers } = await client.get('/health/live')
    assert.equal(headers['x-database-node'], undefined)
  })

  test("a trusted balancer's request id is kept, another's is not", ownProcess, async t => {
    const headers = { 'x-request-id': 'balancer-42' }
    const trusted = await request(site.server.url, { headers })
    assert.equal(trusted.headers['x-request-id'], 'balancer-42')
    const alone = await startServer(t, { ...site.database.env, TRUST_PROXY: '' })
    const other = await request(alone.url, { headers })
    assert.ok(other.headers['x-request-id'])
    assert.notEqual(other.headers['x-request-id'], 'balancer-42')
  })

  test('a request id with line breaks or markup in it is not repeated', async () => {
    const reply = await request(site.server.url, { headers: { 'x-request-id': '<b>1</b>' } })
    assert.ok(!String(reply.headers['x-request-id']).includes('<'))
  })

  test('/whoami tells who answered', async () => {
    const reply = await request(`${site.server.url}/whoami`)
    assert.equal(reply.status, 200)
    const whoami = reply.json() as Record<string, unknown>
    assert.equal(whoami.server, site.server.name)
    assert.match(String(whoami.address), /127\.0\.0\.1/)
    assert.ok(Math.abs(Date.parse(String(whoami.time)) - Date.now()) < 10 * 60_000, `time: ${whoami.time}`)
    assert.match(String(whoami.version), /^\d+\.\d+\.\d+/)
    assert.equal(typeof whoami.uptimeSeconds, 'number')
    const database = whoami.database as Record<string, unknown>
    const names = { sqlite: 'sqlite', mariadb: 'mysql', postgres: 'postgres' }
    const spoken = engine === 'mariadb' ? ['mysql', 'mariadb'] : [names[engine]]
    assert.ok(spoken.includes(String(database.engine).toLowerCase()), `engine: ${database.engine}`)
    assert.ok(database.node)
    assert.ok(database.role)
  })

  test('/servidor shows it to a person', async () => {
    const reply = await request(`${site.server.url}/servidor`, { headers: { accept: 'text/html' } })
    assert.equal(reply.status, 200)
    const text = visibleText(reply.text)
    assert.ok(text.includes(site.server.name))
    assert.ok(text.includes('127.0.0.1'))
    assert.match(text, /\d\d:\d\d/)
  })

  test('it is live and ready, and /health is the same as /health/ready', async () => {
    for (const path of ['/health/live', '/health/ready', '/health']) {
      const reply = await request(`${site.server.url}${path}`)
      assert.equal(reply.status, 200, path)
      assert.match(reply.headers['content-type'] ?? '', /application\/json/)
      assert.ok((reply.json() as { status: string }).status, path)
    }
  })

  test('metrics are in the format of Prometheus, with no name or id of a person in them', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Batatas' })
    await client.get('/carrinho/?before=12345')
    const reply = await request(`${site.server.url}/metrics`)
    assert.equal(reply.status, 200)
    assert.match(reply.headers['content-type'] ?? '', /text\/plain/)
    assert.match(reply.text, /^# TYPE \w+ (counter|gauge|histogram)/m)
    // Without the figures: any digits may come in one.
    const told = reply.text.replace(/^([^#\n].*) \S+$/gm, '$1')
    assert.match(told, /^process_cpu_seconds_total(\{[^}]*\})?$/m)
    for (const secret of [client.account.email, 'Batatas', '12345']) assert.ok(!told.includes(secret), secret)
  })

  test('metrics can be kept for who has the token', ownProcess, async t => {
    const token = 'a-token-of-many-letters'
    const server = await startServer(t, { ...site.database.env, METRICS_TOKEN: token })
    const get = (authorization?: string) =>
      request(`${server.url}/metrics?token=${token}`, { headers: authorization === undefined ? {} : { authorization } })
    for (const wrong of [
      undefined,
      '',
      token,
      'Bearer',
      'Bearer ',
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token}x`,
      `Bearer ${token} ${token}`,
      `Basic ${token}`,
      `Basic ${Buffer.from(`metrics:${token}`).toString('base64')}`
    ]) {
      const reply = await get(wrong)
      assert.equal(reply.status, 401, wrong)
      assert.match(reply.headers['www-authenticate'] ?? '', /^Bearer/)
      assert.equal(reply.headers['cache-control'], 'no-store')
      assert.ok(!reply.text.includes('carrinho_ready'), wrong)
    }
    for (const right of [`Bearer ${token}`, `bearer ${token}`]) {
      const reply = await get(right)
      assert.equal(reply.status, 200, right)
      assert.match(reply.text, /^carrinho_ready/m)
      assert.equal(reply.headers['cache-control'], 'no-store')
    }
    assert.equal((await request(`${server.url}/health/ready`)).status, 200, 'health needs none')
    assert.ok(!server.logs.join('\n').includes(token))
  })

  test('the log holds no password, no cookie and no e-mail in a path', async t => {
    const client = await signedIn(t, site.server)
    await client.tryLogin({ email: client.account.email, password: 'a very secret guess' })
    const log = site.server.logs.join('\n')
    assert.ok(!log.includes(client.account.password))
    assert.ok(!log.includes('a very secret guess'))
    for (const [name, value] of client.cookies) assert.ok(!log.includes(value), `the cookie ${name} is in the log`)
  })
})

forEachEngine(
  'pages',
  engine => {
    const site = sharedSite(engine)
    const pages = [
      '/',
      '/login',
      '/signup',
      '/carrinho/',
      '/conta',
      '/conta/apagar',
      '/logout',
      '/servidor',
      '/cluster',
      '/nowhere'
    ]

    test('nothing on a page comes from another host', async t => {
      const client = await signedIn(t, site.server)
      for (const path of pages) {
        const { text, headers } = await client.get(path)
        for (const tag of ['script', 'link', 'img', 'form', 'a', 'iframe', 'use']) {
          for (const { src, href, action } of findTags(text, tag)) {
            for (const url of [src, href, action]) assert.doesNotMatch(url ?? '', /^(\w+:)?\/\//, `${path}: ${url}`)
          }
        }
        assert.match(String(headers['content-security-policy']), /default-src 'self'|default-src 'none'/)
        assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|upgrade-insecure-requests/)
        assert.equal(headers['x-content-type-options'], 'nosniff')
        assert.ok(!text.includes('<style'), `${path} has inline styles, which are for first visits`)
        assert.doesNotMatch(text, /\sstyle=|\son\w+=/, `${path} has inline styles or handlers`)
        assert.doesNotMatch(
          text,
          /<script(?! type="application\/json")(?![^>]*\bsrc=)[^>]*>/,
          `${path} has an inline script`
        )
      }
    })

    test('pages are not cached; styles and scripts have hashed names and are cached for a year', async t => {
      const client = await signedIn(t, site.server)
      for (const path of pages) {
        const { status, headers } = await client.get(path)
        if (status !== 302) assert.match(String(headers['cache-control']), /no-store|no-cache/, path)
      }
      const { text } = await client.get('/carrinho/')
      const files = [
        ...findTags(text, 'link').map(link => link.href),
        ...findTags(text, 'script').map(script => script.src)
      ]
      const styles = files.filter(file => /\.(css|js)$/.test(file ?? ''))
      assert.ok(styles.length >= 2, `found ${files}`)
      for (const file of styles) {
        const { status, headers } = await client.get(String(file))
        assert.equal(status, 200, file)
        assert.match(String(headers['cache-control']), /max-age=31536000/, file)
        assert.match(String(headers['cache-control']), /immutable/, file)
      }
    })

    test('a first visit costs less than 60 KB, compressed', async t => {
      const client = await signedIn(t, site.server)
      for (const encoding of ['gzip', 'br']) {
        const page = await client.get('/carrinho/', { 'accept-encoding': encoding })
        const plain = (await client.get('/carrinho/')).text
        const files = new Set(
          [
            ...findTags(plain, 'link').map(link => link.href),
            ...findTags(plain, 'script').map(script => script.src)
          ].filter(file => file?.startsWith('/'))
        )
        let bytes = page.bytes
        for (const file of files) {
          const reply = await client.get(String(file), { 'accept-encoding': encoding })
          assert.equal(reply.status, 200, file)
          bytes += reply.bytes
          if (/\.(css|js)$/.test(String(file))) assert.equal(reply.headers['content-encoding'], encoding, file)
        }
        assert.ok(bytes < 60_000, `${encoding}: ${bytes} bytes`)
      }
    })

    test("the language is the browser's, until a person chooses one", async t => {
      const lang = (html: string) => findTags(html, 'html')[0]?.lang ?? ''
      for (const [accept, expected] of [
        ['pt-PT,pt;q=0.9', /^pt/],
        ['en-US,en;q=0.5', /^en/],
        ['es', /^es/],
        ['de,es;q=0.8,en;q=0.5', /^es/],
        ['ja', /^pt|^en/]
      ] as const) {
        const client = new Client(t, site.server)
        const { text } = await client.get('/login', { 'accept-language': accept })
        assert.match(lang(text), expected, accept)
      }
      const client = new Client(t, site.server)
      await client.get('/login', { 'accept-language': 'pt' })
      const reply = await client.post('/idioma', { lang: 'en', next: '/login' })
      assert.equal(reply.status, 303)
      assert.equal(reply.headers.location, '/login')
      assert.match(lang((await client.get('/login', { 'accept-language': 'pt' })).text), /^en/)
    })

    test('choosing a language leads nowhere else and takes only languages there are', async t => {
      const client = new Client(t, site.server)
      for (const [lang, next] of [
        ['en', 'https://evil.example/'],
        ['en', '//evil.example'],
        ['en', '/.//evil.example'],
        ['en', '/x/..//evil.example'],
        ['en', '/%2e//evil.example'],
        ['xx', '/'],
        ['', ''],
        ['__proto__', '/']
      ] as const) {
        await client.get('/login')
        const reply = await client.post('/idioma', { lang, next })
        assert.ok([303, 400].includes(reply.status), `${lang} ${next} answered ${reply.status}`)
        if (reply.status === 303) {
          assert.equal(new URL(reply.headers.location ?? '', site.server.url).origin, site.server.url)
        }
        assert.equal((await client.get('/')).status, 200)
      }
    })

    test('a confirmation is shown once, after the redirect', async t => {
      const client = await signedIn(t, site.server)
      await client.addItem({ tipo: 'Alfarroba' })
      const note = /class="note/
      assert.match((await client.get('/carrinho/')).text, note)
      assert.doesNotMatch((await client.get('/carrinho/')).text, note)
    })

    test('HEAD gets the headers of a page', async () => {
      const reply = await request(site.server.url, { method: 'HEAD' })
      assert.equal(reply.status, 200)
      assert.equal(reply.bytes, 0)
      assert.equal(reply.headers['x-served-by'], site.server.name)
    })
  },
  ['sqlite']
)
