import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import {
  type ApiItem,
  type ApiList,
  anyVersion,
  apiSite,
  assertProblem,
  forEachEngine,
  itemIn,
  listIn
} from '../helper.ts'

forEachEngine('the API of what happened', engine => {
  const { site, member, items, changesSince, allSeen } = apiSite(engine, 'changes')

  test('tells what happened since a version, with what was removed, and all where it cannot', async t => {
    const { client, program } = await member(t)
    assert.deepEqual(await changesSince(program, 0), { version: 0, full: false, items: [] })
    const kept = itemIn(await program.post('/lists/first/items', { name: 'Arroz', id: randomUUID() }))
    const gone = itemIn(await program.post('/lists/first/items', { name: 'Massa', id: randomUUID() }))
    const plain = itemIn(await program.post('/lists/first/items', { name: 'Grão' }))
    const { version, full } = await changesSince(program, 0)
    assert.equal(version, plain.version)
    assert.equal(typeof full, 'boolean')
    assert.deepEqual(await changesSince(program, version), { version, full: false, items: [] })

    await program.patch(`/lists/first/items/${kept.id}`, { done: true }, anyVersion)
    await program.delete(`/lists/first/items/${gone.id}`)
    await client.post('/apagar_artigo', { id: plain.id })
    const short = itemIn(await program.post('/lists/first/items', { name: 'Sopa', id: randomUUID() }))
    await program.delete(`/lists/first/items/${short.id}`)
    const since = await changesSince(program, version)
    assert.equal(since.full, false)
    assert.equal(since.version, version + 5)
    const byId = new Map(since.items.map(item => [item.id, item]))
    assert.equal(byId.get(kept.id)?.done, true)
    for (const { id } of [gone, plain, short]) assert.deepEqual(byId.get(id), { id, removed: true })
    assert.equal(byId.size, 4)

    const all = { version: since.version, full: true, items: await items(program) }
    assert.deepEqual(await changesSince(program, since.version + 1), all, 'from the future')
    assert.deepEqual(await changesSince(program, 2 ** 52), all)
    assert.deepEqual((await program.get('/lists/first/changes')).json(), all, 'without a version')
    for (const wrong of ['-1', 'x', '1.5', '', '1e3', '0x1', 'NaN', '1&since=2']) {
      const { errors } = assertProblem(await program.get(`/lists/first/changes?since=${wrong}`), 400, 'invalid')
      assert.equal(errors?.[0]?.field, 'since', wrong)
    }
    // As after a year, when changes are pruned.
    const { lists } = (await program.get('/lists')).json() as { lists: ApiList[] }
    await site.database.query(`delete from changes where list_id = ${lists[0]?.id} and version <= ${version + 1}`)
    assert.equal((await changesSince(program, version)).full, true, 'too old')
    assert.equal((await changesSince(program, version + 1)).full, false)
  })

  test('a program that follows the changes has at each moment what the list has', async t => {
    const { program } = await member(t)
    const own = new Map<string, ApiItem>()
    let version = 0
    const follow = async () => {
      const changes = await changesSince(program, version)
      if (changes.full) own.clear()
      for (const item of changes.items) {
        if (item.removed) own.delete(item.id)
        else own.set(item.id, item)
      }
      version = changes.version
      const byId = (a: ApiItem, b: ApiItem) => a.id.localeCompare(b.id)
      assert.deepEqual([...own.values()].sort(byId), (await items(program)).sort(byId))
    }
    const done: number[] = []
    for (let step = 0; step < 30; step++) {
      const ids = [...own.keys()]
      const id = ids[(step * 7) % Math.max(1, ids.length)]
      const kind = step % 6
      if (kind < 2 || id === undefined)
        await program.post('/lists/first/items', { name: `Coisa ${step}`, ...(kind ? { id: randomUUID() } : {}) })
      else if (kind === 2)
        await program.patch(`/lists/first/items/${id}`, { done: step % 4 === 0, note: `${step}` }, anyVersion)
      else if (kind === 3) await program.post(`/lists/first/items/${id}/adjust`, { by: 1 })
      else if (kind === 4) {
        const removed = (await program.delete(`/lists/first/items/${id}`)).json() as { version: number }
        done.push(removed.version)
      } else if (done.length > 0) await program.post(`/lists/first/changes/${done.pop()}/undo`)
      if (step % 3 === 0) await follow()
    }
    await follow()
  })

  test('has the history of a list, and takes changes back', async t => {
    const { client, program } = await member(t)
    const item = itemIn(await program.post('/lists/first/items', { name: 'Azeite', quantity: 1, id: randomUUID() }))
    const path = `/lists/first/items/${item.id}`
    const set = itemIn(await program.patch(path, { quantity: 3 }, anyVersion))
    const removed = (await program.delete(path)).json() as { version: number }
    const undone = await program.post(`/lists/first/changes/${removed.version}/undo`)
    assert.equal(undone.status, 200)
    assert.deepEqual([itemIn(await program.get(path)).quantity, itemIn(await program.get(path)).id], [3, item.id])
    const { changes, next } = (await program.get('/lists/first/history')).json() as {
      changes: {
        version: number
        kind: string
        who: string
        undoneBy: number | null
        undoes?: number
        canUndo: boolean
        items: { id: string; before: unknown; after: unknown }[]
      }[]
      next: string | null
    }
    assert.equal(next, null)
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      ['undo', 'remove', 'edit', 'add']
    )
    assert.ok(changes.every(({ who }) => who === client.account.name))
    assert.equal(changes[0]?.undoes, removed.version)
    assert.equal(changes[1]?.undoneBy, changes[0]?.version)
    assert.deepEqual(changes[2]?.items, [{ id: item.id, before: { quantity: 1 }, after: { quantity: 3 } }])
    assert.equal(changes[3]?.items[0]?.before, null)

    assertProblem(await program.post(`/lists/first/changes/${removed.version}/undo`), 409, 'undone')
    for (const version of ['9999', '0', '-1', 'x', '1.5']) {
      assertProblem(await program.post(`/lists/first/changes/${version}/undo`), 404, 'not_found')
    }
    await program.patch(path, { quantity: 5 }, anyVersion)
    assertProblem(await program.post(`/lists/first/changes/${set.version}/undo`), 409, 'overtaken')
    await site.database.query(
      `update changes set at = ${Date.now() - 31 * 86_400_000} where version = ${set.version} and account_id = (select id_cliente from clientes where email = '${client.account.email}')`
    )
    assertProblem(await program.post(`/lists/first/changes/${set.version}/undo`), 409, 'too_old')

    const page = (await program.get('/lists/first/history?limit=2')).json() as {
      changes: { version: number }[]
      next: string
    }
    const rest = (await program.get(page.next.replace('/api/v1', ''))).json() as { changes: { version: number }[] }
    assert.deepEqual(
      [...page.changes, ...rest.changes].map(({ version }) => version),
      [5, 4, 3, 2]
    )
  })

  test('goes back to a version as one change, which can be taken back itself', async t => {
    const { program } = await member(t)
    const kept = itemIn(await program.post('/lists/first/items', { name: 'Arroz', quantity: 2, id: randomUUID() }))
    const path = `/lists/first/items/${kept.id}`
    await program.patch(path, { quantity: 5, done: true }, anyVersion)
    await program.post('/lists/first/items', { name: 'Massa' })
    await program.delete(path)
    const back = (body: unknown, key: string = randomUUID()) =>
      program.post('/lists/first/undo', body, { headers: { 'idempotency-key': key } })
    const key = randomUUID()
    const reply = await back({ since: kept.version }, key)
    assert.equal(reply.status, 200, reply.text)
    const { version } = reply.json() as { version: number }
    assert.deepEqual(await items(program), [{ ...kept, version }])
    await program.post('/lists/first/items', { name: 'Sal' })
    const again = await back({ since: kept.version }, key)
    assert.deepEqual([again.json(), again.headers['idempotency-replayed']], [reply.json(), 'true'])
    assertProblem(await back({ since: 0 }, key), 422, 'key_reused')
    assert.equal((await back({ since: version })).status, 200)
    assert.equal((await program.post(`/lists/first/changes/${version}/undo`)).status, 200)
    assert.deepEqual(
      (await items(program)).map(({ name }) => name),
      ['Massa']
    )

    const { version: now } = listIn(await program.get('/lists/first'))
    for (const since of [now, now + 1, 2 ** 52]) assertProblem(await back({ since }), 409, 'nothing_to_undo')
    for (const body of [
      {},
      { since: -1 },
      { since: '1' },
      { since: 1.5 },
      { since: null },
      { since: 1, more: 1 },
      []
    ]) {
      assertProblem(await back(body), 400, 'invalid')
    }
    assertProblem(await program.post('/lists/404/undo', { since: 0 }), 404, 'not_found')
    assertProblem(await program.get('/lists/404/history'), 404, 'not_found')
    assertProblem(await program.get('/lists/404/changes'), 404, 'not_found')
    await site.database.query(
      `update changes set at = ${Date.now() - 31 * 86_400_000} where account_id = (select owner_id from lists where id = ${(reply.json() as { list: string }).list})`
    )
    assertProblem(await back({ since: 0 }), 409, 'too_old')
    assert.equal(listIn(await program.get('/lists/first')).version, now)
  })

  test('a body where none is wanted is refused, unless it says nothing', async t => {
    const { program } = await member(t)
    const item = itemIn(await program.post('/lists/first/items', { name: 'Arroz' }))
    const list = listIn(await program.post('/lists', { name: 'Festa' }))
    const gone = listIn(await program.post('/lists', { name: 'Antiga' }))
    await program.delete(`/lists/${gone.id}`, anyVersion)
    for (const [method, path] of [
      ['POST', `/lists/first/changes/${item.version}/undo`],
      ['DELETE', `/lists/first/items/${item.id}`],
      ['DELETE', `/lists/${list.id}`],
      ['POST', `/lists/${gone.id}/restore`]
    ] as const) {
      for (const [body, fields] of [
        [{ force: true }, ['force']],
        [{ a: 1, b: null }, ['a', 'b']],
        [[], ['body']],
        ['text', ['body']],
        [7, ['body']],
        [null, ['body']]
      ] as const) {
        const refused = await program.call(method, path, { body, ...anyVersion })
        const { errors } = assertProblem(refused, 400, 'invalid')
        assert.deepEqual(
          errors?.map(({ field }) => field),
          fields,
          `${method} ${path} ${JSON.stringify(body)}`
        )
      }
      const sent = { raw: '{', headers: { 'if-match': '*', 'content-type': 'application/json' } }
      assertProblem(await program.call(method, path, sent), 400, 'bad_json')
    }
    assert.equal((await items(program)).length, 1)
    assert.equal((await program.call('DELETE', `/lists/first/items/${item.id}`, { body: {} })).status, 200)
    assert.equal((await program.post(`/lists/first/changes/${item.version + 1}/undo`, {})).status, 200)
  })

  allSeen()
})
