import assert from 'node:assert/strict'
import { test } from 'node:test'
import { searchRules } from '../../src/features/search/rules.ts'
import { ofAccount } from '../../src/store/tables.ts'
import { family, thing, versionOf } from '../helper/families.ts'
import { forEachEngine } from '../helper.ts'

/** As who follows the guide does in phpMyAdmin: the guide's column alone, on rows that have thousandths beside it. */
forEachEngine('a whole number that was changed by hand', engine => {
  const { site, one, two, add, listWith, item, names } = family(engine)

  const withRow = async (thousandths: number) => {
    const { where } = await listWith()
    const [id = 0] = await add(where, thing('Leite', { thousandths }))
    const byHand = (quantity: number) =>
      site.database.query(`update compras set quantidade = ${quantity} where id_compras = ${id}`)
    const stored = async () => {
      const [row] = await site.database.query(`select quantidade, thousandths from compras where id_compras = ${id}`)
      return [Number(row?.quantidade), Number(row?.thousandths)]
    }
    return { where, id, byHand, stored }
  }

  test('is the quantity, wherever the item is read', async () => {
    const { where, id, byHand } = await withRow(1500)
    for (const quantity of [5, 1, 9999, 3]) {
      await byHand(quantity)
      const seen = await item(where, id)
      assert.deepEqual([seen.thousandths, seen.quantity], [quantity * 1000, quantity])
      assert.deepEqual(await names(where), [`Leite ${quantity}`])
    }
    const { found } = await searchRules(site.stores[1]).find(site.works[1], where.accountId, 'leite')
    assert.deepEqual(
      found.map(({ thousandths }) => thousandths),
      [3000]
    )
  })

  test('is the quantity in the copy that people take of their data; what has no thousandths has none there', async () => {
    const { where, byHand } = await withRow(1500)
    await byHand(5)
    await site.database.query(
      `insert into compras (id_cliente, tipo, quantidade, local) values (${where.accountId}, 'Pão', 3, 'Padaria')`
    )
    const belonging = ofAccount.find(({ name }) => name === 'items')
    assert.ok(belonging)
    const { rows } = await site.stores[1].belongings.read(site.works[1], belonging, where.accountId, undefined, 10)
    assert.deepEqual(
      rows.map(({ quantity, thousandths }) => [quantity, thousandths]),
      [
        [5, 5000],
        [3, null]
      ]
    )
  })

  test('leaves the thousandths alone where it is the number that was written with them', async () => {
    for (const [thousandths, whole] of [
      [1, 1],
      [999, 1],
      [1000, 1],
      [1001, 2],
      [1500, 2],
      [9_998_001, 9999],
      [9_999_000, 9999]
    ] as const) {
      const { where, id, byHand, stored } = await withRow(thousandths)
      assert.deepEqual(await stored(), [whole, thousandths])
      await byHand(whole)
      assert.equal((await item(where, id)).thousandths, thousandths)
      const delta = thousandths > 5_000_000 ? -1 : 1
      await one.carts.adjust(one.work, where, id, delta)
      assert.equal((await item(where, id)).thousandths, thousandths + delta)
    }
  })

  test('is counted on from by + and −, in the one statement that they are', async () => {
    const work = site.stores[0].begin(120_000)
    Object.assign(work, {
      transaction() {
        throw new Error('made in steps')
      }
    })
    for (const [first, byHandTo, delta, then] of [
      [1500, 5, 1000, 6000],
      [1500, 5, -500, 4500],
      [2000, 1, 250, 1250],
      [2000, 3, -2999, 1]
    ] as const) {
      const { where, id, byHand, stored } = await withRow(first)
      await byHand(byHandTo)
      const outcome = await one.carts.adjust(work, where, id, delta)
      assert.equal('thousandths' in outcome && outcome.thousandths, then)
      assert.deepEqual(await stored(), [Math.ceil(then / 1000), then])
    }
  })

  test('counts with all presses of two devices, and is what a quantity’s bounds are held against', async () => {
    const { where, id, byHand } = await withRow(1500)
    await byHand(5)
    await Promise.all([one, two, one, two].map(device => device.carts.adjust(device.work, where, id, 1000)))
    assert.equal((await item(where, id)).thousandths, 9000)
    await byHand(2)
    assert.deepEqual(await one.carts.adjust(one.work, where, id, -2000), { status: 'outOfBounds' })
  })

  test('is what another addition adds to, an edit is held against, and a removal brings back', async () => {
    const { where, id, byHand } = await withRow(1500)
    await byHand(5)
    await one.carts.addItems(one.work, where, [thing('Leite')], { merge: true })
    assert.deepEqual(await names(where), ['Leite 7'])
    await byHand(4)
    const edit = await one.carts.edit(one.work, where, id, { thousandths: { seen: 7000, value: 8000 } })
    assert.deepEqual('conflicts' in edit && edit.conflicts, [
      { field: 'thousandths', seen: 7000, theirs: 4000, yours: 8000 }
    ])
    const removal = versionOf(await one.carts.removeItems(one.work, where, [id]))
    assert.equal((await two.history.undo(two.work, where, removal)).status, 'done')
    assert.deepEqual(await names(where), ['Leite 4'])
  })

  test('is something else that happened, for who would take back a quantity from before', async () => {
    const { where, id, byHand } = await withRow(1500)
    const before = versionOf(await one.carts.adjust(one.work, where, id, 1000))
    await byHand(7)
    assert.notEqual((await one.history.undo(one.work, where, before)).status, 'done')
    assert.deepEqual(await names(where), ['Leite 7'])
    const after = versionOf(await one.carts.adjust(one.work, where, id, 1000))
    assert.equal((await two.history.undo(two.work, where, after)).status, 'done')
    assert.deepEqual(await names(where), ['Leite 7'])
  })
})
