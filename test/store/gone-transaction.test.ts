import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { openDialect, storeOn } from '../../src/open-store.ts'
import { noEvents } from '../../src/store/events.ts'
import { content, forEachEngine, freshDatabase, sessionSecret } from '../helper.ts'

forEachEngine(
  'a transaction that the server rolls back and does not say so',
  engine => {
    test('is run again: its list is not taken for one that is not there', async t => {
      const database = await freshDatabase(t, engine)
      const config = readConfig({ ...database.env, SESSION_SECRET: sessionSecret })
      const dialect = await openDialect(config, noEvents)
      t.after(() => dialect.close(0))
      let rolledBack = 0
      const retried: string[] = []
      const store = storeOn(
        {
          ...dialect,
          transaction: (bill, unit) =>
            dialect.transaction(bill, run =>
              unit(async (sql, params, isSelect) => {
                const answer = await run(sql, params, isSelect)
                if (rolledBack === 0 && /^update .?lists/.test(sql) && answer.affectedRows === 1) {
                  rolledBack++
                  await run('rollback', [], false)
                }
                return answer
              })
            )
        },
        config,
        { ...noEvents, retried: cause => retried.push(cause) }
      )
      const work = store.begin(20_000)
      await store.accounts.add(work, { name: 'Ana', email: 'ana@x.pt', emailKey: 'ana@x.pt', password: '!' })
      const account = await store.accounts.findByEmailKey(work, 'ana@x.pt')
      assert.ok(account, 'the account is there')
      const asked = { accountId: account.id, key: 'k', digest: 'd', at: 1 }
      const outcome = await store.changes.add(work, asked, 'first', content(), 10)
      assert.deepEqual([outcome.status, rolledBack, retried], ['done', 1, ['TransactionGone']])
      assert.equal((await store.items.newest(work, account.id, 10)).length, 1)
    })
  },
  ['mariadb', 'postgres']
)
