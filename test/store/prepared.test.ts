import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { openStore } from '../../src/open-store.ts'
import { noEvents } from '../../src/store/events.ts'
import { content, forEachEngine, freshDatabase, sessionSecret } from '../helper.ts'

/** What a statement was prepared for may be gone, or may have changed, by the next time that it is run. */
forEachEngine(
  'a prepared statement',
  engine => {
    const open = async (t: { after(fn: () => unknown): void }) => {
      const database = await freshDatabase(t, engine)
      const retried: string[] = []
      const store = await openStore(readConfig({ ...database.env, SESSION_SECRET: sessionSecret, DB_POOL: '1' }), {
        ...noEvents,
        retried: cause => retried.push(cause)
      })
      t.after(() => store.dialect.close(0))
      const work = store.begin(20_000)
      await store.accounts.add(work, { name: 'Ana', email: 'ana@x.pt', emailKey: 'ana@x.pt', password: '!' })
      const account = await store.accounts.findByEmailKey(work, 'ana@x.pt')
      assert.ok(account)
      await store.changes.add(
        work,
        { accountId: account.id, key: 'k', digest: 'd', at: 1 },
        'first',
        content({ shop: 'Aqui' }),
        10
      )
      return { database, store, work, account, retried }
    }

    test('is run again when a column that it reads was altered meanwhile', async t => {
      const { database, store, work, account } = await open(t)
      const before = await store.items.newest(work, account.id, 10)
      await database.query(
        engine === 'postgres'
          ? 'alter table compras alter column tipo type text'
          : 'alter table compras modify column tipo varchar(300) not null'
      )
      assert.deepEqual(await store.items.newest(work, account.id, 10), before)
    })

    test('is run again when the session forgot it', async t => {
      if (engine !== 'postgres') return
      const { store, work, account, retried } = await open(t)
      const before = await store.items.newest(work, account.id, 10)
      await store.dialect.run(work, 'discard all', [], false)
      assert.deepEqual(await store.items.newest(work, account.id, 10), before)
      assert.deepEqual(retried, ['26000'])
    })
  },
  ['mariadb', 'postgres']
)
