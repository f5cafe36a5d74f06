import assert from 'node:assert/strict'
import { test } from 'node:test'
import { family, thing, versionOf } from '../helper/families.ts'
import { forEachEngine } from '../helper.ts'

forEachEngine('what is taken back', engine => {
  const { site, one, two, view, add, listWith, make, find, item, names } = family(engine)
  const undo = (where: Parameters<typeof view>[0], version: number, key?: string) =>
    two.history.undo(two.work, where, version, key)

  test('a removal: the item is back as it was, under its number', async () => {
    const { where, ids } = await listWith('Leite', 'Pão')
    const [id = 0] = ids
    await one.carts.tick(one.work, where, { done: [id] })
    const was = await item(where, id)
    const removal = await one.carts.removeItems(one.work, where, [id])
    assert.equal(await find(where, id), undefined)
    const undone = await undo(where, versionOf(removal), 'u')
    assert.equal('kind' in undone && undone.kind, 'remove')
    assert.deepEqual({ ...(await item(where, id)), version: 0 }, { ...was, version: 0 })
    assert.deepEqual(await undo(where, versionOf(removal), 'u'), { ...undone, status: 'already' })
    assert.deepEqual(await undo(where, versionOf(removal)), { status: 'undone' })
    assert.deepEqual(await names(where), ['Pão 2', '✓Leite 2'])
  })

  test('a tick, an addition, a quantity, a clear, an edit, and the undo itself', async () => {
    const { where, ids } = await listWith('a', 'b')
    const [a = 0, b = 0] = ids
    const steps = [
      () => one.carts.tick(one.work, where, { done: [a, b] }),
      () => one.carts.adjust(one.work, where, b, 500),
      () => one.carts.edit(one.work, where, b, { type: { seen: 'b', value: 'c' }, unit: { value: 'kg' } }),
      async () =>
        one.carts.clear(
          one.work,
          where,
          (await view(where)).items.filter(({ doneAt }) => doneAt !== null)
        ),
      () => one.carts.addItems(one.work, where, [thing('d'), thing('e')])
    ]
    const before: string[][] = []
    const versions: number[] = []
    for (const step of steps) {
      before.push(await names(where))
      versions.push(versionOf(await step()))
    }
    const end = await names(where)
    const undos: number[] = []
    for (const [n, version] of [...versions.entries()].reverse()) {
      undos.push(versionOf(await undo(where, version)))
      assert.deepEqual(await names(where), before[n])
    }
    for (const version of undos.reverse()) await undo(where, version)
    assert.deepEqual(await names(where), end)
    assert.equal(
      (await undo(where, versions.at(-1) ?? 0)).status,
      'done',
      'what was done again can be taken back again'
    )
  })

  test('but not what something later built on, nor what is too old, nor what is not there', async () => {
    const { where, ids } = await listWith('a')
    const [a = 0] = ids
    const plus = versionOf(await one.carts.adjust(one.work, where, a, 1000))
    await one.carts.tick(one.work, where, { done: [a] })
    assert.equal((await undo(where, plus)).status, 'done', 'a tick does not stand in the way of a quantity')
    const again = versionOf(await one.carts.adjust(one.work, where, a, 1000))
    await two.carts.adjust(two.work, where, a, 1000)
    const before = await view(where)
    assert.deepEqual(await undo(where, again, 'k'), { status: 'overtaken' })
    assert.deepEqual(await undo(where, 1), { status: 'overtaken' })
    for (const version of [0, 99, -1]) assert.deepEqual(await undo(where, version), { status: 'notThere' })
    await site.database.query(`update changes set at = at - ${31 * 24 * 3600 * 1000} where list_id = ${before.list.id}`)
    assert.deepEqual(await undo(where, again), { status: 'tooOld' })
    assert.deepEqual(await view(where), before)
    const stranger = { accountId: await site.addAccount(), list: before.list.id }
    assert.deepEqual(await undo(stranger, again), { status: 'noList' })
    assert.deepEqual(await undo({ ...stranger, list: 'first' }, again), { status: 'notThere' })
  })

  test('by two at the same moment once, ten times out of ten', async () => {
    const { where, ids } = await listWith('a')
    const [a = 0] = ids
    for (let round = 0; round < 10; round++) {
      const removal = versionOf(await one.carts.removeItems(one.work, where, [a]))
      const both = await Promise.all([one, two].map(({ history, work }) => history.undo(work, where, removal)))
      assert.deepEqual(both.map(({ status }) => status).sort(), ['done', 'undone'])
      assert.deepEqual(await names(where), ['a 2'])
    }
  })

  test('all since a change, as one change that can be taken back itself', async () => {
    const { where, ids } = await listWith('a', 'b', 'c')
    const [a = 0, b = 0, c = 0] = ids
    const then = (await view(where)).list.version
    const before = await names(where)
    await one.carts.tick(one.work, where, { done: [a] })
    await one.carts.removeItems(one.work, where, [b])
    await add(where, thing('d'))
    await one.carts.adjust(one.work, where, c, 1000)
    const after = await names(where)
    const back = await one.history.undoSince(one.work, where, then)
    assert.deepEqual((await names(where)).sort(), before.sort())
    assert.equal((await undo(where, versionOf(back))).status, 'done')
    assert.deepEqual(await names(where), after)
    assert.deepEqual(await one.history.undoSince(one.work, where, (await view(where)).list.version), {
      status: 'notThere'
    })
  })

  test('all since is not taken back where that would leave what was moved on both lists, or on none', async () => {
    const { where, ids } = await listWith('a', 'b')
    const [a = 0, b = 0] = ids
    const other = await make(where.accountId, 'Festa')
    const since = async (at: typeof where) => (await view(at)).list.version
    const [here, there] = [await since(where), await since(other)]
    const moved = await one.carts.move(one.work, where, [a], other.list)
    await one.carts.tick(one.work, where, { done: [b] })
    await one.carts.tick(one.work, other, { done: [a] })
    for (const [at, version] of [
      [where, here],
      [other, there]
    ] as const) {
      const [before, count] = [await names(at), await since(at)]
      assert.deepEqual(await one.history.undoSince(one.work, at, version), { status: 'moved' })
      assert.deepEqual([await names(at), await since(at)], [before, count], 'nothing was done')
    }
    // What came after the move can be taken back all at once, then the move, and then all of it is as it was.
    assert.equal((await one.history.undoSince(one.work, other, there + 1)).status, 'done')
    assert.equal((await undo(where, versionOf(moved))).status, 'done')
    assert.equal((await one.history.undoSince(one.work, where, here)).status, 'done')
    assert.deepEqual(await names(where), ['b 2', 'a 2'])
    assert.deepEqual(await names(other), [])
  })

  test('a move is undone on both lists, from either', async () => {
    const { where, ids } = await listWith('a', 'b')
    const [a = 0, b = 0] = ids
    const other = await make(where.accountId, 'Festa')
    for (const from of [where, other]) {
      const moved = await one.carts.move(one.work, where, [a, b, 999_999], other.list)
      assert.deepEqual('missing' in moved && moved.missing, [999_999])
      assert.deepEqual(await names(other), ['b 2', 'a 2'])
      assert.deepEqual(await names(where), [])
      const version = from === where ? versionOf(moved) : (moved as { to: { version: number } }).to.version
      assert.equal((await undo(from, version)).status, 'done')
      assert.deepEqual(await names(where), ['b 2', 'a 2'])
      assert.deepEqual(await names(other), [])
      assert.deepEqual(await undo(from, version), { status: 'undone' })
    }
  })
})

forEachEngine('the history of a list', engine => {
  const { site, one, two, view, add, listWith, item, names } = family(engine)

  test('tells who did what, the latest first, a page at a time', async () => {
    const { where, ids } = await listWith('a')
    const [a = 0] = ids
    for (let n = 0; n < 6; n++) await one.carts.adjust(one.work, where, a, 1000)
    const first = await two.history.page(two.work, where, { limit: 4 })
    assert.deepEqual(
      first.entries.map(({ version, kind, who, canUndo }) => [version, kind, who, canUndo]),
      [7, 6, 5, 4].map(version => [version, 'adjust', 'Ana', true])
    )
    const rest = await two.history.page(two.work, where, { limit: 4, before: first.older ?? 0 })
    assert.deepEqual(
      rest.entries.map(({ version }) => version),
      [3, 2, 1]
    )
    assert.equal(rest.older, undefined)
    assert.deepEqual(rest.entries.at(-1)?.detail.items[0]?.after?.type, 'a')
    const stranger = { accountId: await site.addAccount(), list: (await view(where)).list.id }
    assert.deepEqual((await two.history.page(two.work, stranger)).entries, [])
  })

  test('shows it as it was after any change', async () => {
    const { where, ids } = await listWith('a', 'b')
    const [a = 0] = ids
    const seen = [await names(where)]
    const steps = [
      () => one.carts.tick(one.work, where, { done: [a] }),
      () => one.carts.edit(one.work, where, a, { type: { value: 'z' } }),
      () => one.carts.removeItems(one.work, where, [a]),
      () => add(where, thing('c'))
    ]
    for (const step of steps) {
      await step()
      seen.push(await names(where))
    }
    for (const [n, then] of seen.entries()) {
      const was = await two.history.asItWas(two.work, where, n + 1)
      const shown = was?.items.map(
        ({ type, thousandths, doneAt }) => `${doneAt === null ? '' : '✓'}${type} ${thousandths / 1000}`
      )
      assert.deepEqual(shown?.sort(), then.toSorted(), `after ${n + 1}`)
    }
    for (const version of [-1, 6]) assert.equal(await two.history.asItWas(two.work, where, version), undefined)
  })

  test('that releases before wrote is read alike', async () => {
    const { where, ids } = await listWith('a')
    const [a = 0] = ids
    const { list } = await view(where)
    const old = { type: 'Leite', quantity: 3, shop: 'Loja', note: '' }
    const key = { digest: 'd', account_id: where.accountId, list_id: list.id }
    for (const [version, kind, id] of [
      [2, 'add', a + 1000],
      [3, 'remove', a + 1000]
    ]) {
      await site.database.query(
        `insert into changes (list_id, version, account_id, change_key, digest, kind, item_id, detail, at)
         values (${key.list_id}, ${version}, ${key.account_id}, 'o${version}', 'd', '${kind}', ${id}, '${JSON.stringify(old)}', ${Date.now()})`
      )
    }
    await site.database.query(`update lists set version = 3 where id = ${list.id}`)
    assert.deepEqual(
      (await two.history.asItWas(two.work, where, 2))?.items.map(({ type, quantity }) => [type, quantity]),
      [
        ['Leite', 3],
        ['a', 2]
      ]
    )
    assert.equal((await two.history.undo(two.work, where, 3)).status, 'done')
    assert.deepEqual((await item(where, a + 1000)).thousandths, 3000)
  })

  test('gives programs what changed since, with what is gone', async () => {
    const { where, ids } = await listWith('a', 'b', 'c')
    const [a = 0, b = 0, c = 0] = ids
    const since = async (version: number) => {
      const answer = await two.history.since(two.work, where, version)
      assert.ok(answer)
      return { ...answer, items: answer.items.map(({ id }) => id), removed: answer.removed.map(({ id }) => id) }
    }
    assert.deepEqual(await since(1), { version: 1, full: false, items: [], removed: [] })
    await one.carts.tick(one.work, where, { done: [a] })
    await one.carts.removeItems(one.work, where, [b])
    const [d = 0] = await add(where, thing('d'))
    await one.carts.removeItems(one.work, where, [d])
    assert.deepEqual(await since(1), { version: 5, full: false, items: [a], removed: [d, b] })
    assert.deepEqual(await since(2), { version: 5, full: false, items: [], removed: [d, b] })
    assert.deepEqual(await since(99), { version: 5, full: true, items: [c, a], removed: [] })
    const { list } = await view(where)
    await site.database.query(`delete from changes where list_id = ${list.id} and version < 3`)
    assert.equal((await since(1)).full, true)
    assert.equal((await since(2)).full, false)
    assert.equal(await two.history.asItWas(two.work, where, 1), undefined)
    assert.deepEqual(await two.history.undoSince(two.work, where, 1), { status: 'tooOld' })
  })
})
