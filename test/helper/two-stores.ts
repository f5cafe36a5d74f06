import assert from 'node:assert/strict'
import { before } from 'node:test'
import type { Store } from '../../src/open-store.ts'
import type { Work } from '../../src/store/work.ts'
import { freshDatabase, sessionSecret, type TestDatabase } from './databases.ts'
import type { Engine } from './engines.ts'
import { suiteScope } from './scope.ts'

export interface TwoStores {
  database: TestDatabase
  /** Two web servers on one database. */
  stores: [Store, Store]
  works: [Work, Work]
  addAccount(): Promise<number>
}

/** Filled in before the suite's first test. */
export function twoStores(engine: Engine): TwoStores {
  const scope = suiteScope()
  const filled = {} as TwoStores
  before(async () => {
    const [{ readConfig }, { openStore }, { noEvents }, { migrate }] = await Promise.all([
      import('../../src/config/config.ts'),
      import('../../src/open-store.ts'),
      import('../../src/store/events.ts'),
      import('../../src/store/migrate.ts')
    ])
    const database = await freshDatabase(scope, engine)
    const config = readConfig({ ...database.env, SESSION_SECRET: sessionSecret })
    const stores: [Store, Store] = [await openStore(config, noEvents), await openStore(config, noEvents)]
    for (const store of stores) scope.after(() => store.dialect.close(0))
    if (engine === 'sqlite') await migrate(stores[0].dialect)
    const works: [Work, Work] = [stores[0].begin(120_000), stores[1].begin(120_000)]
    let last = 0
    const addAccount = async () => {
      const emailKey = `a${++last}@example.org`
      await stores[0].accounts.add(works[0], { name: 'Ana', email: emailKey, emailKey, password: '!' })
      const account = await stores[0].accounts.findByEmailKey(works[0], emailKey)
      assert.ok(account)
      return account.id
    }
    Object.assign(filled, { database, stores, works, addAccount })
  })
  return filled
}
