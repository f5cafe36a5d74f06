import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { openStore, type Store } from '../../src/open-store.ts'
import type { Outcome } from '../../src/store/changes.ts'
import { readDetail } from '../../src/store/detail.ts'
import { noEvents } from '../../src/store/events.ts'
import type { Work } from '../../src/store/work.ts'
import {
  cases,
  content,
  forEachEngine,
  freshDatabase,
  sessionSecret,
  suiteScope,
  type TestDatabase
} from '../helper.ts'

const ROUNDS = cases(30)

forEachEngine('numbered changes', engine => {
  const scope = suiteScope()
  let database: TestDatabase
  /** Two web servers on one database. */
  let stores: Store[]
  let works: Work[]

  before(async () => {
    database = await freshDatabase(scope, engine)
    const config = readConfig({ ...database.env, SESSION_SECRET: sessionSecret })
    stores = [await openStore(config, noEvents), await openStore(config, noEvents)]
    for (const store of stores) scope.after(() => store.dialect.close(0))
    if (engine === 'sqlite') await (await import('../../src/store/migrate.ts')).migrate((stores[0] as Store).dialect)
    works = stores.map(store => store.begin(60_000))
  })

  let last = 0
  const addAccount = async (): Promise<number> => {
    const [store, work] = [stores[0] as Store, works[0] as Work]
    const emailKey = `a${++last}@example.org`
    await store.accounts.add(work, { name: 'Ana', email: emailKey, emailKey, password: '!' })
    const account = await store.accounts.findByEmailKey(work, emailKey)
    assert.ok(account)
    return account.id
  }
  const milk = content({ note: 'meio gordo' })
  const asked = (accountId: number, key: string, digest = 'd') => ({ accountId, key, digest, at: Date.now() })
  const told = (outcome: Outcome<{ status: string }>) => ({
    status: outcome.status,
    found: 'detail' in outcome && outcome.detail.items.length > 0
  })
  const add = async (accountId: number, key: string, item = milk, server = 0) =>
    told(
      await (stores[server] as Store).changes.add(works[server] as Work, asked(accountId, key), 'first', item, 10_000)
    )
  const remove = async (accountId: number, key: string, id: number, server = 0) =>
    told(await (stores[server] as Store).changes.remove(works[server] as Work, asked(accountId, key), 'first', id))
  const all = (accountId: number) => (stores[1] as Store).items.newest(works[1] as Work, accountId, 1000)
  const history = async (accountId: number) => {
    const rows = await database.query(
      `select c.version, c.kind, c.change_key, c.item_id, c.detail, l.version as latest from changes c
       join lists l on l.id = c.list_id where l.first_of = ${accountId} order by c.version`
    )
    return rows.map(row => ({ ...row, version: Number(row.version), latest: Number(row.latest) }))
  }

  test('are counted from one on a list that is made by the first of them', async () => {
    const account = await addAccount()
    assert.deepEqual(await add(account, 'k1'), { status: 'done', found: true })
    assert.deepEqual(await add(account, 'k2'), { status: 'done', found: true })
    const rows = await history(account)
    assert.deepEqual(
      rows.map(row => row.version),
      [1, 2]
    )
    assert.equal(rows[0]?.latest, 2)
    const ids = (await all(account)).map(item => item.id).reverse()
    assert.deepEqual(
      rows.map(row => Number((row as { item_id?: unknown }).item_id)),
      ids
    )
  })

  test('of one key and one content are done once, and told so', async () => {
    const account = await addAccount()
    await add(account, 'k')
    assert.deepEqual(await add(account, 'k', milk, 1), { status: 'already', found: true })
    assert.equal((await all(account)).length, 1)
    assert.equal((await history(account)).length, 1)
  })

  test('of one key and another content are refused', async () => {
    const account = await addAccount()
    await add(account, 'k')
    const other = await (stores[1] as Store).changes.add(
      works[1] as Work,
      asked(account, 'k', 'e'),
      'first',
      milk,
      10_000
    )
    assert.equal(other.status, 'reused')
    assert.equal((await all(account)).length, 1)
    assert.equal((await history(account))[0]?.latest, 1)
  })

  test('of two accounts may have the same key', async () => {
    const accounts = [await addAccount(), await addAccount()]
    for (const account of accounts) assert.equal((await add(account, 'k')).status, 'done')
  })

  test('that remove keep what they took away, and say whether it was there', async () => {
    const account = await addAccount()
    const odd = content({
      type: '🥑 "aspas"',
      thousandths: 9_999_000,
      unit: 'çã',
      shop: '\\',
      note: 'uma\nduas',
      uid: 'u-1'
    })
    await add(account, 'k', odd)
    const [item] = await all(account)
    assert.deepEqual(await remove(account, 'r', item?.id ?? 0), { status: 'done', found: true })
    assert.deepEqual(await remove(account, 'r', item?.id ?? 0, 1), { status: 'already', found: true })
    assert.deepEqual(await remove(account, 'again', item?.id ?? 0), { status: 'done', found: false })
    assert.deepEqual(await all(account), [])
    const rows = (await history(account)) as unknown as {
      version: number
      kind: string
      item_id: unknown
      detail?: string | null
    }[]
    assert.deepEqual(
      rows.map(row => row.version),
      [1, 2, 3]
    )
    const [added, removed] = rows.map(row =>
      readDetail({ kind: row.kind, itemId: Number(row.item_id), detail: row.detail ?? null })
    )
    assert.deepEqual(added, { items: [{ id: item?.id, before: null, after: odd }] })
    assert.deepEqual(removed, { items: [{ id: item?.id, before: odd, after: null }] })
    assert.equal(rows[2]?.detail, null)
  })

  test("never reach another account's items", async () => {
    const [owner, stranger] = [await addAccount(), await addAccount()]
    await add(owner, 'k')
    const [item] = await all(owner)
    assert.deepEqual(await remove(stranger, 'r', item?.id ?? 0), { status: 'done', found: false })
    assert.equal((await all(owner)).length, 1)
  })

  test('that fail leave no number, no key and no item', async () => {
    const account = await addAccount()
    await add(account, 'before')
    await assert.rejects(add(account, 'k', { ...milk, type: null as never }))
    assert.deepEqual(await add(account, 'k'), { status: 'done', found: true })
    assert.deepEqual(
      (await history(account)).map(row => row.version),
      [1, 2]
    )
  })

  test('take rows that the guide’s application put there', async () => {
    const account = await addAccount()
    await database.query(
      `insert into compras (id_cliente, tipo, quantidade, local) values (${account}, 'Pão', 1, 'Padaria')`
    )
    const [item] = await all(account)
    assert.equal(item?.type, 'Pão')
    assert.equal((await remove(account, 'r', item.id)).found, true)
    assert.deepEqual(await all(account), [])
  })

  describe('by two writers on two servers', () => {
    test('are numbered without gaps, and become visible in their order', async () => {
      const account = await addAccount()
      const seen: number[] = []
      let isWriting = true
      const follow = (async () => {
        let cursor = 0
        while (isWriting || cursor < 120) {
          const rows = await database.query(
            `select c.version from changes c join lists l on l.id = c.list_id
             where l.first_of = ${account} and c.version > ${cursor} order by c.version`
          )
          seen.push(...rows.map(row => Number(row.version)))
          cursor = seen.at(-1) ?? 0
          if (!isWriting && rows.length === 0) break
        }
      })()
      const writer = async (server: number) => {
        for (let i = 0; i < 20; i++) {
          await Promise.all([0, 1, 2].map(n => add(account, `w${server}-${i}-${n}`, milk, server)))
        }
      }
      await Promise.all([writer(0), writer(1)])
      isWriting = false
      await follow
      assert.deepEqual(
        seen,
        Array.from({ length: 120 }, (_, i) => i + 1)
      )
      assert.equal((await all(account)).length, 120)
    })

    test(`with one key are one change, ${ROUNDS} times out of ${ROUNDS}`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const account = await addAccount()
        const outcomes = await Promise.all([0, 1, 0, 1, 0, 1].map(server => add(account, 'k', milk, server)))
        assert.deepEqual(outcomes.map(outcome => outcome.status).sort(), [...Array(5).fill('already'), 'done'])
        assert.equal((await all(account)).length, 1)
        assert.equal((await history(account)).length, 1)
      }
    })

    test(`that remove one item: one of them finds it, ${ROUNDS} times out of ${ROUNDS}`, async () => {
      const account = await addAccount()
      for (let round = 0; round < ROUNDS; round++) {
        await add(account, `k${round}`)
        const [item] = await all(account)
        const outcomes = await Promise.all(
          [0, 1].map(server => remove(account, `r${round}-${server}`, item?.id ?? 0, server))
        )
        assert.deepEqual(outcomes.map(outcome => outcome.found).sort(), [false, true])
      }
      const rows = await history(account)
      assert.deepEqual(
        rows.map(row => row.version),
        rows.map((_, i) => i + 1)
      )
      assert.equal(rows.at(-1)?.latest, rows.length)
    })
  })
})
