import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import {
  Client,
  findInput,
  forEachEngine,
  freshDatabase,
  newAccount,
  ownProcess,
  request,
  sharedSite,
  signedIn,
  startServer,
  visibleText
} from '../helper.ts'

forEachEngine('accounts', engine => {
  const site = sharedSite(engine)

  test('who signs up is signed in, and sees an empty list', async t => {
    const client = new Client(t, site.server)
    await client.get('/signup')
    const account = newAccount()
    const reply = await client.post('/signup', { ...account })
    assert.equal(reply.status, 303)
    assert.ok(await client.isSignedIn())
    assert.deepEqual(await client.items(), [])
  })

  test('the list asks who is signed out to sign in, and leads there afterwards', async t => {
    const { account } = await signedIn(t, site.server)
    const client = new Client(t, site.server)
    const asked = await client.get('/carrinho/')
    assert.equal(asked.status, 302)
    assert.equal(asked.headers.location, '/login?next=%2Fcarrinho%2F')
    const reply = await client.tryLogin(account, '/carrinho/')
    assert.equal(reply.status, 303)
    assert.equal(reply.headers.location, '/carrinho/')
    assert.ok(await client.isSignedIn())
  })

  test('an account that another application adds while servers run can log in at once, and its e-mail is taken', async t => {
    const password = 'escrito à mão 77'
    const hash = `pbkdf2:sha256:1000$c2FsdHNhbHQ$${pbkdf2Sync(password, 'c2FsdHNhbHQ', 1000, 32, 'sha256').toString('hex')}`
    const email = newAccount().email
    await site.database.query(
      `insert into clientes (nome, email, password) values ('Lia', ' ${email.toUpperCase()}', '${hash}')`
    )
    await site.database.query(
      `insert into compras (id_cliente, tipo, quantidade, local) select max(id_cliente), 'pão', 2, 'padaria' from clientes`
    )

    const stranger = new Client(t, site.server)
    await stranger.get('/signup')
    assert.equal((await stranger.post('/signup', { ...newAccount(), email })).status, 400, 'the e-mail is taken')
    assert.notEqual((await stranger.tryLogin({ email, password: 'not the password' })).status, 303)

    const owner = new Client(t, site.server)
    await owner.login({ email, password })
    assert.deepEqual(
      (await owner.items()).map(({ tipo }) => tipo),
      ['pão']
    )
    const [row] = await site.database.query(`select email_key from clientes where email_key = '${email}'`)
    assert.ok(row, 'from now on its key finds it')
    await new Client(t, site.server).login({ email, password })
  })

  test(
    'who was signed in to an account that was deleted is not signed in to the next one with its id',
    ownProcess,
    async t => {
      const database = await freshDatabase(t, engine)
      const server = await startServer(t, database.env)
      const former = await signedIn(t, server)
      await database.query('delete from clientes')
      // As after an import, or in a table that was made without AUTOINCREMENT.
      await database.query(
        {
          sqlite: `delete from sqlite_sequence where name = 'clientes'`,
          mariadb: 'alter table clientes auto_increment = 1',
          postgres: `select setval(pg_get_serial_sequence('clientes', 'id_cliente'), 1, false)`
        }[engine]
      )
      const next = await signedIn(t, server)
      const rows = await database.query('select id_cliente from clientes')
      assert.deepEqual(
        rows.map(row => Number(row.id_cliente)),
        [1]
      )
      assert.ok(await next.isSignedIn())
      assert.ok(!(await former.isSignedIn()))
    }
  )

  test('after signing in a person is where they wanted to go, never on another site', async t => {
    const { account } = await signedIn(t, site.server)
    for (const [next, expected] of [
      ['/conta', '/conta'],
      ['/carrinho/?before=7', '/carrinho/?before=7'],
      ['//evil.example/', undefined],
      ['https://evil.example/', undefined],
      ['/\\evil.example', undefined],
      ['/.//evil.example', undefined],
      ['/x/..//evil.example', undefined],
      ['/%2e//evil.example', undefined],
      ['\\\\evil.example', undefined],
      ['/\t/evil.example', undefined],
      ['javascript:alert(1)', undefined],
      ['evil.example', undefined],
      ['/\r\nset-cookie: a=b', undefined]
    ]) {
      const client = new Client(t, site.server)
      await client.get('/login')
      const reply = await client.post('/login', { ...account, next: next ?? '' })
      assert.equal(reply.status, 303)
      const location = reply.headers.location ?? ''
      if (expected) assert.equal(location, expected)
      assert.match(location, /^\//, `next=${next} led to ${location}`)
      assert.equal(new URL(location, site.server.url).origin, site.server.url, `next=${next} led to ${location}`)
    }
  })

  test('a wrong password and an unknown account get the same answer', async t => {
    const { account } = await signedIn(t, site.server)
    const answers = []
    for (const email of [account.email, newAccount().email]) {
      const client = new Client(t, site.server)
      const reply = await client.tryLogin({ email, password: 'not the password' })
      assert.equal(findInput(reply.text, 'email')?.value, email, 'the e-mail that was typed is kept')
      assert.doesNotMatch(reply.text, /not the password/)
      const words = visibleText(reply.text).replaceAll(email, '…')
      answers.push({ status: reply.status, words, retryAfter: reply.headers['retry-after'] })
    }
    assert.deepEqual(answers[0], answers[1])
    assert.notEqual(answers[0]?.status, 303)
  })

  test('a wrong password and an unknown account take the same work, and so the same time', async t => {
    const { account } = await signedIn(t, site.server)
    const client = new Client(t, site.server)
    await client.get('/login')
    // The processor's time, which other programs do not lengthen.
    const workedFor = async () => {
      const { text } = await request(`${site.server.url}/metrics`)
      return Number(/^process_cpu_user_seconds_total\S* (\S+)$/m.exec(text)?.[1])
    }
    const workOf = async (email: string) => {
      const before = await workedFor()
      await client.post('/login', { email, password: 'wrong' })
      return (await workedFor()) - before
    }
    let [wrong, unknown] = [0, 0]
    // Fewer than the throttle counts for one account.
    for (let round = 0; round < 4; round++) {
      wrong += await workOf(account.email)
      unknown += await workOf(newAccount().email)
    }
    const ratio = unknown / wrong
    assert.ok(ratio > 0.5 && ratio < 2, `unknown takes ${ratio.toFixed(2)} of the work of a wrong password`)
  })

  test('e-mail addresses are the same in upper and lower case', async t => {
    const { account } = await signedIn(t, site.server)
    await new Client(t, site.server).login({ ...account, email: account.email.toUpperCase() })
    const again = new Client(t, site.server)
    await again.get('/signup')
    const reply = await again.post('/signup', { ...newAccount(), email: account.email.toUpperCase() })
    assert.equal(reply.status, 400)
    assert.equal(findInput(reply.text, 'email')?.['aria-invalid'], 'true')
  })

  test('two people who sign up with one e-mail at the same moment get one account', async t => {
    const account = newAccount()
    const clients = [new Client(t, site.server), new Client(t, site.server)]
    for (const client of clients) await client.get('/signup')
    const replies = await Promise.all(clients.map(client => client.post('/signup', { ...account })))
    assert.deepEqual(replies.map(reply => reply.status).sort(), [303, 400])
  })

  test('what is wrong with a sign-up is told at its field, with what was typed kept', async t => {
    const good = newAccount()
    for (const [field, value] of [
      ['email', ''],
      ['email', 'ana'],
      ['email', 'ana@'],
      ['email', 'ana@exa mple.org'],
      ['email', `${'a'.repeat(260)}@example.org`],
      ['name', ''],
      ['name', '   '],
      ['name', 'a'.repeat(300)],
      ['name', 'a\u0000b'],
      ['password', ''],
      ['password', 'short'],
      ['password', 'x'.repeat(5000)]
    ] as const) {
      const client = new Client(t, site.server)
      await client.get('/signup')
      const reply = await client.post('/signup', { ...good, [field]: value })
      const label = `${field}=${JSON.stringify(value.slice(0, 20))}`
      assert.equal(reply.status, 400, label)
      assert.equal(findInput(reply.text, field)?.['aria-invalid'], 'true', label)
      for (const other of ['email', 'name'] as const) {
        if (other !== field) assert.equal(findInput(reply.text, other)?.value, good[other], label)
      }
      assert.equal(findInput(reply.text, 'password')?.value ?? '', '', 'a password is never sent back')
    }
  })

  test('a change of password needs the current one, and the new one twice', async t => {
    const client = await signedIn(t, site.server)
    const { password } = client.account
    const fresh = 'uma frase bem comprida'
    for (const [field, form] of [
      ['password', { password: 'wrong one', new_password: fresh, new_password_again: fresh }],
      ['new_password', { password, new_password: 'short', new_password_again: 'short' }],
      ['new_password_again', { password, new_password: fresh, new_password_again: `${fresh}!` }]
    ] as const) {
      await client.get('/conta')
      const reply = await client.post('/conta/password', { ...form })
      assert.equal(reply.status, 400, field)
      assert.equal(findInput(reply.text, field)?.['aria-invalid'], 'true', field)
      assert.ok(!reply.text.includes(fresh), 'a password is never sent back')
    }
    await client.get('/conta')
    const reply = await client.post('/conta/password', { password, new_password: fresh, new_password_again: fresh })
    assert.equal(reply.status, 303)
    assert.ok(await client.isSignedIn(), 'the session that changed it goes on')
    const other = new Client(t, site.server)
    assert.notEqual((await other.tryLogin(client.account)).status, 303)
    await other.login({ ...client.account, password: fresh })
  })

  test('a change of password ends the other sessions', async t => {
    const client = await signedIn(t, site.server)
    const other = new Client(t, site.server)
    await other.login(client.account)
    const fresh = 'outra frase bem comprida'
    await client.get('/conta')
    const form = { password: client.account.password, new_password: fresh, new_password_again: fresh }
    assert.equal((await client.post('/conta/password', form)).status, 303)
    assert.equal(await other.isSignedIn(), false)
  })

  test('pages of an account are for who is signed in', async t => {
    const client = new Client(t, site.server)
    const page = await client.get('/conta')
    assert.equal(page.status, 302)
    assert.equal(page.headers.location, '/login?next=%2Fconta')
    await client.get('/login')
    for (const path of ['/conta/password', '/conta/sessoes', '/carrinho/', '/apagar_artigo']) {
      const reply = await client.post(path, { id: '1', password: 'a', product_type: 'a', quantity: '1', local: 'a' })
      assert.ok([302, 303].includes(reply.status), `${path} answered ${reply.status}`)
      assert.match(reply.headers.location ?? '', /^\/login/)
    }
  })

  test('programs that are signed out get a 401 as JSON', async t => {
    const client = new Client(t, site.server)
    const list = await client.getJson('/carrinho/')
    assert.equal(list.status, 401)
    assert.equal((list.json() as { error: string }).error, 'unauthenticated')
    await client.get('/login')
    const removed = await client.postJson('/apagar_artigo', { id: 1 })
    assert.equal(removed.status, 401)
    assert.equal((removed.json() as { error: string }).error, 'unauthenticated')
  })
})

forEachEngine(
  'closed sign-up',
  engine => {
    const site = sharedSite(engine, { SIGNUP: 'closed' })

    test('nobody can sign up', async t => {
      const client = new Client(t, site.server)
      const page = await client.get('/signup')
      assert.ok([403, 404].includes(page.status), `answered ${page.status}`)
      await client.get('/login')
      assert.ok(!client.page.includes('href="/signup'))
      const reply = await client.post('/signup', { ...newAccount() })
      assert.ok([403, 404].includes(reply.status), `answered ${reply.status}`)
    })
  },
  ['sqlite']
)
