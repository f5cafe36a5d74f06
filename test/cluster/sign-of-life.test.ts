import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, test } from 'node:test'
import {
  type Env,
  eventually,
  forEachEngine,
  freshDatabase,
  request,
  type Scope,
  signedIn,
  skipWithoutHaproxy,
  startHaproxy,
  startServer,
  type TestServer,
  tcpProxy,
  untilByTurns,
  wait,
  webBalancer
} from '../helper.ts'

/** A request may wait this long for its database, longer than the balancer waits for a silent server. */
const patient = { DB_CONNECT_MS: '6000', DB_STATEMENT_MS: '6000', DB_REQUEST_MS: '9000' }
const OUTAGE_MS = 4_500

/** The status, and those of the interim answers that came before. */
function getWithInterim(url: string, headers: Record<string, string>) {
  return new Promise<{ status: number; interim: number[] }>((resolve, reject) => {
    const interim: number[] = []
    http
      .get(url, { agent: false, headers }, answer => {
        answer.resume()
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, interim }))
      })
      .on('information', ({ statusCode }) => interim.push(statusCode))
      .once('error', reject)
  })
}

/** All that the server sends to a client of HTTP/1.0. */
async function getAsOldClient(port: number, path: string, cookie: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.write(`GET ${path} HTTP/1.0\r\ncookie: ${cookie}\r\n\r\n`)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

const cookieOf = (client: { cookies: Map<string, string> }) =>
  [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')

/** Asks for the list while the database says nothing for a while. */
async function askSlowly(t: Scope, env: Env = {}, as: Record<string, string> = { accept: 'text/html' }) {
  const database = await freshDatabase(t, 'mariadb')
  const proxy = await tcpProxy(t, Number(new URL(database.url as string).port))
  const server = await startServer(t, { ...database.envThrough(proxy.port), ...patient, ...env })
  const client = await signedIn(t, server)
  proxy.freeze()
  const answer = getWithInterim(`${server.url}/carrinho/`, { ...as, cookie: cookieOf(client) })
  await wait(OUTAGE_MS)
  await proxy.restore()
  return answer
}

forEachEngine('while its database is slow, a web server', () => {
  test('tells a trusted balancer twice a second that it is alive', async t => {
    const { status, interim } = await askSlowly(t)
    assert.equal(status, 200)
    assert.ok(interim.length >= 3 && interim.every(code => code === 102), `interim answers: ${interim}`)
  })

  test('does so for the scripts of its pages, too', async t => {
    const { interim } = await askSlowly(t, {}, { accept: 'application/json', 'sec-fetch-mode': 'cors' })
    assert.ok(interim.length >= 3, `interim answers: ${interim}`)
  })

  test('sends programs the answer alone: some take the first status line for it', async t => {
    const programs: Record<string, string>[] = [{}, { accept: '*/*' }, { accept: 'application/json' }]
    for (const as of programs) {
      assert.deepEqual(await askSlowly(t, {}, as), { status: 200, interim: [] }, JSON.stringify(as))
    }
  })

  test('sends nobody else an answer that old clients do not know', async t => {
    assert.deepEqual(await askSlowly(t, { TRUST_PROXY: '192.0.2.1' }), { status: 200, interim: [] })
  })
}, ['mariadb'])

describe('behind HAProxy with a short server timeout', { skip: skipWithoutHaproxy() ?? false }, () => {
  forEachEngine('a web server', () => {
    const balancer = (servers: TestServer[]) =>
      webBalancer(servers, {
        isChecked: false,
        // Silence is death, as in the lab, where it is half as long: a test machine may be busy.
        defaults: [
          'timeout server 3s',
          'retry-on conn-failure empty-response response-timeout',
          'option http-buffer-request'
        ]
      })

    /** Somebody signed in on the one web server behind HAProxy, and the way from there to the database. */
    const behindBalancer = async (t: Scope) => {
      const database = await freshDatabase(t, 'mariadb')
      const proxy = await tcpProxy(t, Number(new URL(database.url as string).port))
      const server = await startServer(t, { ...database.envThrough(proxy.port), ...patient })
      const front = await startHaproxy(t, balancer([server]))
      return { proxy, front, client: await signedIn(t, front) }
    }

    test('that waits for its database is waited for, and no other is asked instead', async t => {
      const { proxy, client } = await behindBalancer(t)
      proxy.freeze()
      const reply = client.get('/carrinho/')
      await wait(OUTAGE_MS)
      await proxy.restore()
      assert.equal((await reply).status, 200)
    })

    test('that waits for its database sends no interim answer to an HTTP/1.0 client, which knows none', async t => {
      const { proxy, front, client } = await behindBalancer(t)
      proxy.freeze()
      const reply = getAsOldClient(front.port, '/carrinho/', cookieOf(client))
      // HAProxy waits 3 s for silence.
      await wait(1_500)
      await proxy.restore()
      assert.match(await reply, /^HTTP\/1\.\d 200 /)
    })

    test('that is frozen is given up, and the write goes to the other one, once', async t => {
      const { env } = await freshDatabase(t, 'mariadb')
      const servers = await Promise.all([startServer(t, env), startServer(t, env)])
      const front = await startHaproxy(t, balancer(servers))
      await untilByTurns(front)
      const client = await signedIn(t, front)
      const [frozen, other] = servers as [TestServer, TestServer]
      frozen.process.kill('SIGSTOP')
      t.after(() => frozen.process.kill('SIGCONT'))
      const slowest: number[] = []
      for (let n = 0; n < 4; n++) {
        const startedAt = performance.now()
        const reply = await client.addItem({ tipo: `item ${n}` })
        slowest.push(performance.now() - startedAt)
        assert.equal(reply.status, 303)
        assert.equal(reply.headers['x-served-by'], other.name)
      }
      frozen.process.kill('SIGCONT')
      await eventually(async () => assert.equal((await request(`${frozen.url}/health/live`)).status, 200))
      assert.deepEqual((await client.items()).map(item => item.tipo).sort(), ['item 0', 'item 1', 'item 2', 'item 3'])
      assert.ok(Math.max(...slowest) > 2000, 'the frozen one was asked first at least once')
    })
  }, ['mariadb'])
})
