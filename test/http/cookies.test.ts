import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Tokens } from '@fastify/csrf'
import { remember } from '../../src/http/remember.ts'
import {
  Client,
  findTags,
  forEachEngine,
  freshDatabase,
  ownProcess,
  type Reply,
  request,
  type Scope,
  sessionCookie,
  sharedSite,
  signedIn,
  startServer
} from '../helper.ts'

const item = { product_type: 'Peras', quantity: '3', local: 'Praça' }
const overTls = { 'x-forwarded-proto': 'https' }
const secret = 'the secret of these servers 1234'
const setCookies = (reply: Reply) => reply.headers['set-cookie'] ?? []

/** A browser that comes over TLS, which ends before the server. */
class TlsClient extends Client {
  override send(method: string, path: string, options: Parameters<Client['send']>[2] = {}): Promise<Reply> {
    return super.send(method, path, { ...options, headers: { ...overTls, ...options.headers } })
  }
}

async function signedInOverTls(t: Scope, server: { url: string }): Promise<TlsClient> {
  const client = new TlsClient(t, server)
  await client.signup()
  await client.get('/carrinho/')
  return client
}

/** Whose list a request with this `Cookie` header gets: the first item on it, or undefined for a login. */
async function listOf(url: string, cookie: string, headers: Record<string, string> = {}) {
  const reply = await request(`${url}/carrinho/`, { headers: { accept: 'application/json', cookie, ...headers } })
  assert.ok([200, 401].includes(reply.status), `answered ${reply.status}`)
  const items = reply.status === 200 ? (reply.json() as { items: { tipo: string }[] }).items : []
  return { reply, is: reply.status === 200 ? (items[0]?.tipo ?? 'empty') : undefined }
}

/** As releases signed before each thing had a key of its own. */
function cookieOfBefore(cookie: string, by = secret): string {
  const [, start, route = ''] = /^([\w-]{32})~[\w-]{43}((?:\.[\w-]+)?)$/.exec(cookie) ?? []
  return `${start}~${createHmac('sha256', by).update(`${start}${route}`).digest('base64url')}${route}`
}

forEachEngine('cookies', engine => {
  const site = sharedSite(engine, { SESSION_SECRET: secret })

  test('have names behind TLS that no other host can set, and are never sent without', async t => {
    const client = new TlsClient(t, site.server)
    const seen = new Map<string, string>()
    const keep = (reply: Reply) => {
      for (const line of setCookies(reply)) seen.set(line.slice(0, line.indexOf('=')), line)
      return reply
    }
    keep(await client.get('/signup'))
    keep(await client.post('/idioma', { lang: 'en', next: '/' }))
    keep(
      await client.post('/signup', {
        email: `${randomBytes(6).toString('hex')}@example.org`,
        name: 'Ana',
        password: 'palavra passe comprida'
      })
    )
    assert.deepEqual(
      [...seen.keys()].filter(name => !name.startsWith('__Host-')),
      []
    )
    for (const name of ['session', 'csrf', 'flash', 'lang', 'styles'])
      assert.ok(seen.has(`__Host-carrinho_${name}`), name)
    for (const line of seen.values()) {
      assert.match(line, /; *Secure/, line)
      assert.match(line, /; *Path=\/(;|$)/, line)
      assert.match(line, /; *HttpOnly/, line)
      assert.match(line, /; *SameSite=Lax/, line)
      assert.doesNotMatch(line, /Domain/i, line)
    }
    assert.ok(await client.isSignedIn())
    assert.match((await client.get('/')).text, /<html lang="en/)
    assert.match((await client.get('/carrinho/')).text, /<html lang="en/)
  })

  test('without TLS have plain names, and are not Secure, or browsers would drop them', async t => {
    const client = new Client(t, site.server)
    await client.get('/signup')
    const reply = await client.post('/idioma', { lang: 'es', next: '/' })
    for (const line of setCookies(reply)) assert.doesNotMatch(line, /__Host-|Secure/)
    assert.ok(client.cookies.has('carrinho_csrf') && client.cookies.has('carrinho_lang'))
  })

  test('of a plain name, planted by another host of the domain, change nothing behind TLS', async t => {
    const mine = await signedInOverTls(t, site.server)
    await mine.addItem({ tipo: 'mine' })
    const other = await signedIn(t, site.server)
    await other.addItem({ tipo: 'theirs' })
    const otherTls = await signedInOverTls(t, site.server)
    await otherTls.addItem({ tipo: 'theirs' })
    const my = `__Host-${sessionCookie}=${mine.cookies.get(`__Host-${sessionCookie}`)}`
    for (const value of [
      other.cookies.get(sessionCookie),
      otherTls.cookies.get(`__Host-${sessionCookie}`),
      'junk',
      ''
    ]) {
      const planted = `${sessionCookie}=${value}`
      for (const cookie of [`${planted}; ${my}`, `${my}; ${planted}`, `${planted}; ${planted}; ${my}`]) {
        assert.equal((await listOf(site.server.url, cookie, overTls)).is, 'mine', cookie)
      }
      assert.equal((await listOf(site.server.url, planted, overTls)).is, undefined, 'nor who is signed out')
    }
  })

  test('of one name twice sign nobody out, nor in as somebody else, without TLS either', async t => {
    const mine = await signedIn(t, site.server)
    await mine.addItem({ tipo: 'mine' })
    const again = new Client(t, site.server)
    await again.login(mine.account)
    const other = await signedIn(t, site.server)
    await other.addItem({ tipo: 'theirs' })
    const named = (value: string | undefined) => `${sessionCookie}=${value}`
    const my = named(mine.cookies.get(sessionCookie))
    const ended = await signedIn(t, site.server)
    const dead = named(ended.cookies.get(sessionCookie))
    await ended.get('/carrinho/')
    await ended.logout()
    for (const planted of [
      named('junk'),
      named(''),
      named(`${'a'.repeat(32)}~${'b'.repeat(43)}`),
      named('"quoted"'),
      named(mine.cookies.get(sessionCookie)?.slice(0, -1)),
      dead,
      named(again.cookies.get(sessionCookie)),
      Array.from({ length: 50 }, (_, n) => named(`junk${n}`)).join('; ')
    ]) {
      for (const cookie of [`${planted}; ${my}`, `${my}; ${planted}`]) {
        const { is, reply } = await listOf(site.server.url, cookie)
        assert.equal(is, 'mine', cookie)
        assert.ok(!setCookies(reply).some(line => line.startsWith(sessionCookie)), 'and none is taken away')
      }
    }
    const theirs = named(other.cookies.get(sessionCookie))
    for (const cookie of [`${theirs}; ${my}`, `${my}; ${theirs}`]) {
      assert.equal((await listOf(site.server.url, cookie)).is, undefined, 'of two people, neither')
    }
  })

  test('that are not ours to judge are left alone', ownProcess, async t => {
    const otherSecret = 'the secret of another carrinho 1'
    for (const SESSION_SECRET of [otherSecret, secret]) {
      const database = await freshDatabase(t, engine)
      const second = await startServer(t, { ...database.env, SESSION_SECRET })
      const client = await signedIn(t, site.server)
      await client.addItem()
      const before = new Map(client.cookies)
      client.moveTo(second)
      for (const path of ['/', '/login', '/carrinho/', '/nowhere', '/servidor']) {
        const lines = setCookies(await client.get(path))
        assert.ok(!lines.some(line => line.startsWith(`${sessionCookie}=`)), `${path}: ${lines}`)
        if (SESSION_SECRET === otherSecret)
          assert.ok(!lines.some(line => line.includes('Max-Age=0')), `${path}: ${lines}`)
      }
      client.moveTo(site.server)
      assert.equal(client.cookies.get(sessionCookie), before.get(sessionCookie))
      assert.ok(await client.isSignedIn())
      if (SESSION_SECRET === otherSecret) assert.match(client.page, /class="note/, 'its message was kept, too')
    }
  })

  test('of the release before go on, behind TLS under the new name as well', async t => {
    const client = await signedInOverTls(t, site.server)
    await client.addItem({ tipo: 'mine' })
    const now = client.cookies.get(`__Host-${sessionCookie}`) ?? ''
    const old = cookieOfBefore(now)
    client.cookies.clear()
    client.cookies.set(sessionCookie, old)
    const reply = await client.get('/carrinho/')
    assert.equal(reply.status, 200)
    assert.equal(client.cookies.get(`__Host-${sessionCookie}`), now)
    assert.equal(client.cookies.get(sessionCookie), old, 'a server of before still finds its own')
    assert.match(setCookies(reply).find(line => line.includes(sessionCookie)) ?? '', /Max-Age=51\d{5}/)
    await client.logout()
    assert.ok(![...client.cookies.keys()].some(name => name.includes(sessionCookie)), 'logging out takes both')
    client.cookies.set(sessionCookie, old)
    assert.equal(await client.isSignedIn(), false)

    const plain = await signedIn(t, site.server)
    plain.cookies.set(sessionCookie, cookieOfBefore(plain.cookies.get(sessionCookie) ?? ''))
    const answer = await plain.get('/carrinho/')
    assert.equal(answer.status, 200)
    assert.ok(!setCookies(answer).some(line => line.startsWith(sessionCookie)), 'which a server of before would refuse')
  })

  test('and forms of the release before are still good', async t => {
    const maker = Tokens({ hmacKey: createHash('sha256').update(`csrf ${secret}`).digest('base64url') })
    for (const client of [await signedIn(t, site.server), await signedInOverTls(t, site.server)]) {
      const cookie = client.cookies.get(sessionCookie) ?? client.cookies.get(`__Host-${sessionCookie}`) ?? ''
      const id = cookie.replace(/~[\w-]{43}/, '')
      const formSecret = maker.secretSync()
      const csrf_token = maker.create(`${formSecret}.${createHash('sha256').update(id).digest('base64url')}`)
      assert.equal((await client.postRaw('/carrinho/', { ...item, csrf_token })).status, 403)
      client.cookies.set('carrinho_csrf', formSecret)
      assert.equal((await client.postRaw('/carrinho/', { ...item, csrf_token })).status, 303)
    }
  })

  test('signed for one thing are worth nothing for another', async t => {
    const client = await signedIn(t, site.server)
    const session = client.cookies.get(sessionCookie) ?? ''
    const [id, signature] = session.split('~')
    for (const flash of [
      `${id}.${signature}`,
      session,
      `${id}.${cookieOfBefore(session).split('~')[1]}`,
      'a',
      '.',
      'e30.x'
    ]) {
      const lines = setCookies(await client.get('/', { cookie: `carrinho_flash=${flash}` }))
      assert.ok(!lines.some(line => line.startsWith('carrinho_flash')), flash)
    }
    await client.addItem()
    const [text = '', flashSignature] = (client.cookies.get('carrinho_flash') ?? '').split('.')
    for (const forged of [`${text.slice(0, 32)}~${flashSignature}`, `${text}.${flashSignature}`]) {
      assert.equal((await listOf(site.server.url, `${sessionCookie}=${forged}`)).is, undefined)
    }
  })
})

forEachEngine(
  'a secret in rotation',
  engine => {
    test(
      'verifies all that it signed, on servers that sign with either, and nothing once it is gone',
      ownProcess,
      async t => {
        const first = 'the old secret of these servers 1234'
        const second = 'the new secret of these servers 5678'
        const database = await freshDatabase(t, engine)
        const start = (SESSION_SECRET: string) => startServer(t, { ...database.env, SESSION_SECRET })
        // As a rotation goes: first all verify the new one, then it signs, then the old one goes.
        const old = await start(`${first},${second}`)
        const rotated = await start(`${second},${first}`)
        const later = await start(second)
        for (const [from, to] of [
          [old, rotated],
          [rotated, old],
          [rotated, later]
        ] as const) {
          for (const Kind of [Client, TlsClient]) {
            const visitor = new Kind(t, from)
            await visitor.get('/signup')
            const form = {
              email: `${randomBytes(6).toString('hex')}@example.org`,
              name: 'Ana',
              password: 'uma frase comprida'
            }
            visitor.moveTo(to)
            assert.equal((await visitor.post('/signup', form)).status, 303, 'a form of who is signed out')
            visitor.moveTo(from)
            assert.equal((await visitor.get('/carrinho/')).status, 200, 'a session')
            visitor.moveTo(to)
            assert.equal((await visitor.addItem()).status, 303, 'a form of who is signed in')
            visitor.moveTo(from)
            assert.match((await visitor.get('/carrinho/')).text, /class="note/, 'a message')
            await visitor.post('/idioma', { lang: 'en', next: '/' })
            visitor.moveTo(to)
            assert.match((await visitor.get('/carrinho/')).text, /<html lang="en/, 'a language')
          }
        }
        for (const Kind of [Client, TlsClient]) {
          const client = new Kind(t, old)
          await client.signup()
          await client.get('/carrinho/')
          const { page } = client
          client.moveTo(later)
          assert.equal(await client.isSignedIn(), false)
          client.page = page
          assert.equal((await client.post('/login', { email: 'a@b', password: 'x' })).status, 403)
        }
      }
    )
  },
  ['sqlite']
)

test('what verifies is remembered, and junk pushes none of it out', () => {
  let asked = 0
  const verify = remember(3, text => {
    asked += 1
    return text.startsWith('good') ? text.toUpperCase() : undefined
  })
  for (const text of ['good 1', 'good 2', 'good 3']) assert.equal(verify(text), text.toUpperCase())
  for (let n = 0; n < 100; n++) assert.equal(verify(`junk ${n}`), undefined)
  asked = 0
  for (const text of ['good 1', 'good 2', 'good 3']) assert.equal(verify(text), text.toUpperCase())
  assert.equal(asked, 0)
  verify('good 4')
  assert.equal(asked, 1)
  verify('good 1')
  assert.equal(asked, 2, 'the oldest makes room')
})

forEachEngine(
  'headers of answers',
  engine => {
    const site = sharedSite(engine)

    test(
      'tell browsers to come over TLS only, for a year, and on subdomains where that is asked for',
      ownProcess,
      async t => {
        for (const [HSTS, expected] of [
          ['', 'max-age=31536000'],
          ['on', 'max-age=31536000'],
          ['subdomains', 'max-age=31536000; includeSubDomains'],
          ['off', undefined]
        ] as const) {
          const server = HSTS === '' ? site.server : await startServer(t, { ...site.database.env, HSTS })
          for (const path of ['/', '/health/live', '/nowhere', '/static/none.css']) {
            const secure = await request(`${server.url}${path}`, { headers: overTls })
            assert.equal(secure.headers['strict-transport-security'], expected, `${HSTS} ${path}`)
            const plain = await request(`${server.url}${path}`)
            assert.equal(plain.headers['strict-transport-security'], undefined, 'browsers ignore it there')
          }
        }
      }
    )

    test('keep other windows away, and ask for no camera', async () => {
      for (const path of ['/', '/login', '/nowhere', '/health/live', '/%ff']) {
        const { headers } = await request(`${site.server.url}${path}`, { headers: { accept: 'text/html' } })
        assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path)
        assert.match(String(headers['permissions-policy']), /camera=\(\).*geolocation=\(\)/, path)
      }
    })

    test('of logging out clear what scripts kept, and nothing that the next page needs', async t => {
      for (const client of [await signedIn(t, site.server), await signedInOverTls(t, site.server)]) {
        await client.post('/idioma', { lang: 'en', next: '/' })
        await client.get('/logout')
        const reply = await client.post('/logout')
        assert.equal(reply.headers['clear-site-data'], '"storage"')
        const { text } = await client.get(String(reply.headers.location))
        assert.match(text, /class="note/)
        assert.equal(findTags(text, 'html')[0]?.lang?.slice(0, 2), 'en')
        assert.equal((await client.get('/login')).headers['clear-site-data'], undefined)
      }
    })

    test('of logging out, and of leaving for good, clear nothing where the page says that taps wait in its tab', async t => {
      for (const kept of ['', '1']) {
        const client = await signedIn(t, site.server)
        await client.get('/logout')
        const loggedOut = await client.post('/logout', { kept })
        assert.equal(loggedOut.status, 303)
        await client.login(client.account)
        await client.get('/conta/apagar')
        const left = await client.post('/conta/apagar', { kept, password: client.account.password })
        assert.equal(left.status, 303)
        for (const { headers } of [loggedOut, left])
          assert.equal(headers['clear-site-data'], kept === '' ? '"storage"' : undefined)
      }
    })
  },
  ['sqlite']
)
