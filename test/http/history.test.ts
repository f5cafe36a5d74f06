import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, findTags, forEachEngine, sharedSite, signedIn, visibleText } from '../helper.ts'

interface Change {
  version: number
  kind: string
  text: string
  who: string
  at: string
  canUndo: boolean
  undoneBy: number | null
}
interface History {
  version: number
  changes: Change[]
  older: number | null
}

forEachEngine('the history of a list', engine => {
  const site = sharedSite(engine)

  const read = async (client: Client, query = ''): Promise<History> => {
    const reply = await client.getJson(`/carrinho/historico${query}`)
    assert.equal(reply.status, 200, reply.text)
    return reply.json() as History
  }
  const texts = async (client: Client) => (await read(client)).changes.map(({ text }) => text)
  const names = async (client: Client) => (await client.items()).map(({ tipo }) => tipo).sort()
  const press = async (client: Client, path: string) => {
    await client.get('/carrinho/historico')
    return client.post(`/carrinho/historico/${path}`, { operation: client.hidden('operation') ?? '' })
  }
  /** Rules as other pages use them. */
  const rules = async (t: { after(done: () => Promise<unknown>): void }) => {
    const { openStore } = await import('../../src/open-store.ts')
    const { readDatabaseConfig } = await import('../../src/config/config.ts')
    const { noEvents } = await import('../../src/store/events.ts')
    const { cartRules } = await import('../../src/features/items/rules.ts')
    const store = await openStore(readDatabaseConfig(site.database.env), noEvents)
    t.after(() => store.dialect.close(0))
    return { carts: cartRules(store), begin: () => store.begin() }
  }
  const idOf = async (client: { account: { email: string } }) => {
    const [row] = await site.database.query(`select id_cliente from clientes where email = '${client.account.email}'`)
    return Number(row?.id_cliente)
  }

  test('says in words who did what and when, the latest first', async t => {
    const client = await signedIn(t, site.server)
    const where = { accountId: await idOf(client), list: 'first' } as const
    await client.addItem({ tipo: 'Laranjas', quantidade: 2, local: 'Mercado' })
    await client.addItem({ tipo: 'Pão', quantidade: 1, local: 'Padaria' })
    const ids = new Map((await client.items()).map(({ tipo, id }) => [tipo, Number(id)]))
    const [oranges, bread] = [ids.get('Laranjas') ?? 0, ids.get('Pão') ?? 0]
    const { carts, begin } = await rules(t)
    await carts.tick(begin(), where, { done: [bread] })
    await carts.adjust(begin(), where, oranges, 1000)
    await carts.edit(begin(), where, oranges, {
      type: { value: 'Laranjas doces' },
      shop: { value: 'Praça' },
      unit: { value: 'kg' }
    })
    await carts.tick(begin(), where, { open: [bread] })
    await carts.tick(begin(), where, { open: [bread] })
    await carts.removeItems(begin(), where, [bread])
    const { version, changes } = await read(client)
    assert.equal(version, 8)
    assert.deepEqual(
      changes.map(({ text }) => text),
      [
        'Apagou «Pão».',
        'Não mudou nada: já estava assim.',
        'Pôs outra vez por comprar «Pão».',
        'Mudou «Laranjas» (quantidade: 3 → 3 kg; nome: Laranjas → Laranjas doces; loja: Mercado → Praça).',
        'Mudou «Laranjas» (quantidade: 2 → 3).',
        'Pôs no cesto «Pão».',
        'Juntou «Pão».',
        'Juntou «Laranjas (2)».'
      ]
    )
    for (const change of changes) {
      assert.equal(change.who, client.account.name)
      assert.ok(Math.abs(Date.parse(change.at) - Date.now()) < 10 * 60_000)
    }
    const page = visibleText((await client.get('/carrinho/historico')).text)
    assert.ok(page.includes('Pôs no cesto «Pão».') && page.includes(client.account.name))
    assert.match(page, /um ano e depois apagam-se/, 'it says how long it is kept')

    for (const [language, expected] of [
      ['en', 'Put “Pão” in the basket.'],
      ['es', 'Puso en la cesta «Pão».']
    ] as const) {
      const reply = await client.get('/carrinho/historico', { 'accept-language': language, accept: 'application/json' })
      assert.ok(
        (reply.json() as History).changes.some(({ text }) => text === expected),
        language
      )
    }
  })

  test('shows the list as it was after any change, and before the first', async t => {
    const client = await signedIn(t, site.server)
    for (const tipo of ['um', 'dois', 'três']) await client.addItem({ tipo })
    const [two] = (await client.items()).filter(({ tipo }) => tipo === 'dois')
    await client.post('/apagar_artigo', { id: String(two?.id) })
    const at = async (version: number) => {
      const reply = await client.getJson(`/carrinho/historico/${version}`)
      assert.equal(reply.status, 200, String(version))
      return (reply.json() as { items: { type: string }[] }).items.map(({ type }) => type).sort()
    }
    assert.deepEqual(await at(0), [])
    assert.deepEqual(await at(1), ['um'])
    assert.deepEqual(await at(3), ['dois', 'três', 'um'])
    assert.deepEqual(await at(4), ['três', 'um'])
    const page = await client.get('/carrinho/historico/2')
    assert.match(visibleText(page.text), /Depois da alteração 2.*um/)
    assert.ok(findTags(page.text, 'form').some(({ action }) => action === '/carrinho/historico/2/repor'))
    const now = await client.get('/carrinho/historico/4')
    assert.ok(!findTags(now.text, 'form').some(({ action }) => action?.endsWith('/repor')))
    for (const version of ['5', '999999999', '-1', 'x', '1.5']) {
      assert.equal((await client.get(`/carrinho/historico/${version}`)).status, 404, version)
    }
  })

  test('takes one change back, says so, and takes that back as well', async t => {
    const client = await signedIn(t, site.server)
    for (const tipo of ['fica', 'sai']) await client.addItem({ tipo })
    assert.equal((await press(client, '2/anular')).status, 303)
    assert.deepEqual(await names(client), ['fica'])
    let { changes } = await read(client)
    assert.equal(changes[0]?.text, 'Anulou a alteração 2.')
    assert.deepEqual([changes[1]?.undoneBy, changes[1]?.canUndo], [3, false])
    const again = await press(client, '2/anular')
    assert.equal(again.headers.location, '/carrinho/historico')
    assert.match(visibleText((await client.get('/carrinho/historico')).text), /já tinha sido anulada/)
    assert.equal((await press(client, '3/anular')).status, 303)
    assert.deepEqual(await names(client), ['fica', 'sai'])
    changes = (await read(client)).changes
    assert.equal(changes.find(({ version }) => version === 2)?.canUndo, true)
  })

  test('a change that something was built on later, or that is too old, stays, and the page says why', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'leite' })
    const [milk] = await client.items()
    const where = { accountId: await idOf(client), list: 'first' } as const
    const { carts, begin } = await rules(t)
    await carts.edit(begin(), where, Number(milk?.id), { shop: { value: 'um' } })
    await carts.edit(begin(), where, Number(milk?.id), { shop: { value: 'dois' } })
    await press(client, '2/anular')
    assert.match(visibleText((await client.get('/carrinho/historico')).text), /Entretanto mudou-se outra coisa/)
    const [list] = await site.database.query(`select id from lists where first_of = ${where.accountId}`)
    const monthAgo = Date.now() - 31 * 24 * 60 * 60_000
    await site.database.query(`update changes set at = ${monthAgo} where list_id = ${list?.id} and version = 3`)
    assert.equal((await read(client)).changes[0]?.canUndo, false)
    await press(client, '3/anular')
    assert.match(visibleText((await client.get('/carrinho/historico')).text), /mais de 30 dias/)
    assert.equal((await client.items())[0]?.local, 'dois')
  })

  test('makes the list as it was after a change, once, and takes that back', async t => {
    const client = await signedIn(t, site.server)
    for (const tipo of ['um', 'dois', 'três']) await client.addItem({ tipo })
    const [one] = (await client.items()).filter(({ tipo }) => tipo === 'um')
    await client.post('/apagar_artigo', { id: String(one?.id) })
    await client.get('/carrinho/historico/2')
    const operation = client.hidden('operation') ?? ''
    for (let sent = 0; sent < 2; sent++) {
      assert.equal((await client.post('/carrinho/historico/2/repor', { operation })).status, 303)
    }
    assert.deepEqual(await names(client), ['dois', 'um'])
    const [latest] = await texts(client)
    assert.equal(latest, 'Pôs a lista como estava depois da alteração 2.')
    assert.equal((await read(client)).version, 5, 'sent twice, done once')
    assert.equal((await press(client, '5/anular')).status, 303)
    assert.deepEqual(await names(client), ['dois', 'três'])
  })

  test('comes a page at a time, and names what is gone since', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Sal', quantidade: 1 })
    const [salt] = await client.items()
    const where = { accountId: await idOf(client), list: 'first' } as const
    const { carts, begin } = await rules(t)
    for (let n = 0; n < 60; n++) {
      await carts.tick(begin(), where, n % 2 === 0 ? { done: [Number(salt?.id)] } : { open: [Number(salt?.id)] })
    }
    await carts.removeItems(begin(), where, [Number(salt?.id)])
    const first = await read(client)
    assert.equal(first.changes.length, 50)
    const second = await read(client, `?antes=${first.older}`)
    assert.equal(second.changes.length, 12)
    assert.equal(second.older, null)
    for (const { text } of [...first.changes, ...second.changes]) assert.match(text, /«Sal»/)
    const page = await client.get('/carrinho/historico')
    assert.ok(page.text.includes(`href="/carrinho/historico?antes=${first.older}"`))
  })

  test('of an item of another’s, or of one that was never there, is nobody’s to see or take back', async t => {
    const other = await signedIn(t, site.server)
    await other.addItem({ tipo: 'segredo' })
    const client = await signedIn(t, site.server)
    assert.deepEqual((await read(client)).changes, [])
    for (const path of ['1/anular', '0/anular', '99/anular', '7/repor', 'x/anular', '-1/repor']) {
      assert.equal((await press(client, path)).status, 404, path)
    }
    assert.equal((await other.items()).length, 1)
    const visitor = new Client(t, site.server)
    assert.match((await visitor.get('/carrinho/historico')).headers.location ?? '', /^\/login\?next=/)
  })
})
