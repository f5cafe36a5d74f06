import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import {
  type Client,
  eventually,
  forEachEngine,
  freshDatabase,
  request,
  type Scope,
  signedIn,
  skipWithoutHaproxy,
  startHaproxy,
  startServer,
  type TestDatabase,
  type TestServer,
  tcpProxy,
  wait
} from '../helper.ts'

/** A statement may use up all of a request's time here: who waits for one that is not answered gets an error. */
const patient = { DB_STATEMENT_MS: '60000', DB_REQUEST_MS: '60000' }

/** MariaDB's own name, changed in its answers without changing their length: one database, as two nodes of a cluster. */
function renamed(letter: string): (chunk: Buffer) => Buffer {
  const name = hostname()
  const before = `hostname${String.fromCharCode(name.length)}`
  return chunk => {
    const at = chunk.indexOf(before + name, 0, 'latin1')
    if (at !== -1) chunk.fill(letter, at + before.length, at + before.length + name.length, 'latin1')
    return chunk
  }
}

async function nodeBehindProxy(t: Scope, database: TestDatabase, letter: string) {
  assert.ok(database.url)
  return tcpProxy(t, Number(new URL(database.url).port), undefined, renamed(letter))
}

/** Lists and adds without pause until told to stop. What took how long, in milliseconds. */
function keepShopping(client: Client) {
  const took: number[] = []
  const failures: string[] = []
  let added = 0
  let isStopping = false
  const done = (async () => {
    for (let n = 0; !isStopping; n++) {
      const start = performance.now()
      const reply = n % 3 === 0 ? await client.addItem({ tipo: `item ${n}` }) : await client.get('/carrinho/')
      took.push(performance.now() - start)
      if (reply.status === 303) added++
      if (reply.status >= 400) failures.push(`${reply.status} after ${took.at(-1)} ms`)
      await wait(20)
    }
  })()
  return {
    failures,
    async stop() {
      isStopping = true
      await done
      return { added, longestMs: Math.max(...took) }
    }
  }
}

/** What people notice while `fault` happens. */
async function shopThrough(t: Scope, server: TestServer, nodes: number, fault: () => Promise<unknown>) {
  const people = await Promise.all(Array.from({ length: 3 }, () => signedIn(t, server)))
  await Promise.all(people.flatMap(client => [client.get('/carrinho/'), client.getJson('/carrinho/')]))
  await eventually(async () => {
    const { text } = await request(`${server.url}/metrics`)
    assert.match(text, new RegExp(`database_connections\\{[^}]*state="watching"[^}]*\\} ${nodes}\\b`))
  })
  const shoppers = people.map(keepShopping)
  await wait(300)
  await fault()
  await wait(2500)
  const outcomes = await Promise.all(shoppers.map(shopper => shopper.stop()))
  assert.deepEqual(
    shoppers.flatMap(({ failures }) => failures),
    []
  )
  for (const [index, client] of people.entries()) {
    assert.equal((await client.items()).length, outcomes[index]?.added, 'what was acknowledged is there, once')
  }
  return Math.max(...outcomes.map(({ longestMs }) => longestMs))
}

describe('behind HAProxy', { skip: skipWithoutHaproxy() ?? false }, () => {
  forEachEngine(
    'a node that falls silent',
    engine => {
      test('costs nobody a failure, and a pause much shorter than a statement may take', async t => {
        const database = await freshDatabase(t, engine)
        const nodes = [await nodeBehindProxy(t, database, 'a'), await nodeBehindProxy(t, database, 'b')] as const
        // It does not look after its servers: half of all new connections go to the silent one.
        const balancer = await startHaproxy(
          t,
          ({ port }) => `
defaults
  mode tcp
  timeout connect 300ms
  timeout client 1m
  timeout server 1m

listen database
  bind 127.0.0.1:${port}
  balance roundrobin
  server a 127.0.0.1:${nodes[0].port}
  server b 127.0.0.1:${nodes[1].port}
`
        )
        const server = await startServer(t, { ...database.envThrough(balancer.port), ...patient })
        const longestMs = await shopThrough(t, server, 2, async () => nodes[0].freeze())
        t.diagnostic(`the longest pause was ${Math.round(longestMs)} ms`)
        const { text } = await request(`${server.url}/metrics`)
        assert.match(text, /silent_nodes_total\{[^}]*node="a+"/)
      })

      test('is left alone when it is only slow', async t => {
        const database = await freshDatabase(t, engine)
        const server = await startServer(t, { ...database.env, ...patient })
        const client = await signedIn(t, server)
        await client.addItem()
        await client.get('/carrinho/')
        const { url } = database
        assert.ok(url)
        const { default: mysql } = await import('mysql2/promise')
        const given = async () => {
          const { text } = await request(`${server.url}/metrics`)
          return text.split('\n').filter(line => /(retries|silent_nodes)_total\{/.test(line))
        }
        // On a machine with much else to do a node, or whoever listens to it, may really be silent for half a second.
        let isLeftAlone = false
        for (let time = 1; time <= 5 && !isLeftAlone; time++) {
          const before = await given()
          const locker = await mysql.createConnection(url)
          await locker.query('lock tables compras write')
          const slow = client.get('/carrinho/')
          await wait(2000)
          await locker.end()
          assert.equal((await slow).status, 200)
          isLeftAlone = isDeepStrictEqual(await given(), before)
        }
        assert.ok(isLeftAlone, (await given()).join('\n'))
      })
    },
    ['mariadb']
  )
})

forEachEngine(
  'a balancer that vanishes',
  engine => {
    test('leaves its connections without a word; new ones are made before anybody has waited long', async t => {
      const database = await freshDatabase(t, engine)
      assert.ok(database.url)
      const address = await tcpProxy(t, Number(new URL(database.url).port))
      const server = await startServer(t, { ...database.envThrough(address.port), ...patient })
      const longestMs = await shopThrough(t, server, 1, async () => {
        address.freeze()
        await wait(800)
        address.strand()
      })
      t.diagnostic(`the longest pause was ${Math.round(longestMs)} ms`)
    })
  },
  ['mariadb', 'postgres']
)
