import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import {
  defer,
  eventually,
  forEachEngine,
  freshDatabase,
  type Scope,
  sharedSite,
  signedIn,
  startServer,
  tcpProxy,
  wait
} from '../helper.ts'

const limits = { CLIENT_HEADERS_MS: '600', CLIENT_REQUEST_MS: '1500', CLIENT_READ_MS: '2000' }

interface RawClient {
  socket: net.Socket
  /** All that came so far. */
  heard(): string
  /** Milliseconds from its connection to its end. */
  ended: Promise<number>
}

function connect(t: Scope, port: number): RawClient {
  const socket = net.connect(port, '127.0.0.1')
  const begin = performance.now()
  let heard = ''
  socket.setEncoding('utf8').on('data', chunk => {
    heard += chunk
  })
  socket.on('error', () => {})
  defer(t, () => socket.destroy())
  const ended = new Promise<number>(resolve => socket.once('close', () => resolve(performance.now() - begin)))
  return { socket, heard: () => heard, ended }
}

/** A character each 50 ms, again and again, for as long as it is listened to. */
function trickle({ socket, ended }: RawClient, text: string): void {
  let n = 0
  const timer = setInterval(() => socket.writable && socket.write(text[n++ % text.length] ?? ''), 50)
  void ended.then(() => clearInterval(timer))
}

forEachEngine(
  'a slow client',
  engine => {
    const site = sharedSite(engine, limits)
    const slow = (t: Scope) => connect(t, site.server.port)

    test('has a limit for its headers', async t => {
      const client = slow(t)
      client.socket.write('GET / HTTP/1.1\r\nhost: x\r\n')
      trickle(client, 'a: b\r\n')
      assert.ok((await client.ended) >= 600)
      assert.match(client.heard(), /^HTTP\/1\.1 408 /)
      assert.match(client.heard(), new RegExp(`x-served-by: ${site.server.name}\r\n`))
      assert.match(client.heard(), /x-request-id: \S+\r\n/)
    })

    test('has a limit for all of its request', async t => {
      const client = slow(t)
      client.socket.write('POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n')
      client.socket.write('content-type: application/x-www-form-urlencoded\r\n\r\n')
      trickle(client, 'a')
      assert.ok((await client.ended) >= 1500)
      assert.match(client.heard(), /HTTP\/1\.1 408 /)
    })

    test('has these limits in later requests of a connection, too', async t => {
      const client = slow(t)
      client.socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n')
      await eventually(() => assert.match(client.heard(), /^HTTP\/1\.1 200 /))
      client.socket.write('GET /health/live HTTP/1.1\r\n')
      trickle(client, 'a: b\r\n')
      await client.ended
      assert.match(client.heard(), /HTTP\/1\.1 408 /)
    })

    test('that says nothing at all is told nothing: a browser would take it for the answer to come', async t => {
      const client = slow(t)
      assert.ok((await client.ended) >= 600)
      assert.equal(client.heard(), '')
    })

    test('may keep its connection for longer', async t => {
      const client = slow(t)
      const get = 'GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n'
      client.socket.write(get)
      await wait(3000)
      client.socket.write(get)
      await eventually(() => assert.equal(client.heard().match(/HTTP\/1\.1 200 /g)?.length, 2))
    })

    test('that reads nothing of what it asked for is given up', async t => {
      const client = slow(t)
      client.socket.pause()
      // Much more than fits between the two.
      client.socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(5000))
      let isOver = false
      void client.ended.then(() => {
        isOver = true
      })
      await eventually(() => {
        // Who does not read learns by writing that nobody is there any more.
        if (client.socket.writable) client.socket.write('x')
        const { destroyed, bytesWritten } = client.socket
        assert.ok(isOver, `not cut off: ${JSON.stringify({ destroyed, bytesWritten })}`)
      })
    })
  },
  ['sqlite']
)

forEachEngine(
  'a client that was quick',
  engine => {
    test('is waited with for its database, longer than it may itself take', async t => {
      const database = await freshDatabase(t, engine)
      const proxy = await tcpProxy(t, Number(new URL(database.url as string).port))
      for (const TRUST_PROXY of ['', '127.0.0.1']) {
        const patient = { DB_CONNECT_MS: '6000', DB_STATEMENT_MS: '6000', DB_REQUEST_MS: '9000', TRUST_PROXY }
        const quick = { CLIENT_HEADERS_MS: '1000', CLIENT_REQUEST_MS: '1000' }
        const server = await startServer(t, { ...database.envThrough(proxy.port), ...patient, ...quick })
        const client = await signedIn(t, server)
        proxy.freeze()
        const answer = client.get('/carrinho/')
        await wait(2500)
        await proxy.restore()
        assert.equal((await answer).status, 200)
      }
    })
  },
  ['mariadb', 'postgres']
)
