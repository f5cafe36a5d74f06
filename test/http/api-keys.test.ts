import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import mysql from 'mysql2/promise'
import pg from 'pg'
import {
  anyVersion,
  apiSite,
  assertProblem,
  defer,
  type Engine,
  eventually,
  forEachEngine,
  freshDatabase,
  itemIn,
  listIn,
  Program,
  type Reply,
  type Scope,
  sharedSite,
  signedIn,
  startServer,
  tcpProxy,
  tokenFor
} from '../helper.ts'

forEachEngine('the API’s keys and versions', engine => {
  const { site, member, items, countOf } = apiSite(engine)

  test('a write without a key, or with no key, is refused; with the same key it is done once and answers the same', async t => {
    const { program } = await member(t)
    const body = { name: 'Ovos', quantity: 12 }
    for (const key of [undefined, '', ' ', 'two words', '"', '""', 'x'.repeat(201), 'chave é', 'a"b']) {
      const raw = Buffer.from(key ?? '', 'utf8').toString('latin1')
      const refused = await program.post('/lists/first/items', body, {
        headers: { 'idempotency-key': key === undefined ? undefined : raw }
      })
      assert.equal(refused.status, 400, String(key))
      assertProblem(refused, 400, key === undefined ? 'key_missing' : 'key_malformed')
    }
    assert.equal((await items(program)).length, 0)

    const list = listIn(await program.post('/lists', { name: 'Festa' }))
    const id = itemIn(await program.post('/lists/first/items', { ...body, id: randomUUID() })).id
    const steps: [string, string, unknown, unknown][] = [
      ['POST', '/lists/first/items', body, { ...body, quantity: 6 }],
      ['POST', '/lists/first/items', { ...body, id: randomUUID() }, { ...body, id: randomUUID() }],
      ['PATCH', `/lists/first/items/${id}`, { done: true }, { done: false }],
      ['POST', `/lists/first/items/${id}/adjust`, { by: 1 }, { by: 2 }],
      ['POST', '/lists', { name: 'Praia' }, { name: 'Campo' }],
      ['PATCH', `/lists/${list.id}`, { name: 'Festas' }, { name: 'Outra' }],
      ['DELETE', `/lists/first/items/${id}`, undefined, undefined],
      ['DELETE', `/lists/${list.id}`, undefined, undefined],
      ['POST', `/lists/${list.id}/restore`, undefined, undefined]
    ]
    for (const [method, path, one, other] of steps) {
      const key = `"${randomUUID()}"`
      const headers = { 'idempotency-key': key, ...(method === 'POST' ? {} : { 'if-match': '*' }) }
      const first = await program.call(method, path, { body: one, headers })
      assert.ok(first.status < 300, `${method} ${path}: ${first.text}`)
      assert.equal(first.headers['idempotency-replayed'], undefined)
      const before = await countOf('changes')
      const [again, once] = await Promise.all([1, 2].map(() => program.call(method, path, { body: one, headers })))
      for (const repeated of [again, once]) {
        assert.equal(repeated?.status, first.status, `${method} ${path}: ${repeated?.text}`)
        assert.deepEqual(repeated?.json(), first.json())
        assert.equal(repeated?.headers['idempotency-replayed'], 'true')
      }
      if (other !== undefined) {
        assertProblem(await program.call(method, path, { body: other, headers }), 422, 'key_reused')
      }
      assertProblem(await program.post('/lists/first/items', { name: 'Outra coisa' }, { headers }), 422, 'key_reused')
      assert.equal(await countOf('changes'), before, `${method} ${path} did more`)
    }
  })

  test('the same request at the same moment is one, through another server as well', async t => {
    const { client, program } = await member(t)
    const secondServer = () => startServer(t, { ...site.database.env, API_LIMIT: '100000' })
    const elsewhere = engine === 'sqlite' ? program : new Program(await secondServer(), program.token)
    for (let round = 0; round < 10; round++) {
      const headers = { 'idempotency-key': randomUUID() }
      const replies = await Promise.all(
        [program, elsewhere, program, elsewhere].map(one =>
          one.post('/lists/first/items', { name: `Pera ${round}` }, { headers })
        )
      )
      const [first] = replies
      for (const reply of replies) {
        assert.equal(reply.status, 201, reply.text)
        assert.deepEqual(reply.json(), first?.json())
      }
    }
    assert.equal((await client.items()).length, 10)
  })

  test('a repeated request gets the answer of the first, whatever happened since', async t => {
    const { program } = await member(t)
    const list = listIn(await program.post('/lists', { name: 'Festa' }))
    const base = `/lists/${list.id}`
    const id = randomUUID()
    await program.post(`${base}/items`, { name: 'Leite', quantity: 2, note: 'fresco', id })
    const { id: number } = itemIn(await program.post(`${base}/items`, { name: 'Pão', shop: 'Padaria' }))
    const sent: [string, string, unknown][] = [
      ['PATCH', `${base}/items/${id}`, { done: true }],
      ['POST', `${base}/items/${id}/adjust`, { by: 1 }],
      ['PATCH', `${base}/items/${id}`, { name: 'Leite magro', shop: 'Lidl' }],
      // It is so already.
      ['PATCH', `${base}/items/${id}`, { name: 'Leite magro' }],
      ['PATCH', `${base}/items/${number}`, { quantity: 4 }],
      ['POST', `${base}/items/${number}/adjust`, { by: 0.5 }],
      ['POST', `${base}/items`, { name: 'pão', shop: 'Padaria', quantity: 3, merge: true }],
      ['PATCH', base, { name: 'Anos' }],
      ['PATCH', base, { isPutAway: true }],
      ['PATCH', base, { isPutAway: false }],
      ['PATCH', base, { isTemplate: true }],
      ['POST', '/lists', { name: 'Praia' }]
    ]
    const calls = sent.map(([method, path, body]) => ({
      ...{ method, path, body },
      headers: { 'idempotency-key': randomUUID(), 'if-match': '*' }
    }))
    const answers: Reply[] = []
    for (const { method, path, ...call } of calls) {
      const reply = await program.call(method, path, call)
      assert.ok(reply.status < 300, `${method} ${path}: ${reply.text}`)
      answers.push(reply)
    }
    const repeated = async (what: string) => {
      const before = await countOf('changes')
      for (const [index, { method, path, ...call }] of calls.entries()) {
        const [first, again] = [answers[index], await program.call(method, path, call)]
        assert.deepEqual(
          [again.status, again.json(), again.headers.etag, again.headers['idempotency-replayed']],
          [first?.status, first?.json(), first?.headers.etag, 'true'],
          `${what}: ${method} ${path} ${JSON.stringify(call.body)}`
        )
      }
      assert.equal(await countOf('changes'), before)
    }
    await repeated('at once')
    await program.patch(`${base}/items/${id}`, { quantity: 9, note: '', done: false }, anyVersion)
    await program.patch(base, { name: 'Outra' }, anyVersion)
    await repeated('changed')
    await program.delete(`${base}/items/${id}`)
    await program.post(`${base}/move`, { items: [number], to: 'first' })
    await repeated('deleted, and moved away')
    await program.delete(base, anyVersion)
    await repeated('with the list removed')
    await program.post(`${base}/restore`)
    await repeated('restored')
  })
})

forEachEngine(
  'a write of the API that the database lets wait',
  engine => {
    const site = sharedSite(engine, { DB_REQUEST_MS: '60000', DB_STATEMENT_MS: '60000' })

    test('is in progress for who sends it again, and when it is done both are one', async t => {
      const { account } = await signedIn(t, site.server)
      const program = new Program(site.server, await tokenFor(site, account.email, 'write'))
      await program.post('/lists/first/items', { name: 'Sal' })
      const lock = await holdLists(t, engine, site.database.url as string)
      const headers = { 'idempotency-key': randomUUID() }
      const send = () => program.post('/lists/first/items', { name: 'Açúcar' }, { headers })
      const both = [send(), send()]
      const early = await Promise.race(both)
      assertProblem(early, 409, 'in_progress')
      assert.equal(early.headers['retry-after'], '1')
      // Another one waits, too, but is not the same.
      const other = program.post('/lists/first/items', { name: 'Mel' })
      await lock.release()
      const replies = await Promise.all(both)
      assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409])
      const done = replies.find(({ status }) => status === 201)
      assert.equal((await other).status, 201)
      const again = await send()
      assert.deepEqual([again.status, again.json(), again.headers['idempotency-replayed']], [201, done?.json(), 'true'])
      assertProblem(await program.post('/lists/first/items', { name: 'Fel' }, { headers }), 422, 'key_reused')
    })
  },
  ['mariadb', 'postgres']
)

forEachEngine(
  'the API without its database',
  engine => {
    test('says so within the deadline, with when to come again, and what is sent again under its key is done once', async t => {
      const database = await freshDatabase(t, engine)
      const way = await tcpProxy(t, Number(new URL(database.url as string).port))
      const server = await startServer(t, database.envThrough(way.port))
      const { account } = await signedIn(t, server)
      const program = new Program(server, await tokenFor({ database }, account.email, 'write'))
      const { id } = itemIn(await program.post('/lists/first/items', { name: 'Sal' }))
      let added = 1
      for (const goAway of [() => way.cut(), () => way.freeze()]) {
        const writes = ['Mel', 'Pera'].map(
          name => () =>
            program.post('/lists/first/items', { name }, { headers: { 'idempotency-key': `${name}-${added}` } })
        )
        await goAway()
        const replies = await Promise.all([
          program.get('/lists/first/items'),
          program.get('/account'),
          program.patch(`/lists/first/items/${id}`, { done: true }, anyVersion),
          ...writes.map(write => write())
        ])
        for (const reply of replies) {
          assertProblem(reply, 503, 'database_unavailable')
          assert.ok(Number(reply.headers['retry-after']) > 0, reply.headers['retry-after'])
        }
        await way.restore()
        await eventually(async () => assert.equal((await program.get('/account')).status, 200))
        for (const write of writes) {
          const reply = await write()
          assert.equal(reply.status, 201, reply.text)
          assert.deepEqual((await write()).json(), reply.json())
        }
        added += writes.length
        const { items } = (await program.get('/lists/first/items')).json() as { items: unknown[] }
        assert.equal(items.length, added)
      }
    })
  },
  ['mariadb', 'postgres']
)

/** Lets every write on a list wait, as another transaction that holds them does; reads go on. */
async function holdLists(t: Scope, engine: Engine, url: string): Promise<{ release(): Promise<unknown> }> {
  const hold = 'select id from lists for update'
  if (engine === 'mariadb') {
    const connection = await mysql.createConnection(url)
    defer(t, () => connection.destroy())
    await connection.beginTransaction()
    await connection.query(hold)
    return { release: () => connection.rollback() }
  }
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  defer(t, () => client.end())
  await client.query('begin')
  await client.query(hold)
  return { release: () => client.query('rollback') }
}
