import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, test } from 'node:test'
import {
  Client,
  forEachEngine,
  freshDatabase,
  newAccount,
  request,
  signedIn,
  startServer,
  suiteScope,
  type TestDatabase,
  type TestServer
} from '../helper.ts'

forEachEngine('two web servers on one database', engine => {
  const scope = suiteScope()
  let database: TestDatabase
  let a: TestServer
  let b: TestServer

  before(async () => {
    database = await freshDatabase(scope, engine)
    // At once, as after a power cut: on the embedded database both make its folder, its secret and its schema.
    ;[a, b] = await Promise.all([startServer(scope, database.env), startServer(scope, database.env)])
  })

  test('each answers under its own name', async () => {
    for (const server of [a, b]) {
      assert.equal((await request(server.url)).headers['x-served-by'], server.name)
    }
  })

  test('who signed in on one is signed in on the other, and the list is the same', async t => {
    const client = await signedIn(t, a)
    await client.addItem({ tipo: 'Added on A' })
    client.moveTo(b)
    assert.ok(await client.isSignedIn())
    await client.addItem({ tipo: 'Added on B' })
    client.moveTo(a)
    assert.deepEqual((await client.items()).map(item => item.tipo).sort(), ['Added on A', 'Added on B'])
  })

  test('a form from one can be sent to the other', async t => {
    const client = await signedIn(t, a)
    await client.get('/carrinho/')
    client.moveTo(b)
    assert.equal((await client.addItem()).status, 303)
    client.moveTo(a)
    const visitor = new Client(t, a)
    await visitor.get('/login')
    visitor.moveTo(b)
    assert.equal((await visitor.post('/login', { ...client.account })).status, 303)
  })

  test('who signed out on one is signed out on the other', async t => {
    const client = await signedIn(t, a)
    const same = new Client(t, b)
    for (const [name, value] of client.cookies) same.cookies.set(name, value)
    assert.ok(await same.isSignedIn())
    await client.logout()
    assert.equal(await same.isSignedIn(), false)
  })

  test('failures on either count for both', async t => {
    const { account } = await signedIn(t, a)
    const attacker = new Client(t, a)
    for (let failure = 1; failure <= 5; failure++) {
      attacker.moveTo(failure % 2 ? a : b)
      assert.notEqual((await attacker.tryLogin({ ...account, password: 'guess' })).status, 429)
    }
    for (const server of [a, b]) {
      assert.equal((await new Client(t, server).tryLogin(account)).status, 429)
    }
  })

  test('one operation on both at the same moment adds once, 25 times over', async t => {
    const onA = await signedIn(t, a)
    const onB = new Client(t, b)
    for (const [name, value] of onA.cookies) onB.cookies.set(name, value)
    await onB.get('/carrinho/')
    for (let round = 1; round <= 25; round++) {
      const form = {
        product_type: `Round ${round}`,
        quantity: '1',
        local: 'Both',
        operation: randomBytes(16).toString('base64url')
      }
      const replies = await Promise.all(
        [onA, onB, onA, onB].map(client => client.post('/carrinho/', form, { accept: 'application/json' }))
      )
      assert.deepEqual(replies.map(reply => reply.status).sort(), [200, 200, 200, 201], `round ${round}`)
    }
    assert.equal((await onB.items()).length, 25)
  })

  test('one item deleted on both at the same moment is deleted once', async t => {
    const onA = await signedIn(t, a)
    const onB = new Client(t, b)
    for (const [name, value] of onA.cookies) onB.cookies.set(name, value)
    await onB.get('/carrinho/')
    for (let round = 1; round <= 5; round++) {
      await onA.addItem()
      const [item] = await onA.items()
      await onA.get('/carrinho/')
      const replies = await Promise.all([onA, onB].map(client => client.postJson('/apagar_artigo', { id: item?.id })))
      const deleted = replies.map(reply => (reply.json() as { deleted: boolean }).deleted)
      assert.deepEqual(deleted.sort(), [false, true], `round ${round}`)
    }
  })

  test('one e-mail signed up on both at the same moment is one account', async t => {
    for (let round = 1; round <= 5; round++) {
      const account = newAccount()
      const clients = [new Client(t, a), new Client(t, b)]
      for (const client of clients) await client.get('/signup')
      const replies = await Promise.all(clients.map(client => client.post('/signup', { ...account })))
      assert.deepEqual(replies.map(reply => reply.status).sort(), [303, 400], `round ${round}`)
    }
  })

  test('many writers on both lose nothing', async t => {
    const onA = await signedIn(t, a)
    const onB = new Client(t, b)
    for (const [name, value] of onA.cookies) onB.cookies.set(name, value)
    await onB.get('/carrinho/')
    const expected: string[] = []
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const client = writer % 2 ? onA : onB
        for (let n = 1; n <= 8; n++) {
          const product_type = `writer ${writer} item ${n}`
          const form = { product_type, quantity: '1', local: 'x', operation: randomBytes(16).toString('base64url') }
          const reply = await client.post('/carrinho/', form, { accept: 'application/json' })
          assert.equal(reply.status, 201, reply.text)
          expected.push(product_type)
        }
      })
    )
    assert.deepEqual((await onA.items()).map(item => item.tipo).sort(), expected.sort())
  })

  test('a session survives the restart of every web server', async t => {
    const client = await signedIn(t, a)
    await client.addItem({ tipo: 'Before the restart' })
    assert.equal(await a.stop(), 0)
    assert.equal(await b.stop(), 0)
    a = await startServer(scope, database.env)
    client.moveTo(a)
    assert.deepEqual(
      (await client.items()).map(item => item.tipo),
      ['Before the restart']
    )
  })
})
