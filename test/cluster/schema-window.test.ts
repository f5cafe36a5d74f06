import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { release } from '../../src/release.ts'
import {
  cli,
  eventually,
  forEachEngine,
  freshDatabase,
  otherRelease,
  request,
  type Scope,
  signedIn,
  startServer,
  suiteScope,
  type TestDatabase,
  type TestServer
} from '../helper.ts'

const EXPAND = '-- expand\n-- serves: 0.3.0\nalter table compras add column mark integer null;\n'
const CONTRACT = '-- contract\n-- serves: 0.4.0\nalter table compras drop column mark;\n'
const BREAK = 'create table broken (id integer not null primary key);\n'

const readiness = async ({ url }: TestServer) => {
  const { status, text } = await request(`${url}/health/ready`)
  return { status, text }
}

/** Longer than a server needs to look at its schema again, each second. */
async function staysReady(server: TestServer): Promise<void> {
  const until = Date.now() + 2500
  while (Date.now() < until) {
    const { status, text } = await readiness(server)
    assert.equal(status, 200, text)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const becomesReady = (server: TestServer) => eventually(async () => assert.equal((await readiness(server)).status, 200))

const becomesUnready = (server: TestServer, reason: RegExp) =>
  eventually(async () => {
    const { status, text } = await readiness(server)
    assert.equal(status, 503)
    assert.match(text, reason)
  })

const hasBeaten = (database: TestDatabase, name: string, since = 0) =>
  eventually(async () => {
    const rows = await database.query('select name, seen_at from servers')
    const hasBeaten = rows.some(row => row.name === name && Number(row.seen_at) > since)
    assert.ok(hasBeaten, `no beat of ${name} since ${since}: ${JSON.stringify(rows)}`)
  })

const namesOf = async (database: TestDatabase) =>
  (await database.query('select version, name from schema_migrations order by version')).map(({ name }) => String(name))

forEachEngine('releases side by side on one schema', engine => {
  const scope = suiteScope()
  /** Adds a column, and takes it away when no server of a release before it is left. */
  let next: string
  /** Makes a step that serves nobody who does not know it. */
  let breaking: string

  before(async () => {
    next = await otherRelease(scope, '0.4.0', { '9001-mark': EXPAND, '9002-no-mark': CONTRACT })
    breaking = await otherRelease(scope, '0.4.0', { '9001-broken': BREAK })
  })

  const migrate = async (program: string | undefined, database: TestDatabase) => {
    const { code, stdout, stderr } = await cli(['migrate'], database.env, '', program)
    return { code, told: stdout + stderr }
  }

  const startOld = async (t: Scope, database: TestDatabase, name = 'old') => {
    const server = await startServer(t, { ...database.env, SERVER_NAME: name })
    await hasBeaten(database, name)
    return server
  }

  test('expand, roll out, contract: the old server serves until it is stopped, and forms and sessions cross', async t => {
    const database = await freshDatabase(t, engine)
    const old = await startOld(t, database)
    const first = await migrate(next, database)
    assert.equal(first.code, 0, first.told)
    assert.match(first.told, /held back 9002-no-mark, which serves releases from 0\.4\.0 on: old \(0\.3\.0\)/)
    assert.deepEqual((await namesOf(database)).slice(-1), ['9001-mark'])
    const migratedAt = Date.now()
    await staysReady(old)

    const young = await startServer(t, { ...database.env, SERVER_NAME: 'young' }, { cli: next })
    const client = await signedIn(t, old)
    for (const [from, to] of [
      [old, young],
      [young, old],
      [old, old],
      [young, young]
    ] as const) {
      client.moveTo(from)
      await client.get('/carrinho/')
      client.moveTo(to)
      assert.equal((await client.addItem({ tipo: `from ${from.name} to ${to.name}` })).status, 303)
    }
    const [{ id } = assert.fail('no items')] = await client.items()
    await client.get('/carrinho/')
    client.moveTo(old)
    assert.equal((await client.postJson('/apagar_artigo', { id })).status, 200)
    assert.equal((await client.items()).length, 3)
    client.moveTo(young)
    assert.equal((await client.items()).length, 3)

    // A file's servers note that they serve once a minute.
    if (engine !== 'sqlite') await hasBeaten(database, 'old', migratedAt + 1500)
    await hasBeaten(database, 'young')
    const status = await cli(['status'], database.env)
    assert.equal(status.code, 0, status.stderr)
    assert.match(status.stdout, /^server: old, release 0\.3\.0,/m)
    assert.match(status.stdout, /^server: young, release 0\.4\.0,/m)
    const again = await migrate(next, database)
    assert.equal(again.code, 0, again.told)
    assert.match(again.told, /held back 9002-no-mark/)

    assert.equal(await old.stop(), 0)
    const last = await migrate(next, database)
    assert.equal(last.code, 0, last.told)
    assert.ok(!last.told.includes('held back'), last.told)
    assert.deepEqual((await namesOf(database)).slice(-2), ['9001-mark', '9002-no-mark'])
    await staysReady(young)
    assert.equal((await client.items()).length, 3)
  })

  test('a server that the schema has left behind is not ready and touches nothing, and its own migrate and status say why', async t => {
    const database = await freshDatabase(t, engine)
    const old = await startOld(t, database)
    const client = await signedIn(t, old)
    await client.addItem()
    const { code, told } = await migrate(breaking, database)
    assert.equal(code, 0, told)
    if (engine !== 'sqlite')
      assert.match(told, /9001-broken serves releases from 0\.4\.0 on: old \(0\.3\.0\) can serve no more/)
    await becomesUnready(old, /9001-broken serves no older release: use a newer carrinho than 0\.3\.0/)
    await eventually(() => assert.equal(old.logs.filter(line => line.includes('cannot serve on the schema')).length, 1))
    const page = await client.get('/carrinho/')
    assert.equal(page.status, 503)
    for (const command of ['migrate', 'status']) {
      const refused = await cli([command], database.env)
      assert.equal(refused.code, 1)
      assert.match(refused.stderr, /9001-broken serves no older release: use a newer carrinho than 0\.3\.0/)
    }
  })

  test("the old release's migrate, run again beside a newer one that serves it, leaves everything as it is", async t => {
    const database = await freshDatabase(t, engine)
    assert.equal((await migrate(next, database)).code, 0)
    await database.query('delete from schema_migrations where version = 9002')
    const before = await database.query('select * from schema_migrations order by version')
    const { code, told } = await migrate(undefined, database)
    assert.equal(code, 0, told)
    assert.match(told, /a newer release brought 9001-mark, on which this one \(0\.3\.0\) can serve/)
    assert.deepEqual(await database.query('select * from schema_migrations order by version'), before)
    const server = await startServer(t, database.env)
    assert.equal((await (await signedIn(t, server)).addItem()).status, 303)
  })

  test('what this release takes away waits for servers of the one before, which count until they are not seen any more', async t => {
    const database = await freshDatabase(t, engine, { migrate: false })
    // As a server of 0.1.0 leaves it that was killed a moment ago.
    const before = await otherRelease(t, '0.1.0')
    const gone = await startServer(t, { ...database.env, SERVER_NAME: 'gone' }, { cli: before, waitFor: 'live' })
    assert.equal((await migrate(before, database)).code, 0)
    await hasBeaten(database, 'gone')
    await gone.kill()
    await database.query('delete from schema_migrations where version = 6')
    const first = await migrate(undefined, database)
    assert.equal(first.code, 0, first.told)
    assert.match(first.told, /held back 0006-drop-operations, .*: gone \(0\.1\.0\) still serving/)
    // It serves without what it would take away.
    const server = await startServer(t, database.env)
    assert.equal((await (await signedIn(t, server)).addItem()).status, 303)
    if (engine !== 'sqlite') {
      const { stdout, code } = await cli(['status'], database.env)
      assert.equal(code, 0)
      assert.match(stdout, /to be taken away by carrinho migrate, after older servers: 0006-drop-operations/)
    }
    await database.query(`update servers set seen_at = seen_at - 400000 where name = 'gone'`)
    const results = await Promise.all([1, 2, 3, 4].map(() => migrate(undefined, database)))
    for (const { code, told } of results) assert.equal(code, 0, told)
    assert.ok((await namesOf(database)).includes('0006-drop-operations'))
    await staysReady(server)
  })

  test('a schema from before migrations said whom they serve is read, and told so by migrate', async t => {
    const database = await freshDatabase(t, engine)
    if (engine === 'sqlite') assert.equal((await migrate(undefined, database)).code, 0)
    const server = engine === 'sqlite' ? undefined : await startServer(t, database.env)
    await database.query('delete from schema_migrations where version = 6')
    await database.query('alter table schema_migrations drop column serves')
    if (server) await staysReady(server)
    const results = await Promise.all([1, 2, 3].map(() => migrate(undefined, database)))
    for (const { code, told } of results) assert.equal(code, 0, told)
    const rows = await database.query(
      'select version, serves from schema_migrations where version in (1, 4, 6) order by version'
    )
    assert.deepEqual(
      rows.map(({ version, serves }) => [Number(version), serves]),
      [
        [1, null],
        [4, '0.2.0'],
        [6, '0.2.0']
      ]
    )
  })

  if (engine === 'sqlite') return

  test('a new server that comes before its migration waits for it, while the old one serves', async t => {
    const database = await freshDatabase(t, engine)
    const old = await startOld(t, database)
    const young = await startServer(t, database.env, { cli: next, waitFor: 'live' })
    await becomesUnready(young, /this release \(0\.4\.0\) needs 9001-mark: run carrinho migrate/)
    assert.equal((await readiness(old)).status, 200)
    assert.equal((await migrate(next, database)).code, 0)
    await becomesReady(young)
    await staysReady(old)
    // And back: the schema stays, the release before takes its place again.
    assert.equal(await young.stop(), 0)
    const back = await startServer(t, database.env)
    assert.equal((await (await signedIn(t, back)).addItem()).status, 303)
  })

  test('a server that leaves is seen until it has left', async t => {
    const database = await freshDatabase(t, engine)
    const leaving = await startServer(t, { ...database.env, SERVER_NAME: 'leaving', DRAIN_MS: '600000' })
    const gone = await startOld(t, database, 'gone')
    await hasBeaten(database, 'leaving')
    leaving.process.kill('SIGTERM')
    await becomesUnready(leaving, /shutting down/)
    assert.equal(await gone.stop(), 0)
    const { told } = await migrate(next, database)
    assert.match(told, /held back 9002-no-mark, .*: leaving \(0\.3\.0\)/)
    assert.ok(!told.includes('gone'), told)
  })
})

test('this tree is the release that the tests take it for', () => assert.equal(release, '0.3.0'))
