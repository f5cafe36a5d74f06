import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  eventually,
  forEachEngine,
  freshDatabase,
  roundTripCounter,
  sharedSite,
  signedIn,
  startServer,
  type TestDatabase
} from '../helper.ts'

const tables = [
  'clientes',
  'compras',
  'lists',
  'changes',
  'remembered',
  'shop_orders',
  'sessions',
  'login_failures',
  'schema_migrations'
]

/** Every row there is. On PostgreSQL with its version and place, which even a write that changes nothing moves. */
async function allRows(database: TestDatabase): Promise<string[]> {
  const columns = database.engine === 'postgres' ? 'xmin::text as x, ctid::text as c, *' : '*'
  const rows: string[] = []
  for (const table of tables) {
    for (const row of await database.query(`select ${columns} from ${table}`))
      rows.push(`${table} ${JSON.stringify(row)}`)
  }
  return rows.sort()
}

forEachEngine(
  'round trips to the database',
  engine => {
    test('the list page makes at most 2, adding at most 3, deleting at most 3', async t => {
      const database = await freshDatabase(t, engine)
      const counter = await roundTripCounter(t, database)
      // One connection, so that warming up prepares every statement that will be used.
      const server = await startServer(t, { ...counter.env, DB_POOL: '1' })
      const client = await signedIn(t, server)
      const add = () => client.addItem({}, { operation: randomBytes(16).toString('base64url') })
      const remove = async (id: unknown) => {
        await client.get('/carrinho/')
        counter.take()
        const reply = await client.postJson('/apagar_artigo', { id })
        assert.equal((reply.json() as { deleted: boolean }).deleted, true)
      }
      for (let n = 0; n < 20; n++) await add()
      const items = await client.items()
      await remove(items[0]?.id)
      await client.get('/conta')

      // Health is looked after in between, on its own time: the least of several is the page's own.
      const least = async (work: () => Promise<unknown>) => {
        const counts: number[] = []
        for (let n = 0; n < 8; n++) {
          counter.take()
          await work()
          counts.push(counter.take())
        }
        return Math.min(...counts)
      }
      const list = await least(() => client.get('/carrinho/'))
      assert.ok(list > 0 && list <= 2, `the list page makes ${list}`)
      const json = await least(() => client.items())
      assert.ok(json > 0 && json <= 2, `the list as JSON makes ${json}`)
      await client.get('/carrinho/')
      const page = client.page
      const adding = await least(async () => {
        client.page = page
        assert.equal((await add()).status, 303)
      })
      assert.ok(adding > 0 && adding <= 3, `adding makes ${adding}`)
      const deletions: number[] = []
      for (const { id } of items.slice(1, 6)) {
        await remove(id)
        deletions.push(counter.take())
      }
      assert.ok(Math.min(...deletions) <= 3, `deleting makes ${deletions}`)
      assert.equal(await least(() => client.get('/health/live')), 0)
      client.cookies.clear()
      assert.equal(await least(() => client.get('/')), 0, 'who has no session costs the database nothing')
      assert.equal(await least(() => client.get('/login')), 0)
      assert.equal(await least(() => client.get('/carrinho/')), 0)
    })
  },
  ['mariadb', 'postgres']
)

forEachEngine('reading', engine => {
  const site = sharedSite(engine)

  test('writes nothing to the database', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem()
    // Its name is remembered after the answer.
    await eventually(async () =>
      assert.equal((await site.database.query('select account_id from remembered')).length, 1)
    )
    const before = await allRows(site.database)
    assert.ok(before.length >= 4)
    for (const path of [
      '/',
      '/carrinho/',
      '/lojas',
      '/sugestoes',
      '/conta',
      '/login',
      '/signup',
      '/logout',
      '/servidor',
      '/whoami',
      '/metrics'
    ]) {
      for (let n = 0; n < 3; n++) await client.get(path)
    }
    await client.items()
    await client.get('/health/ready')
    assert.deepEqual(await allRows(site.database), before)
  })
})
