import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Client, findInput, findTags, forEachEngine, sharedSite, signedIn, visibleText } from '../helper.ts'

interface Row {
  id: number
  tipo: string
  done: boolean
  thousandths: number
  unit: string
  local: string
  quantidade: number
  version: number
}

const rows = async (client: Client) => (await client.items()) as unknown as Row[]
const rowOf = async (client: Client, type: string) => (await rows(client)).find(({ tipo }) => tipo === type)

/** The form of the list's rows, as a browser without scripts would send it with these boxes ticked. */
async function rowForm(client: Client, ...[path, ...ticked]: string[]): Promise<[string, string][]> {
  const { text } = await client.get(path ?? '/carrinho/')
  const [form = ''] = /<form id="items"[\s\S]*?<\/form>/.exec(text) ?? []
  const inputs = findTags(form, 'input')
  const hidden = inputs.filter(({ type }) => type === 'hidden')
  const boxes = inputs.filter(box => box.type === 'checkbox' && ticked.includes(box['aria-label'] ?? ''))
  return [...hidden, ...boxes].map(({ name = '', value = '' }) => [name, value])
}
const press = async (client: Client, path: string, form: [string, string][]) => {
  const reply = await client.postRaw(path, form)
  assert.equal(reply.status, 303, visibleText(reply.text))
  return reply
}
/** What the page says was done, with its button to take it back. */
async function undo(client: Client): Promise<string> {
  const { text } = await client.get('/carrinho/')
  const [form = ''] = /<form method="post" action="[^"]*\/anular">[\s\S]*?<\/form>/.exec(text) ?? []
  const fields = findTags(form, 'input').map(({ name = '', value = '' }): [string, string] => [name, value])
  const button = findTags(form, 'button')[0]
  assert.ok(button, 'there is something to take back')
  await press(client, '/carrinho/anular', [...fields, [button.name ?? '', button.value ?? '']])
  return visibleText((await client.get('/carrinho/')).text)
}

/** The number of the one list beside the first. */
const otherListOf = async (client: Client) =>
  findTags((await client.get('/listas/')).text, 'a')
    .flatMap(({ href = '' }) => /^\/listas\/(\d+)\/$/.exec(href)?.[1] ?? [])
    .at(-1) ?? ''

forEachEngine('the rows of a list', engine => {
  const site = sharedSite(engine)
  const listOf = async (t: Parameters<typeof signedIn>[0], ...types: string[]) => {
    const client = await signedIn(t, site.server)
    for (const tipo of types) await client.addItem({ tipo, quantidade: 2 })
    return client
  }

  test('are counted, ticked and deleted by buttons that keep what was typed above, and send nothing of it', async t => {
    const client = await listOf(t, 'Leite', 'Pão')
    const { id = 0 } = (await rowOf(client, 'Leite')) ?? {}
    for (const [path, button] of [
      ['/carrinho/quantidade', ['step', `${id}:1000`]],
      ['/carrinho/marcar', ['done', String(id)]],
      ['/apagar_artigo', ['id', String(id)]]
    ] as const) {
      for (const above of [
        [['entry', '2 kg laranjas & limões']],
        [
          ['product_type', 'Açúcar'],
          ['quantity', '1,5'],
          ['local', 'Mercado']
        ]
      ] as [string, string][][]) {
        const form = [...(await rowForm(client)), ...above, [...button] as [string, string]]
        const { text } = await client.get(String((await press(client, path, form)).headers.location))
        for (const [name, value] of above) {
          if (name === 'entry') assert.match(text, /2 kg laranjas &amp; limões<\/textarea>/, path)
          else assert.equal(findInput(text, name)?.value, value, path)
        }
      }
    }
    assert.deepEqual(
      (await rows(client)).map(({ tipo }) => tipo),
      ['Pão']
    )
  })

  test('of another list go on there after a login, with what was typed', async t => {
    const client = await listOf(t)
    await client.get('/listas/')
    await client.post('/listas/', { name: 'Festa', operation: client.hidden('operation') ?? '' })
    const list = await otherListOf(client)
    assert.ok(list)
    client.cookies.delete('carrinho_session')
    for (const path of ['', 'marcar', 'quantidade']) {
      const reply = await client.post(`/listas/${list}/${path}`, { entry: 'gelado', boxes: '1' })
      const next = new URL(String(reply.headers.location), 'http://here').searchParams.get('next')
      assert.equal(next?.split('?')[0], `/listas/${list}/`)
      if (path === '') assert.match(String(next), /entry=gelado/)
    }
  })

  test('save their boxes, also of another list, by the site’s own buttons: language, log-out and undo', async t => {
    const client = await listOf(t, 'Leite', 'Pão')
    await client.get('/listas/')
    await client.post('/listas/', { name: 'Festa', operation: client.hidden('operation') ?? '' })
    const other = `/listas/${await otherListOf(client)}/`
    await client.get(other)
    await client.post(other, { entry: 'gelado\nbolo', operation: client.hidden('operation') ?? '' })
    const done = async (path: string) => {
      const { items } = (await client.getJson(path)).json() as { items: Row[] }
      return items.filter(row => row.done).map(({ tipo }) => tipo)
    }
    for (const [path, name] of [
      ['/carrinho/', 'Leite'],
      [other, 'bolo']
    ] as const) {
      const { text } = await client.get(path)
      const buttons = findTags(text, 'button').filter(({ form, name }) => form === 'items' && name === 'lang')
      const english = buttons.find(({ value }) => value === 'en')
      assert.equal(english?.formaction, `${path}idioma`)
      const form = [...(await rowForm(client, path, name)), ['entry', '2 kg arroz'], ['lang', 'en']] as [
        string,
        string
      ][]
      const reply = await press(client, `${path}idioma`, form)
      assert.equal(reply.headers.location, `${path}?entry=2+kg+arroz`)
      assert.deepEqual(await done(path), [name])
      const page = (await client.get(path)).text
      assert.match(page, /<html lang="en/)
      await press(client, `${path}idioma`, [...(await rowForm(client, path, name)), ['lang', 'xx']])
      await press(client, `${path}idioma`, [...(await rowForm(client, path, name)), ['lang', 'pt']])
      assert.match((await client.get(path)).text, /<html lang="pt/)
    }
    // An item that is gone is told of, and nobody else's list is written to.
    const form = await rowForm(client, '/carrinho/', 'Leite', 'Pão')
    await client.postJson('/apagar_artigo', { id: (await rowOf(client, 'Pão'))?.id })
    await press(client, '/carrinho/idioma', [...form, ['lang', 'pt']])
    assert.match(visibleText((await client.get('/carrinho/')).text), /Outro que tinha marcado já não está na lista/)
    const stranger = await signedIn(t, site.server)
    await stranger.get('/carrinho/')
    assert.equal((await stranger.post(`${other}idioma`, { boxes: '1', was: '', lang: 'en' })).status, 303)

    const leaving = await rowForm(client, other, 'bolo', 'gelado')
    const left = await press(client, `${other}sair`, leaving)
    assert.equal(left.headers.location, '/')
    assert.ok(!(await client.isSignedIn()))
    await client.login(client.account)
    assert.deepEqual((await done(other)).sort(), ['bolo', 'gelado'])
  })

  test('are ticked and unticked without scripts, and what another device ticked meanwhile stays', async t => {
    const client = await listOf(t, 'Leite', 'Pão', 'Sal')
    const form = await rowForm(client, '/carrinho/', 'Leite')
    const salt = await rowOf(client, 'Sal')
    await client.postJson('/carrinho/marcar', { done: [salt?.id], open: [] })
    await press(client, '/carrinho/marcar', form)
    const done = (await rows(client)).filter(row => row.done).map(({ tipo }) => tipo)
    assert.deepEqual(done.sort(), ['Leite', 'Sal'])
    const page = (await client.get('/carrinho/')).text
    assert.ok(visibleText(page).includes('«Leite» está no cesto'))
    assert.ok(page.indexOf('Pão') < page.indexOf('class="items done"'))

    await press(client, '/carrinho/marcar', await rowForm(client, '/carrinho/', 'Leite'))
    assert.equal((await rowOf(client, 'Sal'))?.done, false)
    assert.equal((await rowOf(client, 'Leite'))?.done, true)
    assert.match(await undo(client), /Anulado/)
    assert.equal((await rowOf(client, 'Sal'))?.done, true)
  })

  test('without scripts, what was ticked and not saved yet is saved by whatever button is pressed', async t => {
    const client = await listOf(t, 'Leite', 'Pão', 'Sal', 'Café')
    const salt = await rowOf(client, 'Sal')
    const ticked = async () => (await rows(client)).flatMap(row => (row.done ? [row.tipo] : [])).sort()
    await press(client, '/carrinho/quantidade', [
      ...(await rowForm(client, '/carrinho/', 'Leite')),
      ['step', `${salt?.id}:1000`]
    ])
    assert.deepEqual(await ticked(), ['Leite'])
    assert.equal((await rowOf(client, 'Sal'))?.quantidade, 3)
    await press(client, '/carrinho/apagar', [
      ...(await rowForm(client, '/carrinho/', 'Leite', 'Pão')),
      ['id', String(salt?.id)]
    ])
    assert.deepEqual(await ticked(), ['Leite', 'Pão'])
    assert.equal(await rowOf(client, 'Sal'), undefined)
    const milk = await rowOf(client, 'Leite')
    await press(client, '/apagar_artigo', [...(await rowForm(client, '/carrinho/', 'Leite')), ['id', String(milk?.id)]])
    assert.deepEqual(await ticked(), [], 'Pão was unticked, and Leite is gone')
    await press(client, '/carrinho/', [...(await rowForm(client, '/carrinho/', 'Pão')), ['entry', 'Chá']])
    assert.deepEqual(await ticked(), ['Pão'])
    assert.ok(await rowOf(client, 'Chá'))
    // Unticked, and the basket cleared in one go: it stays, and so does what was ticked just now.
    await press(client, '/carrinho/limpar', await rowForm(client, '/carrinho/', 'Chá'))
    assert.deepEqual((await rows(client)).map(({ tipo, done }) => [tipo, done]).sort(), [
      ['Café', false],
      ['Chá', true],
      ['Pão', false]
    ])
  })

  test('without scripts, both forms that add are sent by the buttons of either, and nothing that was written is lost', async t => {
    const client = await listOf(t, 'Leite')
    const fields = (type: string, quantity = '1'): [string, string][] => [
      ['product_type', type],
      ['quantity', quantity],
      ['unit', ''],
      ['local', 'Mercado'],
      ['note', '']
    ]
    const types = async () => (await rows(client)).map(({ tipo }) => tipo).sort()
    await press(client, '/carrinho/', [...(await rowForm(client)), ['entry', ''], ...fields('Pão')])
    await press(client, '/carrinho/', [...(await rowForm(client)), ['entry', '2 kg laranjas'], ...fields('Sal')])
    assert.deepEqual(await types(), ['Leite', 'Pão', 'Sal', 'laranjas'])
    const wrong = await client.postRaw('/carrinho/', [
      ...(await rowForm(client, '/carrinho/', 'Leite')),
      ['entry', 'arroz'],
      ...fields('Ovos', '0')
    ])
    assert.equal(wrong.status, 400)
    assert.equal(findInput(wrong.text, 'product_type')?.value, 'Ovos')
    assert.match(wrong.text, /<textarea[^>]*>\s*arroz<\/textarea>/)
    assert.deepEqual(await types(), ['Leite', 'Pão', 'Sal', 'laranjas'])
    assert.equal((await rowOf(client, 'Leite'))?.done, true, 'its box was sent, too')
    // The Enter key on a box.
    await press(client, '/carrinho/', [
      ...(await rowForm(client, '/carrinho/', 'Leite', 'Sal')),
      ['entry', ''],
      ...fields('')
    ])
    assert.equal((await rowOf(client, 'Sal'))?.done, true)
    const nothing = await client.postRaw('/carrinho/', [
      ...(await rowForm(client, '/carrinho/', 'Leite', 'Sal')),
      ['entry', ''],
      ...fields('')
    ])
    assert.equal(nothing.status, 400, 'nothing was written and nothing ticked')
  })

  test('a form that is sent again ticks and counts once, and does not take back what somebody did since', async t => {
    const client = await listOf(t, 'Leite', 'Pão')
    const [milk, bread] = [await rowOf(client, 'Leite'), await rowOf(client, 'Pão')]
    const form: [string, string][] = [...(await rowForm(client, '/carrinho/', 'Leite')), ['step', `${bread?.id}:1000`]]
    for (let time = 0; time < 2; time++) await press(client, '/carrinho/quantidade', form)
    await client.postJson('/carrinho/marcar', { done: [], open: [milk?.id] })
    await press(client, '/carrinho/quantidade', form)
    assert.deepEqual((await rows(client)).map(({ tipo, done, quantidade }) => [tipo, done, quantidade]).sort(), [
      ['Leite', false, 2],
      ['Pão', false, 3]
    ])
  })

  test('a request that does not say that boxes were sent unticks nothing', async t => {
    const client = await listOf(t, 'Leite', 'Pão', 'Sal')
    await press(client, '/carrinho/marcar', await rowForm(client, '/carrinho/', 'Leite', 'Pão'))
    const salt = await rowOf(client, 'Sal')
    const bare = async (): Promise<[string, string][]> =>
      [...(await rowForm(client)), ['seen', String(salt?.id)] as [string, string]].filter(([name]) => name !== 'boxes')
    await press(client, '/carrinho/quantidade', [...(await bare()), ['step', `${salt?.id}:1000`]])
    await press(client, '/carrinho/marcar', await bare())
    await press(client, '/carrinho/', [...(await bare()), ['entry', 'Chá']])
    await press(client, '/apagar_artigo', [...(await bare()), ['id', String(salt?.id)]])
    await client.postJson('/carrinho/marcar', { done: [], was: (await bare()).find(([name]) => name === 'was')?.[1] })
    assert.deepEqual((await rows(client)).flatMap(({ tipo, done }) => (done ? [tipo] : [])).sort(), ['Leite', 'Pão'])
    assert.equal(await rowOf(client, 'Sal'), undefined)
  })

  test('say that what was ticked is there no more, also where another button was pressed', async t => {
    const client = await listOf(t, 'Leite', 'Pão')
    const [milk, bread] = [await rowOf(client, 'Leite'), await rowOf(client, 'Pão')]
    const form = await rowForm(client, '/carrinho/', 'Leite')
    await client.postJson('/apagar_artigo', { id: milk?.id })
    await press(client, '/carrinho/quantidade', [...form, ['step', `${bread?.id}:1000`]])
    assert.match(
      visibleText((await client.get('/carrinho/')).text),
      /«Pão»: agora 3. Outro que tinha marcado já não está/
    )
  })

  test('without scripts one comes back to the shop and the page that one was looking at', async t => {
    const client = await listOf(t, 'Leite')
    const id = (await rowOf(client, 'Leite'))?.id
    const form: [string, string][] = [...(await rowForm(client)), ['loja', 'Pingo Doce'], ['pagina', '2']]
    const { headers } = await press(client, '/carrinho/quantidade', [...form, ['step', `${id}:1000`]])
    assert.equal(headers.location, '/carrinho/?loja=Pingo+Doce&pagina=2')
    const page = (await client.get('/carrinho/?loja=Mercado')).text
    assert.equal(findInput(page, 'loja')?.value, 'Mercado')
  })

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

forEachEngine('quick entry', engine => {
  const site = sharedSite(engine)
  const write = async (client: Client, entry: string, operation?: string) => {
    await client.get('/carrinho/')
    return client.post('/carrinho/', { entry, operation: operation ?? client.hidden('operation') ?? '' })
  }

  test('one field is understood, and several lines are several items, all or none', async t => {
    const client = await signedIn(t, site.server)
    assert.equal((await write(client, '1,5 kg laranjas @Pingo Doce')).status, 303)
    const [oranges] = await rows(client)
    assert.deepEqual(
      { tipo: oranges?.tipo, thousandths: oranges?.thousandths, unit: oranges?.unit, local: oranges?.local },
      { tipo: 'laranjas', thousandths: 1500, unit: 'kg', local: 'Pingo Doce' }
    )
    assert.equal(oranges?.quantidade, 2, 'the guide’s column is filled')
    assert.ok(
      visibleText((await client.get('/carrinho/')).text).includes('«laranjas» está na lista: 1,5 kg, Pingo Doce')
    )
    assert.equal((await write(client, '7up\nleite 0%\n3x ovos @Mercado')).status, 303)
    assert.deepEqual((await rows(client)).map(({ tipo }) => tipo).sort(), ['7up', 'laranjas', 'leite 0%', 'ovos'])
    const refused = await write(client, `manteiga\n@Lidl\n${'x'.repeat(141)}`)
    assert.equal(refused.status, 400)
    assert.match(visibleText(refused.text), /Linha 2/)
    assert.ok(refused.text.includes('manteiga\n@Lidl'), 'what was typed is kept')
    assert.equal((await rows(client)).length, 4)
  })

  test('what is on the list adds up, what is ticked comes back, and both can be taken back', async t => {
    const client = await signedIn(t, site.server)
    await write(client, '2 kg laranjas')
    await write(client, '1 kg Laranjas')
    assert.deepEqual(
      (await rows(client)).map(({ thousandths }) => thousandths),
      [3000]
    )
    assert.match(visibleText((await client.get('/carrinho/')).text), /já estava na lista: agora são 3 kg/)
    await write(client, '½ kg laranjas')
    assert.match(await undo(client), /Anulado/)
    assert.equal((await rows(client))[0]?.thousandths, 3000)
    await client.postJson('/carrinho/marcar', { done: [(await rows(client))[0]?.id], open: [] })
    await write(client, '4 kg laranjas')
    const [row] = await rows(client)
    assert.deepEqual([row?.done, row?.thousandths], [false, 4000])
  })

  test('what was ticked where it was copied from is in the basket, and said to be', async t => {
    const client = await signedIn(t, site.server)
    await write(client, '- [x] leite\n- [ ] pão\n☑ 2 ovos')
    const state = async () => (await rows(client)).map(({ tipo, done }) => `${tipo} ${done}`).sort()
    assert.deepEqual(await state(), ['leite true', 'ovos true', 'pão false'])
    const text = visibleText((await client.get('/carrinho/')).text)
    assert.match(text, /3 artigos estão na lista. 2 já vinham marcados, e estão no cesto./)
    await write(client, '✓ pão')
    assert.match(visibleText((await client.get('/carrinho/')).text), /«pão» está no cesto, como vinha marcado: 1/)
    assert.deepEqual(
      await state(),
      ['leite true', 'ovos true', 'pão false', 'pão true'],
      'what is to buy is not ticked'
    )
    await write(client, 'leite')
    assert.match(await undo(client), /Anulado/)
    assert.deepEqual(await state(), ['leite true', 'ovos true', 'pão false', 'pão true'])
  })

  test('a row without a shop gets one visibly, and another shop is another row: in the line, in fields, in JSON', async t => {
    const client = await signedIn(t, site.server)
    const state = async (type: string) =>
      (await rows(client))
        .filter(({ tipo }) => tipo === type)
        .map(row => `${row.quantidade} ${row.local}`.trim())
        .sort()
    const json = async (body: object) =>
      ((await client.postJson('/carrinho/', body)).json() as { message: string }).message
    const flash = async () => visibleText((await client.get('/carrinho/')).text)
    const fields = { quantity: '1', merge: '1' }
    const ways: Record<string, (type: string, shop: string) => Promise<string>> = {
      async line(type, shop) {
        await write(client, `${type} @${shop}`)
        return flash()
      },
      async fields(type, local) {
        await client.get('/carrinho/')
        await client.addItem({ tipo: type, local, quantidade: 1 }, fields)
        return flash()
      },
      'line in JSON': (type, shop) => json({ entry: `${type} @${shop}` }),
      'fields in JSON': (type, local) => json({ product_type: type, local, ...fields })
    }
    for (const [type, add] of Object.entries(ways)) {
      await write(client, type)
      assert.match(await add(type, 'Lidl'), /já estava na lista: agora são 2. Não tinha loja; agora compra-se em Lidl./)
      assert.deepEqual(await state(type), ['2 Lidl'])
      await add(type, 'Aldi')
      assert.deepEqual(await state(type), ['1 Aldi', '2 Lidl'], type)
    }
    await write(client, 'mel')
    await write(client, 'mel @Lidl')
    assert.match(await undo(client), /Anulado/)
    assert.deepEqual(await state('mel'), ['1'])
    await write(client, 'sal\nmel @Lidl')
    assert.match(
      await flash(),
      /2 artigos estão na lista. 1 já lá estava: somou-se. 1 não tinha loja e passou a ter: Lidl./
    )
  })

  test('whoever names no shop is told at which one the row is that it was added to, alone and among many', async t => {
    const client = await signedIn(t, site.server)
    const flash = async () => visibleText((await client.get('/carrinho/')).text)
    await write(client, 'leite @Lidl\nsal @Aldi\nmel @Aldi, Lidl\nchá')
    await write(client, 'leite')
    assert.match(await flash(), /«leite» já estava na lista: agora são 2. Continua a comprar-se em Lidl./)
    await write(client, 'leite @Lidl')
    assert.doesNotMatch(await flash(), /Continua/)
    await write(client, 'chá')
    assert.doesNotMatch(await flash(), /Continua/)
    const json = (await client.postJson('/carrinho/', { entry: 'mel' })).json() as { message: string }
    assert.match(
      json.message.replace(/[\u2068\u2069]/g, ''),
      /^«mel» já estava na lista: agora são 2. Continua a comprar-se em Aldi, Lidl.$/
    )
    await client.postJson('/carrinho/marcar', { done: [(await rowOf(client, 'leite'))?.id], open: [] })
    await write(client, 'leite')
    assert.match(await flash(), /«leite» voltou do cesto à lista: 1. Continua a comprar-se em Lidl./)
    await write(client, 'pão\nleite\nsal\nsal')
    assert.match(await flash(), /2 já lá estavam: somaram-se. 2 continuam a comprar-se em: Aldi · Lidl./)
    await client.postJson('/carrinho/marcar', { done: [(await rowOf(client, 'sal'))?.id], open: [] })
    await write(client, '✓ sal')
    assert.match(await flash(), /«sal» está no cesto, como vinha marcado: 4. Continua a comprar-se em Aldi./)
    // Taken for another by one line of the paste, it is not said to be where it was.
    await write(client, 'chá\nchá @Lidl')
    assert.match(await flash(), /1 não tinha loja e passou a ter: Lidl.$|1 não tinha loja e passou a ter: Lidl. (?!\d)/)
  })

  test('boxes are more of a box, and the row and the message say so', async t => {
    const client = await signedIn(t, site.server)
    const flash = async () => visibleText((await client.get('/carrinho/')).text)
    const state = async () =>
      (await rows(client)).map(({ tipo, thousandths, unit }) => `${thousandths / 1000} ${unit} ${tipo}`)
    await write(client, '1 caixa ovos')
    await write(client, '2 caixas ovos')
    assert.match(await flash(), /«ovos» já estava na lista: agora são 3 caixas./)
    await write(client, '1 caixa de ovos')
    assert.deepEqual(await state(), ['4 caixas ovos'])
    assert.match(await undo(client), /Anulado/)
    assert.deepEqual(await state(), ['3 caixas ovos'])
  })

  test('a name from right to left leaves the sentence around it in order, and what turns directions is taken off', async t => {
    const client = await signedIn(t, site.server)
    await write(client, '2 kg תפוזים @חנות')
    const { text } = await client.get('/carrinho/')
    assert.ok(text.includes('«\u2068תפוזים\u2069» está na lista: 2 kg, \u2068חנות\u2069.'), text)
    await write(client, '\u202e2 kg \u2066pão\u2069 @\u202aLidl\u202c')
    await client.get('/carrinho/')
    await client.addItem({ tipo: '\u202eSal', quantidade: 1, local: 'Al\u2069di' }, { note: 'fi\u202bno\u202c' })
    assert.deepEqual(
      (await rows(client)).map(({ tipo, local }) => `${tipo} ${local}`),
      ['Sal Aldi', 'pão Lidl', 'תפוזים חנות']
    )
    await client.post('/listas/', { name: 'Festa \u202eana' })
    assert.ok((await client.get('/listas/')).text.includes('Festa ana'))
  })

  test('the form in fields adds up as the line does, and what the guide sends is a row each', async t => {
    const client = await signedIn(t, site.server)
    const { text } = await client.get('/carrinho/')
    const [form = ''] = /<form id="add"[\s\S]*?<\/form>/.exec(text) ?? []
    const hidden = Object.fromEntries(
      findTags(form, 'input')
        .filter(({ type }) => type === 'hidden')
        .map(({ name = '', value = '' }) => [name, value])
    )
    const typed = { product_type: 'Pão', quantity: '2', unit: '', local: 'Lidl', note: '' }
    for (const operation of ['first', 'second']) {
      assert.equal(
        (await client.postRaw('/carrinho/', [...Object.entries({ ...hidden, ...typed, operation })])).status,
        303
      )
    }
    assert.deepEqual(
      (await rows(client)).map(({ quantidade }) => quantidade),
      [4]
    )
    await client.addItem({ tipo: 'Pão', local: 'Lidl', quantidade: 1 })
    assert.deepEqual(
      (await rows(client)).map(({ quantidade }) => quantidade),
      [1, 4]
    )
  })

  test('sent twice adds once', async t => {
    const client = await signedIn(t, site.server)
    for (let time = 0; time < 3; time++) assert.equal((await write(client, 'pão\nleite', 'one-paste')).status, 303)
    assert.deepEqual(
      (await rows(client)).map(({ thousandths }) => thousandths),
      [1000, 1000]
    )
  })

  test('is kept through a login and an expired form', async t => {
    const client = await signedIn(t, site.server)
    const expired = await client.postRaw('/carrinho/', { entry: 'pão\nleite', csrf_token: 'old' })
    assert.equal(expired.status, 403)
    assert.ok(expired.text.includes('pão\nleite</textarea>'))
    await client.logout()
    const signedOut = await client.postRaw('/carrinho/', { entry: 'pão\nleite' })
    const next = new URL(String(signedOut.headers.location), site.server.url).searchParams.get('next') ?? ''
    assert.equal(new URL(next, site.server.url).searchParams.get('entry'), 'pão\nleite')
  })
})

forEachEngine('changing an item', engine => {
  const site = sharedSite(engine)
  const open = async (client: Client, id: number | undefined) => {
    const { status, text } = await client.get(`/carrinho/artigo/${id}`)
    assert.equal(status, 200)
    const [form = ''] = /<form method="post" action="[^"]*\/artigo\/[\s\S]*?<\/form>/.exec(text) ?? []
    const inputs = findTags(form, 'input').map(({ name = '', value = '' }) => [name, value])
    const [, note = ''] = /<textarea[^>]*name="note"[^>]*>\n?([\s\S]*?)<\/textarea>/.exec(form) ?? []
    return Object.fromEntries([...inputs, ['note', note]]) as Record<string, string>
  }

  test('sends what was changed alone: two devices change two fields, and both hold', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Leite', quantidade: 2, local: 'Mercado' })
    const id = (await rows(client))[0]?.id
    const [one, two] = [await open(client, id), await open(client, id)]
    assert.equal((await client.postRaw(`/carrinho/artigo/${id}`, { ...one, quantity: '1,5', unit: 'l' })).status, 303)
    assert.equal(
      (await client.postRaw(`/carrinho/artigo/${id}`, { ...two, local: 'Lidl', note: 'fresco' })).status,
      303
    )
    const [row] = await rows(client)
    assert.deepEqual(
      { ...row, id: 0, version: 0 },
      {
        id: 0,
        version: 0,
        tipo: 'Leite',
        quantidade: 2,
        thousandths: 1500,
        unit: 'l',
        local: 'Lidl',
        note: 'fresco',
        done: false
      }
    )
  })

  test('shows both values where two changed the same field, and keeps the one that is chosen', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Leite', quantidade: 2, local: 'Mercado' })
    const id = (await rows(client))[0]?.id
    const [one, two] = [await open(client, id), await open(client, id)]
    await client.postRaw(`/carrinho/artigo/${id}`, { ...one, local: 'Lidl' })
    const conflict = await client.postRaw(`/carrinho/artigo/${id}`, { ...two, local: 'Aldi', quantity: '7' })
    assert.equal(conflict.status, 409)
    const said = visibleText(conflict.text)
    assert.ok(said.includes('Agora está: Lidl') && said.includes('O que escreveu: Aldi'), said)
    assert.deepEqual([(await rows(client))[0]?.local, (await rows(client))[0]?.quantidade], ['Lidl', 7])
    const form = {
      ...two,
      operation: findInput(conflict.text, 'operation')?.value ?? '',
      seen_local: findInput(conflict.text, 'seen_local')?.value ?? '',
      seen_quantity: findInput(conflict.text, 'seen_quantity')?.value ?? '',
      quantity: '7',
      local: 'Aldi'
    }
    assert.equal((await client.postRaw(`/carrinho/artigo/${id}`, { ...form, pick_local: 'theirs' })).status, 303)
    assert.equal((await rows(client))[0]?.local, 'Lidl')
    assert.equal((await client.postRaw(`/carrinho/artigo/${id}`, { ...form, pick_local: 'yours' })).status, 303)
    assert.equal((await rows(client))[0]?.local, 'Aldi')
  })

  test('says what is wrong at the field, and what is gone', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Leite' })
    const id = (await rows(client))[0]?.id
    const form = await open(client, id)
    for (const quantity of ['0', '-1', '10000', '1,2,3', '1e3', '1.2345', 'x']) {
      const { status, text } = await client.postRaw(`/carrinho/artigo/${id}`, { ...form, quantity })
      assert.equal(status, 400, quantity)
      assert.equal(findInput(text, 'quantity')?.value, quantity)
      assert.equal(findInput(text, 'quantity')?.['aria-invalid'], 'true')
    }
    const { text } = await client.postRaw(`/carrinho/artigo/${id}`, { ...form, unit: 'uma unidade comprida' })
    assert.equal(findInput(text, 'unit')?.['aria-invalid'], 'true')
    await client.postJson('/apagar_artigo', { id })
    const gone = await client.postRaw(`/carrinho/artigo/${id}`, { ...form, quantity: '3' })
    assert.equal(gone.status, 303)
    assert.match(visibleText((await client.get('/carrinho/')).text), /já não está na lista/)
    assert.equal(
      (await client.get(`/carrinho/artigo/${id}`)).status,
      303,
      'it was there: what became of it is told on the list'
    )
    assert.equal((await client.get('/carrinho/artigo/999999')).status, 404)
  })
})
