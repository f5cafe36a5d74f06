import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import mysql from 'mysql2/promise'
import {
  adminUrls,
  cli,
  type Engine,
  eventually,
  forEachEngine,
  freshDatabase,
  request,
  type Scope,
  signedIn,
  skipUnlessInCi,
  startOwnServer,
  startServer,
  type TestDatabase,
  tcpProxy,
  tempFolder
} from '../helper.ts'

const portOf = (database: TestDatabase) => Number(new URL(String(database.url)).port)

/** Each of these texts, stored and read back through another way, is the one that was typed. */
async function assertKeepsText(t: Scope, database: TestDatabase, env: Record<string, string | undefined>) {
  const server = await startServer(t, env)
  const client = await signedIn(t, server)
  const texts = ['🥖 baguete', 'Café', '€ 5', 'Ελιές 日本']
  for (const tipo of texts) assert.equal((await client.addItem({ tipo })).status, 303)
  const stored = await database.query('select tipo from compras order by id_compras')
  assert.deepEqual(
    stored.map(row => row.tipo),
    texts
  )
  assert.deepEqual((await client.items()).map(item => item.tipo).sort(), [...texts].sort())
}

/** An account of its own that owns this database, made by `identified` (MariaDB); gone with the test. */
async function ownAccount(t: Scope, database: TestDatabase, identified: string) {
  const name = `u_${randomBytes(5).toString('hex')}`
  const url = new URL(String(database.url))
  await database.query(`create user ${name}@'%' ${identified}`)
  t.after(() => adminQuery(`drop user ${name}@'%'`))
  await database.query(`grant all on ${url.pathname.slice(1)}.* to ${name}@'%'`)
  url.username = name
  url.password = 'secret'
  return { ...database.env, DB_HOST: url.href }
}

async function adminQuery(sql: string) {
  const connection = await mysql.createConnection(String(adminUrls.mariadb))
  try {
    const [rows] = await connection.query(sql)
    return rows as Record<string, unknown>[]
  } finally {
    await connection.end()
  }
}

forEachEngine(
  'text is kept, character by character,',
  engine => {
    test('where the server ignores the character set of the handshake', async t => {
      const database = await freshDatabase(t, engine, { migrate: false, create: 'character set latin1' })
      const isFirst = new WeakSet<object>()
      // What skip-character-set-client-handshake does: the session begins in latin1, whatever was asked for.
      const proxy = await tcpProxy(t, portOf(database), (chunk, connection) => {
        if (!isFirst.has(connection)) chunk[12] = 8
        isFirst.add(connection)
        return undefined
      })
      const env = database.envThrough(proxy.port)
      assert.equal((await cli(['migrate'], env)).code, 0)
      await assertKeepsText(t, database, env)
    })

    test('where init_connect sets another for ordinary users, and other habits', async t => {
      const database = await freshDatabase(t, engine, { migrate: false })
      const env = await ownAccount(t, database, "identified by 'secret'")
      const [before] = await database.query('select @@global.init_connect as was')
      t.after(() => adminQuery(`set global init_connect = ${mysql.escape(String(before?.was ?? ''))}`))
      await database.query(
        `set global init_connect = ${mysql.escape("set names latin1, autocommit = 0, lc_messages = 'de_DE', sql_mode = 'ANSI_QUOTES'")}`
      )
      assert.equal((await cli(['migrate'], env)).code, 0)
      await assertKeepsText(t, database, env)
    })
  },
  ['mariadb']
)

forEachEngine(
  'a database that cannot store all text',
  engine => {
    for (const encoding of ['LATIN1', 'SQL_ASCII', 'WIN1252']) {
      test(`is refused by migrate and status before anything is made in it: ${encoding}`, async t => {
        const create = `encoding '${encoding}' template template0 lc_collate 'C' lc_ctype 'C'`
        const database = await freshDatabase(t, engine, { migrate: false, create })
        for (const command of ['migrate', 'status']) {
          const { code, stderr } = await cli([command], database.env)
          assert.equal(code, 1)
          assert.match(stderr, new RegExp(`is in ${encoding} and cannot store .*encoding 'UTF8'`))
        }
        const tables = await database.query("select tablename from pg_tables where schemaname = 'public'")
        assert.deepEqual(tables, [])
      })
    }
  },
  ['postgres']
)

/** Serve, migrate and status say this in a line, and go on saying nothing of the driver's. */
async function assertTold(t: Scope, env: Record<string, string | undefined>, told: RegExp) {
  for (const command of ['migrate', 'status']) {
    const { code, stderr } = await cli([command], env)
    assert.equal(code, 1, stderr)
    assert.match(stderr, told, command)
    assert.doesNotMatch(stderr, /TODO|^\s+at /m)
    assert.ok(!stderr.includes('secret'))
  }
  const server = await startServer(t, env, { waitFor: 'live' })
  await eventually(() => assert.match(server.logs.join('\n'), told))
  assert.doesNotMatch(server.logs.join('\n'), /TODO/)
  assert.equal((await request(`${server.url}/health/live`)).status, 200, 'it still runs')
}

forEachEngine(
  'an account that logs in as the driver cannot',
  engine => {
    for (const [library, identified, told] of [
      [
        'auth_ed25519',
        "identified via ed25519 using password('secret')",
        /logs in with client_ed25519.*mysql_native_password/
      ],
      // Not the newer auth_pam: it runs a program of its own, and where the server may not run it, the server ends, for all tests.
      ['auth_pam_v1', 'identified via pam', /logs in with dialog.*mysql_native_password/]
    ] as const) {
      test(`is told in a line: ${library}`, async t => {
        const database = await freshDatabase(t, engine)
        const has = await adminQuery(`install soname '${library}'`).then(
          () => true,
          error => /already|exists/i.test(String(error)) // a test before this one installed it
        )
        if (!has) return t.skip(skipUnlessInCi(`this server has no ${library}`))
        await assertTold(t, await ownAccount(t, database, identified), told)
      })
    }
  },
  ['mariadb']
)

forEachEngine(
  'a server whose prepared statements another application has used up',
  engine => {
    test('is asked without them, by who was there before and who comes meanwhile', async t => {
      const own = await startOwnServer(t, engine as 'mariadb', await tempFolder(t))
      if (own === undefined) return t.skip(skipUnlessInCi('there is no MariaDB to start here'))
      const database = await freshDatabase(t, engine, { server: own, name: 'lists' })
      const server = await startServer(t, database.env)
      const client = await signedIn(t, server)
      assert.equal((await client.addItem({ tipo: 'Pão' })).status, 303)
      await database.query('set global max_prepared_stmt_count = 0')

      const late = await startServer(t, database.env)
      assert.equal((await cli(['status'], database.env)).code, 0)
      for (const one of [server, late]) {
        client.moveTo(one)
        const texts = ["d'água", 'a\\b "c" ? %', '🥖']
        for (const tipo of texts) assert.equal((await client.addItem({ tipo })).status, 303, tipo)
        assert.deepEqual((await client.items()).map(item => item.tipo).slice(0, 3), texts.reverse())
        for (const path of ['/carrinho/historico', '/procurar?q=agua', '/sugestoes', '/listas/', '/conta', '/lojas']) {
          assert.equal((await client.get(path)).status, 200, path)
        }
        await client.logout()
        await client.login(client.account)
      }
      assert.equal((await client.items()).length, 7)
    })
  },
  ['mariadb']
)

forEachEngine(
  'a server that asks for what the driver cannot',
  engine => {
    for (const [kind, name] of [
      [7, 'GSSAPI'],
      [9, 'SSPI'],
      [2, 'Kerberos']
    ] as const) {
      test(`is told in a line: ${name}`, async t => {
        const database = await freshDatabase(t, engine)
        // The server's own request, for another way: `R`, a length, the kind.
        const proxy = await tcpProxy(t, portOf(database), undefined, chunk =>
          chunk[0] === 82 && chunk.readInt32BE(5) === 10 ? Buffer.from([82, 0, 0, 0, 8, 0, 0, 0, kind]) : chunk
        )
        await assertTold(t, database.envThrough(proxy.port), new RegExp(`${name}.*scram-sha-256`))
      })
    }
  },
  ['postgres']
)

forEachEngine(
  'a migration that finds another at work',
  engine => {
    test('says what it waits for, and outlives a lease whose clock was a day ahead', async t => {
      const database = await freshDatabase(t, engine as Engine)
      const release = await holdLock(t, engine, database)
      const waiting = cli(['migrate'], database.env)
      await release()
      const { code, stderr } = await waiting
      assert.equal(code, 0, stderr)
      assert.match(stderr, /^waiting for another migration/)
    })
  },
  ['mariadb', 'postgres']
)

/** As a migration of a host whose clock was ahead left it, and died (MariaDB); as one that is at work has it (PostgreSQL). */
async function holdLock(t: Scope, engine: Engine, database: TestDatabase): Promise<() => Promise<unknown>> {
  if (engine === 'mariadb') {
    await database.query(
      'create table if not exists schema_lock (id int not null primary key, holder varchar(16) not null, expires_at bigint not null)'
    )
    await database.query(`insert into schema_lock values (1, 'a-dead-holder', ${Date.now() + 86_400_000})`)
    return async () => {} // nobody lets go of it
  }
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: database.url })
  client.on('error', () => {})
  await client.connect()
  t.after(() => client.end())
  await client.query('select pg_advisory_lock(22777446)')
  return async () => {
    await eventually(async () => {
      const rows = await database.query(
        "select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())"
      )
      assert.equal(rows.length, 1)
    })
    await client.query('select pg_advisory_unlock(22777446)')
  }
}
