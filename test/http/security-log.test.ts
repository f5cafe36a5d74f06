import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Client,
  eventually,
  findInput,
  forEachEngine,
  newAccount,
  sharedSite,
  signedIn,
  type TestServer
} from '../helper.ts'

interface Line {
  level: number
  time: number
  server: string
  event: string
  account: number | null
  address: string
  reqId: string
  waitSeconds?: number
  ended?: number
  item?: number
}

const eventsOf = (server: TestServer, from = 0): Line[] =>
  server.logs
    .slice(from)
    .filter(line => line.startsWith('{') && line.includes('"event"'))
    .map(line => JSON.parse(line) as Line)

forEachEngine('the log of what concerns security', engine => {
  // The level that is the default.
  const site = sharedSite(engine)

  /** The events of what `work` does, once there are as many as expected. */
  const during = async (expected: string[], work: () => Promise<unknown>): Promise<Line[]> => {
    const from = site.server.logs.length
    await work()
    return eventually(() => {
      const events = eventsOf(site.server, from)
      assert.deepEqual(
        events.map(({ event }) => event),
        expected
      )
      return events
    })
  }

  const idOf = async (email: string) => {
    const [row] = await site.database.query(`select id_cliente from clientes where email = '${email}'`)
    return Number(row?.id_cliente)
  }

  test('has one line for each event, with who it was and from where, and never a secret', async t => {
    const client = new Client(t, site.server)
    const account = newAccount()
    const next = 'uma frase nova e comprida'
    const secrets = [account.password, next, 'a wrong guess', account.email, account.name]
    const keepCookies = () => {
      for (const value of client.cookies.values()) if (value.length > 12) secrets.push(value, decodeURIComponent(value))
      const token = client.csrf()
      if (token) secrets.push(token)
    }

    const [signedUp] = await during(['signup'], () => client.signup(account))
    const id = await idOf(account.email)
    assert.equal(signedUp?.account, id)
    assert.equal(signedUp?.address, client.address)
    assert.equal(signedUp?.level, 30, 'info')
    assert.equal(signedUp?.server, site.server.name)
    assert.ok(Math.abs(Date.now() - (signedUp?.time ?? 0)) < 10 * 60_000)
    assert.match(signedUp?.reqId ?? '', /^[\w-]{8,}$/)
    const lines = site.server.logs.filter(line => line.includes(String(signedUp?.reqId)))
    assert.ok(
      lines.every(line => line.split('"reqId"').length === 2),
      'a line names its request once'
    )
    keepCookies()

    const [out] = await during(['logout'], () => client.logout())
    assert.equal(out?.account, id)
    const [failed] = await during(['login.failed'], () => client.tryLogin({ ...account, password: 'a wrong guess' }))
    assert.equal(failed?.account, id)
    const [nobody] = await during(['login.failed'], () =>
      client.tryLogin({ email: `nobody-${account.email}`, password: account.password })
    )
    assert.equal(nobody?.account, null)
    const [back] = await during(['login'], () => client.login(account))
    assert.deepEqual([back?.account, back?.address], [id, client.address])
    keepCookies()

    const phone = new Client(t, site.server)
    await during(['login'], () => phone.login(account))
    await client.get('/conta')
    await during(['password.wrong'], () => client.post('/conta/sessoes', { password: 'a wrong guess' }))
    const [ended] = await during(['sessions.ended'], () =>
      client.post('/conta/sessoes', { password: account.password })
    )
    assert.deepEqual([ended?.account, ended?.ended], [id, 1])
    await client.get('/conta')
    const form = { password: account.password, new_password: next, new_password_again: next }
    const [changed] = await during(['password.changed'], () => client.post('/conta/password', form))
    assert.deepEqual([changed?.account, changed?.ended], [id, 0])
    keepCookies()

    const email = `nova-${account.email}`
    secrets.push(email)
    await client.get('/conta')
    const identity = { name: 'Ana de Outro Nome', email, password: next }
    await during(['name.changed', 'email.changed'], () => client.post('/conta/identidade', identity))
    await client.get('/conta')
    await during(['password.wrong'], () =>
      client.post('/conta/identidade', { ...identity, name: 'Ana', password: 'a wrong guess' })
    )
    await client.get('/conta')
    const former = { ...identity, email: account.email }
    await during(['email.changed'], () => client.post('/conta/identidade', former))
    const [copied] = await during(['data.copied'], () => client.get('/conta/copia.json'))
    assert.equal(copied?.account, id)
    await client.get('/conta/apagar')
    await during(['password.wrong'], () => client.post('/conta/apagar', { password: 'a wrong guess' }))

    const stranger = new Client(t, site.server)
    await during([...Array(5).fill('login.failed'), 'login.throttled'], async () => {
      for (let guess = 0; guess < 6; guess++) await stranger.tryLogin({ ...account, password: 'a wrong guess' })
    })
    const throttled = eventsOf(site.server).findLast(({ event }) => event === 'login.throttled')
    assert.deepEqual([throttled?.account, throttled?.address], [id, stranger.address])
    assert.ok((throttled?.waitSeconds ?? 0) > 0)

    const again = new Client(t, site.server)
    await again.get('/signup')
    await during(['signup.taken'], () => again.post('/signup', { ...newAccount(), email: account.email }))

    const leaving = await signedIn(t, site.server)
    const leavingId = await idOf(leaving.account.email)
    secrets.push(leaving.account.password, leaving.account.email)
    await leaving.get('/conta')
    await during(['email.taken'], () => leaving.post('/conta/identidade', { ...leaving.account, email: account.email }))
    await leaving.get('/conta/apagar')
    const [deleted] = await during(['account.deleted'], () =>
      leaving.post('/conta/apagar', { password: leaving.account.password })
    )
    assert.equal(deleted?.account, leavingId)

    for (const secret of secrets) {
      assert.ok(secret.length > 3)
      assert.deepEqual(
        site.server.logs.filter(line => line.includes(secret)),
        [],
        `${secret} is in the log`
      )
    }
  })

  test('tells who tried to delete what is not theirs, and the answer does not', async t => {
    const owner = await signedIn(t, site.server)
    await owner.addItem()
    const [item] = await owner.items()
    const stranger = await signedIn(t, site.server)
    const [refused] = await during(['refused.owner'], async () => {
      const foreign = await stranger.postJson('/apagar_artigo', { id: item?.id })
      const none = await stranger.postJson('/apagar_artigo', { id: 2_000_000_000 })
      assert.equal(foreign.status, none.status)
      assert.deepEqual(foreign.json(), {
        ...(none.json() as object),
        databaseNode: (foreign.json() as { databaseNode: string }).databaseNode
      })
    })
    assert.equal(refused?.account, await idOf(stranger.account.email))
    assert.equal(refused?.item, Number(item?.id))
    assert.equal((await owner.items()).length, 1)
  })

  test('what is typed cannot add a line to it', async t => {
    const client = new Client(t, site.server)
    const [failed] = await during(['login.failed'], () =>
      client.tryLogin({ email: 'a"},{"event":"login","account":1}@example.org', password: '\n{"event":"login"}' })
    )
    assert.equal(failed?.account, null)
    assert.equal(findInput(client.page, 'email')?.value, 'a"},{"event":"login","account":1}@example.org')
  })
})
