import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Client,
  eventually,
  forEachEngine,
  newAccount,
  ownProcess,
  request,
  sharedSite,
  signedIn,
  skipWithoutHaproxy,
  startHaproxy,
  startServer,
  visibleText
} from '../helper.ts'

const item = { product_type: 'Peras', quantity: '3', local: 'Praça' }
type Headers = Record<string, string>

interface Way {
  /** What HAProxy does to a request. */
  ways: string[]
  /** As the browser writes them. */
  host: string
  origin: string
  expected?: number
  isTls?: boolean
}

forEachEngine(
  'behind a proxy',
  engine => {
    const site = sharedSite(engine, { TRUST_PROXY: '127.0.0.1, 10.9.0.0/16' })

    test('a form of the site is taken, however the proxy writes the host', async t => {
      const client = await signedIn(t, site.server)
      for (const headers of [
        // The browser's own word.
        { host: 'shop.example', origin: 'https://shop.example:8443', 'sec-fetch-site': 'same-origin' },
        { host: 'web01:5000', origin: 'https://shop.example', 'sec-fetch-site': 'same-origin' },
        { host: 'web01:5000', origin: 'null', 'sec-fetch-site': 'same-origin' },
        { host: 'web01:5000', origin: 'https://shop.example', 'sec-fetch-site': 'none' },
        // Default ports.
        { host: 'shop.example:443', origin: 'https://shop.example' },
        { host: 'shop.example:80', origin: 'https://shop.example' },
        { host: 'shop.example:80', origin: 'http://shop.example' },
        { host: 'shop.example', origin: 'https://shop.example:443' },
        { host: 'SHOP.example', origin: 'https://shop.example' },
        { host: 'shop.example:8443', origin: 'https://shop.example:8443' },
        { host: '[2001:db8::1]:80', origin: 'http://[2001:db8::1]' },
        { host: '[2001:db8::1]:8080', origin: 'http://[2001:db8:0::1]:8080' },
        // Another host towards the server, the public one beside it.
        { host: 'web01:5000', 'x-forwarded-host': 'shop.example', origin: 'https://shop.example' },
        { host: 'web01:5000', 'x-forwarded-host': 'shop.example:443', origin: 'https://shop.example' },
        { host: 'web01:5000', 'x-forwarded-host': 'shop.example, inner:8080', origin: 'https://shop.example' },
        {
          host: 'web01:5000',
          'x-forwarded-host': 'shop.example',
          'x-forwarded-port': '8443',
          origin: 'https://shop.example:8443'
        },
        { host: 'shop.example', 'x-forwarded-port': '8443', origin: 'https://shop.example:8443' },
        { host: 'shop.example', 'x-forwarded-port': '8080', origin: 'https://shop.example' },
        { host: 'shop.example', 'x-forwarded-host': 'inner', origin: 'https://shop.example' },
        {
          host: 'web01:5000',
          forwarded: 'for=192.0.2.7;proto=http;host=shop.example',
          origin: 'https://shop.example'
        },
        {
          host: 'web01:5000',
          forwarded: 'For="[2001:db8::7]:4711"; Host="shop.example:8443" ;Proto=http, for=10.9.0.1',
          origin: 'https://shop.example:8443'
        }
      ] as Headers[]) {
        const label = JSON.stringify(headers)
        // No address of its own, which would keep `Forwarded` from counting.
        const reply = await postAs(client, headers)
        assert.equal(reply.status, 303, label)
      }
    })

    test('a form of another site is not', async t => {
      const client = await signedIn(t, site.server)
      for (const headers of [
        { host: 'shop.example', origin: 'https://shop.example', 'sec-fetch-site': 'cross-site' },
        { host: 'shop.example', origin: 'https://shop.example', 'sec-fetch-site': 'same-site' },
        { host: 'shop.example', origin: 'https://shop.example', 'sec-fetch-site': 'whatever' },
        { host: 'shop.example', origin: 'https://shop.example:8443' },
        { host: 'shop.example:8443', origin: 'https://shop.example' },
        { host: 'shop.example', origin: 'https://evil.example' },
        { host: 'shop.example', origin: 'https://shop.example.evil.example' },
        { host: 'shop.example', origin: 'ftp://shop.example' },
        { host: 'shop.example', origin: 'chrome-extension://shop.example' },
        { host: 'shop.example', origin: 'null' },
        { host: 'shop.example', origin: '' },
        { host: 'web01', 'x-forwarded-host': 'shop.example', origin: 'https://evil.example' }
      ] as Headers[]) {
        assert.equal((await postAs(client, headers)).status, 403, JSON.stringify(headers))
      }
      assert.equal((await client.items()).length, 0)
    })

    test('a refusal logs both hosts once, not once a request, and no flood of them', ownProcess, async t => {
      const server = await startServer(t, site.database.env)
      const client = await signedIn(t, server)
      const told = () => server.logs.filter(line => line.includes('refused a form')).map(line => JSON.parse(line))
      for (let round = 0; round < 5; round++)
        await postAs(client, { host: 'web01:5000', origin: 'https://shop.example' })
      // A line may come after the answer: it has a way of its own.
      await eventually(() => assert.equal(told().length, 1))
      const { level, origin, host } = told()[0]
      assert.deepEqual({ level, origin, host }, { level: 40, origin: 'https://shop.example', host: 'web01:5000' })
      await postAs(client, { host: 'web02:5000', origin: 'https://shop.example' })
      await eventually(() => assert.equal(told().length, 2))
      await Promise.all(
        Array.from({ length: 200 }, (_, n) => postAs(client, { host: 'web01', origin: `https://e${n}.example` }))
      )
      assert.ok(told().length <= 100, `${told().length} lines`)
    })

    test(
      'its word for the scheme counts, in a list the one of the browser as far as those who tell it are trusted',
      ownProcess,
      async t => {
        const untrusted = await startServer(t, { ...site.database.env, TRUST_PROXY: '10.9.0.0/16' })
        for (const [headers, isTls] of [
          [{ 'x-forwarded-proto': 'https' }, true],
          [{ 'x-forwarded-proto': 'HTTPS' }, true],
          [{ 'x-forwarded-proto': 'http' }, false],
          [{ 'x-forwarded-proto': 'gopher' }, false],
          [{ 'x-forwarded-proto': '' }, false],
          [{ 'x-forwarded-proto': 'https, http' }, true],
          [{ 'x-forwarded-proto': 'https,http' }, true],
          [{ 'x-forwarded-proto': 'https, http, http' }, true],
          [{ 'x-forwarded-proto': 'http, https' }, false],
          [{ 'x-forwarded-proto': 'https, http', 'x-forwarded-for': '192.0.2.7' }, true],
          [{ 'x-forwarded-proto': 'https, http', 'x-forwarded-for': '192.0.2.7, 10.9.0.1' }, true],
          [{ 'x-forwarded-proto': 'http, https', 'x-forwarded-for': '192.0.2.7, 10.9.0.1' }, false],
          // Whoever wrote the first entry is a stranger.
          [{ 'x-forwarded-proto': 'https, http', 'x-forwarded-for': '192.0.2.7, 192.0.2.8' }, false],
          [{ 'x-forwarded-proto': 'http, https', 'x-forwarded-for': '192.0.2.7, 192.0.2.8' }, true],
          [{ forwarded: 'proto=https' }, true],
          [{ forwarded: 'for=192.0.2.7;proto=https' }, true],
          [{ forwarded: 'for=192.0.2.7; PROTO="https"; by=10.9.0.1' }, true],
          [{ forwarded: 'for=192.0.2.7;proto=http' }, false],
          [{ forwarded: 'for=192.0.2.7;proto=https, for=10.9.0.1;proto=http' }, true],
          [{ forwarded: 'for=192.0.2.7;proto=https, for=192.0.2.8;proto=http' }, false],
          [{ forwarded: 'for="a,b;proto=https";proto=http' }, false],
          [{ forwarded: ';;,=,"' }, false],
          // A proxy that writes the one hands on what a client put into the other.
          [{ forwarded: 'proto=https', 'x-forwarded-for': '192.0.2.7' }, false],
          [{ forwarded: 'proto=https', 'x-forwarded-proto': 'http' }, false]
        ] as [Headers, boolean][]) {
          const label = JSON.stringify(headers)
          const reply = await request(`${site.server.url}/login`, { headers })
          assert.equal(reply.status, 200, label)
          assert.equal(reply.headers['strict-transport-security'] !== undefined, isTls, label)
          assert.equal(/Secure/.test(String(reply.headers['set-cookie'])), isTls, label)
          const ignored = await request(`${untrusted.url}/login`, { headers })
          assert.equal(ignored.headers['strict-transport-security'], undefined, `not trusted: ${label}`)
        }
      }
    )

    test('its word for the address counts, without a port', async t => {
      for (const [headers, address] of [
        [{ 'x-forwarded-for': '192.0.2.7' }, '192.0.2.7'],
        [{ 'x-forwarded-for': '192.0.2.7:51234' }, '192.0.2.7'],
        [{ 'x-forwarded-for': '[2001:db8::7]:51234' }, '2001:db8::7'],
        [{ 'x-forwarded-for': '2001:db8::7' }, '2001:db8::7'],
        [{ 'x-forwarded-for': '203.0.113.1, 192.0.2.7, 10.9.0.1' }, '192.0.2.7'],
        [{ 'x-forwarded-for': '203.0.113.1, 192.0.2.7:1, 10.9.0.1:2' }, '192.0.2.7'],
        [{ forwarded: 'for=192.0.2.7' }, '192.0.2.7'],
        [{ forwarded: 'for="192.0.2.7:51234", for="10.9.0.1:80"' }, '192.0.2.7'],
        [{ forwarded: 'for="[2001:db8::7]:51234";proto=https' }, '2001:db8::7'],
        [{ forwarded: 'for=203.0.113.1', 'x-forwarded-for': '192.0.2.7' }, '192.0.2.7']
      ] as [Headers, string][]) {
        const { account } = await signedIn(t, site.server)
        const client = new Client(t, site.server)
        await client.login(account)
        const other = new Client(t, site.server)
        await other.send('GET', '/login', { headers: { 'x-forwarded-for': '', ...headers } })
        await other.send('POST', '/login', {
          headers: { 'x-forwarded-for': '', ...headers, 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ ...account, csrf_token: other.csrf() ?? '' }).toString()
        })
        const shown = visibleText((await client.get('/conta')).text)
        assert.ok(shown.includes(` ${address} `), `${JSON.stringify(headers)}: ${shown}`)
      }
    })

    test('the real HAProxy, set up in the ways that people do, brings forms and TLS through', {
      skip: skipWithoutHaproxy() ?? false
    }, async t => {
      for (const { ways, host, origin, expected = 303, isTls = false } of [
        { ways: [], host: 'shop.example', origin: 'http://shop.example' },
        {
          ways: ['set-header X-Forwarded-Proto https'],
          host: 'shop.example',
          origin: 'https://shop.example',
          isTls: true
        },
        { ways: ['set-header Host %[req.hdr(host)]:80'], host: 'shop.example', origin: 'http://shop.example' },
        { ways: ['set-header Host %[req.hdr(host)]:443'], host: 'shop.example', origin: 'https://shop.example' },
        { ways: ['set-header Host web01:5000'], host: 'shop.example', origin: 'http://shop.example', expected: 403 },
        {
          ways: ['set-header X-Forwarded-Host %[req.hdr(host)]', 'set-header Host web01:5000'],
          host: 'shop.example:8080',
          origin: 'http://shop.example:8080'
        },
        {
          ways: ['set-header X-Forwarded-Port 8443', 'set-header Host %[req.hdr(host),field(1,:)]'],
          host: 'shop.example:8443',
          origin: 'https://shop.example:8443'
        },
        // A proxy before it wrote a header, and this one adds its own.
        {
          ways: ['set-header X-Forwarded-Proto https', 'add-header X-Forwarded-Proto http'],
          host: 'shop.example',
          origin: 'https://shop.example',
          isTls: true
        },
        {
          ways: [
            'del-header X-Forwarded-For',
            'set-header Forwarded for=%[src];proto=https;host="%[req.hdr(host)]"',
            'set-header Host web01'
          ],
          host: 'shop.example:8443',
          origin: 'https://shop.example:8443',
          isTls: true
        }
      ] as Way[]) {
        const label = ways.join('; ') || 'nothing but the request'
        const addsAddress = !label.includes('Forwarded for')
        const haproxy = await startHaproxy(
          t,
          ({ port }) => `
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  ${addsAddress ? 'option forwardfor' : ''}
frontend in
  bind 127.0.0.1:${port}
  ${ways.map(way => `http-request ${way}`).join('\n  ')}
  default_backend web
backend web
  server web01 127.0.0.1:${site.server.port}
`
        )
        const client = new Client(t, haproxy)
        // HAProxy writes what a client does not: this one sends nothing of its own.
        const headers = { host, origin, 'x-forwarded-for': '192.0.2.7' }
        const page = await client.get('/signup', { host })
        assert.equal(page.headers['strict-transport-security'] !== undefined, isTls, label)
        assert.equal(/__Host-/.test(String(page.headers['set-cookie'])), isTls, label)
        const reply = await client.post('/signup', { ...newAccount() }, headers)
        assert.equal(reply.status, expected, label)
        if (expected !== 303) continue
        assert.equal((await client.get('/carrinho/', { host })).status, 200, label)
      }
    })

    /** The add form from the last page of this client's, as a proxy hands it on. */
    const postAs = (client: Client, headers: Headers) =>
      client.send('POST', '/carrinho/', {
        headers: {
          'x-forwarded-for': '',
          ...headers,
          'content-type': 'application/x-www-form-urlencoded'
        },
        body: new URLSearchParams({ ...item, csrf_token: client.csrf() ?? '' }).toString()
      })
  },
  ['sqlite']
)
