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
  namesOf,
  type Reply
} from '../helper.ts'

forEachEngine('the API of items', engine => {
  const { site, member, items, allSeen } = apiSite(engine, 'items')

  test('an item is added under an id of the program’s choice, found, set, ticked off and removed', async t => {
    const { client, program } = await member(t)
    const id = randomUUID()
    const added = await program.post('/lists/first/items', {
      id,
      name: ' Laranjas ',
      quantity: 1.5,
      unit: 'quilos',
      shop: 'Praça',
      note: 'doces'
    })
    assert.equal(added.status, 201)
    assert.equal(added.headers.location, `/api/v1/lists/first/items/${id}`)
    const item = itemIn(added)
    assert.deepEqual(item, {
      id,
      name: 'Laranjas',
      quantity: 1.5,
      unit: 'kg',
      shop: 'Praça',
      note: 'doces',
      done: false,
      doneAt: null,
      pictures: [],
      version: item.version
    })
    assert.equal(added.headers.etag, `"${item.version}"`)
    const [shown] = await client.items()
    assert.deepEqual([shown?.tipo, shown?.quantidade], ['Laranjas', 2], 'the guide’s column is filled')

    const got = await program.get(`/lists/first/items/${id}`)
    assert.deepEqual([itemIn(got), got.headers.etag], [item, added.headers.etag])
    const known = await program.get(`/lists/first/items/${id}`, {
      headers: { 'if-none-match': String(got.headers.etag) }
    })
    assert.equal(known.status, 304)

    const set = await program.patch(
      `/lists/first/items/${id}`,
      { quantity: 0.25, note: '' },
      { headers: { 'if-match': String(got.headers.etag) } }
    )
    assert.deepEqual([itemIn(set).quantity, itemIn(set).note, itemIn(set).name], [0.25, '', 'Laranjas'])
    const ticked = itemIn(await program.patch(`/lists/first/items/${id}`, { done: true }, anyVersion))
    assert.ok(ticked.done && Math.abs(Date.parse(ticked.doneAt ?? '') - Date.now()) < 10 * 60_000)
    const again = itemIn(await program.patch(`/lists/first/items/${id}`, { done: true }, anyVersion))
    assert.equal(again.doneAt, ticked.doneAt, 'a state, not a toggle')
    assert.equal(itemIn(await program.patch(`/lists/first/items/${id}`, { done: false }, anyVersion)).doneAt, null)

    const removed = await program.delete(`/lists/first/items/${id}`)
    assert.equal(removed.status, 200)
    assertProblem(await program.get(`/lists/first/items/${id}`), 404, 'not_found')
    assertProblem(await program.delete(`/lists/first/items/${id}`), 404, 'not_found')
    assertProblem(await program.patch(`/lists/first/items/${id}`, { done: true }, anyVersion), 404, 'not_found')
  })

  test('what pages added has an id, too, and what programs add is on the page', async t => {
    const { client, program } = await member(t)
    await client.addItem({ tipo: 'Pão', local: 'Padaria', quantidade: 2 })
    const [bread] = await items(program)
    assert.deepEqual([bread?.name, bread?.quantity, bread?.shop], ['Pão', 2, 'Padaria'])
    assert.equal(itemIn(await program.get(`/lists/first/items/${bread?.id}`)).name, 'Pão')
    const own = itemIn(await program.post('/lists/first/items', { name: 'Leite' }))
    assert.deepEqual([own.quantity, own.unit, own.shop, own.note], [1, '', '', ''])
    assert.equal(itemIn(await program.get(`/lists/first/items/${own.id}`)).name, 'Leite')
    assert.deepEqual(
      (await client.items()).map(({ tipo }) => tipo),
      ['Leite', 'Pão']
    )
  })

  test('two programs that both add one make two more', async t => {
    const { program } = await member(t)
    const { id } = itemIn(await program.post('/lists/first/items', { name: 'Maçãs', quantity: 1, unit: 'kg' }))
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => program.post(`/lists/first/items/${id}/adjust`, { by: 0.25 }))
    )
    for (const reply of replies) assert.equal(reply.status, 200, reply.text)
    assert.equal(itemIn(await program.get(`/lists/first/items/${id}`)).quantity, 3)
    for (const by of [-3, -9999, 9999]) {
      const { errors } = assertProblem(await program.post(`/lists/first/items/${id}/adjust`, { by }), 400, 'invalid')
      assert.equal(errors?.[0]?.field, 'by')
    }
    for (const by of [0, 0.0001, 'one', null, 10_000]) {
      assertProblem(await program.post(`/lists/first/items/${id}/adjust`, { by }), 400, 'invalid')
    }
    assertProblem(await program.post('/lists/first/items/404/adjust', { by: 1 }), 404, 'not_found')
  })

  test('two items of a list do not have one id', async t => {
    const { program } = await member(t)
    const id = randomUUID()
    await program.post('/lists/first/items', { name: 'Um', id })
    assertProblem(await program.post('/lists/first/items', { name: 'Dois', id }), 409, 'id_taken')
    assert.deepEqual(namesOf(await items(program)), ['Um'])
    const upper = await program.post('/lists/first/items', { name: 'Três', id: id.toUpperCase() })
    assert.equal(upper.status, /[a-f]/.test(id) ? 201 : 409)
  })

  test('names each field that will not do, and nothing is stored', async t => {
    const { program } = await member(t)
    const good = { name: 'Sal' }
    for (const [body, fields] of [
      [{}, ['name']],
      [{ name: '' }, ['name']],
      [{ name: '  ' }, ['name']],
      [{ name: '\u200b' }, ['name']],
      [{ name: 'a\nb' }, ['name']],
      [{ name: 'x'.repeat(141) }, ['name']],
      [{ name: 7 }, ['name']],
      [{ name: null }, ['name']],
      [{ name: ['Sal'] }, ['name']],
      [{ ...good, quantity: 0 }, ['quantity']],
      [{ ...good, quantity: -1 }, ['quantity']],
      [{ ...good, quantity: 9999.001 }, ['quantity']],
      [{ ...good, quantity: 10_000 }, ['quantity']],
      [{ ...good, quantity: 1.0001 }, ['quantity']],
      [{ ...good, quantity: 0.0004 }, ['quantity']],
      [{ ...good, quantity: '2' }, ['quantity']],
      [{ ...good, quantity: true }, ['quantity']],
      [{ ...good, unit: 'x'.repeat(13) }, ['unit']],
      [{ ...good, unit: '<b>' }, ['unit']],
      [{ ...good, unit: 1 }, ['unit']],
      [{ ...good, shop: 'x'.repeat(141) }, ['shop']],
      [{ ...good, shop: 'a\u0000' }, ['shop']],
      [{ ...good, note: 'x'.repeat(501) }, ['note']],
      [{ ...good, note: 'a\u0007' }, ['note']],
      [{ ...good, id: '17' }, ['id']],
      [{ ...good, id: '' }, ['id']],
      [{ ...good, id: 'a b' }, ['id']],
      [{ ...good, id: 'x'.repeat(44) }, ['id']],
      [{ ...good, id: 17 }, ['id']],
      [{ ...good, done: true }, ['done']],
      [{ ...good, colour: 'red', size: 1 }, ['colour', 'size']],
      [{ quantity: 0, note: 1, colour: 1 }, ['name', 'quantity', 'note', 'colour']],
      [{ name: ' ', unit: '!' }, ['name', 'unit']]
    ] as const) {
      const { errors } = assertProblem(await program.post('/lists/first/items', body), 400, 'invalid')
      assert.deepEqual(new Set(errors?.map(({ field }) => field)), new Set(fields), JSON.stringify(body))
      for (const error of errors ?? []) {
        assert.deepEqual([error.in, error.pointer], ['body', `/${error.field}`])
        assert.ok(error.detail.length > 5)
      }
    }
    for (const body of [[], null, 'Sal', 7, [good]]) {
      assertProblem(await program.post('/lists/first/items', body), 400, 'invalid')
    }
    assertProblem(await program.post('/lists/first/items', undefined), 400, 'invalid')
    const { id } = itemIn(await program.post('/lists/first/items', good))
    for (const body of [{}, { done: 'true' }, { done: null }, { name: '' }, { id: 'other' }, { quantity: 0 }]) {
      assertProblem(await program.patch(`/lists/first/items/${id}`, body, anyVersion), 400, 'invalid')
    }
    const saysOf = async (body: object) =>
      assertProblem(await program.patch(`/lists/first/items/${id}`, body, anyVersion), 400, 'invalid').errors?.[0]
        ?.detail
    assert.equal(await saysOf({ quantity: 0 }), 'It has to be more than 0.')
    assert.equal(await saysOf({}), 'There is nothing to change here: name at least one field.')
    for (const body of [
      {},
      { name: '' },
      { name: ' ' },
      { name: 'x'.repeat(81) },
      { name: 'a\nb' },
      { name: 1 },
      { name: 'a', more: 1 }
    ]) {
      assertProblem(await program.post('/lists', body), 400, 'invalid')
      assertProblem(await program.patch('/lists/first', body, anyVersion), 400, 'invalid')
    }
    assert.deepEqual(namesOf(await items(program)), ['Sal'])
    assert.equal(((await program.get('/lists')).json() as { lists: ApiList[] }).lists.length, 1)
  })

  test('a body that is no JSON, has a member twice, is too large, of another type or not UTF-8 is refused', async t => {
    const { program } = await member(t)
    const send = (raw: string | Buffer, headers: Record<string, string> = {}) =>
      program.call('POST', '/lists/first/items', { raw, headers: { 'content-type': 'application/json', ...headers } })
    for (const raw of [
      '{',
      '{"name":"a",}',
      "{'name':'a'}",
      'name=a',
      '{"name":"a"} {}',
      '\u0000',
      'undefined',
      '{"name":NaN}',
      '{"__proto__":{},"name":"a"}'
    ]) {
      assertProblem(await send(raw), 400, 'bad_json')
    }
    for (const [raw, field, pointer] of [
      ['{"name":"a","name":"b"}', 'name', '/name'],
      ['{"name":"a","n\\u0061me":"b"}', 'name', '/name'],
      ['{"name":"a","x":[1,{"y":1,"y":2}]}', 'y', '/x/1/y'],
      ['{"name":"{\\"a\\":1}","note":":","note":""}', 'note', '/note']
    ] as const) {
      const { errors } = assertProblem(await send(raw), 400, 'invalid')
      assert.deepEqual([errors?.[0]?.field, errors?.[0]?.pointer], [field, pointer])
    }
    const long = (bytes: number) =>
      JSON.stringify({ name: 'a', note: '' }).replace('"note":""', `"note":"${'x'.repeat(bytes)}"`)
    assertProblem(await send(long(64 * 1024)), 413, 'too_large')
    assertProblem(await send(long(63 * 1024)), 400, 'invalid')
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      'nonsense'
    ]) {
      assertProblem(await send('{"name":"a"}', { 'content-type': type }), 415, 'unsupported_media_type')
    }
    for (const coding of ['gzip', 'br']) {
      assertProblem(await send('{"name":"a"}', { 'content-encoding': coding }), 415, 'unsupported_media_type')
    }
    assertProblem(await send(Buffer.from([0x7b, 0xff, 0x7d])), 400, 'not_utf8')
    assertProblem(await send(Buffer.from('{"name":"pão"}', 'latin1')), 400, 'not_utf8')
    assertProblem(await send('{"name":"a"}', { 'content-type': 'application/json; charset=latin1' }), 400, 'not_utf8')
    assertProblem(await send('{"name":"\\ud83e"}'), 400, 'invalid')
    assert.deepEqual(await items(program), [])
    const merged = await program.call('POST', '/lists/first/items', {
      raw: '{"name":"Ação 🍊"}',
      headers: { 'content-type': 'application/merge-patch+json; charset=UTF-8' }
    })
    assert.equal(itemIn(merged).name, 'Ação 🍊')
  })

  test('a long list comes page after page, each item once', async t => {
    const { client, program } = await member(t)
    const [row] = await site.database.query(`select id_cliente from clientes where email = '${client.account.email}'`)
    const values = Array.from({ length: 620 }, (_, n) => `(${row?.id_cliente}, 'artigo ${n}', 1, 'loja')`)
    await site.database.query(`insert into compras (id_cliente, tipo, quantidade, local) values ${values.join(', ')}`)
    const names: string[] = []
    let path: string | null = '/lists/first/items?limit=250'
    let pages = 0
    while (path !== null) {
      const reply: Reply = await program.get(path)
      const page = reply.json() as { items: ApiItem[]; next: string | null }
      names.push(...namesOf(page.items))
      if (page.next === null) assert.equal(reply.headers.link, undefined)
      else assert.equal(reply.headers.link, `<${page.next}>; rel="next"`)
      path = page.next?.replace('/api/v1', '') ?? null
      pages++
    }
    assert.equal(pages, 3)
    const { etag = '' } = (await program.get('/lists/first/items?limit=1')).headers
    const same = await program.get('/lists/first/items?limit=1', { headers: { 'if-none-match': etag } })
    assert.equal(same.status, 304)
    assert.deepEqual(
      names,
      Array.from({ length: 620 }, (_, n) => `artigo ${619 - n}`)
    )
  })

  test('an item that is not as it was seen is not overwritten: 428 without a word, 412 with the present state', async t => {
    const { program } = await member(t)
    const item = itemIn(await program.post('/lists/first/items', { name: 'Queijo', quantity: 1 }))
    const path = `/lists/first/items/${item.id}`
    assertProblem(await program.patch(path, { quantity: 2 }), 428, 'precondition_required')
    await program.patch(path, { quantity: 3 }, { headers: { 'if-match': `"${item.version}"` } })
    for (const etag of [`"${item.version}"`, '"0"', '"another"', 'W/"1"', '', '"1", "2"', item.version.toString()]) {
      const refused = await program.patch(path, { quantity: 9 }, { headers: { 'if-match': etag } })
      const { current } = assertProblem(refused, 412, 'precondition_failed')
      assert.deepEqual([current?.quantity, current?.id], [3, item.id], etag)
      assert.equal(refused.headers.etag, `"${current?.version}"`)
      assertProblem(await program.delete(path, { headers: { 'if-match': etag } }), 412, 'precondition_failed')
    }
    assert.equal(itemIn(await program.get(path)).quantity, 3)
  })

  test('a list that is not there has no items, and takes none', async t => {
    const { program } = await member(t)
    for (const list of ['404', '0x1', 'none']) {
      assertProblem(await program.get(`/lists/${list}/items`), 404, 'not_found')
      assertProblem(await program.post(`/lists/${list}/items`, { name: 'x' }), 404, 'not_found')
    }
  })

  test('what is added may become more of what is there, and the answer says so', async t => {
    const { program } = await member(t)
    const milk = itemIn(
      await program.post('/lists/first/items', { name: 'Leite', quantity: 2, unit: 'l', shop: 'Lidl' })
    )
    assert.equal(milk.merged, undefined)
    await program.patch(`/lists/first/items/${milk.id}`, { done: true }, anyVersion)
    const add = (body: object, key = randomUUID()) =>
      program.post(
        '/lists/first/items',
        { name: 'leite', unit: 'L', merge: true, ...body },
        { headers: { 'idempotency-key': key } }
      )
    const ticked = await add({ quantity: 1 })
    assert.deepEqual([ticked.status, itemIn(ticked).merged, itemIn(ticked).quantity], [200, true, 1], 'a new trip')
    const key = randomUUID()
    const more = await add({ quantity: 0.5, id: randomUUID() }, key)
    const { merged, quantity, done, id, name, shop, version } = itemIn(more)
    assert.deepEqual(
      [more.status, merged, quantity, done, id, name, shop],
      [200, true, 1.5, false, milk.id, 'Leite', 'Lidl']
    )
    assert.deepEqual([more.headers.etag, more.headers.location], [`"${version}"`, `/api/v1/lists/first/items/${id}`])
    const elsewhere = await add({ shop: 'Aldi' })
    assert.deepEqual([elsewhere.status, itemIn(elsewhere).merged], [201, false])
    const plain = await add({ shop: 'Lidl', merge: false })
    assert.deepEqual([plain.status, itemIn(plain).merged], [201, undefined])
    assertProblem(await add({ quantity: 9999 }), 409, 'out_of_bounds')
    assertProblem(await add({ merge: 'yes' }), 400, 'invalid')
    await program.delete(`/lists/first/items/${milk.id}`)
    const again = await add({ quantity: 0.5, id: undefined }, key)
    assertProblem(again, 422, 'key_reused')
    assert.equal((await items(program)).length, 2)
  })

  allSeen()
})
