import assert from 'node:assert/strict'
import { test } from 'node:test'
import { otherListOf, press, rowForm, rowOf, rows, undo, withItems } from '../helper/rows.ts'
import { findTags, forEachEngine, type Scope, sharedSite, visibleText } from '../helper.ts'

forEachEngine('the rows of a list', engine => {
  const site = sharedSite(engine)
  const listOf = (t: Scope, ...types: string[]) => withItems(t, site, ...types)

  test('keep the state that was sent, however often it is sent', async t => {
    const client = await listOf(t, 'Leite')
    const id = (await rowOf(client, 'Leite'))?.id
    const body = { done: [id], open: [], operation: 'tick-once' }
    for (let time = 0; time < 3; time++) {
      const answer = (await client.postJson('/carrinho/marcar', body)).json() as { version: number; missing: number[] }
      assert.deepEqual(answer.missing, [])
      assert.equal(answer.version, 2)
    }
    await client.postJson('/carrinho/marcar', { done: [], open: [id] })
    await client.postJson('/carrinho/marcar', body)
    assert.equal((await rowOf(client, 'Leite'))?.done, false, 'a repetition comes late, and changes nothing')
  })

  test('that are there no more are told of, and brought back: also by who ticks, counts or opens them', async t => {
    const client = await listOf(t, 'Leite', 'Pão')
    const form = await rowForm(client, '/carrinho/', 'Leite')
    const id = (await rowOf(client, 'Leite'))?.id
    const said = async () => visibleText((await client.get('/carrinho/')).text)
    const tried: (() => Promise<unknown>)[] = [
      () => press(client, '/carrinho/marcar', form),
      async () => press(client, '/carrinho/quantidade', [...(await rowForm(client)), ['step', `${id}:1000`]]),
      async () => assert.equal((await client.get(`/carrinho/artigo/${id}`)).status, 303),
      async () =>
        press(client, `/carrinho/artigo/${id}`, [
          ...(await rowForm(client)),
          ['product_type', 'Leite meio gordo'],
          ['quantity', '1']
        ])
    ]
    for (const act of tried) {
      await client.postJson('/apagar_artigo', { id })
      await act()
      assert.match(await undo(client), /Anulado/)
      assert.ok(await rowOf(client, 'Leite'))
    }
    await client.postJson('/apagar_artigo', { id })
    await press(client, '/carrinho/quantidade', [...(await rowForm(client)), ['step', `${id}:1000`]])
    assert.match(await said(), /«Leite» já não está na lista: foi apagado entretanto/)

    // Scripts are told the same, and which change it was.
    for (const [action, body] of [
      ['marcar', { done: [id], open: [] }],
      ['quantidade', { step: `${id}:1000` }]
    ] as const) {
      const answer = (await client.postJson(`/carrinho/${action}`, body)).json() as Record<string, unknown>
      assert.match(String(answer.message), /«Leite» já não está na lista/)
      assert.equal(answer.version, undefined, 'nothing was done')
      assert.equal((await client.postJson('/carrinho/anular', { version: answer.removedBy })).status, 200)
      assert.ok(await rowOf(client, 'Leite'))
      await client.postJson('/apagar_artigo', { id })
    }
  })

  test('that were cleared or moved meanwhile are brought back, too, all of them or none', async t => {
    const client = await listOf(t, 'Leite', 'Pão', 'Sal')
    const form = await rowForm(client, '/carrinho/', 'Leite', 'Pão')
    const idOf = async (type: string) => (await rowOf(client, type))?.id
    const [milk, bread, salt] = [await idOf('Leite'), await idOf('Pão'), await idOf('Sal')]
    await client.postJson('/carrinho/marcar', { done: [milk, bread], open: [] })
    const was = (await rows(client)).flatMap(({ id, version, done }) => (done ? [`${id}:${version}`] : [])).join()
    await client.postJson('/carrinho/limpar', { was })
    await press(client, '/carrinho/marcar', form)
    assert.match(await undo(client), /Anulado/)
    assert.deepEqual((await rows(client)).map(({ tipo }) => tipo).sort(), ['Leite', 'Pão', 'Sal'])

    // By two changes: which of them to take back is for the history to tell.
    for (const id of [milk, bread]) await client.postJson('/apagar_artigo', { id })
    const answer = (await client.postJson('/carrinho/marcar', { done: [milk, bread], open: [] })).json()
    assert.equal((answer as Record<string, unknown>).removedBy, undefined)

    await client.get('/listas/')
    const made = await client.post('/listas/', { name: 'Festa', operation: client.hidden('operation') ?? '' })
    assert.equal(made.status, 303, visibleText(made.text))
    const to = /\/listas\/(\d+)/.exec(String(made.headers.location ?? ''))?.[1] ?? (await otherListOf(client))
    await client.get(`/carrinho/mover`)
    const moved = await client.post('/carrinho/mover', { id: String(salt), to, do: 'mover', operation: 'move-salt' })
    assert.equal(moved.status, 303, visibleText(moved.text))
    const gone = (await client.postJson('/carrinho/quantidade', { step: `${salt}:1000` })).json() as Record<
      string,
      unknown
    >
    assert.match(String(gone.message), /«Sal» já não está nesta lista: passou entretanto para outra/)
    assert.equal((await client.postJson('/carrinho/anular', { version: gone.removedBy })).status, 200)
    assert.ok(await rowOf(client, 'Sal'))
  })

  test('have + and −, each press once, between limits', async t => {
    const client = await listOf(t, 'Leite')
    const id = (await rowOf(client, 'Leite'))?.id
    const form = await rowForm(client)
    for (let time = 0; time < 2; time++) await press(client, '/carrinho/quantidade', [...form, ['step', `${id}:1000`]])
    assert.equal((await rowOf(client, 'Leite'))?.thousandths, 3000)
    const presses = Array.from({ length: 6 }, () => client.postJson('/carrinho/quantidade', { step: `${id}:1000` }))
    for (const reply of await Promise.all(presses)) assert.equal(reply.status, 200)
    assert.equal((await rowOf(client, 'Leite'))?.quantidade, 9)
    const tooFew = await client.postJson('/carrinho/quantidade', { step: `${id}:-9000` })
    assert.equal(tooFew.status, 409)
    assert.equal((await rowOf(client, 'Leite'))?.thousandths, 9000)
    assert.match(await undo(client), /Anulado|outra coisa/)
  })

  test('that are in the basket are cleared as they were seen: what was unticked meanwhile stays', async t => {
    const client = await listOf(t, 'Leite', 'Pão', 'Sal')
    await press(client, '/carrinho/marcar', await rowForm(client, '/carrinho/', 'Leite', 'Pão'))
    const seen = await rowForm(client, '/carrinho/', 'Leite', 'Pão')
    const bread = await rowOf(client, 'Pão')
    await client.postJson('/carrinho/marcar', { done: [], open: [bread?.id] })
    await client.postJson('/carrinho/marcar', { done: [bread?.id], open: [] })
    await press(client, '/carrinho/limpar', seen)
    assert.deepEqual((await rows(client)).map(({ tipo }) => tipo).sort(), ['Pão', 'Sal'])
    assert.match(await undo(client), /Anulado/)
    const milk = await rowOf(client, 'Leite')
    assert.equal(milk?.done, true)
    assert.deepEqual((await rows(client)).map(({ tipo }) => tipo).sort(), ['Leite', 'Pão', 'Sal'])
  })

  test('of a long list have the basket on every page, and what is cleared is what the page showed', async t => {
    const client = await listOf(t)
    const [customer] = await site.database.query(
      `select id_cliente as id from clientes where email = '${client.account.email}'`
    )
    const some = (count: number, name: string, doneAt: (n: number) => number | null) =>
      Array.from({ length: count }, (_, n) => `(${customer?.id}, '${name} ${n + 1};', 1, 'Mercado', ${doneAt(n)})`)
    const put = (values: string[]) =>
      site.database.query(
        `insert into compras (id_cliente, tipo, quantidade, local, done_at) values ${values.join(', ')}`
      )
    await put(some(520, 'falta', () => null))
    await put(some(30, 'cesto', n => 1_000 + n))
    const read = async (number: number) => {
      const { text } = await client.get(`/carrinho/?pagina=${number}`)
      const boxes = findTags(text, 'input').filter(({ type }) => type === 'checkbox')
      const ticked = boxes.filter(box => box.checked !== undefined).map(box => box['aria-label'] ?? '')
      return {
        open: boxes.length - ticked.length,
        ticked,
        text: visibleText(text),
        hasNext: text.includes('rel="next"')
      }
    }
    const [first, second] = [await read(1), await read(2)]
    assert.deepEqual([first.open, first.ticked.length, first.hasNext], [500, 30, true])
    assert.deepEqual([second.open, second.ticked.length, second.hasNext], [20, 30, false])
    assert.equal(first.ticked[0], 'cesto 30;', 'the latest first')
    assert.match(first.text, /No cesto: 30 artigos/)
    await press(client, '/carrinho/limpar', await rowForm(client, '/carrinho/', ...first.ticked))
    assert.equal((await rows(client)).length, 520)

    // Of a large basket each page has a part.
    await put(some(450, 'cesto', n => 1_000 + n))
    const parts = [await read(1), await read(2), await read(3)]
    assert.deepEqual(
      parts.map(({ open, ticked, hasNext }) => [open, ticked.length, hasNext]),
      [
        [500, 200, true],
        [20, 200, true],
        [0, 50, false]
      ]
    )
    assert.equal(new Set(parts.flatMap(({ ticked }) => ticked)).size, 450)
    assert.match(parts[0]?.text ?? '', /Estão aqui 200 dos 450/)
    await press(client, '/carrinho/limpar', await rowForm(client, '/carrinho/', ...(parts[0]?.ticked ?? [])))
    const left = (await rows(client)).filter(({ done }) => done).map(({ tipo }) => tipo)
    assert.deepEqual(new Set(left), new Set(parts.slice(1).flatMap(({ ticked }) => ticked)))
    assert.match(await undo(client), /Anulado/)
    assert.equal((await rows(client)).filter(({ done }) => done).length, 450)
  })

  test('come back as they were when a deletion is taken back, once', async t => {
    const client = await listOf(t, 'Leite')
    const before = await rows(client)
    await press(client, '/apagar_artigo', [...(await rowForm(client)), ['id', String(before[0]?.id)]])
    assert.deepEqual(await rows(client), [])
    const page = await client.get('/carrinho/')
    const version = findTags(page.text, 'button').find(({ name }) => name === 'version')?.value
    const first = await client.postJson('/carrinho/anular', { version })
    assert.equal(first.status, 200)
    const [after] = await rows(client)
    assert.deepEqual({ ...after, version: 0 }, { ...before[0], version: 0 })
    const second = await client.postJson('/carrinho/anular', { version })
    assert.equal(second.status, 409)
    assert.equal((second.json() as { error: string }).error, 'undone')
    assert.equal((await client.postJson('/carrinho/anular', { version: 999 })).status, 404)
  })

  test("are not to be had by others: nothing of another's list is changed, and the answer is that of what is not there", async t => {
    const ana = await listOf(t, 'Leite')
    const [row] = await rows(ana)
    const rui = await listOf(t, 'Arroz')
    const before = await rows(ana)
    await rui.get('/carrinho/')
    const list = (await site.database.query('select max(id) - 1 as id from lists'))[0]?.id
    for (const base of ['/carrinho', `/listas/${list}`]) {
      for (const [action, body] of [
        ['marcar', { done: [row?.id], open: [] }],
        ['quantidade', { step: `${row?.id}:1000` }],
        ['apagar', { id: row?.id }],
        ['limpar', { was: `${row?.id}:1` }],
        ['anular', { version: 1 }]
      ] as const) {
        const { status } = await rui.postJson(`${base}/${action}`, body)
        if (base !== '/carrinho') assert.equal(status, 404, `${base}/${action}`)
      }
      assert.equal((await rui.get(`${base}/artigo/${row?.id}`)).status, 404)
    }
    assert.equal((await rui.get(`/listas/${list}/`)).status, 404)
    assert.deepEqual(await rows(ana), before)
  })

  test('refuse what no page sends', async t => {
    const client = await listOf(t, 'Leite')
    await client.get('/carrinho/')
    for (const [action, body] of [
      ['marcar', { done: 'x' }],
      ['marcar', { done: [1.5] }],
      ['marcar', { done: [], was: 'x' }],
      ['quantidade', { step: '1' }],
      ['quantidade', { step: '1:0' }],
      ['quantidade', {}],
      ['limpar', { was: '1:1,' }],
      ['anular', { version: '-1' }],
      ['anular', {}]
    ] as const) {
      assert.equal(
        (await client.postJson(`/carrinho/${action}`, body)).status,
        400,
        `${action} ${JSON.stringify(body)}`
      )
    }
    assert.equal((await client.get('/listas/x/')).status, 404)
  })
})
