import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { hashLanes } from '../../src/config/config.ts'
import { translator } from '../../src/i18n/index.ts'
import {
  Client,
  engines,
  forEachEngine,
  freshDatabase,
  newAccount,
  type Reply,
  signedIn,
  startServer,
  suiteScope,
  type TestDatabase,
  type TestServer,
  visibleText
} from '../helper.ts'

const FREE = 5
const t = translator('pt')

/** What tells one refusal from another, but for how long to wait: all that a guesser learns. */
function likeness({ status, text, headers }: Reply, email: string): string {
  const words = visibleText(text)
    .replaceAll(email, '…')
    .replace(/\d+ (minutos?|segundos?)( e )?|web-\d+/g, 'n')
  return JSON.stringify([status, Object.keys(headers).sort(), words])
}

const countOf = (replies: Reply[], ...statuses: number[]) =>
  replies.filter(({ status }) => statuses.includes(status)).length

forEachEngine('guesses that come together', engine => {
  const scope = suiteScope()
  let database: TestDatabase
  let servers: TestServer[]

  before(async () => {
    database = await freshDatabase(scope, engine)
    servers = await Promise.all([startServer(scope, database.env), startServer(scope, database.env)])
  })

  /** Browsers of strangers at the login, half of them at each server. */
  const strangers = (scope: Parameters<typeof signedIn>[0], count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const client = new Client(scope, servers[at % servers.length] as TestServer)
        await client.get('/login')
        return client
      })
    )

  test('are not more than five, right and wrong ones together, at two servers, however many failed before', async scope => {
    const seen = new Set<string>()
    for (let round = 0; round < FREE; round++) {
      const { account } = await signedIn(scope, servers[0] as TestServer)
      // All rounds but the first begin with failures there, up to one less than are free.
      const earlier = round
      const [first] = await strangers(scope, 1)
      for (let failure = 0; failure < earlier; failure++) {
        assert.equal((await first?.tryLogin({ ...account, password: 'an earlier guess' }))?.status, 401)
      }
      const guessers = await strangers(scope, 30)
      const right = randomInt(guessers.length)
      const replies = await Promise.all(
        guessers.map((client, at) =>
          client.post('/login', {
            email: account.email,
            password: at === right ? account.password : `guess ${round} ${at}`
          })
        )
      )
      const failed = countOf(replies, 401)
      assert.ok(failed <= FREE - earlier, `${failed} of ${replies.length} failed after ${earlier} earlier ones`)
      assert.equal(countOf(replies, 401, 303, 429), replies.length, String(replies.map(({ status }) => status)))
      // The right one came to its turn, or was refused as all the others.
      assert.ok([303, 429].includes(replies[right]?.status ?? 0), `the right one got ${replies[right]?.status}`)
      for (const reply of replies) {
        if (reply.status !== 429) continue
        assert.ok(Number(reply.headers['retry-after']) > 0)
        seen.add(likeness(reply, account.email))
      }
    }
    assert.equal(seen.size, 1, 'what is throttled tells nothing of the password')
  })

  test('that are all right are all let in', async scope => {
    const { account } = await signedIn(scope, servers[0] as TestServer)
    const replies = await Promise.all((await strangers(scope, 12)).map(client => client.post('/login', { ...account })))
    assert.equal(countOf(replies, 303), 12, String(replies.map(({ status }) => status)))
  })

  test('at the current password are not more than five, whatever they ask for', async scope => {
    for (let round = 1; round <= 4; round++) {
      const client = await signedIn(scope, servers[0] as TestServer)
      const thieves = await Promise.all(
        Array.from({ length: 16 }, async (_, at) => {
          const thief = new Client(scope, servers[at % servers.length] as TestServer)
          for (const [name, value] of client.cookies) thief.cookies.set(name, value)
          await thief.get('/conta')
          return thief
        })
      )
      const right = randomInt(thieves.length)
      const next = `outra frase ${round} bem comprida`
      const replies = await Promise.all(
        thieves.map((thief, at) => {
          const password = at === right ? client.account.password : `guess ${at}`
          if (at % 4 === 3) return thief.post('/conta/sessoes', { password })
          return thief.post('/conta/password', { password, new_password: next, new_password_again: next })
        })
      )
      // Whom the right one signed out is sent to the login, and learns nothing there.
      const wrong = countOf(replies, 400)
      assert.ok(wrong <= FREE, `${wrong} were told that they are wrong`)
      for (const reply of replies.filter(({ status }) => status === 429)) {
        assert.ok(visibleText(reply.text).includes('demasiadas tentativas falhadas'), 'why is said, in either form')
      }
      assert.ok([303, 429].includes(replies[right]?.status ?? 0), `the right one got ${replies[right]?.status}`)
    }
  })
})

forEachEngine('the login throttle', engine => {
  const scope = suiteScope()
  let database: TestDatabase
  let server: TestServer
  let other: TestServer

  before(async () => {
    database = await freshDatabase(scope, engine)
    ;[server, other] = await Promise.all([startServer(scope, database.env), startServer(scope, database.env)])
  })

  const lockOut = async (scope: Parameters<typeof signedIn>[0], email: string) => {
    const stranger = new Client(scope, server)
    for (let failure = 1; failure <= FREE + 1; failure++) await stranger.tryLogin({ email, password: 'guess' })
    assert.equal((await stranger.tryLogin({ email, password: 'guess' })).status, 429)
    return stranger
  }

  test('a stranger who fails on an account does not lock out the browsers that were there before', async scope => {
    const owner = await signedIn(scope, server)
    const phone = new Client(scope, other)
    await phone.login(owner.account)
    await owner.logout()
    await lockOut(scope, owner.account.email)
    assert.equal((await new Client(scope, server).tryLogin(owner.account)).status, 429, 'a new browser waits')
    owner.moveTo(other)
    await owner.login(owner.account)
    await phone.logout()
    phone.moveTo(server)
    await phone.login(owner.account)
  })

  test('such a browser has five guesses of its own, and takes nothing from others', async scope => {
    const owner = await signedIn(scope, server)
    const phone = new Client(scope, server)
    await phone.login(owner.account)
    await owner.logout()
    for (let failure = 1; failure <= FREE; failure++) {
      assert.equal((await owner.tryLogin({ ...owner.account, password: 'guess' })).status, 401)
      owner.moveTo(failure % 2 ? other : server)
    }
    assert.equal((await owner.tryLogin(owner.account)).status, 429)
    await phone.logout()
    await phone.login(owner.account)
    await new Client(scope, server).login(owner.account)
  })

  test('such a proof is worth nothing for another account, changed, or made up', async scope => {
    const owner = await signedIn(scope, server)
    const stranger = await signedIn(scope, server)
    await stranger.logout()
    await lockOut(scope, owner.account.email)
    const proof = stranger.cookies.get('carrinho_known') ?? ''
    assert.ok(proof.length > 40, 'who signed up is known')
    const [ownId, strangersId] = await Promise.all(
      [owner, stranger].map(async ({ account }) => {
        const [row] = await database.query(`select id_cliente from clientes where email = '${account.email}'`)
        return String(row?.id_cliente)
      })
    )
    const flash = owner.cookies.get('carrinho_flash') ?? ''
    for (const forged of [
      proof,
      proof.replace(`${strangersId}.`, `${ownId}.`),
      proof.split('~')[0] ?? '',
      proof.slice(0, -1),
      `${ownId}.${'a'.repeat(22)}.${'b'.repeat(22)}~${proof.split('~')[1]}`,
      flash,
      '%00%ff%zz',
      '~',
      '!'.repeat(3000)
    ]) {
      stranger.cookies.set('carrinho_known', forged)
      assert.equal((await stranger.tryLogin(owner.account)).status, 429, forged.slice(0, 40))
    }
  })

  test('after a change of password the browsers of before share five guesses, apart from those of strangers', async scope => {
    const thief = await signedIn(scope, server)
    const { account } = thief
    const second = new Client(scope, server)
    await second.login(account)
    const owner = new Client(scope, server)
    await owner.login(account)
    await owner.get('/conta')
    const password = 'só a dona sabe desta'
    const form = { password: account.password, new_password: password, new_password_again: password }
    assert.equal((await owner.post('/conta/password', form)).status, 303)
    for (const client of [thief, second]) client.cookies.delete('carrinho_session')
    const guesses = []
    for (let at = 0; at < 2 * FREE; at++) {
      guesses.push((await (at % 2 ? thief : second).tryLogin({ ...account, password: `guess ${at}` })).status)
    }
    assert.deepEqual(guesses, [...Array(FREE).fill(401), ...Array(FREE).fill(429)])
    await owner.logout()
    await owner.login({ ...account, password })
  })

  test('the addresses of one IPv6 network are one, and IPv4 ones in its clothes are not', async scope => {
    const LIMIT = 6
    const strict = await startServer(scope, { ...database.env, LOGIN_LIMIT: String(LIMIT) })
    const guess = async (address: string) => {
      const client = new Client(scope, strict)
      const headers = { 'x-forwarded-for': address }
      await client.get('/login', headers)
      return (await client.post('/login', { email: newAccount().email, password: 'guess' }, headers)).status
    }
    // An address that failed as often as it may, in all the ways that it can be written.
    const fail = async (id: string, count: number) => {
      for (let at = 0; at < count; at++) assert.equal(await guess(id.replace('N', (at + 1).toString(16))), 401)
    }
    const net = randomInt(0x1000, 0xffff).toString(16)
    await fail(`2001:db8:${net}:1::N`, LIMIT)
    assert.equal(await guess(`2001:db8:${net}:1:aaaa::1`), 429)
    assert.equal(await guess(`2001:db8:${net}:2::1`), 401)
    await fail('::ffff:203.0.113.7', LIMIT)
    assert.equal(await guess('203.0.113.7'), 429)
    assert.equal(await guess('::ffff:203.0.113.8'), 401, 'all of IPv4 is one /64 of IPv6')
  })

  test('failures that a clock wrote which was ahead make nobody wait', async scope => {
    const { account } = await signedIn(scope, server)
    await lockOut(scope, account.email)
    for (const hours of [24, 24 * 365]) {
      await database.query(`update login_failures set failed_at = ${Date.now() + hours * 3_600_000}`)
      await new Client(scope, server).login(account)
    }
  })

  test('a clock that was a little ahead makes nobody wait longer than a quarter of an hour', async scope => {
    const { account } = await signedIn(scope, server)
    await lockOut(scope, account.email)
    await database.query(`update login_failures set failed_at = ${Date.now() + 10 * 60_000}`)
    const reply = await new Client(scope, server).tryLogin(account)
    assert.equal(reply.status, 429)
    assert.ok(Number(reply.headers['retry-after']) <= 15 * 60)
  })
})

forEachEngine('signing up', engine => {
  const LIMIT = 20
  const scope = suiteScope()
  let database: TestDatabase
  let servers: [TestServer, TestServer]

  before(async () => {
    database = await freshDatabase(scope, engine)
    const env = { ...database.env, SIGNUP_LIMIT: String(LIMIT) }
    servers = await Promise.all([startServer(scope, env), startServer(scope, env)])
  })

  const signUpFrom = async (
    scope: Parameters<typeof signedIn>[0],
    address: string,
    at: number,
    account = newAccount()
  ) => {
    const client = new Client(scope, servers[at % 2] as TestServer)
    const headers = { 'x-forwarded-for': address }
    await client.get('/signup', headers)
    return client.post('/signup', { ...account }, headers)
  }

  test('an address that makes many accounts has to wait, at every server, and others do not', async scope => {
    const { account } = await signedIn(scope, servers[0])
    const address = (at: number) => `2001:db8:77:1::${at.toString(16)}`
    for (let at = 1; at <= LIMIT; at++)
      assert.equal((await signUpFrom(scope, address(at), at)).status, 303, `the ${at}th`)
    for (const at of [100, 101]) {
      const typed = newAccount()
      const reply = await signUpFrom(scope, address(at), at, typed)
      assert.equal(reply.status, 429)
      assert.ok(Number(reply.headers['retry-after']) > 0 && Number(reply.headers['retry-after']) <= 900)
      const said = t('signup.throttled', { wait: '' }).split('.')[0] ?? '-'
      assert.ok(visibleText(reply.text).includes(said))
      assert.ok(reply.text.includes(typed.email), 'what was typed is kept')
      assert.ok(!reply.text.includes(typed.password))
    }
    assert.equal((await signUpFrom(scope, '2001:db8:77:2::1', 0)).status, 303)
    const client = new Client(scope, servers[0])
    const headers = { 'x-forwarded-for': address(1) }
    await client.get('/login', headers)
    assert.equal((await client.post('/login', { ...account }, headers)).status, 303, 'logging in is counted apart')
  })

  test('does not say without limit which e-mails have an account, and then answers alike for all', async scope => {
    const { account } = await signedIn(scope, servers[0])
    const statuses = []
    for (let at = 0; at < 6; at++)
      statuses.push((await signUpFrom(scope, '198.51.100.9', at, { ...newAccount(), email: account.email })).status)
    assert.deepEqual(statuses, [400, 400, 400, 400, 429, 429], 'a fifth of the limit')
    const free = newAccount()
    const likenesses = await Promise.all(
      [account.email, free.email].map(async email =>
        likeness(await signUpFrom(scope, '198.51.100.9', 0, { ...free, email }), email)
      )
    )
    assert.equal(likenesses[0], likenesses[1])
    const [row] = await database.query(`select count(*) as n from clientes where email = '${free.email}'`)
    assert.equal(Number(row?.n), 0)
  })

  test('many at once from one address are not many more than the limit', async scope => {
    const replies = await Promise.all(Array.from({ length: 40 }, (_, at) => signUpFrom(scope, '198.51.100.77', at)))
    // On a machine with much else to do the last ones in the queue are told that there is too much to do.
    assert.equal(countOf(replies, 303, 429, 503), replies.length, String(replies.map(({ status }) => status)))
    while (replies.at(-1)?.status !== 429) {
      assert.ok(replies.length < 100, 'it was never told to wait')
      replies.push(await signUpFrom(scope, '198.51.100.77', replies.length))
    }
    const made = countOf(replies, 303)
    // Each server may be at a few at the moment when the last that is free is used.
    assert.ok(made >= LIMIT && made <= LIMIT + 2 * (hashLanes + 1), `${made} were made`)
  })
})

describe('a crowd that signs up', { skip: engines.find(({ engine }) => engine === 'sqlite')?.skip ?? false }, () => {
  test('keeps nobody from logging in', async scope => {
    const database = await freshDatabase(scope, 'sqlite')
    const server = await startServer(scope, database.env)
    const people = await Promise.all(Array.from({ length: 6 }, () => signedIn(scope, server)))
    let isOver = false
    const counts = new Map<number, number>()
    const crowd = Array.from({ length: 210 }, async () => {
      while (!isOver) {
        const client = new Client(scope, server)
        await client.get('/signup')
        const { status } = await client.post('/signup', { ...newAccount() })
        counts.set(status, (counts.get(status) ?? 0) + 1)
      }
    })
    const logIns = people.map(async ({ account }) => {
      for (let time = 0; time < 4; time++) await new Client(scope, server).login(account)
    })
    try {
      await Promise.all(logIns)
    } finally {
      isOver = true
    }
    await Promise.all(crowd)
    assert.ok((counts.get(303) ?? 0) > 0, 'and signing up goes on')
    assert.ok(
      [...counts.keys()].every(status => [303, 503].includes(status)),
      JSON.stringify([...counts])
    )
  })
})
