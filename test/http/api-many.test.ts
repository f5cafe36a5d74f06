import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import {
  type ApiItem,
  anyVersion,
  apiSite,
  assertProblem,
  eventually,
  forEachEngine,
  itemIn,
  listIn,
  namesOf,
  type Program,
  type Reply,
  type Scope
} from '../helper.ts'

interface Additions {
  list: string
  version: number
  items: ApiItem[]
}

const additionsIn = (reply: Reply): Additions => {
  assert.equal(reply.status, 200, reply.text)
  return reply.json() as Additions
}
const jsonIn = <T>(reply: Reply): T => {
  assert.equal(reply.status, 200, reply.text)
  return reply.json() as T
}
const withKey = (key: string) => ({ headers: { 'idempotency-key': key } })

forEachEngine('the API of several items at once', engine => {
  const { site, member, items, countOf, allSeen } = apiSite(engine, 'many')

  /** A program with these on its first list, and a list beside it. */
  const withItems = async (t: Scope, ...names: string[]) => {
    const { client, program } = await member(t)
    const other = listIn(await program.post('/lists', { name: 'Outra' }))
    const added: ApiItem[] = []
    for (const name of names) {
      // Every second with an id of the program's own.
      const id = added.length % 2 === 0 ? { id: randomUUID() } : {}
      added.push(itemIn(await program.post('/lists/first/items', { name, ...id })))
    }
    return { client, program, other, added, ids: added.map(({ id }) => id) }
  }
  const stateOf = async (program: Program, ...lists: string[]) =>
    Promise.all(lists.map(async list => namesOf(await items(program, list)).sort()))

  test('up to 200 are added as one change, all or none, in their order', async t => {
    const { program } = await member(t)
    const key = randomUUID()
    const chosen = randomUUID()
    const wanted = [
      { name: 'Leite', quantity: 2, unit: 'l' },
      { name: 'Pão', shop: 'Padaria', note: 'cortado' },
      { name: 'Ovos', quantity: 12, id: chosen }
    ]
    const reply = await program.post('/lists/first/add', { items: wanted }, withKey(key))
    const { items: added, version } = additionsIn(reply)
    assert.deepEqual(namesOf(added), ['Leite', 'Pão', 'Ovos'])
    assert.ok(added.every(item => item.version === version && item.merged === undefined && !item.done))
    assert.equal(added[2]?.id, chosen)
    assert.equal(new Set(added.map(({ id }) => id)).size, 3)
    for (const { id, name } of added) assert.equal(itemIn(await program.get(`/lists/first/items/${id}`)).name, name)

    await program.delete(`/lists/first/items/${added[0]?.id}`)
    await program.patch(`/lists/first/items/${added[1]?.id}`, { name: 'Broa' }, anyVersion)
    const again = await program.post('/lists/first/add', { items: wanted }, withKey(key))
    assert.deepEqual([again.json(), again.headers['idempotency-replayed']], [reply.json(), 'true'])
    assertProblem(await program.post('/lists/first/add', { items: wanted.slice(1) }, withKey(key)), 422, 'key_reused')
    assertProblem(await program.post(`/lists/first/changes/${version}/undo`), 409, 'overtaken')

    const many = Array.from({ length: 200 }, (_, n) => ({ name: `coisa ${n}` }))
    const before = await countOf('changes')
    const two = additionsIn(await program.post('/lists/first/add', { items: many }))
    assert.equal(two.items.length, 200)
    assert.equal(await countOf('changes'), before + 1)
    assert.equal((await program.post(`/lists/first/changes/${two.version}/undo`)).status, 200)
    assert.deepEqual((await stateOf(program, 'first'))[0], ['Broa', 'Ovos'])

    for (const [body, pointers] of [
      [{}, ['/items']],
      [{ items: [] }, ['/items']],
      [{ items: 'Leite' }, ['/items']],
      [{ items: [...many, { name: 'mais uma' }] }, ['/items']],
      [{ items: [{ name: 'a' }, { name: '' }, { name: 'c', quantity: 0 }] }, ['/items/1/name', '/items/2/quantity']],
      [{ items: [{ name: 'a' }, { name: 'b', unit: '!' }] }, ['/items/1/unit']],
      [{ items: [{ name: 'a', merge: true }] }, ['/items/0/merge']],
      [{ items: [{ name: 'a' }], merge: 1 }, ['/merge']],
      [{ items: [{ name: 'a' }], colour: 'red' }, ['/colour']],
      [[{ name: 'a' }], ['']]
    ] as const) {
      const { errors } = assertProblem(await program.post('/lists/first/add', body), 400, 'invalid')
      assert.deepEqual(errors?.map(({ pointer }) => pointer).sort(), [...pointers].sort(), JSON.stringify(body))
    }
    const taken = { items: [{ name: 'a' }, { name: 'b', id: chosen }] }
    const known = assertProblem(await program.post('/lists/first/add', taken), 409, 'id_taken')
    assert.deepEqual(
      [known.detail, known.errors],
      ['Another item of the account has this id. Nothing was done.', undefined]
    )
    const twice = randomUUID()
    const same = { items: [twice, twice].map(id => ({ name: 'a', id })) }
    const twiceHere = assertProblem(await program.post('/lists/first/add', same), 409, 'id_taken')
    assert.equal(twiceHere.detail, 'The same id is in this request twice. Nothing was done.')
    assert.deepEqual(
      twiceHere.errors?.map(({ pointer }) => pointer),
      ['/items/1/id']
    )
    const both = { items: [chosen, twice, chosen, twice].map(id => ({ name: 'a', id })), merge: true }
    const bothTwice = assertProblem(await program.post('/lists/first/add', both), 409, 'id_taken')
    assert.deepEqual(
      bothTwice.errors?.map(({ pointer }) => pointer),
      ['/items/2/id', '/items/3/id']
    )
    assert.deepEqual((await stateOf(program, 'first'))[0], ['Broa', 'Ovos'])
  })

  test('what is there already becomes more where that is asked for, and what is named twice is one', async t => {
    const { program, added } = await withItems(t, 'Leite')
    const key = randomUUID()
    const body = {
      items: [{ name: 'Pão' }, { name: 'leite', quantity: 2 }, { name: 'PÃO', quantity: 3 }, { name: 'Leite' }],
      merge: true
    }
    const reply = await program.post('/lists/first/add', body, withKey(key))
    const told = additionsIn(reply).items.map(({ id, name, quantity, merged }) => [id, name, quantity, merged])
    const bread = told[0]?.[0]
    const milk = [added[0]?.id, 'Leite', 4, true]
    assert.deepEqual(told, [[bread, 'Pão', 4, false], milk, [bread, 'Pão', 4, false], milk])
    assert.equal((await items(program)).length, 2)
    await program.patch(`/lists/first/items/${added[0]?.id}`, { quantity: 9, done: true }, anyVersion)
    await program.delete(`/lists/first/items/${added[0]?.id}`)
    assert.deepEqual((await program.post('/lists/first/add', body, withKey(key))).json(), reply.json())
    const tooMuch = { items: [{ name: 'Pão', quantity: 9998 }], merge: true }
    assertProblem(await program.post('/lists/first/add', tooMuch), 409, 'out_of_bounds')
  })

  test('what was ticked is cleared as it was seen: what anybody changed meanwhile stays', async t => {
    const { program, ids } = await withItems(t, 'Um', 'Dois', 'Três', 'Quatro', 'Cinco')
    const seen: { id: string; version: number }[] = []
    for (const id of ids) {
      const { version } = itemIn(await program.patch(`/lists/first/items/${id}`, { done: true }, anyVersion))
      seen.push({ id, version })
    }
    const [one, two, three, four, five] = ids as [string, string, string, string, string]
    await program.patch(`/lists/first/items/${two}`, { done: false }, anyVersion)
    await program.post(`/lists/first/items/${three}/adjust`, { by: 1 })
    await program.delete(`/lists/first/items/${four}`)
    const key = randomUUID()
    const reply = await program.post('/lists/first/clear', { items: seen }, withKey(key))
    const cleared = jsonIn<{ version: number; removed: string[]; kept: string[]; missing: string[] }>(reply)
    assert.deepEqual(
      [cleared.removed.sort(), cleared.kept.sort(), cleared.missing],
      [[one, five].sort(), [two, three].sort(), [four]]
    )
    assert.deepEqual((await program.post('/lists/first/clear', { items: seen }, withKey(key))).json(), reply.json())
    assert.deepEqual(await stateOf(program, 'first'), [['Dois', 'Três']])
    await program.post(`/lists/first/changes/${cleared.version}/undo`)
    assert.deepEqual(await stateOf(program, 'first'), [['Cinco', 'Dois', 'Três', 'Um']])
    const before = await countOf('changes')
    assertProblem(await program.post('/lists/first/clear', { items: [seen[3]] }), 404, 'not_found')
    assertProblem(await program.post('/lists/first/clear', { items: [{ id: '404', version: 1 }] }), 404, 'not_found')
    for (const wrong of [
      [],
      [{ id: one }],
      [{ id: one, version: -1 }],
      [one],
      [{ id: 'a b', version: 1 }],
      [
        { id: one, version: 1 },
        { id: one, version: 2 }
      ],
      undefined
    ]) {
      assertProblem(await program.post('/lists/first/clear', { items: wrong }), 400, 'invalid')
    }
    assert.equal(await countOf('changes'), before)
  })

  test('items move to another list and back, and are copied there, all or none', async t => {
    const { program, other, ids } = await withItems(t, 'Um', 'Dois', 'Três')
    const key = randomUUID()
    const move = { items: ids.slice(0, 2), to: other.id }
    const reply = await program.post('/lists/first/move', move, withKey(key))
    const moved = jsonIn<{ list: string; version: number; to: { list: string; version: number } }>(reply)
    assert.equal(moved.to.list, other.id)
    assert.deepEqual(await stateOf(program, 'first', other.id), [['Três'], ['Dois', 'Um']])
    for (const id of ids.slice(0, 2)) assert.ok(itemIn(await program.get(`/lists/${other.id}/items/${id}`)))
    const again = await program.post('/lists/first/move', move, withKey(key))
    assert.deepEqual([again.json(), again.headers['idempotency-replayed']], [reply.json(), 'true'])
    assertProblem(await program.post('/lists/first/move', { ...move, to: 'first' }, withKey(key)), 422, 'key_reused')

    const before = await countOf('changes')
    const half = assertProblem(
      await program.post('/lists/first/move', { items: [ids[2], ids[0]], to: other.id }),
      404,
      'not_found'
    )
    assert.deepEqual(
      half.errors?.map(({ pointer }) => pointer),
      ['/items/1']
    )
    assertProblem(await program.post('/lists/first/copy', { items: [ids[2], ids[0]], to: other.id }), 404, 'not_found')
    for (const path of ['move', 'copy']) {
      assertProblem(await program.post(`/lists/first/${path}`, { items: [ids[2]], to: 'first' }), 409, 'same_list')
      for (const body of [
        { items: [ids[2]] },
        { items: [], to: other.id },
        { items: [ids[2], ids[2]], to: other.id },
        { items: [7], to: other.id },
        { items: [ids[2]], to: 7 },
        { items: ['a/b'], to: other.id },
        { items: [ids[2]], to: other.id, colour: 'red' }
      ]) {
        assertProblem(await program.post(`/lists/first/${path}`, body), 400, 'invalid')
      }
      for (const to of ['404', '99999999999', 'none']) {
        assertProblem(await program.post(`/lists/first/${path}`, { items: [ids[2]], to }), 404, 'not_found')
      }
    }
    assert.equal(await countOf('changes'), before)
    assert.equal((await program.post(`/lists/first/changes/${moved.version}/undo`)).status, 200)
    assert.deepEqual(await stateOf(program, 'first', other.id), [['Dois', 'Três', 'Um'], []])

    const copy = { items: ids, to: other.id, merge: true }
    const copyKey = randomUUID()
    const copied = await program.post('/lists/first/copy', copy, withKey(copyKey))
    const first = additionsIn(copied)
    assert.deepEqual(
      [first.list, first.items.length, first.items.some(({ id }) => ids.includes(id))],
      [other.id, 3, false]
    )
    assert.ok(first.items.every(({ merged }) => merged === false))
    const second = additionsIn(await program.post('/lists/first/copy', copy))
    assert.ok(second.items.every(({ merged, quantity }) => merged === true && quantity === 2))
    assert.deepEqual((await program.post('/lists/first/copy', copy, withKey(copyKey))).json(), copied.json())
    assert.equal((await items(program, other.id)).length, 3)
  })

  test('a template fills a list, again and again, and stays as it is', async t => {
    const { program, other, ids } = await withItems(t, 'Leite', 'Pão')
    await program.post('/lists/first/move', { items: ids, to: other.id })
    await program.patch(`/lists/${other.id}`, { isTemplate: true }, anyVersion)
    await program.post('/lists/first/items', { name: 'Pão', quantity: 2 })
    const key = randomUUID()
    const filled = await program.post('/lists/first/fill', { from: other.id }, withKey(key))
    const outcome = additionsIn(filled)
    assert.deepEqual(outcome.items.map(({ name, merged, quantity }) => [name, merged, quantity]).sort(), [
      ['Leite', false, 1],
      ['Pão', true, 3]
    ])
    await program.delete(`/lists/${other.id}`, anyVersion)
    const again = await program.post('/lists/first/fill', { from: other.id }, withKey(key))
    assert.deepEqual(again.json(), filled.json(), 'although the template is gone')
    await program.post(`/lists/${other.id}/restore`)
    const plain = additionsIn(await program.post('/lists/first/fill', { from: other.id, merge: false }))
    assert.ok(plain.items.every(({ merged }) => merged === undefined))
    assert.deepEqual(await stateOf(program, 'first', other.id), [
      ['Leite', 'Leite', 'Pão', 'Pão'],
      ['Leite', 'Pão']
    ])
    assertProblem(await program.post('/lists/first/fill', { from: 'first' }), 409, 'same_list')
    assertProblem(await program.post('/lists/first/fill', { from: '404' }), 404, 'not_found')
    assertProblem(await program.post('/lists/first/fill', {}), 400, 'invalid')
  })

  test('a list is told by shop, in the order that the account set', async t => {
    const { client, program } = await member(t)
    const added = additionsIn(
      await program.post('/lists/first/add', {
        items: [
          { name: 'Leite', shop: 'Lidl' },
          { name: 'Alface', shop: 'Lidl' },
          { name: 'Vela' },
          { name: 'Pão', shop: 'Padaria' },
          { name: 'Queijo', shop: 'Lidl, Aldi' },
          { name: 'Sal', shop: 'Aldi' }
        ]
      })
    ).items
    const sal = added[5]?.id
    await program.patch(`/lists/first/items/${sal}`, { done: true }, anyVersion)
    const walk = async () => {
      const { shops, done, version } = jsonIn<{
        version: number
        shops: { name: string; items: string[] }[]
        done: string[]
      }>(await program.get('/lists/first/shops'))
      const nameOf = (id: string) => added.find(item => item.id === id)?.name
      assert.deepEqual(done, [sal])
      assert.equal(version, listIn(await program.get('/lists/first')).version)
      return shops.map(({ name, items }) => [name, ...items.map(nameOf)])
    }
    assert.deepEqual(
      (await walk()).map(([name, ...names]) => [name, ...names.sort()]),
      [
        ['', 'Vela'],
        ['Aldi', 'Queijo'],
        ['Lidl', 'Alface', 'Leite', 'Queijo'],
        ['Padaria', 'Pão']
      ]
    )
    await client.get('/lojas')
    const moves: Record<string, string>[] = [
      { shop: '', name: 'Padaria', before: 'Aldi' },
      { shop: 'Lidl', name: 'Queijo', before: 'Alface' },
      { shop: 'Lidl', name: 'Leite', end: '1' }
    ]
    for (const form of moves) {
      const reply = await client.post('/lojas/mover', form)
      assert.ok(reply.status < 400, reply.text)
    }
    assert.deepEqual(await walk(), [
      ['', 'Vela'],
      ['Padaria', 'Pão'],
      ['Aldi', 'Queijo'],
      ['Lidl', 'Queijo', 'Alface', 'Leite']
    ])
  })

  test('another’s lists and items are nobody’s, as source and as destination, and the log has who tried', async t => {
    const owner = await withItems(t, 'Segredo', 'Surpresa')
    const stranger = await withItems(t, 'Meu')
    const [own] = stranger.ids
    const theirs = owner.other.id
    const tables = ['changes', 'compras', 'lists'] as const
    const before = await Promise.all(tables.map(countOf))
    const states = await Promise.all([stateOf(owner.program, 'first', theirs), stateOf(stranger.program, 'first')])
    const { program } = stranger
    const asSeen = (ids: readonly string[]) => ids.map(id => ({ id, version: 1 }))
    const mixed = [...owner.ids, own]
    for (const [path, body] of [
      [`/lists/${theirs}/add`, { items: [{ name: 'x' }] }],
      [`/lists/${theirs}/clear`, { items: asSeen(owner.ids) }],
      ['/lists/first/clear', { items: asSeen(owner.ids) }],
      [`/lists/${theirs}/move`, { items: owner.ids, to: 'first' }],
      [`/lists/${theirs}/copy`, { items: owner.ids, to: 'first' }],
      ['/lists/first/move', { items: [own], to: theirs }],
      ['/lists/first/copy', { items: [own], to: theirs }],
      ['/lists/first/move', { items: owner.ids, to: stranger.other.id }],
      ['/lists/first/copy', { items: owner.ids, to: stranger.other.id }],
      ['/lists/first/move', { items: mixed, to: stranger.other.id }],
      ['/lists/first/copy', { items: mixed, to: stranger.other.id }],
      ['/lists/first/fill', { from: theirs }],
      [`/lists/${theirs}/fill`, { from: 'first' }],
      [`/lists/${theirs}/undo`, { since: 0 }]
    ] as const) {
      assertProblem(await program.post(path, body), 404, 'not_found')
    }
    assertProblem(await program.get(`/lists/${theirs}/shops`), 404, 'not_found')
    assert.deepEqual(await Promise.all(tables.map(countOf)), before)
    assert.deepEqual(
      await Promise.all([stateOf(owner.program, 'first', theirs), stateOf(stranger.program, 'first')]),
      states
    )

    // The second one of the owner's has its number for a name.
    const number = Number(owner.ids[1])
    const path = `/lists/first/items/${number}`
    const linesOf = () =>
      site.server.logs.filter(line => line.includes('"event":"refused.owner"') && line.includes(`"item":${number},`))
    const sofar = await eventually(() => {
      const lines = linesOf()
      assert.ok(lines.length >= 6, `${lines.length} lines`)
      return lines.length
    })
    for (const [method, rest, sent] of [
      ['GET', ''],
      ['PATCH', '', { done: true }],
      ['DELETE', ''],
      ['POST', '/adjust', { by: 1 }]
    ] as const) {
      const none = await program.call(method, `/lists/first/items/404${rest}`, {
        body: sent,
        headers: { 'if-match': '*' }
      })
      const foreign = await program.call(method, path + rest, { body: sent, headers: { 'if-match': '*' } })
      assertProblem(foreign, 404, 'not_found')
      const told = ({ requestId: _, ...others }: Record<string, unknown>) => others
      assert.deepEqual(told(foreign.json() as never), told(none.json() as never))
    }
    await eventually(() => assert.equal(linesOf().length, sofar + 4))
    const [row] = await site.database.query(
      `select id_cliente from clientes where email = '${stranger.client.account.email}'`
    )
    assert.ok(linesOf().every(line => line.includes(`"account":${row?.id_cliente},`)))
  })

  allSeen()
})
