import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Client,
  findInput,
  findTags,
  flaskAccount,
  forEachEngine,
  newAccount,
  sharedSite,
  signedIn,
  visibleText
} from '../helper.ts'

forEachEngine('the name and the e-mail', engine => {
  const site = sharedSite(engine, { SIGNUP_LIMIT: '10000' })

  const change = async (client: Client, form: Record<string, string>) => {
    await client.get('/conta')
    const shown = Object.fromEntries(
      ['name', 'email', 'was_name', 'was_email'].map(name => [name, client.hidden(name) ?? ''])
    )
    return client.post('/conta/identidade', { ...shown, ...form })
  }

  test('are changed with the password, and from then on the new e-mail logs in and the old one does not', async t => {
    const client = await signedIn(t, site.server)
    const phone = new Client(t, site.server)
    await phone.login(client.account)
    await client.addItem()
    const { password, email: former } = client.account
    const email = newAccount().email
    const reply = await change(client, { name: 'Ana Sousa Dias', email: `  ${email.toUpperCase()}\u200b`, password })
    assert.equal(reply.status, 303)
    assert.equal(reply.headers.location, '/conta')
    const page = visibleText((await client.get('/conta')).text)
    assert.ok(page.includes('Ana Sousa Dias') && page.includes(email.toUpperCase()))
    assert.ok(await phone.isSignedIn(), 'sessions stay, as it is the same account')
    assert.ok(visibleText((await phone.get('/conta')).text).includes(email.toUpperCase()))

    const again = new Client(t, site.server)
    await again.login({ email, password })
    assert.equal((await again.items()).length, 1)
    assert.equal((await new Client(t, site.server).tryLogin({ email: former, password })).status, 401)
    const next = new Client(t, site.server)
    await next.get('/signup')
    assert.equal((await next.post('/signup', { ...newAccount(), email: former })).status, 303, 'the old one is free')
    assert.deepEqual(await next.items(), [])
  })

  test('are changed one without the other: a page that is older takes nothing back', async t => {
    const client = await signedIn(t, site.server)
    const { password, email: former, name } = client.account
    const older = new Client(t, site.server)
    await older.login(client.account)
    await older.get('/conta')
    const email = newAccount().email
    assert.equal((await change(client, { email, password })).status, 303)
    const form = { name: 'Outro Nome', email: former, was_name: name, was_email: former, password }
    assert.equal((await older.post('/conta/identidade', form)).status, 303)
    const text = visibleText((await client.get('/conta')).text)
    assert.ok(text.includes('Outro Nome') && text.includes(email) && !text.includes(former))
  })

  test('a spelling of one’s own e-mail is not taken', async t => {
    const client = await signedIn(t, site.server)
    const { password, email } = client.account
    assert.equal((await change(client, { email: email.toUpperCase(), password })).status, 303)
    await new Client(t, site.server).login({ email, password })
  })

  test('an e-mail that another has is refused at its field, whoever made that account and however it is spelt', async t => {
    const client = await signedIn(t, site.server)
    const { account: other } = await signedIn(t, site.server)
    const flask = await flaskAccount(site.database)
    const { password } = client.account
    for (const email of [other.email, other.email.toUpperCase(), ` ${flask.email}`]) {
      const reply = await change(client, { name: 'Nova', email, password })
      assert.equal(reply.status, 400, email)
      assert.equal(findInput(reply.text, 'email')?.['aria-invalid'], 'true')
      assert.equal(findInput(reply.text, 'name')?.value, 'Nova', 'what was typed is kept')
      assert.ok(!reply.text.includes(password))
    }
    const text = visibleText((await client.get('/conta')).text)
    assert.ok(text.includes(client.account.email) && text.includes(client.account.name), 'nothing changed')
    await new Client(t, site.server).login(flask)
  })

  test('two accounts that want one e-mail at the same moment do not both get it', async t => {
    for (let round = 0; round < 5; round++) {
      const clients = [await signedIn(t, site.server), await signedIn(t, site.server)]
      const email = newAccount().email
      const replies = await Promise.all(
        clients.map(client => change(client, { email, password: client.account.password }))
      )
      assert.deepEqual(replies.map(({ status }) => status).sort(), [303, 400])
    }
  })

  test('what is wrong is told at its field, and nothing changes', async t => {
    const client = await signedIn(t, site.server)
    const { password } = client.account
    for (const [field, form] of [
      ['name', { name: '', password }],
      ['name', { name: 'a'.repeat(141), password }],
      ['name', { name: 'a\u0000b', password }],
      ['email', { email: 'ana', password }],
      ['email', { email: '', password }],
      ['email', { email: `${'a'.repeat(260)}@example.org`, password }],
      ['password', { name: 'Outra', password: '' }],
      ['password', { name: 'Outra', password: 'not the password' }]
    ] as const) {
      const reply = await change(client, form)
      const label = JSON.stringify(form).slice(0, 40)
      assert.equal(reply.status, 400, label)
      const input = findTags(reply.text, 'input').find(({ id }) => id === `f-identity-${field}`)
      assert.equal(input?.['aria-invalid'], 'true', label)
    }
    const text = visibleText((await client.get('/conta')).text)
    assert.ok(text.includes(client.account.email) && text.includes(client.account.name))
  })

  test('an account of another application changes its own, also where its e-mail is none', async t => {
    const flask = await flaskAccount(site.database)
    await site.database.query(`update clientes set email = 'lia' where id_cliente = ${flask.id}`)
    const client = new Client(t, site.server)
    // Sign-ups refuse such an e-mail, and log-ins too: somebody who is signed in may have one.
    await site.database.query(`update clientes set email = '${flask.email}' where id_cliente = ${flask.id}`)
    await client.login(flask)
    await site.database.query(`update clientes set email = 'lia' where id_cliente = ${flask.id}`)
    assert.equal((await change(client, { name: 'Lia', password: flask.password })).status, 303)
    const email = newAccount().email
    assert.equal((await change(client, { email, password: flask.password })).status, 303)
    const again = new Client(t, site.server)
    await again.login({ email, password: flask.password })
    assert.equal((await again.items()).length, 2)
  })
})

forEachEngine('guesses at the account page', engine => {
  const site = sharedSite(engine, { SIGNUP_LIMIT: '10' })

  test('wrong passwords in any of its forms are counted together, and then all of them have to wait', async t => {
    const client = await signedIn(t, site.server)
    const password = 'a wrong guess'
    const forms = [
      ['/conta/identidade', { name: 'Outra', email: client.account.email, password }],
      ['/conta/apagar', { password }],
      ['/conta/sessoes', { password }]
    ] as const
    for (let guess = 0; guess < 5; guess++) {
      const [path, form] = forms[guess % 3] as (typeof forms)[number]
      await client.get('/conta')
      assert.equal((await client.post(path, { ...form })).status, 400)
    }
    for (const [path, form] of forms) {
      await client.get('/conta')
      const right = await client.post(path, { ...form, password: client.account.password })
      assert.equal(right.status, 429, path)
      assert.ok(Number(right.headers['retry-after']) > 0)
    }
    assert.ok(await client.isSignedIn())
  })

  test('who is told of many e-mails that they are taken has to wait, and sign-ups of that network with them', async t => {
    const client = await signedIn(t, site.server)
    const taken = (await signedIn(t, site.server)).account.email
    const { password } = client.account
    const change = async (email: string) => {
      await client.get('/conta')
      return client.post('/conta/identidade', { name: client.account.name, email, password })
    }
    // A fifth of the sign-ups that a network may make.
    for (let asked = 0; asked < 2; asked++) assert.equal((await change(taken)).status, 400)
    for (const email of [taken, newAccount().email]) {
      const reply = await change(email)
      assert.equal(reply.status, 429)
      assert.ok(Number(reply.headers['retry-after']) > 0)
    }
    await client.logout()
    await client.get('/signup')
    assert.equal((await client.post('/signup', { ...newAccount() })).status, 429)
  })
})
