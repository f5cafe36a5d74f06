import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Engine,
  eventually,
  forEachEngine,
  freshDatabase,
  patiently,
  request,
  signedIn,
  startServer,
  tcpProxy
} from '../helper.ts'

/** What comes in place of an answer, from a proxy, a port or a network that is not what it should be. */
const garbage: Record<string, (answer: Buffer) => Buffer> = {
  'an answer cut short': answer => answer.subarray(0, answer.length >> 1),
  'an answer twice': answer => Buffer.concat([answer, answer]),
  'another protocol': () => Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
  zeros: answer => Buffer.alloc(answer.length),
  ones: answer => Buffer.alloc(answer.length, 0xff)
}

/** The answer to something that has no rows. */
const noRows: Record<Exclude<Engine, 'sqlite'>, Buffer> = {
  mariadb: Buffer.from('0700000100000002000000', 'hex'),
  postgres: Buffer.from('I\0\0\0\x04Z\0\0\0\x05I', 'latin1')
}

forEachEngine(
  'a database that sends what is no answer',
  engine => {
    assert.ok(engine !== 'sqlite')
    const ways = { ...garbage, 'that it is done': () => noRows[engine] }

    test('ends no server, signs nobody out, and what is told as done is done, once', async t => {
      const database = await freshDatabase(t, engine)
      let spoil: ((answer: Buffer) => Buffer) | undefined
      let every = 1
      let seen = 0
      const proxy = await tcpProxy(t, Number(new URL(database.url as string).port), undefined, answer =>
        spoil && ++seen % every === 0 ? spoil(answer) : answer
      )
      const server = await startServer(t, {
        ...database.envThrough(proxy.port),
        DB_REQUEST_MS: patiently(1000),
        DB_STATEMENT_MS: patiently(300),
        DB_CONNECT_MS: patiently(300)
      })
      const client = await signedIn(t, server)
      await client.addItem({ tipo: 'leite' })
      const added = ['leite']
      for (const [title, way] of Object.entries(ways)) {
        await client.get('/carrinho/')
        const [csrf_token, first] = [client.csrf() ?? '', client.hidden('operation') ?? '']
        spoil = way
        for (every of [1, 3]) {
          const tipo = `${title} ${every}`
          const operation = `${first}${every}`
          const form = { csrf_token, operation, product_type: tipo, quantity: '1', local: 'x' }
          const reply = await client.postRaw('/carrinho/', form)
          if (reply.status === 303) added.push(tipo)
          else assert.equal(reply.status, 503, `${tipo}: ${reply.headers.location ?? reply.text}`)
          const look = await client.get('/carrinho/')
          assert.ok(look.status === 200 || look.status === 503, `${tipo}: ${look.status} ${look.headers.location}`)
        }
        spoil = undefined
        assert.equal(server.process.exitCode, null, server.logs.slice(-5).join('\n'))
        await eventually(async () => assert.equal((await client.get('/carrinho/')).status, 200, title))
      }
      const items = (await client.items()).map(item => item.tipo)
      for (const tipo of added) assert.equal(items.filter(it => it === tipo).length, 1, tipo)
      assert.equal(new Set(items).size, items.length, 'nothing is there twice')
      assert.equal((await request(`${server.url}/health/live`)).status, 200)
      assert.ok(!server.logs.some(line => line.includes('"level":60')), 'nothing fatal in the log')
    })
  },
  ['mariadb', 'postgres']
)
