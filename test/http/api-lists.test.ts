import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import {
  assertProblem,
  documentOf,
  forEachEngine,
  Program,
  type Reply,
  type Scope,
  sharedSite,
  signedIn,
  startServer,
  tokenFor
} from '../helper.ts'

interface Item {
  id: string
  name: string
  quantity: number
  unit: string
  shop: string
  note: string
  done: boolean
  doneAt: string | null
  version: number
}
interface List {
  id: string
  name: string
  version: number
  isFirst: boolean
  isTemplate: boolean
  putAwayAt: string | null
  open: number
  done: number
}
interface Changes {
  version: number
  full: boolean
  items: (Item & { removed?: true })[]
}

const itemIn = (reply: Reply): Item => {
  assert.ok([200, 201].includes(reply.status), reply.text)
  return reply.json() as Item
}
const listIn = (reply: Reply): List => {
  assert.ok([200, 201].includes(reply.status), reply.text)
  return reply.json() as List
}
const anyVersion = { headers: { 'if-match': '*' } }
const namesOf = (items: { name: string }[]) => items.map(({ name }) => name)

forEachEngine('the API of lists', engine => {
  const site = sharedSite(engine, { API_LIMIT: '100000' })
  const seen = new Set<string>()

  const member = async (t: Scope, server = site.server) => {
    const client = await signedIn(t, server)
    const program = new Program(server, await tokenFor(site, client.account.email, 'write'))
    t.after(() => {
      for (const one of program.seen) seen.add(one)
    })
    return { client, program }
  }
  const items = async (program: Program, list = 'first') =>
    ((await program.get(`/lists/${list}/items`)).json() as { items: Item[] }).items
  const changesSince = async (program: Program, since: number, list = 'first') =>
    (await program.get(`/lists/${list}/changes?since=${since}`)).json() as Changes
  const countOf = async (table: string) =>
    Number((await site.database.query(`select count(*) as n from ${table}`))[0]?.n)

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
    assert.ok(ticked.done && Math.abs(Date.parse(ticked.doneAt ?? '') - Date.now()) < 60_000)
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

  test('a write without a key, or with no key, is refused; with the same key it is done once and answers the same', async t => {
    const { program } = await member(t)
    const body = { name: 'Ovos', quantity: 12 }
    for (const key of [undefined, '', ' ', 'two words', '"', '""', 'x'.repeat(201), 'chave é', 'a"b']) {
      const raw = Buffer.from(key ?? '', 'utf8').toString('latin1')
      const refused = await program.post('/lists/first/items', body, {
        headers: { 'idempotency-key': key === undefined ? undefined : raw }
      })
      assert.equal(refused.status, 400, String(key))
      assertProblem(refused, 400, key === undefined ? 'key_missing' : 'key_malformed')
    }
    assert.equal((await items(program)).length, 0)

    const list = listIn(await program.post('/lists', { name: 'Festa' }))
    const id = itemIn(await program.post('/lists/first/items', { ...body, id: randomUUID() })).id
    const steps: [string, string, unknown, unknown][] = [
      ['POST', '/lists/first/items', body, { ...body, quantity: 6 }],
      ['POST', '/lists/first/items', { ...body, id: randomUUID() }, { ...body, id: randomUUID() }],
      ['PATCH', `/lists/first/items/${id}`, { done: true }, { done: false }],
      ['POST', `/lists/first/items/${id}/adjust`, { by: 1 }, { by: 2 }],
      ['POST', '/lists', { name: 'Praia' }, { name: 'Campo' }],
      ['PATCH', `/lists/${list.id}`, { name: 'Festas' }, { name: 'Outra' }],
      ['DELETE', `/lists/first/items/${id}`, undefined, undefined],
      ['DELETE', `/lists/${list.id}`, undefined, undefined],
      ['POST', `/lists/${list.id}/restore`, undefined, undefined]
    ]
    for (const [method, path, one, other] of steps) {
      const key = `"${randomUUID()}"`
      const headers = { 'idempotency-key': key, ...(method === 'POST' ? {} : { 'if-match': '*' }) }
      const first = await program.call(method, path, { body: one, headers })
      assert.ok(first.status < 300, `${method} ${path}: ${first.text}`)
      assert.equal(first.headers['idempotency-replayed'], undefined)
      const before = await countOf('changes')
      const [again, once] = await Promise.all([1, 2].map(() => program.call(method, path, { body: one, headers })))
      for (const repeated of [again, once]) {
        assert.equal(repeated?.status, first.status, `${method} ${path}: ${repeated?.text}`)
        assert.deepEqual(repeated?.json(), first.json())
        assert.equal(repeated?.headers['idempotency-replayed'], 'true')
      }
      if (other !== undefined) {
        assertProblem(await program.call(method, path, { body: other, headers }), 422, 'key_reused')
      }
      assertProblem(await program.post('/lists/first/items', { name: 'Outra coisa' }, { headers }), 422, 'key_reused')
      assert.equal(await countOf('changes'), before, `${method} ${path} did more`)
    }
  })

  test('the same request at the same moment is one, through another server as well', async t => {
    const { client, program } = await member(t)
    const other = await startServer(t, { ...site.database.env, API_LIMIT: '100000' })
    const elsewhere = new Program(engine === 'sqlite' ? site.server : other, program.token)
    for (let round = 0; round < 10; round++) {
      const headers = { 'idempotency-key': randomUUID() }
      const replies = await Promise.all(
        [program, elsewhere, program, elsewhere].map(one =>
          one.post('/lists/first/items', { name: `Pera ${round}` }, { headers })
        )
      )
      const [first] = replies
      for (const reply of replies) {
        assert.equal(reply.status, 201, reply.text)
        assert.deepEqual(reply.json(), first?.json())
      }
    }
    assert.equal((await client.items()).length, 10)
  })

  test('what is not as it was seen is not overwritten: 428 without a word, 412 with the present state', async t => {
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
    assert.equal(((await program.get('/lists')).json() as { lists: List[] }).lists.length, 1)
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

  test('another’s lists, items and changes are not there, in any route, and nothing changes', async t => {
    const owner = await member(t)
    const stranger = await member(t)
    const list = listIn(await owner.program.post('/lists', { name: 'Segredo' }))
    const item = itemIn(await owner.program.post(`/lists/${list.id}/items`, { name: 'Prenda', id: randomUUID() }))
    const plain = itemIn(await owner.program.post(`/lists/${list.id}/items`, { name: 'Bolo' }))
    const first = itemIn(await owner.program.post('/lists/first/items', { name: 'Vela' }))
    const firstId = ((await owner.program.get('/lists')).json() as { lists: List[] }).lists.find(it => it.isFirst)?.id
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
    const { lists } = (await program.get('/lists')).json() as { lists: List[] }
    await site.database.query(`delete from changes where list_id = ${lists[0]?.id} and version <= ${version + 1}`)
    assert.equal((await changesSince(program, version)).full, true, 'too old')
    assert.equal((await changesSince(program, version + 1)).full, false)
  })

  test('a program that follows the changes has at each moment what the list has', async t => {
    const { program } = await member(t)
    const own = new Map<string, Item>()
    let version = 0
    const follow = async () => {
      const changes = await changesSince(program, version)
      if (changes.full) own.clear()
      for (const item of changes.items) {
        if (item.removed) own.delete(item.id)
        else own.set(item.id, item)
      }
      version = changes.version
      const byId = (a: Item, b: Item) => a.id.localeCompare(b.id)
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
    const { lists } = (await program.get('/lists')).json() as { lists: List[] }
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

  test('two items of a list do not have one id', async t => {
    const { program } = await member(t)
    const id = randomUUID()
    await program.post('/lists/first/items', { name: 'Um', id })
    assertProblem(await program.post('/lists/first/items', { name: 'Dois', id }), 409, 'id_taken')
    assert.deepEqual(namesOf(await items(program)), ['Um'])
    const upper = await program.post('/lists/first/items', { name: 'Três', id: id.toUpperCase() })
    assert.equal(upper.status, /[a-f]/.test(id) ? 201 : 409)
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
      const page = reply.json() as { items: Item[]; next: string | null }
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

  test('each answer that the document promises of lists was seen here', async () => {
    const document = await documentOf(site.server.url)
    const operations = Object.values(document.paths).flatMap(methods => Object.values(methods))
    const missing = operations
      .filter(({ operationId }) => !['getAccount', 'listSuggestions'].includes(operationId))
      .flatMap(({ operationId, responses }) => Object.keys(responses).map(status => `${operationId} ${status}`))
      .filter(one => /(200|201|304|404|412|428)$/.test(one) && !seen.has(one) && one !== 'makeList 404')
    assert.deepEqual(missing, [])
  })
})
