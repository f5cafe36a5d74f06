import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Client, findInput, findTags, forEachEngine, sharedSite, signedIn, visibleText } from '../helper.ts'

interface ListJson {
  id: number
  name: string
  base: string
  isFirst: boolean
  open: number
  done: number
}
interface AllLists {
  lists: ListJson[]
  templates: ListJson[]
  away: ListJson[]
  removed: ListJson[]
}

const all = async (client: Client) => (await client.getJson('/listas/')).json() as AllLists

async function make(client: Client, name: string, form: Record<string, string> = {}): Promise<number> {
  await client.get('/listas/')
  const reply = await client.post('/listas/', { name, operation: client.hidden('operation') ?? '', ...form })
  assert.equal(reply.status, 303, visibleText(reply.text))
  const [, id] = /^\/listas\/(\d+)\/$/.exec(reply.headers.location ?? '') ?? []
  assert.ok(id, `made: ${reply.headers.location}`)
  await client.get('/carrinho/')
  return Number(id)
}

forEachEngine('lists', engine => {
  const site = sharedSite(engine)

  const idOf = async (client: { account: { email: string } }) => {
    const [row] = await site.database.query(`select id_cliente from clientes where email = '${client.account.email}'`)
    return Number(row?.id_cliente)
  }
  /** What is on a list, by the names, without asking the site. */
  const on = async (client: Client & { account: { email: string } }, list: number) => {
    const rows = await site.database.query(
      `select tipo, done_at from compras where id_cliente = ${await idOf(client)} and list_id = ${list} order by tipo`
    )
    return rows.map(({ tipo }) => String(tipo))
  }
  const itemIds = async (client: Client) => (await client.items()).map(({ id }) => String(id))

  const press = async (client: Client, path: string, form: Record<string, string> = {}, from = '/listas/') => {
    await client.get(from)
    return client.post(path, { operation: client.hidden('operation') ?? '', ...form })
  }

  test('what was moved, copied or filled is taken back by the button beside its message', async t => {
    const client = await signedIn(t, site.server)
    const party = await make(client, 'Festa')
    await client.addItem({ tipo: 'Pão' })
    const [id = ''] = await itemIds(client)
    const counts = async () => [(await client.items()).length, (await on(client, party)).length]
    const undo = async () => {
      const [form = ''] =
        /<form method="post" action="[^"]*\/anular">[\s\S]*?<\/form>/.exec((await client.get('/carrinho/')).text) ?? []
      const [, action = ''] = /action="([^"]*)"/.exec(form) ?? []
      const fields = [...findTags(form, 'input'), ...findTags(form, 'button')]
      const sent = fields.map(({ name = '', value = '' }): [string, string] => [name, value])
      const reply = await client.postRaw(action, sent)
      assert.equal(reply.status, 303, visibleText(reply.text))
    }
    const ways: [string, Record<string, string>, number[]][] = [
      ['/carrinho/mover', { id, to: String(party), do: 'mover' }, [0, 1]],
      ['/carrinho/mover', { id, to: String(party), do: 'copiar' }, [1, 1]],
      ['/listas/encher', { from: 'first', to: String(party) }, [1, 1]]
    ]
    for (const [path, form, expected] of ways) {
      await client.get('/carrinho/')
      assert.equal((await press(client, path, form)).status, 303)
      assert.deepEqual(await counts(), expected, path)
      await undo()
      assert.deepEqual(await counts(), [1, 0], `${path} taken back`)
    }
  })

  test('are made, renamed, put away, taken back, deleted and restored with what was on them', async t => {
    const client = await signedIn(t, site.server)
    const id = await make(client, 'Festa da Ana')
    await client.addItem({ tipo: 'Pão' })
    const [bread = ''] = await itemIds(client)
    const moved = await press(client, '/carrinho/mover', { id: bread, to: String(id), do: 'mover' }, '/carrinho/mover')
    assert.equal(moved.status, 303)
    assert.deepEqual(await on(client, id), ['Pão'])

    assert.equal((await press(client, `/listas/${id}/nome`, { name: 'Festa do Zé' })).status, 303)
    assert.deepEqual(
      (await all(client)).lists.map(({ name, open }) => [name, open]),
      [
        ['', 0],
        ['Festa do Zé', 1]
      ]
    )
    assert.equal((await press(client, `/listas/${id}/guardar`)).status, 303)
    let now = await all(client)
    assert.deepEqual([now.lists.length, now.away.map(({ name }) => name)], [1, ['Festa do Zé']])
    assert.equal((await press(client, `/listas/${id}/repor`)).status, 303)
    assert.equal((await all(client)).lists.length, 2)

    const removed = await press(client, `/listas/${id}/apagar-lista`)
    assert.equal(removed.headers.location, '/listas/')
    assert.deepEqual(await on(client, id), [])
    now = await all(client)
    assert.deepEqual([now.lists.length, now.removed.map(({ id }) => id)], [1, [id]])
    for (const stale of [
      await client.get(`/listas/${id}/`),
      await client.post(`/listas/${id}/`, { entry: 'Leite' }),
      await client.post(`/listas/${id}/marcar`, { done: bread })
    ]) {
      assert.equal(stale.status, 404)
      assert.match(visibleText(stale.text), /já não está aqui.*30 dias.*recupere-a/s, 'a tab that had it open is told')
      assert.ok(findTags(stale.text, 'a').some(({ href }) => href === '/listas/'))
    }
    const page = await client.get('/listas/')
    assert.ok(page.text.includes(`action="/listas/${id}/recuperar"`), 'the way back stands where it was deleted')
    assert.equal((await client.get(`/listas/${id}/opcoes`)).status, 404)
    const restored = await press(client, `/listas/${id}/recuperar`)
    assert.equal(restored.headers.location, `/listas/${id}/`)
    assert.deepEqual(await on(client, id), ['Pão'])
  })

  test('a form that is sent twice makes one list, and for something else it is refused', async t => {
    const client = await signedIn(t, site.server)
    await client.get('/listas/')
    const operation = client.hidden('operation') ?? ''
    const replies = [
      await client.post('/listas/', { name: 'Uma', operation }),
      await client.post('/listas/', { name: 'Uma', operation })
    ]
    assert.deepEqual(
      replies.map(({ headers }) => headers.location),
      Array(2).fill(replies[0]?.headers.location)
    )
    const other = await client.post('/listas/', { name: 'Outra', operation })
    assert.equal(other.status, 409)
    assert.equal(findInput(other.text, 'name')?.value, 'Outra', 'what was typed is kept')
    assert.notEqual(findInput(other.text, 'operation')?.value, operation)
    assert.equal((await all(client)).lists.length, 2)
  })

  test('a name that is blank, too long or cannot be seen is refused at its field', async t => {
    const client = await signedIn(t, site.server)
    const id = await make(client, 'x'.repeat(80))
    for (const name of ['', '   ', 'x'.repeat(81), 'a\u0000b', '\u200b']) {
      for (const [path, page] of [
        ['/listas/', '/listas/'],
        [`/listas/${id}/nome`, `/listas/${id}/opcoes`],
        ['/carrinho/nome', '/carrinho/opcoes']
      ] as const) {
        const reply = await press(client, path, { name }, page)
        assert.equal(reply.status, 400, `${path} ${JSON.stringify(name)}`)
        assert.equal(findInput(reply.text, 'name')?.['aria-invalid'], 'true')
      }
    }
    assert.equal((await all(client)).lists.length, 2)
  })

  test('there are 200 at most', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem()
    const owner = await idOf(client)
    const rows = Array.from({ length: 199 }, (_, n) => `(${owner}, 'lista ${n}', 1, 1)`)
    await site.database.query(`insert into lists (owner_id, name, version, created_at) values ${rows.join(', ')}`)
    const reply = await press(client, '/listas/', { name: 'Mais uma' })
    assert.equal(reply.status, 409)
    assert.equal(findInput(reply.text, 'name')?.['aria-invalid'], 'true')
    assert.equal(findInput(reply.text, 'name')?.value, 'Mais uma')
  })

  test('the first list stays, and can be called something else', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem()
    for (const path of ['guardar', 'apagar-lista']) {
      const reply = await press(client, `/carrinho/${path}`)
      assert.equal(reply.status, 303)
      assert.equal(reply.headers.location, '/carrinho/opcoes')
      assert.match(visibleText((await client.get('/carrinho/opcoes')).text), /primeira lista fica sempre/)
    }
    assert.equal((await press(client, '/carrinho/nome', { name: 'Semana' })).status, 303)
    const [first] = (await all(client)).lists
    assert.deepEqual([first?.name, first?.open, first?.isFirst], ['Semana', 1, true])
    // By its number, too.
    assert.equal((await press(client, `/listas/${first?.id}/nome`, { name: 'Mês' })).status, 303)
    assert.equal((await all(client)).lists[0]?.name, 'Mês')
  })

  test('what is moved is chosen all at once or not at all, without scripts; an item has a link to where it is moved', async t => {
    const client = await signedIn(t, site.server)
    const party = await make(client, 'Festa')
    for (const tipo of ['Leite', 'Pão', 'Sal']) await client.addItem({ tipo })
    const [id = ''] = await itemIds(client)
    const chosen = (page: string) =>
      findTags(page, 'input').flatMap(box => (box.type === 'checkbox' && box.checked !== undefined ? [box.value] : []))
    const item = (await client.get(`/carrinho/artigo/${id}`)).text
    const link = findTags(item, 'a').find(({ href }) => href?.includes('/mover'))?.href ?? ''
    const page = (await client.get(link)).text
    assert.deepEqual(chosen(page), [String(id)])
    const form = (...more: [string, string][]): [string, string][] => [
      ['csrf_token', client.csrf() ?? ''],
      ['operation', findInput(page, 'operation')?.value ?? ''],
      ['to', String(party)],
      ...more
    ]
    const every = await client.postRaw('/carrinho/mover', form(['id', String(id)], ['do', 'todos']))
    assert.equal(every.status, 200)
    assert.deepEqual(chosen(every.text).sort(), (await itemIds(client)).map(String).sort())
    assert.match(every.text, new RegExp(`<option value="${party}" selected`), 'the list that was chosen stays')
    const none = await client.postRaw('/carrinho/mover', form(['id', String(id)], ['do', 'nenhum']))
    assert.deepEqual(chosen(none.text), [])
    assert.equal((await client.items()).length, 3, 'nothing was moved by choosing')
    const ids = chosen(every.text).map((value = ''): [string, string] => ['id', value])
    assert.equal((await client.postRaw('/carrinho/mover', form(...ids, ['do', 'mover']))).status, 303)
    assert.deepEqual(await on(client, party), ['Leite', 'Pão', 'Sal'])
  })

  test('a template fills a list, and adds up what is there already', async t => {
    const client = await signedIn(t, site.server)
    const template = await make(client, 'O costume', { template: '1' })
    for (const tipo of ['Leite', 'Pão']) await client.addItem({ tipo, quantidade: 2 })
    const ids = await itemIds(client)
    await client.get('/carrinho/mover')
    const fields: [string, string][] = [
      ['csrf_token', client.csrf() ?? ''],
      ['operation', client.hidden('operation') ?? ''],
      ['to', String(template)],
      ['do', 'copiar'],
      ...ids.map((id): [string, string] => ['id', id])
    ]
    assert.equal((await client.postRaw('/carrinho/mover', fields)).status, 303)
    assert.deepEqual(await on(client, template), ['Leite', 'Pão'])
    assert.equal((await client.items()).length, 2, 'copied, not moved')

    const found = await all(client)
    assert.deepEqual([found.lists.length, found.templates.map(({ name }) => name)], [1, ['O costume']])
    const options = await client.get('/carrinho/opcoes')
    assert.ok(options.text.includes('action="/listas/encher"'), 'offered where it is filled')
    const filled = await client.post('/listas/encher', {
      from: String(template),
      to: 'first',
      operation: client.hidden('operation') ?? ''
    })
    assert.equal(filled.headers.location, '/carrinho/')
    assert.deepEqual((await client.items()).map(({ tipo, quantidade }) => [tipo, quantidade]).sort(), [
      ['Leite', 4],
      ['Pão', 4]
    ])
    assert.equal((await press(client, `/listas/${template}/modelo`, { template: '0' })).status, 303)
    assert.equal((await all(client)).templates.length, 0)
  })

  test('an empty template fills nothing and says so, and what is gone is not copied: no change is made', async t => {
    const client = await signedIn(t, site.server)
    const template = await make(client, 'O costume')
    await client.addItem({ tipo: 'Sal' })
    const [salt = ''] = await itemIds(client)
    const historyOf = async (base: string) => (await client.getJson(`${base}/historico`)).text
    const before = await Promise.all(['/carrinho', `/listas/${template}`].map(historyOf))
    for (const operation of ['a', 'a', 'b']) {
      const fields = { from: String(template), to: 'first', operation }
      await client.get('/listas/')
      const told = await client.postJson('/listas/encher', fields)
      assert.deepEqual([told.status, told.json()], [200, { status: 'done', count: 0 }])
      await client.get('/listas/')
      const filled = await client.post('/listas/encher', fields)
      assert.equal(filled.status, 303)
      const page = await client.get('/carrinho/')
      assert.match(visibleText(page.text), /Juntaram-se 0 artigos à lista/)
      assert.doesNotMatch(page.text, /action="\/carrinho\/anular"/)
      const gone = { id: '999999', to: String(template), do: 'copiar', operation: `c${operation}` }
      await client.get(`/carrinho/mover?artigo=${salt}`)
      assert.equal((await client.post('/carrinho/mover', gone)).status, 303)
    }
    assert.deepEqual(await Promise.all(['/carrinho', `/listas/${template}`].map(historyOf)), before)
    assert.equal((await client.items()).length, 1)
  })

  test('items are moved once however often it is sent, and what is wrong is said with what was chosen kept', async t => {
    const client = await signedIn(t, site.server)
    const id = await make(client, 'Outra')
    await client.addItem({ tipo: 'Sal' })
    const [salt = ''] = await itemIds(client)
    const page = await client.get(`/carrinho/mover?artigo=${salt}`)
    assert.equal(findTags(page.text, 'input').find(({ name }) => name === 'id')?.checked, '', 'chosen already')
    const operation = client.hidden('operation') ?? ''
    const noTarget = await client.post('/carrinho/mover', { id: salt, to: '', do: 'mover', operation })
    assert.equal(noTarget.status, 400)
    assert.equal(findTags(noTarget.text, 'input').find(({ name }) => name === 'id')?.checked, '')
    assert.equal((await client.post('/carrinho/mover', { to: String(id), do: 'mover', operation })).status, 400)
    assert.equal((await client.post('/carrinho/mover', { id: salt, to: 'first', do: 'mover', operation })).status, 409)
    assert.equal(
      (await client.post('/carrinho/mover', { id: salt, to: String(id), do: 'roubar', operation })).status,
      400
    )
    for (let sent = 0; sent < 2; sent++) {
      const reply = await client.post('/carrinho/mover', { id: salt, to: String(id), do: 'mover', operation })
      assert.equal(reply.status, 303)
    }
    assert.deepEqual(await on(client, id), ['Sal'])
    assert.deepEqual(await client.items(), [])
  })

  test('after the next login the list opens that was open last in this browser', async t => {
    const client = await signedIn(t, site.server)
    const id = await make(client, 'Última')
    const owner = await idOf(client)
    await client.get('/carrinho/')
    assert.equal(client.cookies.get('carrinho_list'), undefined, 'there is nothing to remember of the first list')
    await client.get(`/listas/${id}/`)
    await client.getJson('/carrinho/')
    await client.get('/listas/')
    assert.equal(client.cookies.get('carrinho_list'), `${owner}.${id}`)
    await client.logout()
    const reply = await client.tryLogin(client.account)
    assert.equal(reply.headers.location, '/listas/ultima')
    assert.equal((await client.get('/listas/ultima')).headers.location, `/listas/${id}/`)
    await press(client, `/listas/${id}/apagar-lista`)
    assert.equal((await client.get('/listas/ultima')).headers.location, '/carrinho/')
    // Another's number in the cookie leads nowhere, and another account is not led there.
    const other = await signedIn(t, site.server)
    other.cookies.set('carrinho_list', `${await idOf(other)}.${id}`)
    assert.equal((await other.get('/listas/ultima')).headers.location, '/carrinho/')
    other.cookies.set('carrinho_list', `${owner}.${id}`)
    await other.logout()
    assert.equal((await other.tryLogin(other.account)).headers.location, '/carrinho/')
  })

  test('are printed by shop and sent as text, without what is in the basket', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Pão <b>', quantidade: 2, local: 'Padaria' })
    await client.addItem({ tipo: 'Leite', quantidade: 1, local: 'Mercado' })
    await client.addItem({ tipo: 'Comprado', quantidade: 1, local: 'Mercado' })
    const done = (await client.items()).find(({ tipo }) => tipo === 'Comprado')
    await site.database.query(`update compras set done_at = ${Date.now()} where id_compras = ${done?.id}`)
    await client.get('/carrinho/')
    const page = await client.get('/carrinho/imprimir')
    const text = visibleText(page.text)
    assert.match(text, /Mercado.*Leite.*Padaria.*Pão <b> 2/)
    assert.ok(!text.includes('Comprado'))
    const plain = await client.get('/carrinho/texto', { accept: 'text/plain' })
    assert.match(plain.headers['content-type'] ?? '', /^text\/plain/)
    assert.equal(plain.text, '# Mercado\n- Leite\n\n# Padaria\n- 2 Pão <b>\n')
    const html = await client.get('/carrinho/texto')
    // The line end after the tag is none of the text.
    assert.match(html.text, /<textarea[^>]*>\n# Mercado\n- Leite\n\n# Padaria\n- 2 Pão &lt;b&gt;<\/textarea>/)
  })
})

forEachEngine('another’s lists', engine => {
  const site = sharedSite(engine)

  test('are not there in any route, exactly as those that never were, and nothing happens to them', async t => {
    const owner = await signedIn(t, site.server)
    const theirs = await make(owner, 'Segredo')
    await owner.addItem({ tipo: 'segredo' })
    const [item] = (await owner.items()).map(({ id }) => String(id))
    await owner.get('/carrinho/mover')
    const copy = { id: item ?? '', to: String(theirs), do: 'copiar', operation: owner.hidden('operation') ?? '' }
    assert.equal((await owner.post('/carrinho/mover', copy)).status, 303)
    const gone = await make(owner, 'Apagada')
    await owner.get('/listas/')
    await owner.post(`/listas/${gone}/apagar-lista`)
    const [copied] = await site.database.query(`select id_compras from compras where list_id = ${theirs}`)

    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'meu' })
    const [mine = ''] = (await client.items()).map(({ id }) => String(id))
    const own = await make(client, 'Minha')
    const nowhere = 2_000_000_000
    const state = async () => ({
      items: await site.database.query('select * from compras order by id_compras'),
      lists: await site.database.query('select * from lists order by id'),
      changes: await site.database.query('select * from changes order by list_id, version')
    })
    const before = await state()

    for (const path of ['opcoes', 'mover', 'imprimir', 'texto', 'historico', 'historico/1', 'historico/0']) {
      const [foreign, none] = [
        await client.get(`/listas/${theirs}/${path}`),
        await client.get(`/listas/${nowhere}/${path}`)
      ]
      assert.equal(foreign.status, 404, path)
      assert.ok(!foreign.text.includes('egredo'), path)
      const words = (text: string) => visibleText(text.replace(/<footer.*/s, '')).replace(/Pedido \S+/, '')
      assert.equal(words(foreign.text), words(none.text), path)
    }

    const posts: [string, (list: number, id: string) => Record<string, string>][] = [
      ['nome', () => ({ name: 'Roubada' })],
      ['modelo', () => ({ template: '1' })],
      ['guardar', () => ({})],
      ['repor', () => ({})],
      ['apagar-lista', () => ({})],
      ['recuperar', () => ({})],
      ['mover', (_list, id) => ({ id, to: 'first', do: 'mover' })],
      ['mover', (_list, id) => ({ id, to: String(own), do: 'copiar' })],
      ['historico/1/anular', () => ({})],
      ['historico/1/repor', () => ({})],
      ['historico/0/repor', () => ({})]
    ]
    for (const [path, form] of posts) {
      for (const list of [theirs, gone]) {
        await client.get('/listas/')
        const fields = form(list, String(copied?.id_compras))
        const foreign = await client.post(`/listas/${list}/${path}`, {
          ...fields,
          operation: `a-${path}-${list}`.replace(/\W/g, '-')
        })
        const none = await client.post(`/listas/${nowhere}/${path}`, {
          ...fields,
          operation: `b-${path}-${list}`.replace(/\W/g, '-')
        })
        assert.deepEqual([foreign.status, none.status], [404, 404], path)
      }
    }
    for (const [path, form] of [
      ['/carrinho/mover', { id: mine, to: String(theirs), do: 'mover' }],
      ['/carrinho/mover', { id: mine, to: String(theirs), do: 'copiar' }],
      ['/carrinho/mover', { id: mine, to: String(nowhere), do: 'mover' }],
      ['/listas/encher', { from: String(theirs), to: 'first' }],
      ['/listas/encher', { from: 'first', to: String(theirs) }],
      ['/listas/encher', { from: String(nowhere), to: 'first' }],
      ['/listas/encher', { from: 'x', to: 'first' }],
      ['/listas/encher', {}]
    ] as [string, Record<string, string>][]) {
      const reply = await client.post(path, form)
      assert.equal(reply.status, 404, `${path} ${JSON.stringify(form)}`)
    }
    assert.deepEqual(await state(), before)

    // Another's item, named on one's own list, is none of it.
    await client.get('/carrinho/mover')
    const foreignItem = { id: String(copied?.id_compras), to: String(own), do: 'mover' }
    assert.equal((await client.post('/carrinho/mover', foreignItem)).status, 303)
    const after = await state()
    assert.deepEqual(after.items, before.items)
  })

  test('what cannot be a list is not there', async t => {
    const client = await signedIn(t, site.server)
    for (const list of ['0', '-1', '1.5', 'abc', '99999999999999', '%00', '1%20or%201']) {
      for (const path of ['opcoes', 'historico', 'imprimir', 'texto', 'mover']) {
        assert.equal((await client.get(`/listas/${list}/${path}`)).status, 404, `${list}/${path}`)
      }
    }
  })
})
