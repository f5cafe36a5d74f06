import assert from 'node:assert/strict'
import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { test } from 'node:test'
import {
  Client,
  cli,
  forEachEngine,
  freshDatabase,
  migrate,
  startServer,
  type TestDatabase,
  visibleText
} from '../helper.ts'

/** As printed in the lab guide, 2.1.3. */
const guideTables = [
  `create table clientes(
    id_cliente int auto_increment,
    nome varchar(255) not null,
    email varchar(255) not null,
    password varchar(255) not null,
    primary key(id_cliente)
);`,
  `create table compras(
    id_compras int auto_increment,
    id_cliente int,
    tipo varchar(255) not null,
    quantidade int not null,
    local varchar(255) not null,
    primary key(id_compras),
    foreign key(id_cliente)
    references clientes(id_cliente)
);`
]

/** What werkzeug.security.generate_password_hash stores. */
function werkzeugPbkdf2(password: string, salt: string): string {
  return `pbkdf2:sha256:150000$${salt}$${pbkdf2Sync(password, salt, 150_000, 32, 'sha256').toString('hex')}`
}

function werkzeugScrypt(password: string, salt: string): string {
  const options = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
  return `scrypt:32768:8:1$${salt}$${scryptSync(password, salt, 64, options).toString('hex')}`
}

const people = {
  pbkdf2: { name: 'João Conceição', email: 'joao@example.org', password: 'pão com manteiga' },
  scrypt: { name: 'Inês', email: 'Ines.Magalhaes@Example.org', password: 'segredo da inês 1' },
  plain: { name: 'Rui', email: 'rui@example.org', password: 'passwordsegura' },
  first: { name: 'Zé Primeiro', email: 'ze@example.org', password: 'o primeiro zé' },
  second: { name: 'Zé Segundo', email: 'ze@example.org', password: 'o segundo zé' },
  alsoPlain: { name: 'Eva', email: 'eva@example.org', password: 'umdoistres' }
}

const rows: [string, string, string][] = [
  [people.pbkdf2.name, people.pbkdf2.email, werkzeugPbkdf2(people.pbkdf2.password, 'aB3dEf9h')],
  [people.scrypt.name, people.scrypt.email, werkzeugScrypt(people.scrypt.password, 'Zz0Yy1Xx2Ww3Vv4U')],
  [people.plain.name, people.plain.email, people.plain.password],
  [people.first.name, people.first.email, werkzeugPbkdf2(people.first.password, '12345678')],
  [people.second.name, people.second.email, werkzeugPbkdf2(people.second.password, '87654321')],
  [people.alsoPlain.name, people.alsoPlain.email, people.alsoPlain.password]
]

const purchases: [number | null, string, number, string][] = [
  [1, 'Laranjas', 5, 'PingoDoce'],
  [2, 'Maçãs', 2, 'Pingo Doce – não'],
  [1, 'Peras', 3, 'PingoDoce'],
  [null, 'De ninguém', 1, 'Lado nenhum'],
  [4, 'x'.repeat(255), 2_147_483_647, 'y'.repeat(255)],
  [5, 'Do segundo', 0, ''],
  [3, '<b>Negrito</b>', -3, "O'Neill"],
  [null, 'Também de ninguém', 2, 'Algures']
]

async function guideDatabase(t: Parameters<typeof freshDatabase>[0], engine: 'mariadb'): Promise<TestDatabase> {
  const database = await freshDatabase(t, engine, { migrate: false, create: 'character set latin1' })
  for (const statement of guideTables) await database.query(statement)
  for (const row of rows) await database.query('insert into clientes(nome, email, password) values (?, ?, ?)', row)
  for (const row of purchases) {
    await database.query('insert into compras(id_cliente, tipo, quantidade, local) values (?, ?, ?, ?)', row)
  }
  return database
}

const allCustomers = 'select id_cliente, nome, email, password from clientes order by id_cliente'
const allPurchases = 'select id_compras, id_cliente, tipo, quantidade, local from compras order by id_compras'

forEachEngine(
  "the lab guide's own database",
  engine => {
    if (engine !== 'mariadb') return

    test('is adopted with no row lost or changed, once or twice', async t => {
      const database = await guideDatabase(t, engine)
      const [customers, items] = [await database.query(allCustomers), await database.query(allPurchases)]
      assert.equal(customers.length, rows.length)
      assert.equal(items[1]?.tipo, 'Maçãs')
      for (let time = 1; time <= 2; time++) {
        await migrate(database.env)
        assert.deepEqual(await database.query(allCustomers), customers)
        assert.deepEqual(await database.query(allPurchases), items)
      }
    })

    test('lets people in with the hashes of Flask, and replaces these by argon2id', async t => {
      const database = await guideDatabase(t, engine)
      await migrate(database.env)
      const server = await startServer(t, database.env)
      for (const [person, id] of [
        [people.pbkdf2, 1],
        [people.scrypt, 2],
        [people.first, 4]
      ] as const) {
        const stored = async () =>
          String((await database.query(`select password from clientes where id_cliente = ${id}`))[0]?.password)
        const before = await stored()
        assert.notEqual(
          (await new Client(t, server).tryLogin({ ...person, password: `${person.password}x` })).status,
          303
        )
        assert.equal(await stored(), before, 'a wrong password replaces nothing')
        const client = new Client(t, server)
        await client.login(person)
        assert.match(await stored(), /^\$argon2id\$/)
        const names = (await client.items()).map(item => item.tipo).sort()
        const own = purchases.filter(([owner]) => owner === id).map(([, tipo]) => tipo)
        assert.deepEqual(names, own.sort())
        await new Client(t, server).login(person)
        await new Client(t, server).login({ ...person, email: person.email.toLowerCase() })
      }
    })

    test('keeps and shows what was in it, and takes text that latin1 could not hold', async t => {
      const database = await guideDatabase(t, engine)
      await migrate(database.env)
      const server = await startServer(t, database.env)
      const client = new Client(t, server)
      await client.login(people.pbkdf2)
      assert.equal((await client.addItem({ tipo: '🍊 Ελιές 日本', local: 'Łódź' })).status, 303)
      const page = visibleText((await client.get('/carrinho/')).text)
      for (const text of ['Laranjas', 'Peras', '🍊 Ελιές 日本', 'Łódź']) assert.ok(page.includes(text), text)
      const first = new Client(t, server)
      await first.login(people.first)
      assert.deepEqual(
        (await first.items()).map(item => [item.tipo, item.quantidade]),
        [['x'.repeat(255), 2_147_483_647]]
      )
      assert.equal((await first.get('/carrinho/')).status, 200)
    })

    test('a plaintext password is never accepted; `carrinho user passwd` is the way out', async t => {
      const database = await guideDatabase(t, engine)
      await migrate(database.env)
      const before = await cli(['status'], database.env)
      assert.equal(before.code, 0, before.stderr)
      assert.match(before.stdout, /plain.*\b2\b|\b2\b.*plain/i, 'status counts them')
      const server = await startServer(t, database.env)
      assert.notEqual((await new Client(t, server).tryLogin(people.plain)).status, 303)
      const fresh = 'uma palavra-passe nova'
      const changed = await cli(['user', 'passwd', people.plain.email, '--password-stdin'], database.env, `${fresh}\n`)
      assert.equal(changed.code, 0, changed.stderr)
      const client = new Client(t, server)
      await client.login({ ...people.plain, password: fresh })
      assert.deepEqual(
        (await client.items()).map(item => item.tipo),
        ['<b>Negrito</b>']
      )
      assert.notEqual((await new Client(t, server).tryLogin(people.plain)).status, 303)
      const after = await cli(['status'], database.env)
      assert.match(after.stdout, /plain.*\b1\b|\b1\b.*plain/i)
    })

    test('of two accounts with one e-mail the first is the one that signs in, as in Flask', async t => {
      const database = await guideDatabase(t, engine)
      await migrate(database.env)
      const server = await startServer(t, database.env)
      const client = new Client(t, server)
      await client.login(people.first)
      assert.ok(visibleText((await client.get('/conta')).text).includes(people.first.name))
      assert.notEqual((await new Client(t, server).tryLogin(people.second)).status, 303)
      const visitor = new Client(t, server)
      await visitor.get('/signup')
      assert.equal((await visitor.post('/signup', { ...people.second })).status, 400, 'the e-mail is taken')
    })

    test("an account that Flask's own INSERT adds later is adopted by the next migrate", async t => {
      const database = await guideDatabase(t, engine)
      await migrate(database.env)
      const password = 'chegou depois'
      const hash = werkzeugPbkdf2(password, 'depois99')
      await database.query('insert into clientes(nome, email, password) values (?, ?, ?)', [
        'Lia',
        'lia@example.org',
        hash
      ])
      await migrate(database.env)
      const server = await startServer(t, database.env)
      await new Client(t, server).login({ email: 'lia@example.org', password })
    })
  },
  ['mariadb']
)
