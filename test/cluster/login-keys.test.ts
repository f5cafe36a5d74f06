import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, cli, forEachEngine, freshDatabase, newAccount, signedIn, startServer, visibleText } from '../helper.ts'
import { make, migrated, PASSWORD, tablesOf } from './guide-tables.ts'

forEachEngine('accounts are compared by their own key, byte for byte', engine => {
  const strangers = [
    'ínes@example.org',
    'inés@example.org ',
    'INÉS@example.org',
    'ines@éxample.org',
    'ines@example.org.'
  ]

  test('and an e-mail that nobody has gets nobody a new password', async t => {
    const database = await make(t, engine, tablesOf(engine))
    const passwords = () => database.query('select password from clientes order by id_cliente')
    // Before and after their rows are adopted.
    if (engine !== 'sqlite') {
      await migrated(database)
      await database.query('update clientes set email_key = null')
    }
    for (const adopted of [false, true]) {
      if (adopted) await migrated(database)
      const before = await passwords()
      for (const email of strangers) {
        const set = await cli(['user', 'passwd', email, '--password-stdin'], database.env, PASSWORD)
        assert.equal(set.code, 1, `${email}: ${set.stdout}`)
        assert.match(set.stderr, /no account/)
      }
      assert.deepEqual(await passwords(), before)
    }
  })

  test('and those that differ by white space, line ends, capitals or invisible characters are one, the oldest', async t => {
    const tables = tablesOf(engine)
    const database = await make(t, engine, tables.slice(0, 2))
    const written = [
      '\tÍNES@Example.org\r\n',
      'ínes@example.org',
      ' rui@example.org\u00a0',
      'RU\u200bI@example.org',
      'I\u0301nes@example.org',
      'ines@example.org'
    ]
    const place = (n: number) => (engine === 'postgres' ? `$${n}` : '?')
    for (const [i, email] of written.entries()) {
      await database.query(
        `insert into clientes (id_cliente, nome, email, password) values (${i + 1}, ${place(1)}, ${place(2)}, 'x')`,
        [`Pessoa ${i + 1}`, email]
      )
    }
    const told = await migrated(database)
    if (engine !== 'sqlite') assert.match(told, /adopted 3 account.*\n.*3 account\(s\), id_cliente 2, 4, 5/)
    const server = await startServer(t, database.env)
    for (const [email, id] of [
      ['ínes@example.org', 1],
      [' ÍNES@EXAMPLE.ORG\t', 1],
      ['rui@example.org', 3],
      ['\u200erui@example.org', 3],
      ['ines@example.org', 6]
    ] as const) {
      const set = await cli(['user', 'passwd', email, '--password-stdin'], database.env, PASSWORD)
      assert.equal(set.code, 0, `${JSON.stringify(email)}: ${set.stderr}`)
      const client = new Client(t, server)
      await client.login({ email, password: PASSWORD })
      assert.ok(visibleText((await client.get('/conta')).text).includes(`Pessoa ${id}`), email)
    }
  })

  test('and whose key was made with an invisible character still gets in, also beside one without', async t => {
    const database = await freshDatabase(t, engine)
    const server = await startServer(t, database.env)
    const [clean, hidden, alone] = ['ana@example.org', 'an\u200ba@example.org', 'so\u00adzinha@example.org']
    await new Client(t, server).signup({ email: clean, name: 'Ana', password: `${PASSWORD} 1` })
    await new Client(t, server).signup({ email: 'x@example.org', name: 'Outra', password: `${PASSWORD} 2` })
    await new Client(t, server).signup({ email: 'y@example.org', name: 'Só', password: `${PASSWORD} 3` })
    const place = (n: number) => (engine === 'postgres' ? `$${n}` : '?')
    const rekey = (to: string, from: string) =>
      database.query(`update clientes set email = ${place(1)}, email_key = ${place(2)} where email = ${place(3)}`, [
        to,
        to,
        from
      ])
    await rekey(hidden, 'x@example.org')
    await rekey(alone, 'y@example.org')
    const login = (email: string, n: number) => new Client(t, server).login({ email, password: `${PASSWORD} ${n}` })
    await login(hidden, 2)
    await login(alone, 3)
    await login(clean, 1)
    await migrated(database)
    await login(hidden, 2)
    await login(clean, 1)
    await login(alone, 3)
    await login('sozinha@example.org', 3)
    const visitor = new Client(t, server)
    await visitor.get('/signup')
    const taken = await visitor.post('/signup', {
      email: '\u202aana@example.org\u202c',
      name: 'Ana',
      password: PASSWORD
    })
    assert.equal(taken.status, 400, 'the e-mail is taken')
  })
})

forEachEngine('only a collision on the key itself', engine => {
  test('means that an item was sent already, or that an e-mail is taken', async t => {
    const database = await freshDatabase(t, engine)
    const server = await startServer(t, database.env)
    const client = await signedIn(t, server)
    assert.equal((await client.addItem({ tipo: 'Um' })).status, 303)
    await database.query('create unique index one_shop on compras (local)')
    await database.query('create unique index one_name on clientes (nome)')
    const refused = await client.addItem({ tipo: 'Dois' })
    assert.equal(refused.status, 500)
    const visitor = new Client(t, server)
    await visitor.get('/signup')
    assert.equal((await visitor.post('/signup', { ...newAccount(), name: client.account.name })).status, 500)
    if (engine === 'sqlite') await server.stop()
    await migrated(database)
    const again = engine === 'sqlite' ? await startServer(t, database.env) : server
    client.moveTo(again)
    assert.equal((await client.addItem({ tipo: 'Dois' })).status, 303)
    assert.equal((await client.items()).length, 2)
    await new Client(t, again).signup({ ...newAccount(), name: client.account.name })
  })
})
