import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Client, eventually, findTags, forEachEngine, sharedSite, signedIn, visibleText } from '../helper.ts'

const shopsOf = async (client: Client) => ((await client.getJson('/lojas')).json() as { shops: string[] }).shops
const namesIn = async (client: Client, shop: string) =>
  ((await client.getJson(`/lojas?loja=${encodeURIComponent(shop)}`)).json() as { names: string[] }).names

/** The form of a button by its name to screen readers, with what the button adds. */
function formWith(page: string, label: string): { action: string; fields: Record<string, string> } {
  for (const form of page.split('<form').slice(1)) {
    const html = form.split('</form')[0] ?? ''
    const button = findTags(html, 'button').find(tag => tag['aria-label'] === label)
    if (!button) continue
    const inputs = findTags(html, 'input').map(({ name = '', value = '' }) => [name, value] as const)
    const action = /action="([^"]*)"/.exec(html)?.[1] ?? ''
    return { action, fields: { ...Object.fromEntries(inputs), [button.name ?? '']: button.value ?? '' } }
  }
  throw new Error(`no button “${label}”`)
}

forEachEngine('the page of shops', engine => {
  const site = sharedSite(engine)

  const press = async (client: Client, page: string, label: string) => {
    const { action, fields } = formWith((await client.get(page)).text, label)
    const answer = await client.postRaw(action, fields)
    assert.equal(answer.status, 303, visibleText(answer.text))
    return { action, fields, location: answer.headers.location ?? '' }
  }

  test('moves shops up and down without scripts, and says where they are', async t => {
    const client = await signedIn(t, site.server)
    for (const local of ['Aldi', 'Lidl', 'Talho']) await client.addItem({ tipo: 'Sal', local })
    assert.deepEqual(await shopsOf(client), ['Aldi', 'Lidl', 'Talho'])
    const { location, action, fields } = await press(client, '/lojas', 'Subir: Talho')
    assert.equal(location, '/lojas#p-1')
    assert.ok(visibleText((await client.get('/lojas')).text).includes('«Talho» está agora em 2.º lugar.'))
    assert.deepEqual(await shopsOf(client), ['Aldi', 'Talho', 'Lidl'])
    // The browser sent it again.
    await client.postRaw(action, fields)
    assert.deepEqual(await shopsOf(client), ['Aldi', 'Talho', 'Lidl'])
    await press(client, '/lojas', 'Descer: Aldi')
    await press(client, '/lojas', 'Descer: Aldi')
    assert.deepEqual(await shopsOf(client), ['Talho', 'Lidl', 'Aldi'])
  })

  test('is that of the list as it was, too', async t => {
    const client = await signedIn(t, site.server)
    for (const local of ['Aldi', 'Lidl', 'Talho']) await client.addItem({ tipo: 'Sal', local })
    await press(client, '/lojas', 'Subir: Talho')
    await press(client, '/lojas', 'Subir: Talho')
    const text = visibleText((await client.get('/carrinho/historico/3')).text)
    const places = ['Talho', 'Aldi', 'Lidl'].map(shop => text.lastIndexOf(shop))
    assert.ok(places.every(place => place > 0))
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      text
    )
  })

  test('moves what is bought in a shop, whatever it is called, and forgets places', async t => {
    const client = await signedIn(t, site.server)
    const local = `Mercado "Zé" & <b>filhos</b> +1/2%`
    for (const tipo of ['Água', 'Bolo <i>', "D'ouro & prata"]) await client.addItem({ tipo, local })
    const page = `/lojas?loja=${encodeURIComponent(local)}`
    const link = findTags((await client.get('/lojas')).text, 'a').find(tag => tag.class === 'name')
    assert.equal(new URL(link?.href ?? '', 'http://x').searchParams.get('loja'), local)
    assert.ok((await client.get(page)).text.includes('&lt;b&gt;filhos'))
    const { location } = await press(client, page, "Subir: D'ouro & prata")
    assert.equal(new URL(location, 'http://x').searchParams.get('loja'), local)
    assert.deepEqual(await namesIn(client, local), ['Água', "D'ouro & prata", 'Bolo <i>'])
    await press(client, page, 'Esquecer o lugar de Água')
    assert.deepEqual(await namesIn(client, local), ["D'ouro & prata", 'Água', 'Bolo <i>'])
    const { fields } = formWith((await client.get(page)).text, 'Subir: Água')
    assert.equal(
      (await client.postRaw('/lojas/esquecer', { csrf_token: fields.csrf_token ?? '', shop: local })).status,
      303
    )
    assert.deepEqual(await namesIn(client, local), ['Água', 'Bolo <i>', "D'ouro & prata"])
  })

  test('learns the order, or not, as is wanted', async t => {
    const client = await signedIn(t, site.server)
    const learns = async () => ((await client.getJson('/lojas')).json() as { learns: boolean }).learns
    assert.equal(await learns(), true)
    for (const wanted of [false, true]) {
      await client.get('/lojas')
      const button = findTags(client.page, 'button').find(({ name }) => name === 'learns')
      assert.equal(button?.value, wanted ? '1' : '0')
      await client.post('/lojas/aprender', { learns: button?.value ?? '' })
      assert.equal(await learns(), wanted)
    }
  })

  test('answers programs as it answers people', async t => {
    const client = await signedIn(t, site.server)
    for (const tipo of ['a', 'b']) await client.addItem({ tipo, local: 'Lidl, Aldi' })
    await client.get('/lojas')
    const moved = await client.postJson('/lojas/mover', { shop: 'lidl', name: 'B', before: 'a' })
    assert.deepEqual(moved.json(), { order: ['b'] })
    assert.deepEqual(await namesIn(client, 'Lidl'), ['b', 'a'])
    assert.deepEqual(await namesIn(client, 'Aldi'), ['a', 'b'])
    assert.deepEqual((await client.postJson('/lojas/mover', { shop: '', name: 'Lidl', end: '1' })).json(), {
      order: ['Aldi', 'Lidl']
    })
  })

  test('is how the list is shown, which learns from what is ticked off and cleared; one shop can be seen alone', async t => {
    const client = await signedIn(t, site.server)
    const shown = async (path = '/carrinho/') => {
      const { text } = await client.get(path)
      return text
        .split('<section data-shop="')
        .slice(1)
        .map(part => [
          part.split('"')[0],
          ...findTags(part.split('</section')[0] ?? '', 'input').map(tag => tag['aria-label'])
        ])
    }
    const write = async () => {
      for (const [tipo, local] of [
        ['Sal', 'Lidl'],
        ['Leite', 'Lidl, Aldi'],
        ['Pão', 'Lidl']
      ] as const) {
        await client.addItem({ tipo, local })
      }
    }
    await write()
    assert.deepEqual(await shown(), [
      ['Aldi', 'Leite'],
      ['Lidl', 'Pão', 'Leite', 'Sal']
    ])
    assert.deepEqual(await shown('/carrinho/?loja=aldi'), [['Aldi', 'Leite']])
    await press(client, '/lojas', 'Subir: Lidl')

    const idOf = new Map((await client.items()).map(({ id, tipo }) => [tipo, id]))
    const done: [string, string][] = []
    for (const name of ['Leite', 'Sal', 'Pão']) {
      await client.get('/carrinho/')
      done.push(['done', String(idOf.get(name))])
      const fields = ['csrf_token', 'operation', 'seen', 'was'].map(
        field => [field, client.hidden(field) ?? ''] as [string, string]
      )
      assert.equal((await client.postRaw('/carrinho/marcar', [...fields, ...done])).status, 303)
    }
    assert.deepEqual(await shown(), [])
    await client.get('/carrinho/')
    const fields = ['csrf_token', 'operation', 'seen', 'was'].map(
      field => [field, client.hidden(field) ?? ''] as [string, string]
    )
    assert.equal((await client.postRaw('/carrinho/limpar', [...fields, ...done])).status, 303)
    assert.deepEqual(await client.items(), [])
    await eventually(async () => assert.deepEqual(await namesIn(client, 'Lidl'), ['Leite', 'Sal', 'Pão']))

    await write()
    assert.deepEqual(await shown(), [
      ['Lidl', 'Leite', 'Sal', 'Pão'],
      ['Aldi', 'Leite']
    ])
  })

  test('knows nobody else’s shops', async t => {
    const [ana, rui] = [await signedIn(t, site.server), await signedIn(t, site.server)]
    for (const tipo of ['a', 'b']) await ana.addItem({ tipo, local: 'Clínica' })
    await rui.get('/lojas')
    assert.ok(!rui.page.includes('Clínica'))
    const move = { shop: 'Clínica', name: 'b', before: 'a' }
    assert.equal((await rui.postJson('/lojas/mover', move)).status, 404)
    assert.equal((await rui.get('/lojas?loja=Cl%C3%ADnica')).status, 404)
    assert.deepEqual((await rui.postJson('/lojas/esquecer', { shop: 'Clínica' })).json(), { forgotten: false })
    assert.deepEqual(await namesIn(ana, 'Clínica'), ['a', 'b'])
  })

  test('refuses what no page sends, and changes nothing', async t => {
    const client = await signedIn(t, site.server)
    for (const tipo of ['a', 'b']) await client.addItem({ tipo, local: 'Lidl' })
    await client.get('/lojas')
    const long = 'x'.repeat(141)
    const wrong: unknown[] = [
      {},
      { shop: 'Lidl' },
      { shop: 'Lidl', name: 'b' },
      { shop: 'Lidl', name: '', before: 'a' },
      { shop: 'Lidl', name: 'b', before: '' },
      { shop: 'Lidl', name: 'b', before: 'a', end: '1' },
      { shop: 'Lidl', name: long, end: '1' },
      { shop: long, name: 'b', end: '1' },
      { shop: ['Lidl'], name: 'b', end: '1' },
      { shop: 'Lidl', name: { b: 1 }, end: '1' },
      { shop: '\u200b', name: 'b', end: '1' }
    ]
    for (const body of wrong)
      assert.equal((await client.postJson('/lojas/mover', body)).status, 400, JSON.stringify(body))
    for (const learns of ['', '2', 'true', 1])
      assert.equal((await client.postJson('/lojas/aprender', { learns })).status, 400)
    for (const body of [{}, { shop: '' }, { shop: 'Lidl', name: '' }]) {
      assert.equal((await client.postJson('/lojas/esquecer', body)).status, 400)
    }
    for (const query of ['', '%00', long, 'a&loja=b', 'Aldi']) {
      assert.equal((await client.get(`/lojas?loja=${query}`)).status, 404, query)
    }
    assert.equal(
      (
        await client.send('POST', '/lojas/mover', {
          headers: { 'content-type': 'application/json' },
          body: '{"shop":"","name":"Lidl","end":"1"}'
        })
      ).status,
      403
    )
    assert.deepEqual(await namesIn(client, 'Lidl'), ['a', 'b'])
    await client.logout()
    assert.equal((await client.getJson('/lojas')).status, 401)
  })
})
