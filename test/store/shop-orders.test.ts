import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { type Carts, cartRules } from '../../src/features/items/rules.ts'
import { groupByShop, unordered } from '../../src/features/shops/groups.ts'
import { MAX_SHOPS, type Shops, shopRules } from '../../src/features/shops/rules.ts'
import { openStore, type Store } from '../../src/open-store.ts'
import { noEvents } from '../../src/store/events.ts'
import { migrate } from '../../src/store/migrate.ts'
import { forEachEngine, freshDatabase, sessionSecret, suiteScope, type TestDatabase } from '../helper.ts'

const minute = 60_000
const now = Date.UTC(2026, 10, 27)

forEachEngine('the order of shops', engine => {
  const scope = suiteScope()
  let database: TestDatabase
  let store: Store
  let shops: Shops
  let others: Shops
  let carts: Carts
  const failures: unknown[] = []

  before(async () => {
    database = await freshDatabase(scope, engine)
    const open = async () => {
      const opened = await openStore(readConfig({ ...database.env, SESSION_SECRET: sessionSecret }), noEvents)
      scope.after(() => opened.dialect.close(0))
      return opened
    }
    store = await open()
    await migrate(store.dialect)
    shops = shopRules(store, error => failures.push(error))
    others = engine === 'sqlite' ? shops : shopRules(await open(), error => failures.push(error))
    carts = cartRules(store, { remember() {}, bought() {}, walked: shops.walked })
  })

  let lastAccount = 0
  const newAccount = async () => {
    lastAccount += 1
    await store.accounts.add(store.begin(), {
      name: 'Ana',
      email: `ana${lastAccount}@example.pt`,
      emailKey: `ana${lastAccount}@example.pt`,
      password: 'x'
    })
    const account = await store.accounts.findByEmailKey(store.begin(), `ana${lastAccount}@example.pt`)
    return account?.id ?? 0
  }
  const add = async (accountId: number, names: string, shop: string) => {
    for (const type of names.split(' ')) {
      await carts.addItems(store.begin(), { accountId, list: 'first' }, [
        { type, thousandths: 1000, unit: '', shop, note: '' }
      ])
    }
  }
  const walk = async (accountId: number, names: string, shop: string, at: number) => {
    const ticked = names.split(' ').map((type, index) => ({ type, shop, doneAt: at + index * minute }))
    shops.walked(accountId, ticked)
    await shops.settled()
    assert.deepEqual(failures, [])
  }
  const allOf = async (accountId: number) => (await shops.all(store.begin(), accountId)).shops.join(', ')
  const namesIn = async (accountId: number, shop: string) =>
    (await shops.one(store.begin(), accountId, shop))?.names.join(' ')
  const orderingOf = async (accountId: number) =>
    (await carts.view(store.begin(), { accountId, list: 'first' }))?.ordering ?? unordered
  const move = (accountId: number, shop: string, name: string, before: string) =>
    shops.moveName(store.begin(), accountId, shop, name, before === '' ? 'end' : { before })

  test('is by name until it is set, and then as it was set, also for shops that come later', async () => {
    const account = await newAccount()
    await add(account, 'a', 'Talho')
    await add(account, 'b', 'Lidl, Aldi')
    await add(account, 'c', '')
    assert.equal(await allOf(account), ', Aldi, Lidl, Talho')
    await shops.moveShop(store.begin(), account, 'TALHO', { before: 'aldi' })
    assert.equal(await allOf(account), ', Talho, Aldi, Lidl')
    await shops.moveShop(store.begin(), account, '', 'end')
    assert.equal(await allOf(account), 'Talho, Aldi, Lidl, ')
    await add(account, 'd', 'Bazar')
    assert.equal(await allOf(account), 'Talho, Aldi, Lidl, , Bazar')
  })

  test('within a shop is set by name, and survives the items', async () => {
    const account = await newAccount()
    await add(account, 'Pão Leite Ovos', 'Lidl')
    assert.equal(await namesIn(account, 'lidl'), 'Leite Ovos Pão')
    assert.deepEqual(await move(account, 'LIDL', 'pao', 'ovos'), ['Leite', 'Pão'])
    assert.equal(await namesIn(account, 'Lidl'), 'Leite Pão Ovos')
    const where = { accountId: account, list: 'first' } as const
    const ids = (await carts.view(store.begin(), where))?.items.map(({ id }) => id) ?? []
    await carts.removeItems(store.begin(), where, ids)
    assert.equal(await namesIn(account, 'Lidl'), 'Leite Pão')
    await add(account, 'PÃO LEITE', 'Lidl')
    const view = await carts.view(store.begin(), { accountId: account, list: 'first' })
    const [group] = groupByShop(view?.items ?? [], view?.ordering ?? unordered)
    assert.deepEqual(
      group?.items.map(({ type }) => type),
      ['LEITE', 'PÃO']
    )
  })

  test('keeps what several move at the same moment, over two servers, each once however often it is sent', async () => {
    const account = await newAccount()
    await add(account, 'a b c d e f g h', 'Lidl')
    await move(account, 'Lidl', 'h', '')
    const moves = ['b', 'd', 'f'].map(name => [name, 'a'] as const)
    await Promise.all(
      [...moves, ...moves].map(([name, before], index) =>
        (index % 2 ? others : shops).moveName(store.begin(), account, 'Lidl', name, { before })
      )
    )
    const order = (await namesIn(account, 'Lidl')) ?? ''
    assert.match(order, /^[bdf] [bdf] [bdf] a c e g h$/)
    const [first = ''] = order.split(' ')
    await move(account, 'Lidl', first, 'a')
    const again = await namesIn(account, 'Lidl')
    await move(account, 'Lidl', first, 'a')
    assert.equal(await namesIn(account, 'Lidl'), again)
  })

  test('is each account’s own, and of no use to another', async () => {
    const [mine, theirs] = [await newAccount(), await newAccount()]
    await add(mine, 'a b', 'Segredo')
    await move(mine, 'Segredo', 'b', 'a')
    assert.equal(await allOf(theirs), '')
    assert.equal(await namesIn(theirs, 'Segredo'), undefined)
    assert.equal(await move(theirs, 'Segredo', 'a', 'b'), 'notThere')
    assert.equal(await shops.forget(store.begin(), theirs, 'Segredo'), false)
    assert.deepEqual([...(await orderingOf(theirs)).names], [])
    assert.equal(await namesIn(mine, 'Segredo'), 'b a')
  })

  test('comes with a list, in one query, whatever is on it and before it has a first change', async () => {
    const account = await newAccount()
    const view = async () => {
      const work = store.begin()
      const found = await carts.view(work, { accountId: account, list: 'first' })
      assert.ok(found)
      return found
    }
    assert.deepEqual((await view()).ordering, unordered)
    await walk(account, 'b a', 'Lidl', now)
    await shops.moveShop(store.begin(), account, 'Lidl', 'end')
    const ordering = { shops: ['Lidl'], names: new Map([['lidl', ['b', 'a']]]) }
    const empty = await view()
    assert.deepEqual([empty.items, empty.ordering, empty.list.isFirst], [[], ordering, true])
    await add(account, 'x y z', 'Lidl')
    const full = await view()
    assert.deepEqual(
      full.items.map(({ type }) => type),
      ['z', 'y', 'x']
    )
    assert.deepEqual(full.ordering, ordering)
    assert.ok(full.list.version >= 3)
    assert.equal(await carts.view(store.begin(), { accountId: account, list: 987_654 }), undefined)
  })

  test('is learned when what was ticked off is cleared, and not before', async () => {
    const account = await newAccount()
    await add(account, 'pao leite ovos', 'Lidl')
    const where = { accountId: account, list: 'first' } as const
    const idOf = new Map((await carts.view(store.begin(), where))?.items.map(({ id, type }) => [type, id]))
    for (const type of ['ovos', 'pao', 'leite']) {
      await carts.tick(store.begin(), where, { done: [idOf.get(type) ?? 0] })
      // Ticks of one millisecond are of no order.
      for (const at = Date.now(); Date.now() === at; ) await new Promise(resolve => setImmediate(resolve))
    }
    await shops.settled()
    assert.equal(await namesIn(account, 'Lidl'), 'leite ovos pao')
    const seen = (await carts.view(store.begin(), where))?.items ?? []
    await carts.clear(store.begin(), where, seen, 'a-key')
    await carts.clear(store.begin(), where, seen, 'a-key')
    await shops.settled()
    assert.deepEqual(failures, [])
    assert.equal(await namesIn(account, 'Lidl'), 'ovos pao leite')
  })

  test('that was set by hand is moved by two trips, not by one, nor by one told twice', async () => {
    const account = await newAccount()
    await add(account, 'a b c', 'Lidl')
    await move(account, 'Lidl', 'c', '')
    await walk(account, 'c a b', 'Lidl', now)
    await walk(account, 'c a b', 'Lidl', now)
    assert.equal(await namesIn(account, 'Lidl'), 'a b c')
    await walk(account, 'c a b', 'Lidl', now + 7 * 24 * 60 * minute)
    assert.equal(await namesIn(account, 'Lidl'), 'c a b')
  })

  test('is not learned by who does not want it', async () => {
    const account = await newAccount()
    await shops.setLearning(store.begin(), account, false)
    assert.equal((await shops.all(store.begin(), account)).learns, false)
    await walk(account, 'a b', 'Lidl', now)
    assert.equal(await namesIn(account, 'Lidl'), undefined)
    await shops.setLearning(store.begin(), account, true)
    await walk(account, 'a b', 'Lidl', now)
    assert.equal(await namesIn(account, 'Lidl'), 'a b')
  })

  test('is forgotten, name by name or whole', async () => {
    const account = await newAccount()
    await walk(account, 'c b a', 'Lidl', now)
    await shops.moveShop(store.begin(), account, 'Lidl', 'end')
    assert.equal(await shops.forget(store.begin(), account, 'LIDL', 'B'), true)
    assert.equal(await shops.forget(store.begin(), account, 'LIDL', 'B'), false)
    assert.equal(await namesIn(account, 'Lidl'), 'c a')
    await walk(account, 'c a', 'Lidl', now + 60 * 24 * minute)
    assert.equal(await namesIn(account, 'Lidl'), 'c a')
    assert.equal(await shops.forget(store.begin(), account, 'lidl'), true)
    assert.equal(await allOf(account), '')
    assert.equal(await shops.forget(store.begin(), account, 'lidl'), false)
  })

  test(`is kept for ${MAX_SHOPS} shops`, async () => {
    const account = await newAccount()
    const ticked = Array.from({ length: MAX_SHOPS + 3 }, (_, shop) =>
      ['a', 'b'].map((type, index) => ({ type, shop: `Loja ${shop}`, doneAt: now + index }))
    )
    shops.walked(account, ticked.flat())
    await shops.settled()
    assert.deepEqual(failures, [])
    const { names } = await orderingOf(account)
    assert.equal(names.size, MAX_SHOPS)
  })

  test('that cannot be read is as if it were not there', async () => {
    const account = await newAccount()
    await add(account, 'b a', 'Lidl')
    await move(account, 'Lidl', 'b', 'a')
    for (const nonsense of ['', 'x', '{}', '[1]', 'null', '{"shop":1,"names":[]}', '[{"at":1}]']) {
      await database.query(
        `update shop_orders set ordered = '${nonsense}', trips = '${nonsense}' where account_id = ${account}`
      )
      assert.equal(await namesIn(account, 'Lidl'), 'a b', nonsense)
      await walk(account, 'b a', 'Lidl', now)
      assert.equal(await namesIn(account, 'Lidl'), 'b a')
    }
  })
})
