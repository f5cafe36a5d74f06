import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { historyRules } from '../../src/features/history/rules.ts'
import { cartRules, type Where } from '../../src/features/items/rules.ts'
import { listRules } from '../../src/features/lists/rules.ts'
import { openStore } from '../../src/open-store.ts'
import { noEvents } from '../../src/store/events.ts'
import { thing, versionOf } from '../helper/families.ts'
import { forEachEngine, freshDatabase, sessionSecret, tcpProxy } from '../helper.ts'

forEachEngine(
  'a change whose answer is lost',
  engine => {
    test('is made once, and told as done', async t => {
      const database = await freshDatabase(t, engine)
      const port = Number(new URL(database.url as string).port)
      let key = ''
      let losesNext = false
      const written = new WeakSet<object>()
      let lost = 0
      const proxy = await tcpProxy(t, port, (chunk, connection) => {
        if (key === '') return undefined
        const isKey = chunk.includes(key)
        const isHit = losesNext ? written.has(connection) && !isKey : isKey
        if (isKey) written.add(connection)
        if (!isHit) return undefined
        key = ''
        lost++
        return 'lose'
      })
      const retried: string[] = []
      const store = await openStore(
        readConfig({ ...database.envThrough(proxy.port), SESSION_SECRET: sessionSecret, DB_POOL: '1' }),
        { ...noEvents, retried: cause => retried.push(cause) }
      )
      t.after(() => store.dialect.close(0))
      const [carts, history, lists] = [cartRules(store), historyRules(store), listRules(store)]
      const work = () => store.begin(20_000)
      const emailKey = 'ana@example.org'
      await store.accounts.add(work(), { name: 'Ana', email: emailKey, emailKey, password: '!' })
      const accountId = (await store.accounts.findByEmailKey(work(), emailKey))?.id as number
      const where: Where = { accountId, list: 'first' }
      const made = await lists.make(work(), accountId, { name: 'Outra' })
      assert.ok('listId' in made)

      const view = async () => {
        const seen = await carts.view(work(), where)
        assert.ok(seen)
        return seen
      }
      interface Begun {
        id: number
        last: number
      }
      const begin = async (): Promise<Begun> => {
        const added = await carts.addItems(work(), where, [thing('Leite')])
        assert.ok('items' in added)
        const [{ id } = assert.fail()] = added.items
        return { id, last: versionOf(await carts.tick(work(), where, { done: [id] })) }
      }
      const trips: Record<string, (begun: Begun, key: string) => Promise<{ status: string }>> = {
        add: (_, k) => carts.addItems(work(), where, [thing('Pão')], { key: k }),
        tick: ({ id }, k) => carts.tick(work(), where, { open: [id] }, k),
        adjust: ({ id }, k) => carts.adjust(work(), where, id, 1000, k),
        remove: ({ id }, k) => carts.removeItems(work(), where, [id], k)
      }
      const steps: typeof trips = {
        edit: ({ id }, k) => carts.edit(work(), where, id, { type: { value: 'Pão' } }, k),
        undo: ({ last }, k) => history.undo(work(), where, last, k),
        clear: ({ id, last }, k) => carts.clear(work(), where, [{ id, version: last }], k),
        move: ({ id }, k) => carts.move(work(), where, [id], made.listId, k),
        'add, or more of it': (_, k) => carts.addItems(work(), where, [thing('Leite')], { merge: true, key: k })
      }
      // Once without losses, so that every statement is prepared: a key and what follows are then a piece each.
      for (const [name, act] of Object.entries({ ...trips, ...steps })) {
        assert.equal((await act(await begin(), `warm ${name}`)).status, 'done')
      }
      let count = 0
      for (const [where_, acts] of [
        ['of the statement', { ...trips, ...steps }],
        ['of COMMIT', steps]
      ] as const) {
        for (const [name, act] of Object.entries(acts)) {
          const begun = await begin()
          const { version } = (await view()).list
          const own = `lost-${++count}-key`
          losesNext = where_ === 'of COMMIT'
          key = own
          const outcome = await act(begun, own)
          assert.equal(key, '', `${name}: the answer ${where_} was really lost`)
          assert.equal(outcome.status, 'done', `${name}, the answer ${where_} lost`)
          assert.equal((await view()).list.version, version + 1, `${name}, the answer ${where_} lost: one change`)
          const again = await act(begun, own)
          assert.equal(again.status, 'already', `${name}: the same again`)
        }
      }
      assert.equal(lost, count)
      assert.ok(retried.length >= count)
    })
  },
  ['mariadb', 'postgres']
)
