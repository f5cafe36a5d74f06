import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  cli,
  eventually,
  forEachEngine,
  freshDatabase,
  request,
  signedIn,
  startServer,
  type TestServer
} from '../helper.ts'

async function assertOutOfStep(server: TestServer) {
  const ready = await request(`${server.url}/health/ready`)
  assert.equal(ready.status, 503)
  assert.match(ready.text, /schema/i)
}

forEachEngine(
  'carrinho migrate',
  engine => {
    test('is safe from several places at once, and again', async t => {
      const database = await freshDatabase(t, engine, { migrate: false })
      const results = await Promise.all([1, 2, 3, 4].map(() => cli(['migrate'], database.env)))
      for (const { code, stderr } of results) assert.equal(code, 0, stderr)
      const versions = await database.query('select version from schema_migrations')
      assert.ok(versions.length > 0)
      assert.equal(new Set(versions.map(row => row.version)).size, versions.length)
      const again = await cli(['migrate'], database.env)
      assert.equal(again.code, 0)
      assert.doesNotMatch(again.stdout, /mended/, 'what it made itself is right')
      assert.deepEqual(await database.query('select version from schema_migrations'), versions)
      const server = await startServer(t, database.env)
      const client = await signedIn(t, server)
      assert.equal((await client.addItem()).status, 303)
    })

    test('must have run: a server on an older schema is not ready and says why, until it has', async t => {
      const database = await freshDatabase(t, engine, { migrate: false })
      const server = await startServer(t, database.env, { waitFor: 'live' })
      await eventually(() => assertOutOfStep(server))
      assert.equal((await cli(['migrate'], database.env)).code, 0)
      await eventually(async () => assert.equal((await request(`${server.url}/health/ready`)).status, 200))
    })

    test('of a newer release makes an older server not ready', async t => {
      const database = await freshDatabase(t, engine)
      await database.query(
        "insert into schema_migrations (version, name, applied_at) values (9999, 'from the future', 1)"
      )
      const server = await startServer(t, database.env, { waitFor: 'live' })
      await eventually(() => assertOutOfStep(server))
    })

    test('without a database ends with an error, and without a secret in it', async t => {
      const database = await freshDatabase(t, engine, { migrate: false })
      const url = new URL(String(database.url))
      const { password } = url
      url.password = 'a-wrong-password'
      const wrong = await cli(['migrate'], { DB_HOST: url.href })
      assert.ok(wrong.code !== 0 && wrong.code !== null)
      assert.ok(wrong.stderr.length > 0)
      assert.ok(!`${wrong.stdout}${wrong.stderr}`.includes('a-wrong-password'))
      url.password = password
      url.port = '1'
      const nobody = await cli(['migrate'], { DB_HOST: url.href, DB_REQUEST_MS: '1000' })
      assert.ok(nobody.code !== 0 && nobody.code !== null)
      assert.ok(!`${nobody.stdout}${nobody.stderr}`.includes(password))
    })
  },
  ['mariadb', 'postgres']
)
