import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translator } from '../../src/i18n/index.ts'
import {
  Client,
  eventually,
  forEachEngine,
  freshDatabase,
  newAccount,
  ownProcess,
  request,
  sessionCookie,
  sharedSite,
  signedIn,
  startServer,
  visibleText
} from '../helper.ts'

forEachEngine('sessions', engine => {
  const site = sharedSite(engine)

  test('signing out needs a confirmation, ends the session and forgets its cookie', async t => {
    const client = await signedIn(t, site.server)
    const stolen = new Map(client.cookies)
    const question = await client.get('/logout')
    assert.equal(question.status, 200)
    assert.ok(await client.isSignedIn(), 'a link alone signs nobody out')
    await client.logout()
    assert.equal(await client.isSignedIn(), false)
    const thief = new Client(t, site.server)
    for (const [name, value] of stolen) thief.cookies.set(name, value)
    assert.equal(await thief.isSignedIn(), false, 'the old cookie, sent again, is signed out')
  })

  test('signing in replaces the session, so that a planted one is worth nothing', async t => {
    const { account } = await signedIn(t, site.server)
    const client = await signedIn(t, site.server)
    const before = client.cookies.get(sessionCookie)
    await client.get('/logout')
    await client.logout()
    await client.login(account)
    assert.notEqual(client.cookies.get(sessionCookie), before)
  })

  test('the session cookie is out of reach of scripts and of other sites', async t => {
    const client = new Client(t, site.server)
    await client.get('/signup')
    const reply = await client.post('/signup', { ...newAccount() })
    const line = reply.headers['set-cookie']?.find(cookie => cookie.startsWith(`${sessionCookie}=`))
    assert.ok(line, 'signing up sets the session cookie')
    assert.match(line, /; *HttpOnly/i)
    assert.match(line, /; *SameSite=Lax/i)
    assert.match(line, /; *Path=\//i)
  })

  test('the database holds no session id and no password as such', async t => {
    const client = await signedIn(t, site.server)
    const cookie = decodeURIComponent(client.cookies.get(sessionCookie) ?? '')
    const rows = [
      ...(await site.database.query('select * from sessions')),
      ...(await site.database.query('select * from clientes'))
    ]
    const stored = JSON.stringify(rows)
    for (const part of cookie.split('.')) assert.ok(!stored.includes(part), 'a part of the cookie is stored')
    assert.ok(!stored.includes(client.account.password))
    const [row] = rows.filter(each => each.email === client.account.email)
    assert.match(String(row?.password), /^\$argon2id\$/)
  })

  test('the account page shows my sessions, and ends the others', async t => {
    const client = await signedIn(t, site.server)
    const phone = new Client(t, site.server)
    await phone.login(client.account)
    const stranger = await signedIn(t, site.server)
    const page = await client.get('/conta')
    assert.equal(page.status, 200)
    assert.ok(visibleText(page.text).includes(client.account.email))
    assert.ok(visibleText(page.text).includes(phone.address), 'it tells from where the other one is')
    assert.ok(!visibleText(page.text).includes(stranger.address), 'it tells nothing of other people')
    for (const [password, key] of [
      ['', 'field.required'],
      ['not the password', 'field.passwordWrong']
    ] as const) {
      const refused = await client.post('/conta/sessoes', { password })
      assert.equal(refused.status, 400)
      assert.ok(visibleText(refused.text).includes(translator('pt')(key)), 'it is said at the field')
      assert.ok(await phone.isSignedIn(), 'who does not know the password ends nothing')
      await client.get('/conta')
    }
    const reply = await client.post('/conta/sessoes', { password: client.account.password })
    assert.equal(reply.status, 303)
    assert.ok(await client.isSignedIn())
    assert.equal(await phone.isSignedIn(), false)
    assert.ok(await stranger.isSignedIn(), 'other people stay signed in')
  })

  test('a session ends when its time is over', async t => {
    const client = await signedIn(t, site.server)
    assert.ok(await client.isSignedIn())
    await site.database.query(`update sessions set expires_at = ${Date.now() - 1000}`)
    assert.equal(await client.isSignedIn(), false)
    assert.equal((await client.get('/')).status, 200)
  })

  test('forged, truncated and foreign session cookies are signed out, without an error', async t => {
    const client = await signedIn(t, site.server)
    const real = client.cookies.get(sessionCookie) ?? ''
    assert.ok(real.length > 20)
    const flipped = real.slice(0, 5) + (real[5] === 'a' ? 'b' : 'a') + real.slice(6)
    for (const forged of [
      'x',
      real.slice(0, -1),
      real.slice(0, 10),
      `${real}x`,
      flipped,
      real.toUpperCase(),
      `${real.split('.')[0]}.${'a'.repeat(43)}`,
      '%00%ff%zz',
      '{"customerId":1}',
      '.',
      "' or 1=1 --",
      'a'.repeat(4000),
      '"quoted"'
    ]) {
      const thief = new Client(t, site.server)
      thief.cookies.set(sessionCookie, forged)
      const list = await thief.get('/carrinho/')
      assert.equal(list.status, 302, `${forged.slice(0, 30)} answered ${list.status}`)
      thief.cookies.set(sessionCookie, forged)
      const index = await thief.get('/')
      assert.equal(index.status, 200, `${forged.slice(0, 30)} answered ${index.status}`)
      assert.ok(index.text.includes('href="/login"'))
    }
    assert.ok(await client.isSignedIn(), 'the real one still works')
  })

  test('who has no session gets none by looking around', async () => {
    for (const path of ['/', '/servidor', '/carrinho/', '/health/ready', '/whoami']) {
      const reply = await request(`${site.server.url}${path}`)
      const lines = reply.headers['set-cookie'] ?? []
      assert.ok(!lines.some(line => line.startsWith(`${sessionCookie}=`)), `${path} set ${lines}`)
    }
  })
})

forEachEngine(
  'the life of a session',
  engine => {
    test('ends when it was not used for long, and not while it is used', ownProcess, async t => {
      const database = await freshDatabase(t, engine)
      const server = await startServer(t, { ...database.env, SESSION_IDLE_MS: '600000' })
      const client = await signedIn(t, server)
      const expiry = async () => {
        const [row] = await database.query('select expires_at from sessions')
        return Number(row?.expires_at)
      }
      /** As if that long had gone by since it was last used. */
      const leaveAlone = (minutes: number) =>
        database.query(
          `update sessions set last_seen_at = last_seen_at - ${minutes * 60_000}, expires_at = expires_at - ${minutes * 60_000}`
        )
      for (let use = 1; use <= 3; use++) {
        await leaveAlone(8)
        const before = await expiry()
        assert.ok(await client.isSignedIn(), `use ${use}`)
        await eventually(async () => {
          const now = await expiry()
          assert.ok(now >= before + 8 * 60_000, `use ${use}: it ends at ${now}, before that at ${before}`)
        })
      }
      await leaveAlone(11)
      assert.equal(await client.isSignedIn(), false)
    })

    test('a session that was signed with a secret in rotation goes on', ownProcess, async t => {
      const database = await freshDatabase(t, engine)
      const first = 'the old secret of these servers 1234'
      const second = 'the new secret of these servers 5678'
      const old = await startServer(t, { ...database.env, SESSION_SECRET: first })
      const client = await signedIn(t, old)
      const rotated = await startServer(t, { ...database.env, SESSION_SECRET: `${second},${first}` })
      client.moveTo(rotated)
      assert.ok(await client.isSignedIn())
      const later = await startServer(t, { ...database.env, SESSION_SECRET: second })
      const fresh = await signedIn(t, rotated)
      fresh.moveTo(later)
      assert.ok(await fresh.isSignedIn(), 'new sessions are signed with the first')
      const stranger = await signedIn(t, old)
      stranger.moveTo(later)
      assert.equal(await stranger.isSignedIn(), false, 'a secret that was dropped is worth nothing')
    })

    test('ends at its greatest age, used or not', ownProcess, async t => {
      const database = await freshDatabase(t, engine)
      const server = await startServer(t, { ...database.env, SESSION_MAX_AGE_MS: '600000', SESSION_IDLE_MS: '600000' })
      const client = await signedIn(t, server)
      const [first] = await database.query('select created_at, expires_at from sessions')
      const created = Number(first?.created_at)
      assert.equal(Number(first?.expires_at), created + 600_000)
      // As if it had begun nine minutes ago: however it is used, its end stays where it was.
      await database.query(
        `update sessions set created_at = ${created - 540_000}, last_seen_at = ${created - 540_000}, expires_at = ${created + 30_000}`
      )
      assert.ok(await client.isSignedIn())
      await eventually(async () => {
        const [row] = await database.query('select expires_at, last_seen_at from sessions')
        assert.ok(Number(row?.last_seen_at) >= created, `used last: ${row?.last_seen_at}, made: ${created}`)
        assert.equal(Number(row?.expires_at), created + 60_000)
      })
      await database.query(`update sessions set expires_at = ${Date.now() - 1}`)
      assert.equal(await client.isSignedIn(), false)
    })
  },
  ['sqlite']
)
