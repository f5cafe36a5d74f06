import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, forEachEngine, newAccount, sharedSite, signedIn, visibleText } from '../helper.ts'

forEachEngine('failed logins', engine => {
  const site = sharedSite(engine)

  test('after five failures an account has to wait, and is told how long', async t => {
    const client = await signedIn(t, site.server)
    const attacker = new Client(t, site.server)
    for (let failure = 1; failure <= 5; failure++) {
      const reply = await attacker.tryLogin({ email: client.account.email, password: `guess ${failure}` })
      assert.notEqual(reply.status, 429, `failure ${failure}`)
    }
    const reply = await attacker.tryLogin(client.account)
    assert.equal(reply.status, 429, 'even the right password waits')
    const seconds = Number(reply.headers['retry-after'])
    assert.ok(Number.isInteger(seconds) && seconds > 0 && seconds <= 15 * 60, `Retry-After: ${seconds}`)
    assert.match(visibleText(reply.text), /\d/)
    assert.ok(await client.isSignedIn(), 'who is signed in stays so')
    assert.equal((await client.addItem()).status, 303)
  })

  test('an unknown account has to wait just the same', async t => {
    const attacker = new Client(t, site.server)
    const { email } = newAccount()
    const statuses = []
    for (let failure = 1; failure <= 6; failure++) {
      statuses.push((await attacker.tryLogin({ email, password: 'guess' })).status)
    }
    assert.equal(statuses.at(-1), 429)
    assert.ok(!statuses.slice(0, 5).includes(429), String(statuses))
  })

  test('an address that tries many accounts has to wait, and others do not', async t => {
    const attacker = new Client(t, site.server)
    await attacker.get('/login')
    const guess = () => attacker.post('/login', { email: newAccount().email, password: 'guess' })
    const statuses: number[] = []
    for (let round = 1; round <= 8 && !statuses.includes(429); round++) {
      const replies = await Promise.all(Array.from({ length: 20 }, guess))
      statuses.push(...replies.map(reply => reply.status))
    }
    assert.ok(statuses.includes(429), 'it was never told to wait')
    assert.equal((await guess()).status, 429)
    const { account } = await signedIn(t, site.server)
    await new Client(t, site.server).login(account)
  })

  test('only failures are written', async t => {
    const count = async () =>
      Number((await site.database.query('select count(*) as n from login_failures'))[0]?.n ?? Number.NaN)
    const { account } = await signedIn(t, site.server)
    const before = await count()
    await new Client(t, site.server).login(account)
    assert.equal(await count(), before)
    await new Client(t, site.server).tryLogin({ ...account, password: 'wrong' })
    assert.ok((await count()) > before)
  })

  test('a failure long ago no longer counts', async t => {
    const { account } = await signedIn(t, site.server)
    const attacker = new Client(t, site.server)
    for (let failure = 1; failure <= 6; failure++) await attacker.tryLogin({ ...account, password: 'guess' })
    await site.database.query(`update login_failures set failed_at = failed_at - ${16 * 60_000}`)
    await new Client(t, site.server).login(account)
  })
})
