import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import pg from 'pg'
import {
  assertOnlyReads,
  assertWritesAgain,
  cli,
  copyAccounts,
  type Engine,
  eventually,
  ext4Disk,
  forEachEngine,
  freshDatabase,
  inTurn,
  isReady,
  Program,
  patiently,
  request,
  type Scope,
  signedIn,
  skipUnlessInCi,
  skipWithoutHaproxy,
  startHaproxy,
  startOwnServer,
  startServer,
  type TestDatabase,
  tempFolder
} from '../helper.ts'

type Server = Exclude<Engine, 'sqlite'>

/** A server of the test's own, whose administrator may do to it what others would feel; undefined where there is none to start. */
async function ownDatabase(t: Scope, engine: Server, options: { password?: string } = {}) {
  const folder = await tempFolder(t)
  const server = await startOwnServer(t, engine, folder, options)
  if (server === undefined) return undefined
  const database = await freshDatabase(t, engine, { server, name: 'lists' })
  // MariaDB's root may write whatever the server is told.
  const statements =
    engine === 'mariadb'
      ? [`create user shop@127.0.0.1 identified by 'a password'`, 'grant all on lists.* to shop@127.0.0.1']
      : [`create role shop superuser login password 'a password'`]
  for (const statement of statements) await database.query(statement)
  const url = new URL(database.url ?? '')
  url.username = 'shop'
  url.password = 'a password'
  return { ...database, folder, env: { ...database.env, DB_HOST: url.href } }
}

interface Way {
  title: string
  close: string[]
  open: string[]
}

/** How an administrator closes a database to writes while it serves, and opens it again. */
const ways: Record<Server, Way[]> = {
  mariadb: [
    { title: 'read_only', close: ['set global read_only = 1'], open: ['set global read_only = 0'] },
    {
      title: 'read-only transactions in sessions to come',
      close: ['set global tx_read_only = 1'],
      open: ['set global tx_read_only = 0']
    }
  ],
  postgres: [
    {
      title: 'read-only transactions in all sessions',
      close: ['alter system set default_transaction_read_only = on', 'select pg_reload_conf()'],
      open: ['alter system set default_transaction_read_only = off', 'select pg_reload_conf()']
    },
    {
      title: 'read-only transactions in the sessions of one database',
      close: ['alter database lists set default_transaction_read_only = on'],
      open: ['begin read write; alter database lists set default_transaction_read_only = off; commit']
    }
  ]
}

/** A second account, and how one of the two is closed to writes, then the other, and both are opened. */
const others: Record<Server, Record<'make' | 'closeOne' | 'closeOther' | 'open', string[]>> = {
  mariadb: {
    make: [
      `create user other@127.0.0.1 identified by 'a password'`,
      'grant all on lists.* to other@127.0.0.1',
      'grant read only admin on *.* to other@127.0.0.1'
    ],
    closeOne: ['set global read_only = 1'],
    closeOther: ['revoke read only admin on *.* from other@127.0.0.1'],
    open: ['set global read_only = 0']
  },
  postgres: {
    make: [`create role other superuser login password 'a password'`],
    closeOne: ['alter role shop set default_transaction_read_only = on'],
    closeOther: ['alter role other set default_transaction_read_only = on'],
    open: ['shop', 'other'].map(role => `alter role ${role} set default_transaction_read_only = off`)
  }
}

/** Sessions that are there go on as they began. */
const endSessions: Record<Server, (database: TestDatabase) => Promise<unknown>> = {
  async mariadb(database) {
    const sessions = await database.query(
      `select id from information_schema.processlist where user in ('shop', 'other')`
    )
    for (const { id } of sessions) await database.query(`kill ${id}`).catch(() => {})
  },
  postgres: database =>
    database.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'carrinho'`)
}

async function shopping(t: Scope, database: TestDatabase, env = {}) {
  const server = await startServer(t, { ...database.env, DB_REQUEST_MS: patiently(2000), ...env })
  const client = await signedIn(t, server)
  await client.addItem({ tipo: 'leite' })
  // By a process of its own: this one would keep the embedded database's file open.
  const { stdout } = await cli(['token', 'add', client.account.email, '--scope', 'write'], database.env)
  const program = new Program(server, stdout.trim())
  return { server, client, program }
}

forEachEngine(
  'a database that is closed to writes while it serves',
  engine => {
    assert.ok(engine !== 'sqlite')
    for (const { title, close, open } of ways[engine]) {
      test(`is read, keeps what was typed, and takes it once it is open again: ${title}`, async t => {
        const database = await ownDatabase(t, engine)
        if (!database) return t.skip(skipUnlessInCi(`no ${engine} to start`))
        const { server, client, program } = await shopping(t, database)
        for (const statement of close) await database.query(statement)
        await endSessions[engine](database)
        const form = await assertOnlyReads(t, server, client, program)
        for (const statement of open) await database.query(statement)
        await assertWritesAgain(server, client, form)
      })
    }

    test('is left for one that takes them, and nobody notices', { skip: skipWithoutHaproxy() ?? false }, async t => {
      const options = { password: 'the same everywhere' }
      const [closed, open] = [await ownDatabase(t, engine, options), await ownDatabase(t, engine, options)]
      if (!closed || !open) return t.skip(skipUnlessInCi(`no ${engine} to start`))
      const direct = await startServer(t, open.env)
      const client = await signedIn(t, direct)
      await copyAccounts(open, closed)
      const { port } = await startHaproxy(t, ({ port }) => inTurn(port, [closed, open]))
      const url = new URL(open.env.DB_HOST ?? '')
      url.port = String(port)
      const server = await startServer(t, { ...open.env, DB_HOST: url.href })
      client.moveTo(server)
      for (const statement of ways[engine][0]?.close ?? []) await closed.query(statement)
      await client.get('/carrinho/')
      const form = { csrf_token: client.csrf() ?? '', quantity: '1', local: 'Praça' }
      for (let n = 0; n < 40; n++) {
        const reply = await client.postRaw('/carrinho/', {
          ...form,
          product_type: `item ${n}`,
          operation: `elsewhere-${n}`
        })
        assert.equal(reply.status, 303, `item ${n}`)
        // So that writes do not always come to the same one of two connections in turn.
        if (n % 2 === 1) await client.get('/')
      }
      const count = async (database: TestDatabase) =>
        Number((await database.query('select count(*) as n from compras'))[0]?.n)
      assert.deepEqual([await count(open), await count(closed)], [40, 0])
      const { text } = await request(`${server.url}/metrics`)
      assert.match(
        text,
        /carrinho_database_retries_total\{[^}]*cause="(1290|25006)"[^}]*\} [1-9]/,
        'some were tried twice'
      )
      assert.deepEqual(await isReady(server), { status: 200, reasons: [] })
    })

    test('makes a web server unready where another one can write, and none where none can', async t => {
      const database = await ownDatabase(t, engine)
      if (!database) return t.skip(skipUnlessInCi(`no ${engine} to start`))
      const run = async (statements: string[]) => {
        for (const statement of statements) await database.query(statement)
        await endSessions[engine](database)
      }
      await run(others[engine].make)
      const asOther = new URL(database.env.DB_HOST ?? '')
      asOther.username = 'other'
      const one = await startServer(t, database.env)
      const other = await startServer(t, { ...database.env, DB_HOST: asOther.href })
      // They know of each other: a balancer came by, and the database told of it.
      await eventually(async () => {
        for (const { url } of [one, other]) {
          assert.match((await request(`${url}/metrics`)).text, /^carrinho_siblings\{.*\} 1$/m)
        }
      })
      await run(others[engine].closeOne)
      await eventually(async () => {
        const { status, reasons } = await isReady(one)
        assert.equal(status, 503)
        assert.match(reasons.join(), new RegExp(`only reading works.*${other.name} can write`))
      })
      assert.deepEqual(await isReady(other), { status: 200, reasons: [] })

      await run(others[engine].closeOther)
      await eventually(async () => {
        for (const server of [one, other]) {
          const { status, reasons } = await isReady(server)
          assert.equal(status, 200)
          assert.match(reasons.join(), /only reading works: (1290|25006)$/)
        }
      })
      await run(others[engine].open)
      await eventually(async () => {
        for (const server of [one, other]) assert.deepEqual(await isReady(server), { status: 200, reasons: [] })
      })
    })
  },
  ['mariadb', 'postgres']
)

/** A second server, which follows the first. */
async function standbyOf(
  t: Scope,
  primary: TestDatabase & { folder: string },
  password: string
): Promise<string | undefined> {
  const { hostname, port } = new URL(primary.url ?? '')
  const folder = await tempFolder(t)
  const data = join(folder, 'copy')
  const { status, stderr } = spawnSync(
    'pg_basebackup',
    ['-h', hostname, '-p', port, '-U', 'postgres', '-D', data, '-R', '-X', 'stream', '-c', 'fast'],
    { env: { ...process.env, PGPASSWORD: password }, encoding: 'utf8' }
  )
  if (status !== 0) throw new Error(`pg_basebackup: ${stderr}`)
  // Both run as the same user.
  if (process.getuid?.() === 0) spawnSync('chown', ['-R', `--reference=${primary.folder}`, data])
  return startOwnServer(t, 'postgres', folder, { options: ['-D', data], password })
}

const skipWithoutBackup = skipUnlessInCi(
  spawnSync('pg_basebackup', ['--version']).status === 0 ? undefined : 'needs pg_basebackup'
)

forEachEngine(
  'a standby',
  engine => {
    test('that reads go to is read, and once it is made the primary takes what was typed', {
      skip: skipWithoutBackup ?? false
    }, async t => {
      const password = 'the same everywhere'
      const primary = await ownDatabase(t, 'postgres', { password })
      if (!primary) return t.skip(skipUnlessInCi(`no ${engine} to start`))
      const first = await shopping(t, primary)
      // One that can still write would be told of, and balancers led there.
      await first.server.stop()
      const standby = await standbyOf(t, primary, password)
      assert.ok(standby)
      const url = new URL(primary.env.DB_HOST ?? '')
      url.port = new URL(standby).port
      const env = { ...primary.env, DB_HOST: url.href, DB_REQUEST_MS: patiently(2000) }
      const server = await startServer(t, { ...env, CAUSAL_READS: 'off' })
      first.client.moveTo(server)
      const program = new Program(server, first.program.token)
      const form = await assertOnlyReads(t, server, first.client, program)
      const admin = new pg.Client({ connectionString: standby })
      await admin.connect()
      await admin.query('select pg_promote()')
      await admin.end()
      await assertWritesAgain(server, first.client, form)
    })
  },
  ['postgres']
)

describe('the embedded database', () => {
  test('whose files may not be written any more is read, keeps what was typed, and takes it once they may be', async t => {
    const disk = await ext4Disk(t)
    if (!disk) return
    const database = await freshDatabase(t, 'sqlite')
    const site = { ...database, env: { DATA_DIR: disk.folder } }
    const { server, client, program } = await shopping(t, site)
    const files = ['carrinho.db', 'carrinho.db-wal']
    disk.lock(...files)
    const form = await assertOnlyReads(t, server, client, program)
    disk.unlock(...files)
    await assertWritesAgain(server, client, form)
    assert.equal(await server.stop(), 0)
  })

  test('on a file system that the kernel made read-only is read, and has all once that is mended and the server starts again', async t => {
    const disk = await ext4Disk(t)
    if (!disk) return
    const database = await freshDatabase(t, 'sqlite')
    const site = { ...database, env: { DATA_DIR: disk.folder } }
    const { server, client, program } = await shopping(t, site)
    disk.fail()
    const form = await assertOnlyReads(t, server, client, program)
    assert.equal(await server.stop(), 0, server.logs.slice(-5).join('\n'))
    disk.repair()
    const next = await startServer(t, site.env)
    client.moveTo(next)
    await assertWritesAgain(next, client, form)
  })
})
