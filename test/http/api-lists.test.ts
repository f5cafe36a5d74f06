import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import {
  type ApiList,
  anyVersion,
  apiSite,
  assertProblem,
  forEachEngine,
  itemIn,
  listIn,
  namesOf,
  Program,
  tokenFor
} from '../helper.ts'

forEachEngine('the API of lists', engine => {
  const { site, member, items, countOf, allSeen } = apiSite(engine, 'lists')

  test('lists are made, renamed, put away, taken back, removed and restored', async t => {
    const { program } = await member(t)
    const made = await program.post('/lists', { name: ' Festa ' })
    const list = listIn(made)
    assert.deepEqual(
      [list.name, list.isFirst, list.isTemplate, list.putAwayAt, list.open, list.done],
      ['Festa', false, false, null, 0, 0]
    )
    assert.equal(made.headers.location, `/api/v1/lists/${list.id}`)
    assert.equal(made.headers.etag, `"${list.version}"`)
    const path = `/lists/${list.id}`
    assert.deepEqual(listIn(await program.get(path)), list)
    assert.equal((await program.get(path, { headers: { 'if-none-match': `W/${made.headers.etag}, "x"` } })).status, 304)
    assert.equal(listIn(await program.patch(path, { name: 'Anos' }, anyVersion)).name, 'Anos')
    assert.equal(listIn(await program.patch(path, { isTemplate: true }, anyVersion)).isTemplate, true)
    assert.ok(listIn(await program.patch(path, { isPutAway: true }, anyVersion)).putAwayAt)
    assert.equal(listIn(await program.patch(path, { isPutAway: false }, anyVersion)).putAwayAt, null)
    assertProblem(await program.patch(path, { isPutAway: false, name: 'x' }, anyVersion), 400, 'invalid')
    await program.post(`${path}/items`, { name: 'Bolo' })
    const { lists } = (await program.get('/lists')).json() as { lists: ApiList[] }
    assert.deepEqual(
      lists.map(({ isFirst, name, open }) => [isFirst, name, open]),
      [
        [true, '', 0],
        [false, 'Anos', 1]
      ]
    )

    assert.equal((await program.delete(path, anyVersion)).status, 200)
    assertProblem(await program.get(path), 404, 'not_found')
    assertProblem(await program.post(`${path}/items`, { name: 'x' }), 404, 'not_found')
    const removed = (await program.get('/removed-lists')).json() as { lists: { id: string; removedAt: string }[] }
    assert.deepEqual(
      removed.lists.map(({ id }) => id),
      [list.id]
    )
    assert.equal(listIn(await program.post(`${path}/restore`)).open, 1)
    assert.deepEqual(namesOf(await items(program, list.id)), ['Bolo'])
    assertProblem(await program.post(`${path}/restore`), 404, 'not_found')
    assertProblem(await program.patch('/lists/first', { isPutAway: true }, anyVersion), 409, 'first_list')
    assertProblem(await program.delete('/lists/first', anyVersion), 409, 'first_list')
    assert.equal(listIn(await program.patch('/lists/first', { name: 'Casa' }, anyVersion)).name, 'Casa')
  })

  test('another’s lists, items and changes are not there, in any route, and nothing changes', async t => {
    const owner = await member(t)
    const stranger = await member(t)
    const list = listIn(await owner.program.post('/lists', { name: 'Segredo' }))
    const item = itemIn(await owner.program.post(`/lists/${list.id}/items`, { name: 'Prenda', id: randomUUID() }))
    const plain = itemIn(await owner.program.post(`/lists/${list.id}/items`, { name: 'Bolo' }))
    const first = itemIn(await owner.program.post('/lists/first/items', { name: 'Vela' }))
    const firstId = ((await owner.program.get('/lists')).json() as { lists: ApiList[] }).lists.find(
      it => it.isFirst
    )?.id
    const gone = listIn(await owner.program.post('/lists', { name: 'Antiga' }))
    await owner.program.delete(`/lists/${gone.id}`, anyVersion)
    const before = await countOf('changes')
    for (const id of [list.id, firstId, '2147483647', '99999999999', '-1', 'abc', '1.5', '%00', 'First']) {
      const path = `/lists/${id}`
      for (const [method, rest, body] of [
        ['GET', ''],
        ['GET', '/items'],
        ['GET', `/items/${item.id}`],
        ['GET', `/items/${plain.id}`],
        ['GET', '/changes?since=0'],
        ['GET', '/history'],
        ['PATCH', '', { name: 'x' }],
        ['PATCH', '', { isPutAway: true }],
        ['DELETE', ''],
        ['POST', '/items', { name: 'x' }],
        ['POST', '/items', { name: 'x', id: randomUUID() }],
        ['PATCH', `/items/${item.id}`, { done: true }],
        ['PATCH', `/items/${plain.id}`, { done: true }],
        ['POST', `/items/${plain.id}/adjust`, { by: 1 }],
        ['DELETE', `/items/${item.id}`],
        ['DELETE', `/items/${plain.id}`],
        ['POST', `/changes/${list.version}/undo`],
        ['POST', '/restore']
      ] as const) {
        const reply = await stranger.program.call(method, path + rest, { body, headers: { 'if-match': '*' } })
        assertProblem(reply, 404, 'not_found')
      }
    }
    for (const id of [item.id, plain.id, first.id]) {
      assertProblem(await stranger.program.get(`/lists/first/items/${id}`), 404, 'not_found')
      assertProblem(await stranger.program.delete(`/lists/first/items/${id}`), 404, 'not_found')
      assertProblem(
        await stranger.program.patch(`/lists/first/items/${id}`, { done: true }, anyVersion),
        404,
        'not_found'
      )
    }
    assertProblem(await stranger.program.post(`/lists/${gone.id}/restore`), 404, 'not_found')
    assert.equal(await countOf('changes'), before)
    assert.equal((await items(owner.program, list.id)).length, 2)
  })

  test('a token that may only read changes nothing', async t => {
    const { client, program } = await member(t)
    const { id } = itemIn(await program.post('/lists/first/items', { name: 'Chá' }))
    const reader = new Program(site.server, await tokenFor(site, client.account.email, 'read'))
    const before = await countOf('changes')
    for (const [method, path, body] of [
      ['POST', '/lists', { name: 'x' }],
      ['POST', '/lists/first/items', { name: 'x' }],
      ['PATCH', `/lists/first/items/${id}`, { done: true }],
      ['DELETE', `/lists/first/items/${id}`],
      ['POST', '/lists/first/changes/1/undo']
    ] as const) {
      const reply = await reader.call(method, path, { body, headers: { 'if-match': '*' } })
      assertProblem(reply, 403, 'wrong_scope')
      assert.match(reply.headers['www-authenticate'] ?? '', /insufficient_scope.*scope="write"/)
    }
    assert.equal(await countOf('changes'), before)
    assert.equal((await items(reader)).length, 1)
  })

  test('a list that is not as it was seen is not overwritten: 428 without a word, 412 with the present state', async t => {
    const { program } = await member(t)
    const list = listIn(await program.post('/lists', { name: 'Praia' }))
    assertProblem(await program.patch(`/lists/${list.id}`, { name: 'Mar' }), 428, 'precondition_required')
    assertProblem(await program.delete(`/lists/${list.id}`), 428, 'precondition_required')
    await program.post(`/lists/${list.id}/items`, { name: 'Toalha' })
    const seen = { headers: { 'if-match': `"${list.version}"` } }
    const { current } = assertProblem(await program.delete(`/lists/${list.id}`, seen), 412, 'precondition_failed')
    assert.deepEqual([current?.name, current?.open, current?.version], ['Praia', 1, list.version + 1])
    assertProblem(await program.patch(`/lists/${list.id}`, { name: 'Mar' }, seen), 412, 'precondition_failed')
    const now = { headers: { 'if-match': `"${current?.version}"` } }
    assert.equal(listIn(await program.patch(`/lists/${list.id}`, { name: 'Mar' }, now)).name, 'Mar')
  })

  allSeen()
})
