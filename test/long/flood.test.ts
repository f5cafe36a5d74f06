import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import {
  Client,
  defer,
  eventually,
  forEachEngine,
  freshDatabase,
  type Reply,
  request,
  startServer,
  type TestServer
} from '../helper.ts'

interface Line {
  level: number
  msg: string
  kind?: string
  more?: number
  status?: number
  reqId?: string
}

const WARN = 40
const TIMES = 400

/** All but the one that names both hosts of a refused form, once, for whoever set the proxy up. */
const linesOf = ({ logs }: TestServer): Line[] =>
  logs
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Line)
    .filter(({ msg }) => !msg.startsWith('refused a form as of another site'))

/** What a stranger sends as many of as they like. */
const refused: Record<string, (server: TestServer) => Promise<number | string>> = {
  'a body that is too large': async ({ url }) =>
    (await request(`${url}/login`, { method: 'POST', headers: FORM, body: 'x'.repeat(70_000) })).status,
  'a form without a token': async ({ url }) =>
    (await request(`${url}/login`, { method: 'POST', headers: FORM, body: 'email=a' })).status,
  "another site's form": async ({ url }) =>
    (await request(`${url}/login`, { method: 'POST', headers: { ...FORM, origin: 'https://evil.test' }, body: 'a=b' }))
      .status,
  'JSON that is none': async ({ url }) =>
    (await request(`${url}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }))
      .status,
  'a type that is not known': async ({ url }) =>
    (await request(`${url}/login`, { method: 'POST', headers: { 'content-type': 'text/xml' }, body: '<a/>' })).status,
  'a page that is not there': async ({ url }) => (await request(`${url}/wp-login.php`)).status,
  'an asset that is not there': async ({ url }) => (await request(`${url}/static/x.js`)).status,
  'a method that is not': async ({ url }) => (await request(`${url}/login`, { method: 'DELETE' })).status,
  'a path that cannot be decoded': async ({ url }) => (await request(`${url}/%ff`)).status,
  'headers that are too large': ({ port }) =>
    sendRaw(port, `GET / HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(40_000)}\r\n\r\n`),
  'no HTTP': ({ port }) => sendRaw(port, 'EHLO mail.example\r\n\r\n'),
  'metrics without their token': async ({ url }) => (await request(`${url}/metrics`)).status
}
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

async function sendRaw(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  let heard = ''
  socket.on('data', chunk => {
    heard += chunk
  })
  socket.on('error', () => {})
  socket.write(text)
  await once(socket, 'close')
  return heard.slice(0, 12)
}

forEachEngine(
  'a flood of',
  engine => {
    for (const [what, send] of Object.entries(refused)) {
      test(`${what} is a line, and a warning a second`, async t => {
        const { env } = await freshDatabase(t, engine)
        const server = await startServer(t, { ...env, METRICS_TOKEN: 'a-token-of-many-letters' })
        const before = linesOf(server).length
        const begin = performance.now()
        let answered = 0
        const sender = async () => {
          for (let n = 0; n < TIMES / 10; n++) {
            const status = await send(server)
            if (status !== '') answered++
            assert.ok(!/^(2|5|HTTP\/1.1 [25])/.test(String(status)), `answered ${status}`)
          }
        }
        await Promise.all(Array.from({ length: 10 }, sender))
        const seconds = (performance.now() - begin) / 1000
        const counted = () =>
          linesOf(server)
            .slice(before)
            .reduce((sum, { more }) => sum + (more ?? 1), 0)
        await eventually(() => assert.equal(counted(), TIMES, 'each is in a line, or counted in one'))
        const lines = linesOf(server).slice(before)
        const warnings = lines.filter(({ level }) => level >= WARN)
        assert.ok(warnings.length <= seconds + 2, `${warnings.length} warnings in ${seconds} s`)
        assert.equal(lines.length - warnings.length, 1, 'the first is written whole')
        assert.ok(!server.logs.join('\n').includes('    at '), 'no stack')
        assert.ok(answered > 0)
      })
    }

    test('logins while there is too much to do has no stack in the log', async t => {
      const { env } = await freshDatabase(t, engine)
      const server = await startServer(t, env)
      const begin = performance.now()
      const guess = async (): Promise<Reply> => {
        const client = new Client(t, server)
        await client.get('/login')
        return client.post('/login', { email: `${Math.random()}@example.org`, password: 'not the one' })
      }
      const replies = await Promise.all(Array.from({ length: 300 }, guess))
      const busy = replies.filter(({ status }) => status === 503).length
      assert.ok(busy > 0, 'there was not too much to do')
      const of503 = () => linesOf(server).filter(({ status, kind }) => status === 503 || kind?.startsWith('503'))
      await eventually(() =>
        assert.equal(
          of503().reduce((sum, { more }) => sum + (more ?? 1), 0),
          busy
        )
      )
      assert.ok(of503().length <= (performance.now() - begin) / 1000 + 2, JSON.stringify(of503()))
      assert.ok(!server.logs.some(line => line.includes('"stack"')))
    })

    test('logins that have to wait is one event, and then counted, with the address in each line', async t => {
      const { env } = await freshDatabase(t, engine)
      const server = await startServer(t, { ...env, LOGIN_LIMIT: '1' })
      const client = new Client(t, server)
      const guess = { email: 'nobody@example.org', password: 'not the one' }
      assert.equal((await client.tryLogin(guess)).status, 401)
      for (let n = 0; n < 10; n++) assert.equal((await client.post('/login', guess)).status, 429)
      const events = () => server.logs.filter(line => line.includes('login.throttled') && line.includes(client.address))
      const counted = () => events().reduce((sum, line) => sum + ((JSON.parse(line) as Line).more ?? 1), 0)
      await eventually(() => assert.equal(counted(), 10))
      const waitingMs = 300 * 10
      assert.ok(events().length <= waitingMs / 1000 + 5, `${events().length} lines`)
    })

    test('one kind hides no other, and what was counted is told at the end', async t => {
      const { env } = await freshDatabase(t, engine)
      const server = await startServer(t, env)
      defer(t, () => server.kill())
      for (let n = 0; n < 20; n++) await request(`${server.url}/nowhere`)
      await request(`${server.url}/login`, { method: 'POST', headers: FORM, body: 'email=a' })
      await server.stop()
      const lines = linesOf(server)
      assert.ok(lines.some(({ status }) => status === 403))
      const ofKind = lines.filter(({ status, kind }) => status === 404 || kind?.startsWith('404'))
      assert.equal(
        ofKind.reduce((sum, { more }) => sum + (more ?? 1), 0),
        20
      )
    })
  },
  ['sqlite']
)
