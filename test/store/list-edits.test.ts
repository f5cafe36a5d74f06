import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_ITEMS } from '../../src/features/items/rules.ts'
import { MAX_LISTS } from '../../src/features/lists/rules.ts'
import { family, thing, versionOf } from '../helper/families.ts'
import { cases, forEachEngine } from '../helper.ts'

forEachEngine('editing', engine => {
  const { one, two, listWith, item, view } = family(engine)

  test('different fields by two devices both hold', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    const outcomes = await Promise.all([
      one.carts.edit(one.work, where, id, {
        type: { seen: 'Leite', value: 'Leite magro' },
        unit: { seen: '', value: 'l' }
      }),
      two.carts.edit(two.work, where, id, {
        shop: { seen: 'Praça', value: 'Mercado' },
        note: { seen: '', value: 'frio' }
      }),
      two.carts.tick(two.work, where, { done: [id] }),
      one.carts.adjust(one.work, where, id, 1000)
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      Array(4).fill('done')
    )
    const { type, unit, shop, note, thousandths, doneAt } = await item(where, id)
    assert.deepEqual([type, unit, shop, note, thousandths], ['Leite magro', 'l', 'Mercado', 'frio', 3000])
    assert.ok(doneAt)
  })

  test('the same field changed meanwhile: nobody’s word is lost, the other fields hold', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    await two.carts.edit(two.work, where, id, { type: { seen: 'Leite', value: 'Leite gordo' } })
    const mine = { type: { seen: 'Leite', value: 'Leite magro' }, note: { seen: '', value: 'frio' } }
    const outcome = await one.carts.edit(one.work, where, id, mine, 'k')
    assert.deepEqual(
      { ...outcome, item: 0 },
      {
        status: 'conflict',
        version: 3,
        item: 0,
        conflicts: [{ field: 'type', seen: 'Leite', theirs: 'Leite gordo', yours: 'Leite magro' }]
      }
    )
    const now = await item(where, id)
    assert.deepEqual([now.type, now.note], ['Leite gordo', 'frio'])
    assert.deepEqual(await two.carts.edit(two.work, where, id, mine, 'k'), outcome, 'asked again it tells the same')
    const alone = await one.carts.edit(one.work, where, id, { type: mine.type }, 'k2')
    assert.equal('version' in alone && alone.version, undefined)
    assert.equal((await view(where)).list.version, 3, 'nothing was done')
    const chosen = { type: { seen: 'Leite gordo', value: 'Leite magro' } }
    assert.equal((await one.carts.edit(one.work, where, id, chosen, 'k2')).status, 'done')
    assert.equal((await item(where, id)).type, 'Leite magro')
  })

  test('the same field to the same value is no conflict', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    const edits = { type: { seen: 'Leite', value: 'Leite gordo' } }
    assert.equal((await one.carts.edit(one.work, where, id, edits)).status, 'done')
    assert.equal((await two.carts.edit(two.work, where, id, edits)).status, 'done')
  })

  test('by the version seen is refused where it is another; of what is not there, too', async () => {
    const { where, ids } = await listWith('Leite')
    const [id = 0] = ids
    const { version } = await item(where, id)
    const edit = (ifVersion?: number) =>
      one.carts.edit(one.work, where, id, { note: { value: 'x' }, done: { value: true } }, undefined, { ifVersion })
    assert.deepEqual(await edit(version + 1), { status: 'stale', item: await item(where, id) })
    assert.equal((await edit(version)).status, 'done')
    assert.ok((await item(where, id)).doneAt)
    assert.equal((await edit(version)).status, 'stale')
    assert.equal(
      (await one.carts.removeItems(one.work, where, [id], undefined, { ifVersion: version })).status,
      'stale'
    )
    assert.equal(
      (await one.carts.removeItems(one.work, where, [id], undefined, { ifVersion: version + 1 })).status,
      'done'
    )
    assert.deepEqual(await edit(), { status: 'notThere' })
    assert.deepEqual(await one.carts.edit(one.work, where, id, { thousandths: { value: 0 } }), { status: 'notThere' })
  })
})

forEachEngine('adding', engine => {
  const { one, two, listWith, view, names, site, make, item } = family(engine)

  test('what is there already adds up where the unit is the same; ticked it comes back', async () => {
    const { where, ids } = await listWith('Leite', 'Pão')
    const [milk = 0, bread = 0] = ids
    await one.carts.tick(one.work, where, { done: [bread] })
    const added = [
      thing('leite', { thousandths: 500, shop: '' }),
      thing('LÉITE', { unit: 'l' }),
      thing('Pao', { thousandths: 1000 }),
      thing('Arroz'),
      thing('arroz', { thousandths: 1 }),
      thing('Leite', { shop: 'Outra loja' })
    ]
    const before = await names(where)
    const outcome = await one.carts.addItems(one.work, where, added, { merge: true, key: 'k' })
    assert.ok('items' in outcome)
    assert.deepEqual(
      outcome.items
        .filter(({ merged }) => merged)
        .map(({ id }) => id)
        .sort(),
      [milk, bread].sort()
    )
    const { items } = await view(where)
    assert.deepEqual(items.map(({ type, thousandths, unit }) => `${type} ${thousandths} ${unit}`).toSorted(), [
      'Arroz 2001 ',
      'Leite 2000 ',
      'Leite 2500 ',
      'LÉITE 2000 l',
      'Pão 1000 '
    ])
    assert.ok(items.every(({ doneAt }) => doneAt === null))
    assert.deepEqual(await two.carts.addItems(two.work, where, added, { merge: true, key: 'k' }), {
      ...outcome,
      // At which shop it was found is said once, to who added it.
      items: outcome.items.map(({ shop: _, ...one }) => one),
      status: 'already'
    })
    assert.equal((await two.history.undo(two.work, where, versionOf(outcome))).status, 'done')
    assert.deepEqual(await names(where), before)
  })

  test('is all or nothing', async () => {
    const { where } = await listWith('Leite')
    const tooMuch = [thing('a'), thing('Leite', { thousandths: 9_998_001 })]
    assert.deepEqual(await one.carts.addItems(one.work, where, tooMuch, { merge: true, key: 'k' }), {
      status: 'outOfBounds'
    })
    assert.deepEqual(await one.carts.addItems(one.work, where, [thing('a'), thing('b', { thousandths: 0 })]), {
      status: 'outOfBounds'
    })
    assert.deepEqual(await names(where), ['Leite 2'])
    assert.equal(
      (await one.carts.addItems(one.work, where, [thing('a')], { key: 'k' })).status,
      'done',
      'the key is free'
    )
  })

  test('by a name that a program chose, which is there once on a list', async () => {
    const { where } = await listWith()
    const made = await one.carts.addItems(one.work, where, [{ ...thing('a'), uid: 'u-1' }], { key: 'k' })
    assert.deepEqual(await one.carts.addItems(one.work, where, [{ ...thing('b'), uid: 'u-1' }]), { status: 'uidTaken' })
    assert.equal(
      (await two.carts.addItems(two.work, where, [{ ...thing('a'), uid: 'u-1' }], { key: 'k' })).status,
      'already'
    )
    const found = await two.carts.find(two.work, where, 'u-1')
    assert.equal(found?.type, 'a')
    await one.carts.removeItems(one.work, where, [found?.id ?? 0])
    await one.history.undo(one.work, where, versionOf(made) + 1)
    assert.deepEqual((await item(where, found?.id ?? 0)).uid, 'u-1')
  })

  test('stops where a list is full, in whichever way it is filled', async () => {
    const { where, ids } = await listWith('a')
    const [a = 0] = ids
    const other = await make(where.accountId, 'Outra')
    const { accountId } = where
    const rows = Array.from({ length: 500 }, () => `(${accountId}, 'x', 1, 'y')`).join()
    for (let n = 0; n < MAX_ITEMS / 500; n++) {
      await site.database.query(`insert into compras (id_cliente, tipo, quantidade, local) values ${rows}`)
    }
    await site.database.query(
      `delete from compras where id_cliente = ${accountId} and id_compras = (select * from (select max(id_compras) from compras where tipo = 'x') as m)`
    )
    const { list } = await view(where)
    await site.database.query(`update lists set version = ${MAX_ITEMS + 5} where id = ${list.id}`)
    const full = { status: 'full' }
    assert.deepEqual(await one.carts.addItems(one.work, where, [thing('b')]), full)
    assert.deepEqual(await one.carts.addItems(one.work, where, [thing('b'), thing('c')]), full)
    const [moved = 0] = await (async () => {
      const added = await one.carts.addItems(one.work, other, [thing('m')])
      return 'items' in added ? added.items.map(({ id }) => id) : []
    })()
    assert.deepEqual(await one.carts.move(one.work, other, [moved], 'first'), full)
    assert.deepEqual(await one.carts.copy(one.work, other, [moved], 'first'), full)
    assert.deepEqual(await one.carts.fill(one.work, where, other.list), full)
    const removal = versionOf(await one.carts.removeItems(one.work, where, [a]))
    assert.equal((await one.carts.addItems(one.work, where, [thing('b')])).status, 'done')
    assert.deepEqual(await one.history.undo(one.work, where, removal), full)
    assert.equal(
      (await one.carts.addItems(one.work, where, [thing('X', { shop: '' })], { merge: true })).status,
      'done',
      'more of the same fits'
    )
  })
})

forEachEngine('a form that was sent to a server of release 0.2.0, and again to this one', engine => {
  const { one, listWith, digestOf } = family(engine)

  test('has the same digest at both, and so is one request', async () => {
    const { where } = await listWith()
    const oranges = { type: 'Laranjas', thousandths: 5000, unit: '', shop: 'Mercado', note: '' }
    await one.carts.addItems(one.work, where, [oranges], { key: 'a' })
    await one.carts.addItems(one.work, where, [{ ...oranges, note: 'maduras' }], { key: 'b' })
    // As 0.2.0 has stored them.
    assert.equal(await digestOf(where.accountId, 'a'), 'xwSWV-EQWMM7m9_t4KrKCuHF8iLPjNOtdJIC7QdQk6M')
    assert.equal(await digestOf(where.accountId, 'b'), 'qom7Ej6nvX74cn8iIRrPYl39LIbO1psyTp1g0AppiM4')
    // The page's form adds up, of which the older server knows nothing: repeated there or here it is the same.
    await one.carts.addItems(one.work, where, [thing('Sal')], { key: 'plain' })
    await one.carts.addItems(one.work, where, [thing('Sal')], { key: 'merging', merge: true })
    assert.equal(await digestOf(where.accountId, 'merging'), await digestOf(where.accountId, 'plain'))
  })
})

forEachEngine('lists', engine => {
  const { one, two, site, listWith, make, names, view } = family(engine)
  const all = async (accountId: number) => {
    const lists = await two.lists.all(two.work, accountId)
    return lists.map(({ name, isFirst, open, done }) => [name, isFirst, open, done])
  }

  test('are made, named, put away, taken back, removed and restored, each once for its key', async () => {
    const { where, ids } = await listWith('a', 'b', 'c')
    await one.carts.tick(one.work, where, { done: [ids[0] ?? 0] })
    const { accountId } = where
    const made = await one.lists.make(one.work, accountId, { name: 'Festa' }, 'm')
    assert.deepEqual(await two.lists.make(two.work, accountId, { name: 'Festa' }, 'm'), { ...made, status: 'already' })
    assert.deepEqual(await two.lists.make(two.work, accountId, { name: 'Feira' }, 'm'), { status: 'reused' })
    assert.ok('listId' in made)
    const party = { accountId, list: made.listId }
    await one.carts.addItems(one.work, party, [thing('bolo'), thing('velas')])
    assert.deepEqual(await all(accountId), [
      ['', true, 2, 1],
      ['Festa', false, 2, 0]
    ])

    const renamed = await one.lists.rename(one.work, party, 'Anos')
    assert.equal((await two.history.undo(two.work, party, versionOf(renamed))).status, 'done')
    assert.equal((await view(party)).list.name, 'Festa')
    await one.lists.rename(one.work, where, 'Casa')
    await one.lists.putAway(one.work, party, 'away')
    assert.equal((await one.lists.putAway(one.work, party, 'away')).status, 'already')
    assert.ok((await two.lists.all(two.work, accountId))[1]?.putAwayAt)
    await two.lists.takeBack(two.work, party)
    assert.deepEqual(await all(accountId), [
      ['Casa', true, 2, 1],
      ['Festa', false, 2, 0]
    ])

    const before = await names(party)
    assert.equal((await one.lists.remove(one.work, party, 'r')).status, 'done')
    assert.equal((await two.lists.remove(two.work, party, 'r')).status, 'already')
    assert.deepEqual(await two.lists.remove(two.work, party), { status: 'noList' })
    assert.deepEqual(await all(accountId), [['Casa', true, 2, 1]])
    assert.equal(await two.carts.view(two.work, party), undefined)
    assert.deepEqual(await one.carts.addItems(one.work, party, [thing('x')]), { status: 'noList' })
    const rows = await site.database.query(`select count(*) as n from compras where id_cliente = ${accountId}`)
    assert.equal(Number(rows[0]?.n), 3, 'the guide’s application does not see them')
    assert.deepEqual(
      (await two.lists.recentlyRemoved(two.work, accountId)).map(({ name }) => name),
      ['Festa']
    )

    assert.equal((await two.lists.restore(two.work, party, 'b')).status, 'done')
    assert.equal((await one.lists.restore(one.work, party, 'b')).status, 'already')
    assert.deepEqual(await names(party), before)
    assert.deepEqual(await two.lists.restore(two.work, party), { status: 'noList' })
    assert.deepEqual(await two.lists.recentlyRemoved(two.work, accountId), [])
  })

  test('the first one is there before it was written to, and is neither put away nor removed', async () => {
    const accountId = await site.addAccount()
    assert.deepEqual(await all(accountId), [['', true, 0, 0]])
    const first = { accountId, list: 'first' as const }
    for (const act of [one.lists.putAway, one.lists.takeBack, one.lists.remove]) {
      assert.deepEqual(await act(one.work, first, 'k'), { status: 'first' })
    }
    assert.equal((await one.lists.make(one.work, accountId, { name: 'b' })).status, 'done')
    assert.deepEqual(await all(accountId), [
      ['', true, 0, 0],
      ['b', false, 0, 0]
    ])
  })

  test('are nobody else’s, in any way', async () => {
    const { where } = await listWith('a')
    const theirs = await make(where.accountId, 'Festa')
    const stranger = { accountId: await site.addAccount(), list: theirs.list }
    const own = await make(stranger.accountId, 'Minha')
    const [id = 0] = await (async () => {
      const added = await one.carts.addItems(one.work, own, [thing('m')])
      return 'items' in added ? added.items.map(item => item.id) : []
    })()
    const noList = { status: 'noList' }
    for (const act of [one.lists.putAway, one.lists.takeBack, one.lists.remove, one.lists.restore]) {
      assert.deepEqual(await act(one.work, stranger), noList)
    }
    assert.deepEqual(await one.lists.rename(one.work, stranger, 'x'), noList)
    assert.deepEqual(await one.lists.setTemplate(one.work, stranger, true), noList)
    assert.deepEqual(await one.carts.move(one.work, own, [id], theirs.list), noList)
    assert.deepEqual(await one.carts.copy(one.work, own, [id], theirs.list), noList)
    assert.deepEqual(await one.carts.fill(one.work, own, theirs.list), noList)
    assert.deepEqual(await one.carts.move(one.work, stranger, [id], own.list), noList)
    assert.deepEqual(await one.carts.copy(one.work, stranger, [id], own.list), noList)
    assert.deepEqual(await one.history.undo(one.work, stranger, 1), noList)
    assert.deepEqual(await one.history.undoSince(one.work, stranger, 0), noList)
    assert.equal(await one.history.asItWas(one.work, stranger, 1), undefined)
    assert.equal(await one.history.since(one.work, stranger, 0), undefined)
    assert.deepEqual((await one.history.page(one.work, stranger)).entries, [])
    assert.equal((await view(theirs)).list.version, 1)
    assert.deepEqual(await names(own), ['m 2'])
    await one.lists.remove(one.work, theirs)
    assert.deepEqual(await one.lists.restore(one.work, stranger), noList)
  })

  test('are not filled from what is empty: no number is used, unless a program keeps the key for it', async () => {
    const { where } = await listWith('leite')
    const { where: empty, ids } = await listWith('nada')
    const other = await one.lists.make(one.work, where.accountId, { name: 'Outra' })
    assert.ok('listId' in other)
    const target = { ...where, list: other.listId }
    assert.notEqual(empty.accountId, where.accountId)
    const versionNow = async () => (await one.carts.view(one.work, where))?.list.version
    const before = await versionNow()
    assert.deepEqual(await one.carts.fill(one.work, where, target.list, 'k'), { status: 'nothing' })
    assert.deepEqual(await two.carts.fill(two.work, where, target.list, 'k'), { status: 'nothing' })
    // Nor are items copied that are gone, or another's.
    assert.deepEqual(await two.carts.copy(two.work, target, [...ids, 999_999], where.list, 'c'), { status: 'nothing' })
    assert.equal(await versionNow(), before)
    const kept = await one.carts.fill(one.work, where, target.list, 'p', { strict: true })
    assert.equal(kept.status, 'done')
    await one.carts.addItems(one.work, target, [thing('sal')])
    const again = await two.carts.fill(two.work, where, target.list, 'p', { strict: true })
    assert.deepEqual(again, { ...kept, status: 'already' })
    assert.equal((await two.carts.fill(two.work, where, target.list, 'k')).status, 'done')
  })

  test('are filled from a template, twice what is there already', async () => {
    const { where } = await listWith('Leite')
    const usual = await make(where.accountId, 'O costume')
    await one.lists.setTemplate(one.work, usual, true)
    await one.carts.addItems(one.work, usual, [thing('leite'), thing('Ovos', { thousandths: 12_000 })])
    const filled = await one.carts.fill(one.work, where, usual.list, 'k')
    assert.deepEqual(await names(where), ['Ovos 12', 'Leite 4'])
    assert.deepEqual(await two.carts.fill(two.work, where, usual.list, 'k'), { ...filled, status: 'already' })
    assert.equal((await two.history.undo(two.work, where, versionOf(filled))).status, 'done')
    assert.deepEqual(await names(where), ['Leite 2'])
    assert.deepEqual(await names(usual), ['Ovos 12', 'leite 2'])
    assert.deepEqual(await one.carts.fill(one.work, usual, usual.list), { status: 'sameList' })
  })

  test('give and take items from two sides at once, and none is lost or doubled', async () => {
    const { where, ids } = await listWith('a', 'b', 'c', 'd')
    const other = await make(where.accountId, 'Outra')
    for (let round = 0; round < cases(8); round++) {
      await Promise.all([
        one.carts.move(one.work, where, ids, other.list),
        two.carts.move(two.work, other, ids, 'first'),
        two.carts.move(two.work, where, ids, other.list)
      ])
      assert.deepEqual([...(await names(where)), ...(await names(other))].sort(), ['a 2', 'b 2', 'c 2', 'd 2'])
    }
  })

  test(`are ${MAX_LISTS} at most`, async () => {
    const accountId = await site.addAccount()
    for (let n = 0; n < MAX_LISTS; n += 50) {
      const rows = Array.from({ length: 50 }, (_, i) => `(${accountId}, 'l${n + i}', 1, 1)`).join()
      await site.database.query(`insert into lists (owner_id, name, version, created_at) values ${rows}`)
    }
    assert.deepEqual(await one.lists.make(one.work, accountId, { name: 'x' }, 'k'), { status: 'tooMany' })
    const [some] = await two.lists.all(two.work, accountId).then(lists => lists.filter(({ isFirst }) => !isFirst))
    await one.lists.remove(one.work, { accountId, list: some?.id ?? 0 })
    assert.equal((await one.lists.make(one.work, accountId, { name: 'x' }, 'k')).status, 'done')
    assert.deepEqual(await one.lists.restore(one.work, { accountId, list: some?.id ?? 0 }), { status: 'tooMany' })
  })
})
