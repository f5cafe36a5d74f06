import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cartRules, type Where } from '../../src/features/items/rules.ts'
import { thing } from '../helper/families.ts'
import { content, forEachEngine, twoStores } from '../helper.ts'

forEachEngine('what is done to items', engine => {
  const site = twoStores(engine)
  const carts = (server: 0 | 1 = 0) => cartRules(site.stores[server])

  /** An account's first list with these things on it; their numbers. */
  const listWith = async (...types: string[]) => {
    const where: Where = { accountId: await site.addAccount(), list: 'first' }
    const ids: number[] = []
    for (const type of types) ids.push(await add(where, type))
    return { where, ids }
  }
  const add = async (where: Where, type: string): Promise<number> => {
    const added = await carts().addItems(site.works[0], where, [thing(type)])
    assert.ok('items' in added)
    return added.items[0]?.id as number
  }
  const view = async (where: Where) => {
    const seen = await carts(1).view(site.works[1], where)
    assert.ok(seen)
    return seen
  }
  const item = async (where: Where, id: number) => {
    const found = await carts(1).find(site.works[1], where, id)
    assert.ok(found)
    return found
  }
  const [work, other] = [() => site.works[0], () => site.works[1]]

  test('an item is ticked off and made to buy again, which says what it shall be', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    const done = await carts().tick(work(), where, { done: [id] })
    assert.deepEqual({ ...done, listId: 0 }, { status: 'done', listId: 0, version: 2, missing: [] })
    const ticked = await item(where, id)
    assert.ok(ticked.doneAt)
    assert.equal(ticked.version, 2)
    await carts(1).tick(other(), where, { done: [id] })
    assert.deepEqual(await item(where, id), ticked, 'what is ticked already stays as it is')
    await carts(1).tick(other(), where, { open: [id] })
    assert.equal((await item(where, id)).doneAt, null)
  })

  if (engine === 'mariadb') {
    test('a number that is taken, as Galera may give one out, is followed by the next: of lists and of items', async () => {
      const earlier = await listWith('a')
      const { query } = site.database
      // What is counted outlives the statement that fails.
      await query('create table tries (n int not null) engine = MyISAM')
      try {
        for (const [table, id] of [
          ['lists', 'id'],
          ['compras', 'id_compras']
        ]) {
          await query('delete from tries')
          await query(`create trigger number_taken before insert on ${table} for each row begin
            insert into tries values (1);
            if (select count(*) from tries) < 4 then set new.${id} = (select min(${id}) from ${table}); end if;
          end`)
          const fresh: Where = { accountId: await site.addAccount(), list: 'first' }
          const where = table === 'lists' ? fresh : earlier.where
          await add(where, 'Leite')
          if (table === 'compras') await carts().addItems(work(), where, [thing('Sal'), thing('Alho')])
          await query('drop trigger number_taken')
          const there = (await view(where)).items.map(({ type }) => type)
          assert.deepEqual(there, table === 'lists' ? ['Leite'] : ['Alho', 'Sal', 'Leite', 'a'])
        }
      } finally {
        await query('drop trigger if exists number_taken')
        await query('drop table tries')
      }
    })
  }

  test('many are ticked at once; those that are not there are told', async () => {
    const { where, ids } = await listWith('a', 'b', 'c', 'd')
    const [a = 0, b = 0, c = 0, d = 0] = ids
    await carts().tick(work(), where, { done: [c] })
    const outcome = await carts().tick(work(), where, { done: [a, b, 999_999], open: [c] })
    assert.deepEqual('missing' in outcome && outcome.missing, [999_999])
    const { items, list } = await view(where)
    assert.deepEqual(
      items.map(({ type }) => type),
      ['d', 'c', 'b', 'a']
    )
    assert.deepEqual(
      items.filter(({ doneAt }) => doneAt !== null).map(({ id }) => id),
      [b, a]
    )
    assert.equal(list.version, 6)
    assert.equal((await item(where, d)).version, 4)
  })

  test('a tick that is sent again is done once, by whichever server', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    const first = await carts().tick(work(), where, { done: [id] }, 'key')
    await carts().tick(work(), where, { open: [id] })
    const again = await carts(1).tick(other(), where, { done: [id] }, 'key')
    assert.deepEqual(again, { ...first, status: 'already' })
    assert.equal((await item(where, id)).doneAt, null)
    assert.deepEqual(await carts(1).tick(other(), where, { open: [id] }, 'key'), { status: 'reused' })
  })

  test('plus and minus are deltas: both of two count', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    for (let round = 0; round < 10; round++) {
      await Promise.all([
        carts(0).adjust(work(), where, id, 1000),
        carts(1).adjust(other(), where, id, 1000),
        carts(1).adjust(other(), where, id, -500)
      ])
    }
    const { thousandths, quantity } = await item(where, id)
    assert.deepEqual({ thousandths, quantity }, { thousandths: 17_000, quantity: 17 })
    const outcome = await carts().adjust(work(), where, id, -1)
    assert.equal('thousandths' in outcome && outcome.thousandths, 16_999)
    const rows = await site.database.query(`select quantidade from compras where id_compras = ${id}`)
    assert.equal(Number(rows[0]?.quantidade), 17, 'the guide’s column is the quantity rounded up')
  })

  test('a quantity stays above nothing and within 9999', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    for (const delta of [-2000, 9_997_001, -1e12]) {
      assert.deepEqual(await carts().adjust(work(), where, id, delta, 'k'), { status: 'outOfBounds' })
    }
    assert.equal((await carts().adjust(work(), where, id, -1999, 'k')).status, 'done', 'the key was not used up')
    assert.equal((await item(where, id)).thousandths, 1)
    assert.equal((await carts().adjust(work(), where, id, 9_998_999)).status, 'done')
    assert.deepEqual(
      { ...(await item(where, id)), version: 0 },
      { ...content(), id, version: 0, quantity: 9999, shop: 'Praça', thousandths: 9_999_000 }
    )
  })

  test('a row of the guide’s application is counted on from its whole number', async () => {
    const { where } = await listWith()
    await site.database.query(
      `insert into compras (id_cliente, tipo, quantidade, local) values (${where.accountId}, 'Pão', 3, 'Padaria')`
    )
    const { items, list } = await view(where)
    assert.equal(list.version, 0)
    const [bread] = items
    assert.equal(bread?.thousandths, 3000)
    const outcome = await carts().adjust(work(), where, bread.id, 250)
    assert.equal('thousandths' in outcome && outcome.thousandths, 3250)
    assert.equal((await item(where, bread.id)).quantity, 4)
  })

  test('what is removed meanwhile is missing, and nothing comes back', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    await carts(1).removeItems(other(), where, [id])
    const ticked = await carts().tick(work(), where, { done: [id] })
    assert.deepEqual('missing' in ticked && ticked.missing, [id])
    const adjusted = await carts().adjust(work(), where, id, 1000)
    assert.equal('found' in adjusted && adjusted.found, false)
    assert.deepEqual((await view(where)).items, [])
  })

  test('clearing takes exactly what was seen: what was unticked or changed meanwhile stays', async () => {
    const { where, ids } = await listWith('a', 'b', 'c', 'd', 'e')
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = ids
    await carts().tick(work(), where, { done: [a, b, c, d] })
    const seen = (await view(where)).items.filter(({ doneAt }) => doneAt !== null)
    await carts(1).tick(other(), where, { open: [b] })
    await carts(1).adjust(other(), where, c, 1000)
    await carts(1).tick(other(), where, { done: [e] })
    const outcome = await carts().clear(work(), where, seen, 'k')
    assert.deepEqual('removed' in outcome && [outcome.removed.toSorted(), outcome.kept.toSorted()], [
      [a, d],
      [b, c]
    ])
    assert.deepEqual((await view(where)).items.map(({ id }) => id).sort(), [b, c, e].sort())
    assert.deepEqual(await carts(1).clear(other(), where, seen, 'k'), { ...outcome, status: 'already' })
  })

  test('clearing what is as nobody saw it, or is gone, uses no number of the list, and is the same each time', async () => {
    const { where, ids } = await listWith('a', 'b')
    const [a = 0, b = 0] = ids
    await carts().tick(work(), where, { done: [a, b] })
    const seen = (await view(where)).items
    await carts(1).adjust(other(), where, a, 1000)
    await carts(1).removeItems(other(), where, [b])
    const { version } = (await view(where)).list
    for (const [which, status] of [
      [0, 'nothing'],
      [1, 'nothing']
    ] as const) {
      const outcome = await carts(which).clear(which ? other() : work(), where, seen, 'k')
      assert.deepEqual(outcome, { status, kept: [a], missing: [b] })
    }
    assert.deepEqual(await carts().clear(work(), where, [], 'none'), { status: 'nothing', kept: [], missing: [] })
    assert.equal((await view(where)).list.version, version)
    // The key is free, and what was cleared with one is told, although nothing of it is there.
    const now = (await view(where)).items
    const cleared = await carts().clear(work(), where, now, 'k')
    assert.equal(cleared.status, 'done')
    assert.deepEqual(await carts(1).clear(other(), where, now, 'k'), { ...cleared, status: 'already' })
    assert.equal((await view(where)).list.version, version + 1)
  })

  test('nobody reaches the items of another', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    const stranger: Where = { accountId: await site.addAccount(), list: 'first' }
    const { list } = await view(where)
    const before = await item(where, id)
    for (const place of [stranger, { ...stranger, list: list.id }]) {
      await carts().tick(work(), place, { done: [id] })
      await carts().tick(work(), place, { done: [id, 5] })
      await carts().adjust(work(), place, id, 1000)
      await carts().removeItems(work(), place, [id])
      await carts().removeItems(work(), place, [id, 5])
      await carts().clear(work(), place, [before])
      assert.equal(await carts().find(work(), place, id), undefined)
    }
    assert.deepEqual(await carts().tick(work(), { ...stranger, list: list.id }, { done: [id] }), { status: 'noList' })
    assert.equal(await carts().view(work(), { ...stranger, list: list.id }), undefined)
    assert.deepEqual(await item(where, id), before)
  })

  test('the first list is the same by its own number', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    const { list } = await view(where)
    const byNumber = { ...where, list: list.id }
    const outcome = await carts().tick(work(), byNumber, { done: [id] })
    assert.deepEqual('missing' in outcome && outcome.missing, [])
    assert.deepEqual(await view(byNumber), await view(where))
    assert.deepEqual(await view({ ...where, list: 0 }), await view(where))
  })

  // The embedded database has no trips.
  if (engine === 'sqlite') return
  test('the items of one list have one round trip each, also the first time', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    const trips = async (act: () => Promise<unknown>) => {
      const before = site.works[0].roundTrips
      await act()
      return site.works[0].roundTrips - before
    }
    assert.equal(await trips(() => carts().tick(work(), where, { done: [id] })), 1)
    assert.equal(await trips(() => carts().adjust(work(), where, id, 1000)), 1)
    assert.equal(await trips(() => add(where, 'x')), 1)
    assert.equal(await trips(() => carts().view(work(), where)), 1)
    assert.equal(await trips(() => carts().removeItems(work(), where, [id])), 1)
  })
})
