import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { type Belonging, items, ofAccount, ofList, ownTables, traces } from '../../src/store/tables.ts'
import {
  Client,
  type Engine,
  eventually,
  findInput,
  flaskAccount,
  forEachEngine,
  freshDatabase,
  idOf,
  manyRows,
  newAccount,
  ownProcess,
  sharedSite,
  signedIn,
  startServer,
  type TestDatabase,
  visibleText
} from '../helper.ts'

type Row = Record<string, unknown>
interface Copy {
  madeAt: string
  account: { id: number; name: string; email: string }
  lists: Row[]
  items: Row[]
  changes: Row[]
  sessions: Row[]
}

/** How many rows of each table are an account's, or of lists that were. */
async function left(database: TestDatabase, id: number, lists: number[]): Promise<Record<string, number>> {
  const count = async (table: string, column: string, ids: number[]) => {
    const [row] = await database.query(`select count(*) as n from ${table} where ${column} in (${ids.join(', ')})`)
    return Number(row?.n)
  }
  const found: Record<string, number> = { clientes: await count('clientes', 'id_cliente', [id]) }
  const add = async ({ table, of }: Belonging, ids: number[]) => {
    const name = `${table.tableName} by ${of.name}`
    found[name] = await count(table.tableName, of.name, ids)
  }
  for (const one of [...ofAccount, ...traces]) await add(one, [id])
  for (const one of ofList) await add(one, lists.length > 0 ? lists : [-1])
  return found
}

const listsOf = async (database: TestDatabase, id: number) =>
  (await database.query(`select id from lists where owner_id = ${id}`)).map(row => Number(row.id))

const none = (found: Record<string, number>) => Object.fromEntries(Object.keys(found).map(name => [name, 0]))

/** As an import does, and a table that was made without AUTOINCREMENT. */
const giveIdsAgain = (database: TestDatabase, next: number) =>
  database.query(
    {
      sqlite: `update sqlite_sequence set seq = ${next - 1} where name = 'clientes'`,
      mariadb: `alter table clientes auto_increment = ${next}`,
      postgres: `select setval(pg_get_serial_sequence('clientes', 'id_cliente'), ${next}, false)`
    }[database.engine]
  )

/** Rows as the shopping of years leaves them. */
async function fill(database: TestDatabase, id: number, itemCount: number, changeCount: number): Promise<void> {
  const [list] = await listsOf(database, id)
  const inserted = async (count: number, row: (n: number) => string, into: string) => {
    for (let from = 0; from < count; from += 2000) {
      const rows = Array.from({ length: Math.min(2000, count - from) }, (_, n) => row(from + n))
      await database.query(`insert into ${into} values ${rows.join(', ')}`)
    }
  }
  const at = Date.now()
  await inserted(itemCount, n => `(${id}, 'artigo ${n}', 1, 'loja')`, 'compras (id_cliente, tipo, quantidade, local)')
  await inserted(
    changeCount,
    n => `(${list}, ${n + 100}, ${id}, 'key-${id}-${n}', 'x', 'add', null, '{}', ${at})`,
    'changes (list_id, version, account_id, change_key, digest, kind, item_id, detail, at)'
  )
  await database.query(`update lists set version = ${changeCount + 200} where id = ${list}`)
}

describe('what an account has', () => {
  test('is known of every table that says whose its rows are', () => {
    const known = [...ofAccount, ...ofList, ...traces].map(({ table, of }) => `${table.tableName}.${of.name}`)
    const owners = [...ownTables, items].flatMap(({ tableName, columns }) =>
      Object.entries(columns)
        .filter(([name]) => ['accountId', 'ownerId'].includes(name))
        .map(([, column]) => `${tableName}.${column.name}`)
    )
    assert.deepEqual(
      owners.filter(owner => !known.includes(owner)),
      [],
      'a table with an account’s rows is not in ofAccount: they would stay when the account is deleted'
    )
    const lists = [...ownTables].filter(({ columns }) => 'listId' in columns && !('accountId' in columns))
    assert.deepEqual(
      lists.map(({ tableName }) => tableName).filter(name => !ofList.some(({ table }) => table.tableName === name)),
      [],
      'a table with a list’s rows is not in ofList'
    )
  })
})

forEachEngine('the copy of one’s data', engine => {
  const site = sharedSite(engine)

  test('has the account, lists, items, changes and sessions, and nothing secret or of others', async t => {
    const other = await signedIn(t, site.server)
    await other.addItem({ tipo: 'segredo de outra' })
    const client = await signedIn(t, site.server)
    for (const tipo of ['Pão "de" água', 'Leite 🥛']) await client.addItem({ tipo })
    await client.addItem({ tipo: 'Sai' })
    const gone = (await client.items()).find(({ tipo }) => tipo === 'Sai')
    await client.post('/apagar_artigo', { id: String(gone?.id) })

    const reply = await client.get('/conta/copia.json')
    assert.equal(reply.status, 200)
    assert.match(reply.headers['content-type'] ?? '', /^application\/json/)
    assert.match(reply.headers['content-disposition'] ?? '', /^attachment; filename="carrinho-\d{4}-\d\d-\d\d\.json"$/)
    assert.equal(reply.headers['cache-control'], 'no-store')
    const copy = reply.json() as Copy
    const id = await idOf(site.database, client.account.email)
    assert.deepEqual(copy.account, { id, name: client.account.name, email: client.account.email })
    assert.deepEqual(copy.items.map(({ type }) => type).sort(), ['Leite 🥛', 'Pão "de" água'])
    assert.equal(copy.lists.length, 1)
    assert.deepEqual(
      copy.changes.map(({ version, kind }) => [version, kind]),
      [
        [1, 'add'],
        [2, 'add'],
        [3, 'add'],
        [4, 'remove']
      ]
    )
    assert.equal(typeof copy.changes[0]?.detail, 'object')
    assert.ok(Math.abs(Date.parse(String(copy.changes[0]?.at)) - Date.now()) < 10 * 60_000)
    assert.equal(copy.sessions.length, 1)
    assert.match(String(copy.sessions[0]?.createdAt), /^\d{4}-\d\d-\d\dT/)

    const [session] = await site.database.query(`select id_hash from sessions where customer_id = ${id}`)
    const [stored] = await site.database.query(`select password from clientes where id_cliente = ${id}`)
    for (const secret of [
      session?.id_hash,
      stored?.password,
      client.account.password,
      other.account.email,
      'segredo'
    ]) {
      assert.ok(!reply.text.includes(String(secret)), String(secret))
    }
    assert.doesNotMatch(reply.text, /argon2|digest/)
  })

  test('is whole for a long list and a long history', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem()
    await fill(site.database, await idOf(site.database, client.account.email), 1203, 2406)
    const copy = (await client.get('/conta/copia.json')).json() as Copy
    assert.equal(copy.items.length, 1204)
    assert.equal(new Set(copy.items.map(({ id }) => id)).size, 1204)
    assert.equal(new Set(copy.changes.map(({ version }) => version)).size, 2407)
  })

  test('is for who is signed in', async t => {
    const visitor = new Client(t, site.server)
    const reply = await visitor.get('/conta/copia.json')
    assert.equal(reply.status, 302)
    assert.match(reply.headers.location ?? '', /^\/login\?next=/)
  })
})

forEachEngine('deleting an account', engine => {
  const site = sharedSite(engine)

  const leave = async (client: Client, password: string) => {
    await client.get('/conta/apagar')
    return client.post('/conta/apagar', { password })
  }

  test('asks first, and needs the password', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem()
    const account = await client.get('/conta')
    assert.match(account.text, /href="\/conta\/apagar"/)
    const question = await client.get('/conta/apagar')
    assert.equal(question.status, 200)
    assert.ok(visibleText(question.text).includes(client.account.email), 'it says which account')
    for (const password of ['', 'not the password']) {
      const reply = await leave(client, password)
      assert.equal(reply.status, 400)
      assert.equal(findInput(reply.text, 'password')?.['aria-invalid'], 'true')
    }
    assert.equal((await client.postRaw('/conta/apagar', { password: client.account.password })).status, 403, 'no token')
    assert.equal((await client.items()).length, 1)
  })

  test('leaves nothing of it, ends its sessions everywhere and frees the e-mail', async t => {
    const other = await signedIn(t, site.server)
    await other.addItem()
    const client = await signedIn(t, site.server)
    const { account } = client
    await client.addItem()
    const phone = new Client(t, site.server)
    await phone.login(account)
    await new Client(t, site.server).tryLogin({ ...account, password: 'a wrong guess' })
    const id = await idOf(site.database, account.email)
    const lists = await listsOf(site.database, id)
    const [before] = await site.database.query('select count(*) as n from login_failures')

    const reply = await leave(client, account.password)
    assert.equal(reply.status, 303)
    assert.equal(reply.headers.location, '/')
    const found = await left(site.database, id, lists)
    assert.deepEqual(found, none(found))
    assert.ok(Object.keys(found).length >= 6)
    const [after] = await site.database.query('select count(*) as n from login_failures')
    assert.equal(Number(before?.n) - Number(after?.n), 1, 'the account’s failures are forgotten, the network’s stay')
    assert.equal(await client.isSignedIn(), false)
    assert.equal(await phone.isSignedIn(), false)
    assert.equal((await new Client(t, site.server).tryLogin(account)).status, 401)
    assert.equal((await other.items()).length, 1, 'nobody else’s')

    const again = new Client(t, site.server)
    await again.signup(account)
    assert.deepEqual(await again.items(), [])
  })

  test('an account of another application goes as well', async t => {
    const flask = await flaskAccount(site.database)
    const client = new Client(t, site.server)
    await client.login(flask)
    await client.addItem()
    const lists = await listsOf(site.database, flask.id)
    assert.equal((await leave(client, flask.password)).status, 303)
    const found = await left(site.database, flask.id, lists)
    assert.deepEqual(found, none(found))
  })

  test('an id that is given again inherits nothing, whoever deleted the account', ownProcess, async t => {
    const database = await freshDatabase(t, engine)
    const server = await startServer(t, database.env)
    const first = await signedIn(t, server)
    await first.addItem({ tipo: 'do primeiro' })
    const id = await idOf(database, first.account.email)
    assert.equal((await leave(first, first.account.password)).status, 303)
    await giveIdsAgain(database, id)
    const second = await signedIn(t, server)
    assert.equal(await idOf(database, second.account.email), id)
    assert.deepEqual(await second.items(), [])
    assert.equal(await first.isSignedIn(), false)

    // By hand, as the guide's tables invite to: what is not in them stays.
    await second.addItem({ tipo: 'da segunda' })
    await database.query(`delete from compras where id_cliente = ${id}`)
    await database.query(`delete from clientes where id_cliente = ${id}`)
    await giveIdsAgain(database, id)
    const third = await signedIn(t, server)
    assert.equal(await idOf(database, third.account.email), id)
    const copy = await third.get('/conta/copia.json')
    assert.doesNotMatch(copy.text, /da segunda/)
    assert.equal((copy.json() as Copy).changes.length, 0)

    await third.addItem({ tipo: 'da terceira' })
    await database.query(`delete from compras where id_cliente = ${id}`)
    await database.query(`delete from clientes where id_cliente = ${id}`)
    await giveIdsAgain(database, id)
    const flask = await flaskAccount(database)
    assert.equal(flask.id, id)
    const fourth = new Client(t, server)
    await fourth.login(flask)
    assert.equal((await fourth.items()).length, 2, 'what came with it stays')
    assert.equal(((await fourth.get('/conta/copia.json')).json() as Copy).changes.length, 0)
    assert.equal(await third.isSignedIn(), false)
  })

  test('10,000 items and 100,000 changes go, too, and the answer does not wait for all of them', manyRows, async t => {
    const client = await signedIn(t, site.server)
    await client.addItem()
    const id = await idOf(site.database, client.account.email)
    const lists = await listsOf(site.database, id)
    await fill(site.database, id, 10_000, 100_000)
    assert.equal((await leave(client, client.account.password)).status, 303)
    assert.equal(await client.isSignedIn(), false)
    await eventually(
      async () => {
        const found = await left(site.database, id, lists)
        assert.deepEqual(found, none(found))
      },
      { withinMs: 60_000 }
    )
  })
})

forEachEngine(
  'deleting an account on a cluster',
  engine => {
    test('leaves no change that was being written while the account was closed', async t => {
      const database = await freshDatabase(t, engine)
      const server = await startServer(t, database.env)
      const client = await signedIn(t, server)
      await client.addItem()
      const id = await idOf(database, client.account.email)
      const lists = await listsOf(database, id)
      const [list] = lists
      // As each change does: first its list's number, and then, before it is committed, what was done.
      const change = await holding(
        t,
        engine,
        String(database.url),
        `update lists set version = version + 1 where id = ${list}`
      )
      await client.get('/conta/apagar')
      const reply = client.post('/conta/apagar', { password: client.account.password })
      // All that was written before is gone; then it waits for the list.
      await eventually(async () => {
        const [row] = await database.query(`select count(*) as n from changes where list_id = ${list}`)
        assert.equal(Number(row?.n), 0)
      })
      await change.run(`insert into changes (list_id, version, account_id, change_key, digest, kind, item_id, detail, at)
        values (${list}, 99, ${id}, 'late', 'x', 'edit', null, '{}', ${Date.now()})`)
      await change.run('commit')
      assert.equal((await reply).status, 303)
      await eventually(async () => {
        const found = await left(database, id, lists)
        assert.deepEqual(found, none(found))
      })
    })

    test('goes on where a server died in the middle, and lets nobody in meanwhile', {
      skip: engine === 'sqlite'
    }, async t => {
      const database = await freshDatabase(t, engine)
      const dying = await startServer(t, database.env)
      const client = await signedIn(t, dying)
      await client.addItem()
      const id = await idOf(database, client.account.email)
      const lists = await listsOf(database, id)
      await fill(database, id, 5000, 60_000)
      assert.equal((await client.get('/conta/apagar')).status, 200)
      const reply = client.post('/conta/apagar', { password: client.account.password }).then(
        ({ status }) => status,
        () => 'cut off'
      )
      await eventually(async () => {
        const gone = Number.isNaN(await idOf(database, client.account.email))
        assert.ok(gone, 'the account is still open')
      })
      await dying.kill()
      await reply
      const before = await left(database, id, lists)
      assert.equal(before.clientes, 1, 'it died too late for this test')

      const next = await startServer(t, database.env)
      assert.equal((await new Client(t, next).tryLogin(client.account)).status, 401)
      client.moveTo(next)
      assert.equal(await client.isSignedIn(), false)
      await new Client(t, next).signup({ ...newAccount(), email: client.account.email })
      const { openStore } = await import('../../src/open-store.ts')
      const { readDatabaseConfig } = await import('../../src/config/config.ts')
      const { noEvents } = await import('../../src/store/events.ts')
      const { prune } = await import('../../src/pruning.ts')
      const store = await openStore(readDatabaseConfig(database.env), noEvents)
      t.after(() => store.dialect.close(0))
      // What every server does now and then.
      await prune(store)
      const after = await left(database, id, lists)
      assert.deepEqual(after, none(after))
    })
  },
  ['mariadb', 'postgres']
)

/** A transaction of somebody else, begun with this statement. */
async function holding(t: TestContext, engine: Engine, url: string, first: string) {
  const open = async (): Promise<{ run(statement: string): Promise<unknown> }> => {
    if (engine === 'mariadb') {
      const connection = await mysql.createConnection(url)
      t.after(() => connection.destroy())
      return { run: statement => connection.query(statement) }
    }
    const client = new pg.Client(url)
    client.on('error', () => {})
    await client.connect()
    t.after(() => client.end())
    return { run: statement => client.query(statement) }
  }
  const connection = await open()
  await connection.run('begin')
  await connection.run(first)
  return connection
}
