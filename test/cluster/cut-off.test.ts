import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import mysql from 'mysql2/promise'
import pg from 'pg'
import {
  assertProblem,
  type Client,
  cli,
  defer,
  type Engine,
  eventually,
  forEachEngine,
  freshDatabase,
  Program,
  patiently,
  request,
  type Scope,
  signedIn,
  skipWithoutHaproxy,
  startHaproxy,
  startServer,
  type TcpProxy,
  type TestDatabase,
  type TestServer,
  tcpProxy,
  tokenFor,
  wait
} from '../helper.ts'

const WEB_CFG = readFileSync(fileURLToPath(new URL('../../lab/config/haproxy/web.cfg', import.meta.url)), 'utf8')

/**
 * The lab's own configuration of the web balancers, before these servers. A server may be silent for as long as said, much longer
 * than in the lab: on a machine with much else to do it is, and is not dead.
 */
const asInTheLab =
  ([first, second]: [TestServer, TestServer], silentMs = '20000') =>
  ({ port }: { port: number }) =>
    WEB_CFG.replace(/^( *timeout server) .*$/m, `$1 ${silentMs}ms`)
      .replace(/^( *timeout check) .*$/m, `$1 ${silentMs}ms`)
      .replace(/^ *stats socket .*\n/m, '')
      .replace(/^listen stats\n(?: .*\n)+/m, '')
      .replace(/^ *bind \$\{VIRTUAL_IP\}:80$/m, `    bind 127.0.0.1:${port}`)
      .replace(/^ *bind \$\{OWN_IP\}:80\n/m, '')
      .replaceAll('${LAB_NET}.180:5000', `127.0.0.1:${first.port}`)
      .replaceAll('${LAB_NET}.181:5000', `127.0.0.1:${second.port}`)
      .replaceAll('${VIRTUAL_IP}', '127.0.0.1')
      .replaceAll('${HOSTNAME}', 'haproxy')

/** Two web servers on one database, each on a way of its own, behind the lab's balancer. */
async function site(t: Scope, engine: Engine, silentMs?: string) {
  const database = await freshDatabase(t, engine)
  const port = Number(new URL(database.url as string).port)
  const ways = await Promise.all([tcpProxy(t, port), tcpProxy(t, port)])
  const servers = (await Promise.all(ways.map(way => startServer(t, database.envThrough(way.port))))) as [
    TestServer,
    TestServer
  ]
  const front = await startHaproxy(t, asInTheLab(servers, silentMs))
  // They know of each other: the balancer came by, and the database told of it.
  await eventually(async () => {
    for (const { url } of servers) assert.match((await request(`${url}/metrics`)).text, /^carrinho_siblings\{.*\} 1$/m)
  })
  const [first, second] = servers
  return { database, ways: ways as [TcpProxy, TcpProxy], first, second, front }
}

const readiness = async ({ url }: TestServer) => {
  const { status, text } = await request(`${url}/health/ready`)
  return `${status} ${text}`
}

/**
 * Looks and adds without pause, each add under its key, until told to stop. What was not answered well, but for requests that took
 * so long that their server told the balancer of it: those can be sent elsewhere by nobody but the page, which does so.
 */
function keepShopping(client: Client) {
  const failures: string[] = []
  let longestMs = 0
  let added = 0
  let isStopping = false
  const done = (async () => {
    for (let n = 0; !isStopping; n++) {
      const since = performance.now()
      const send = () =>
        n % 3 === 0
          ? client.addItem({ tipo: `item ${n}` }, { operation: `${n}`.padStart(16, 'k') })
          : client.get('/carrinho/')
      let reply = await send()
      while (reply.status >= 500 && reply.interim.length > 0) reply = await send()
      longestMs = Math.max(longestMs, performance.now() - since)
      if (reply.status === 303) added++
      else if (reply.status !== 200) failures.push(`${reply.status} from ${reply.headers['x-served-by']}`)
      await wait(20)
    }
  })()
  return {
    async stop() {
      isStopping = true
      await done
      return { added, failures, longestMs }
    }
  }
}

/** The first status line that comes, which some programs take for the answer. */
async function firstStatus(port: number, lines: string[]): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(`${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return chunk.toString().split('\r\n', 1)[0] ?? ''
}

/** Whoever reads the items waits, until the test is over. */
async function lockItems(t: Scope, { engine, url = '' }: TestDatabase): Promise<void> {
  if (engine === 'mariadb') {
    const connection = await mysql.createConnection(url)
    defer(t, () => connection.end())
    await connection.query('lock tables compras write')
  } else {
    const connection = new pg.Client({ connectionString: url })
    await connection.connect()
    defer(t, () => connection.end())
    await connection.query('begin')
    await connection.query('lock table compras in access exclusive mode')
  }
}

const cookieOf = (client: Client) => [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')

describe('behind the lab’s HAProxy', { skip: skipWithoutHaproxy() ?? false }, () => {
  forEachEngine(
    'a web server that alone is cut off from the database',
    engine => {
      test('says so, and whoever asks it is served by the other one, writes once', async t => {
        const { ways, first, second, front } = await site(t, engine)
        const people = await Promise.all(Array.from({ length: 6 }, () => signedIn(t, front)))
        const other = await signedIn(t, first)
        const shoppers = people.map(keepShopping)
        await wait(500)
        ways[0].freeze()
        await eventually(async () =>
          assert.match(await readiness(first), new RegExp(`^503 .*no database here, ${second.name} has one`))
        )
        assert.match(await readiness(second), /^200 /)
        const { status, headers } = await other.get('/carrinho/')
        assert.deepEqual([status, headers['x-carrinho-elsewhere']], [504, second.name])
        await wait(1_000)
        await ways[0].restore()
        await eventually(async () => assert.match(await readiness(first), /^200 /))
        const outcomes = await Promise.all(shoppers.map(shopper => shopper.stop()))
        assert.deepEqual(
          outcomes.flatMap(({ failures }) => failures),
          []
        )
        t.diagnostic(`the longest pause was ${Math.round(Math.max(...outcomes.map(({ longestMs }) => longestMs)))} ms`)
        for (const [index, client] of people.entries()) {
          assert.equal((await client.items()).length, outcomes[index]?.added, 'what was acknowledged is there, once')
        }
      })

      test('knows the other one also after that was without a database for long', async t => {
        const { database, ways, first, second } = await site(t, engine)
        const beatOf = async ({ name }: TestServer) => {
          const [row] = await database.query(`select seen_at from servers where name = '${name}'`)
          return Number(row?.seen_at)
        }
        ways[1].freeze()
        await eventually(async () => assert.match(await readiness(second), /^503 /))
        // As if a minute had gone by, after which the first looks twice who is there.
        await database.query(`update servers set seen_at = seen_at - 60000 where name = '${second.name}'`)
        // And as if one had died where it is, whose clock was ahead.
        await database.query(
          `insert into servers (id, name, address, release_version, seen_at)
             select 'died', 'died', address, release_version, seen_at + 120000 from servers where name = '${second.name}'`
        )
        for (let looks = 0; looks < 2; looks++) {
          const before = await beatOf(first)
          await eventually(async () => assert.notEqual(await beatOf(first), before))
        }
        await ways[1].restore()
        ways[0].freeze()
        await eventually(async () =>
          assert.match(await readiness(first), new RegExp(`^503 .*no database here, ${second.name} has one`))
        )
      })

      test('answers in words of its own who was told that it lives: no balancer sends that elsewhere any more', async t => {
        const { database, ways, first, second } = await site(t, engine)
        const client = await signedIn(t, first)
        await lockItems(t, database)
        const asked = http.get(`${first.url}/carrinho/`, {
          agent: false,
          headers: { cookie: cookieOf(client), accept: 'text/html' }
        })
        const answered = once(asked, 'response') as Promise<[http.IncomingMessage]>
        // It waits for a database that answers, until there is none.
        await once(asked, 'information')
        ways[0].freeze()
        const [answer] = await answered
        answer.resume()
        assert.deepEqual([answer.statusCode, answer.headers['x-carrinho-elsewhere']], [503, second.name])
      })

      test('sends programs to the other one, which does under its key what they sent', async t => {
        const { database, ways, first, second, front } = await site(t, engine)
        const { account } = await signedIn(t, front)
        const token = await tokenFor({ database }, account.email, 'write')
        const [direct, balanced] = [new Program(first, token), new Program(front, token)]
        assert.equal((await direct.get('/account')).status, 200)
        ways[0].freeze()
        await eventually(async () => assert.match(await readiness(first), /^503 /))
        const add = (program: Program) =>
          program.post('/lists/first/items', { name: 'Cerejas' }, { headers: { 'idempotency-key': 'cherries' } })
        for (const reply of [await direct.get('/account'), await direct.get('/lists/first/items'), await add(direct)]) {
          assertProblem(reply, 504, 'database_elsewhere')
          assert.equal(reply.headers['x-carrinho-elsewhere'], second.name)
          assert.ok(Number(reply.headers['retry-after']) > 0, reply.headers['retry-after'])
        }
        assert.equal((await balanced.get('/account')).status, 200)
        const added = await add(balanced)
        assert.equal(added.status, 201, added.text)
        assert.deepEqual((await add(balanced)).json(), added.json())
        await ways[0].restore()
        await eventually(async () => assert.match(await readiness(first), /^200 /))
        assert.deepEqual((await add(direct)).json(), added.json())
      })

      test('does not have a write without a key sent again: its page keeps what was typed', async t => {
        const { ways, first, second } = await site(t, engine)
        const alone = await startHaproxy(t, asInTheLab([first, first]))
        const client = await signedIn(t, alone)
        await client.get('/carrinho/')
        ways[0].freeze()
        await eventually(async () => assert.match(await readiness(first), /^503 /))
        const reply = await client.addItem({ tipo: 'Cerejas' }, { operation: '' })
        assert.equal(reply.status, 503)
        assert.equal(reply.headers['x-carrinho-elsewhere'], second.name)
        assert.match(reply.text, /Cerejas/)
      })
    },
    ['mariadb', 'postgres']
  )

  forEachEngine(
    'an outage of the whole database',
    engine => {
      test('is no server’s own: both stay ready, pages wait for it, programs hear nothing but the answer', async t => {
        const { ways, first, second, front } = await site(t, engine, patiently(1600))
        const client = await signedIn(t, front)
        const cookie = `cookie: ${cookieOf(client)}`
        for (const way of ways) way.freeze()
        const page = client.get('/carrinho/')
        const ask = (accept: string) =>
          firstStatus(front.port, ['GET /carrinho/ HTTP/1.1', 'host: x', `accept: ${accept}`, cookie])
        const program = Promise.all([ask('*/*'), ask('application/json')])
        const browser = ask('text/html')
        const direct = firstStatus(first.port, ['GET /carrinho/ HTTP/1.1', 'host: x', cookie])
        await wait(3_000)
        for (const server of [first, second]) assert.match(await readiness(server), /^200 /)
        for (const way of ways) await way.restore()
        assert.equal((await page).status, 200)
        assert.deepEqual(await program, ['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK'])
        assert.equal(await direct, 'HTTP/1.1 200 OK')
        assert.equal(await browser, 'HTTP/1.1 102 Processing', 'a browser’s is kept alive')
      })
    },
    ['mariadb', 'postgres']
  )
})

forEachEngine('the servers on one database', engine => {
  test('are listed by `carrinho status`, and no more once they have left', async t => {
    const database = await freshDatabase(t, engine)
    const server = await startServer(t, { ...database.env, SERVER_NAME: 'web07' })
    const listed = async () => (await cli(['status'], database.env)).stdout
    await eventually(async () =>
      assert.match(await listed(), /^server: web07, release \d+\.\d+\.\d+, .* seen \d+ s ago$/m)
    )
    await server.stop()
    assert.doesNotMatch(await listed(), /^server:/m)
  })
})
