import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { anyVersion, apiSite, assertProblem, forEachEngine, Program, type Reply, startServer } from '../helper.ts'

interface ShopOrder {
  version: number
  shops: string[]
  learns: boolean
}
interface ItemOrder {
  version: number
  shop: string
  items: string[]
}

const jsonIn = <T>(reply: Reply): T => {
  assert.equal(reply.status, 200, reply.text)
  return reply.json() as T
}
const keyed = (key: string, match = '*') => ({ headers: { 'idempotency-key': key, 'if-match': match } })
const put = (program: Program, path: string, body: unknown, call: object = anyVersion) => program.put(path, body, call)
const inShop = (shop: string) => `/shops/items?shop=${encodeURIComponent(shop)}`

forEachEngine('the order of shops by the API', engine => {
  const { site, member, countOf, allSeen } = apiSite(engine, 'shops')

  const shopsOf = async (program: Program) => jsonIn<ShopOrder>(await program.get('/shops')).shops
  const itemsIn = async (program: Program, shop: string) => jsonIn<ItemOrder>(await program.get(inShop(shop))).items
  const walk = async (program: Program) => {
    const { shops } = jsonIn<{ shops: { name: string; items: string[] }[] }>(await program.get('/lists/first/shops'))
    const { items } = jsonIn<{ items: { id: string; name: string }[] }>(await program.get('/lists/first/items'))
    return shops.map(shop => [shop.name, ...shop.items.map(id => items.find(item => item.id === id)?.name)])
  }
  const addTo = (program: Program, shop: string, ...names: string[]) =>
    program.post('/lists/first/add', { items: names.map(name => ({ name, shop })) })

  test('is set whole, read again, and what lists and pages show', async t => {
    const { client, program } = await member(t)
    assert.deepEqual(jsonIn(await program.get('/shops')), { version: 0, shops: [], learns: true })
    await addTo(program, 'Lidl', 'Leite', 'Alface', 'Ovos')
    await addTo(program, 'Aldi', 'Sal')
    await addTo(program, '', 'Vela')
    assert.deepEqual(await shopsOf(program), ['', 'Aldi', 'Lidl'])
    const reply = await put(program, '/shops', { shops: ['Padaria', 'LIDL', ''] })
    assert.deepEqual(jsonIn(reply), { version: 1, order: ['Padaria', 'LIDL', ''] })
    assert.equal(reply.headers.etag, '"1"')
    // Also the one where nothing is to buy yet; a shop keeps its first spelling.
    assert.deepEqual(await shopsOf(program), ['Padaria', 'Lidl', '', 'Aldi'])
    const inside = await put(program, inShop('lidl'), { items: ['ovos', 'Leite', 'Pão'] })
    assert.deepEqual(jsonIn(inside), { version: 1, order: ['ovos', 'Leite', 'Pão'] })
    assert.deepEqual(await itemsIn(program, 'LÍDL'), ['ovos', 'Leite', 'Pão', 'Alface'])
    await addTo(program, 'Padaria', 'Broa')
    const walked = [
      ['Padaria', 'Broa'],
      ['Lidl', 'Ovos', 'Leite', 'Alface'],
      ['', 'Vela'],
      ['Aldi', 'Sal']
    ]
    assert.deepEqual(await walk(program), walked)
    assert.deepEqual((await client.getJson('/lojas')).json(), {
      shops: ['Padaria', 'Lidl', '', 'Aldi'],
      learns: true
    })
    // What a page moves afterwards is one more version, and keeps the rest.
    await client.get('/lojas')
    await client.post('/lojas/mover', { shop: '', name: 'Aldi', before: 'Padaria' })
    assert.deepEqual(jsonIn(await program.get('/shops')), {
      version: 2,
      shops: ['Aldi', 'Padaria', 'Lidl', ''],
      learns: true
    })
    // Nothing: by their names again.
    await put(program, '/shops', { shops: [] })
    await put(program, inShop('Lidl'), { items: [] })
    assert.deepEqual(
      (await walk(program)).map(([name]) => name),
      ['', 'Aldi', 'Lidl', 'Padaria']
    )
    assert.deepEqual(await itemsIn(program, 'Lidl'), ['Alface', 'Leite', 'Ovos'])
  })

  test('carries a key: the same request is done once and answers the same, also after another one', async t => {
    const { client, program } = await member(t)
    for (const [path, one, other] of [
      ['/shops', { shops: ['Lidl', 'Aldi'] }, { shops: ['Aldi', 'Lidl'] }],
      [inShop('Lidl'), { items: ['Leite', 'Pão'] }, { items: ['Pão', 'Leite'] }]
    ] as const) {
      const key = keyed(randomUUID(), '"0"')
      const first = await put(program, path, one, key)
      assert.equal(first.status, 200, first.text)
      assert.equal(first.headers['idempotency-replayed'], undefined)
      const repeat = async () => {
        const again = await put(program, path, one, key)
        assert.deepEqual(
          [again.status, again.json(), again.headers.etag, again.headers['idempotency-replayed']],
          [200, first.json(), first.headers.etag, 'true']
        )
      }
      await repeat()
      assert.equal((await put(program, path, other)).status, 200)
      await repeat()
      assert.deepEqual((jsonIn(await program.get(path)) as { version: number }).version, 2)
      assertProblem(await put(program, path, other, key), 422, 'key_reused')
      // Nor is it another order's, or that of a change of a list.
      assertProblem(await put(program, inShop('Aldi'), { items: [] }, key), 422, 'key_reused')
      const used = keyed(randomUUID())
      await program.post('/lists/first/items', { name: 'Sal' }, used)
      assertProblem(await put(program, path, one, used), 422, 'key_reused')
    }
    // What a page writes in between does not make it forget.
    const key = randomUUID()
    const body = { shops: ['Talho', 'Lidl'] }
    const set = await put(program, '/shops', body, keyed(key))
    await client.get('/lojas')
    await client.post('/lojas/mover', { shop: '', name: 'Lidl', before: 'Talho' })
    const again = await put(program, '/shops', body, keyed(key))
    assert.deepEqual([again.json(), again.headers['idempotency-replayed']], [set.json(), 'true'])
    assert.deepEqual(
      (await shopsOf(program)).filter(name => name !== '').slice(0, 2),
      ['Lidl', 'Talho'],
      'what came later stays'
    )
  })

  test('is set only as it was seen, and where others set it at the same moment one of them is told', async t => {
    const { program } = await member(t)
    const secondServer = () => startServer(t, { ...site.database.env, API_LIMIT: '100000' })
    const elsewhere = engine === 'sqlite' ? program : new Program(await secondServer(), program.token)
    for (const [path, field, names] of [
      ['/shops', 'shops', ['Lidl', 'Aldi']],
      [inShop('Lidl'), 'items', ['Leite', 'Pão']]
    ] as const) {
      const headers = { 'if-match': undefined }
      assertProblem(await put(program, path, { [field]: names }, { headers }), 428, 'precondition_required')
      for (let round = 0; round < 5; round++) {
        const seen = round === 0 ? '"0"' : ((await program.get(path)).headers.etag as string)
        const replies = await Promise.all(
          [program, elsewhere, program, elsewhere].map((one, n) =>
            put(one, path, { [field]: [...names, `${round} ${n}`] }, { headers: { 'if-match': seen } })
          )
        )
        const done = replies.filter(({ status }) => status === 200)
        assert.equal(done.length, 1, replies.map(({ text }) => text).join())
        const now = await program.get(path)
        for (const reply of replies) {
          if (reply.status === 200) continue
          const { current } = assertProblem(reply, 412, 'precondition_failed')
          assert.deepEqual([current, reply.headers.etag], [now.json(), now.headers.etag])
        }
        assert.equal(now.headers.etag, done[0]?.headers.etag)
      }
      assertProblem(
        await put(program, path, { [field]: names }, { headers: { 'if-match': 'x' } }),
        412,
        'precondition_failed'
      )
    }
  })

  test('is answered with no more names than can be sent back, and no others', async t => {
    const sendBack = async (program: Program, path: string, field: 'shops' | 'items', most: number) => {
      const order = jsonIn<Record<string, string[]> & { version: number }>(await program.get(path))
      const names = order[field] ?? []
      assert.ok(names.length > 0 && names.length <= most, `${names.length}`)
      const body = JSON.stringify({ [field]: names })
      // As programs write it that escape all but ASCII.
      const escaped = body.replace(/[^ -~]/g, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
      const { headers } = anyVersion
      for (const raw of [body, escaped]) {
        const reply = await program.put(path, undefined, {
          raw: Buffer.from(raw),
          headers: { ...headers, 'content-type': 'application/json' }
        })
        assert.deepEqual((jsonIn(reply) as { order: string[] }).order, names)
      }
      assert.deepEqual(jsonIn<Record<string, string[]>>(await program.get(path))[field], names, 'and it is the order')
      return names.length
    }
    const add = async (program: Program, items: { name: string; shop: string }[]) => {
      for (let at = 0; at < items.length; at += 25) {
        const reply = await program.post('/lists/first/add', { items: items.slice(at, at + 25) })
        assert.equal(reply.status, 200, reply.text)
      }
    }
    const some = (count: number, nameOf: (n: number) => string, shopOf: (n: number) => string) =>
      Array.from({ length: count }, (_, n) => ({ name: nameOf(n), shop: shopOf(n) }))
    const long = (n: number) => `${n}`.padEnd(6, '.') + '🥛'.repeat(134)

    const many = await member(t)
    await add(
      many.program,
      some(
        310,
        n => `n${n}`,
        n => `Loja ${n}`
      )
    )
    await add(
      many.program,
      some(
        310,
        n => `m${n}`,
        () => 'Lidl'
      )
    )
    assert.equal(await sendBack(many.program, '/shops', 'shops', 300), 300)
    assert.equal(await sendBack(many.program, inShop('Lidl'), 'items', 300), 300)

    const wide = await member(t)
    await add(wide.program, some(60, long, long))
    await add(
      wide.program,
      some(60, long, () => 'Lidl')
    )
    await sendBack(wide.program, '/shops', 'shops', 59)
    await sendBack(wide.program, inShop('Lidl'), 'items', 59)

    // As rows of other applications may have it.
    const odd = await member(t)
    await add(
      odd.program,
      some(
        2,
        n => `n${n}`,
        n => `Loja ${n}`
      )
    )
    const account = `(select id_cliente from clientes where email = '${odd.client.account.email}')`
    await site.database.query(
      `insert into compras (id_cliente, tipo, quantidade, local) values (${account}, 'a\tb', 1, 'Loja 1'), (${account}, 'Sal', 1, 'c\td')`
    )
    assert.equal(await sendBack(odd.program, '/shops', 'shops', 2), 2)
    assert.equal(await sendBack(odd.program, inShop('Loja 1'), 'items', 1), 1)
  })

  test('is refused where it cannot be one, with the name that will not do', async t => {
    const { program } = await member(t)
    const before = await countOf('shop_orders')
    const many = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`)
    for (const [path, field, wrong] of [
      [
        '/shops',
        'shops',
        [
          [['Lidl', 'LÍDL'], ['/shops/1']],
          [['', 'a', ''], ['/shops']],
          [['Lidl, Aldi'], ['/shops/0']],
          [
            [' ', 'a\u0000b'],
            ['/shops/0', '/shops/1']
          ],
          [['x'.repeat(141)], ['/shops/0']],
          [many(301), ['/shops']],
          [[7], ['/shops/0']]
        ]
      ],
      [
        inShop('Lidl'),
        'items',
        [
          [['Pão', 'pao'], ['/items/1']],
          [[''], ['/items/0']],
          [['\u200b'], ['/items/0']],
          [many(301), ['/items']],
          ['Pão', ['/items']]
        ]
      ]
    ] as const) {
      for (const [names, pointers] of wrong) {
        const { errors } = assertProblem(await put(program, path, { [field]: names }), 400, 'invalid')
        assert.deepEqual(
          errors?.map(({ pointer }) => pointer),
          pointers,
          JSON.stringify(names)
        )
      }
      assertProblem(await put(program, path, {}), 400, 'invalid')
      assertProblem(await put(program, path, { [field]: [], colour: 'red' }), 400, 'invalid')
    }
    for (const query of ['', '?shop=', '?shop=%20', '?shop=a,b', '?shop=a&shop=b', '?loja=a', '?shop=%00']) {
      assertProblem(await program.get(`/shops/items${query}`), 400, 'invalid')
      assertProblem(await put(program, `/shops/items${query}`, { items: [] }), 400, 'invalid')
    }
    assertProblem(await program.get(inShop('Nenhures')), 404, 'not_found')
    assert.equal(await countOf('shop_orders'), before)
  })

  test('is the account’s own, and has an end', async t => {
    const owner = await member(t)
    await put(owner.program, '/shops', { shops: ['Segredo'] })
    await put(owner.program, inShop('Segredo'), { items: ['Surpresa'] })
    const { client, program } = await member(t)
    assert.deepEqual(await shopsOf(program), [])
    assertProblem(await program.get(inShop('Segredo')), 404, 'not_found')
    await put(program, inShop('Segredo'), { items: ['Minha'] })
    assert.deepEqual(await itemsIn(owner.program, 'Segredo'), ['Surpresa'])
    const [row] = await site.database.query(
      `select id_cliente as id from clientes where email = '${client.account.email}'`
    )
    await put(program, '/shops', { shops: [] })
    const rows = Array.from(
      { length: 199 },
      (_, n) => `(${row?.id}, 'n${n}', 'n${n}', '{"shop":"n${n}","names":[]}', 0, '[]', 1, 1)`
    )
    await site.database.query(
      `insert into shop_orders (account_id, shop, name, ordered, by_hand, trips, learns, version) values ${rows.join()}`
    )
    assertProblem(await put(program, inShop('Mais uma'), { items: ['x'] }), 409, 'shops_full')
    assert.equal((await put(program, inShop('n7'), { items: ['x'] })).status, 200)
  })

  allSeen()
})
