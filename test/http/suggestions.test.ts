import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Client,
  eventually,
  findTags,
  forEachEngine,
  ownProcess,
  sharedSite,
  signedIn,
  startServer,
  visibleText
} from '../helper.ts'

interface Suggested {
  name: string
  quantity: number
  unit: string
  shop: string
  boughtAt: number
}

const suggested = async (client: Client, q = ''): Promise<Suggested[]> =>
  ((await client.getJson(`/sugestoes?q=${encodeURIComponent(q)}`)).json() as { suggestions: Suggested[] }).suggestions

const seeNames = (client: Client, q: string, names: string[]) =>
  eventually(async () =>
    assert.deepEqual(
      (await suggested(client, q)).map(({ name }) => name),
      names
    )
  )

forEachEngine('suggestions', engine => {
  const site = sharedSite(engine)

  test('what was added is suggested afterwards, with its quantity and shop, as JSON and on a page', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Maçã <b>reineta</b>', quantidade: 3, local: 'Mercado do Bolhão' })
    await seeNames(client, 'maca', ['Maçã <b>reineta</b>'])
    const [one] = await suggested(client, 'MAÇ')
    assert.equal(one?.quantity, 3)
    assert.equal(one?.shop, 'Mercado do Bolhão')
    const page = await client.get('/sugestoes?q=maca%20%3Cb')
    assert.match(page.text, /&lt;b&gt;reineta/)
    assert.ok(visibleText(page.text).includes('Mercado do Bolhão'))
    assert.equal((await client.get('/sugestoes?q=nada')).status, 200)
  })

  test('without scripts a name is added again from the page, once however often it is sent, and forgotten', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Arroz', quantidade: 2, local: 'Mercado' })
    await seeNames(client, '', ['Arroz'])
    const page = (await client.get('/sugestoes')).text
    const forms = page
      .split('<form')
      .slice(1)
      .map(form => [/action="([^"]*)"/.exec(form)?.[1] ?? '', fieldsOf(form)] as const)
    const [, adding = {}] = forms.find(([action]) => action === '/carrinho/') ?? []
    const [path = '', forgetting = {}] = forms.find(([action]) => action.endsWith('/esquecer')) ?? []
    for (let time = 0; time < 2; time++) assert.equal((await client.postRaw('/carrinho/', adding)).status, 303)
    const items = await client.items()
    assert.ok(items.every(({ tipo, local }) => tipo === 'Arroz' && local === 'Mercado'))
    assert.equal(
      items.reduce((sum, { quantidade }) => sum + quantidade, 0),
      4
    )

    // It was bought again since the page was made.
    await eventually(async () => assert.notEqual(String((await suggested(client))[0]?.boughtAt), forgetting.seen))
    await client.postRaw(path, forgetting)
    await seeNames(client, '', ['Arroz'])
    const fresh = (await client.get('/sugestoes')).text.split('<form').find(form => form.includes('/esquecer')) ?? ''
    assert.equal((await client.postRaw(path, fieldsOf(fresh))).status, 303)
    await seeNames(client, '', [])
    assert.equal((await client.items()).length, items.length, 'the list stays as it is')
  })

  test('a name comes back from the page with its unit, decimals and shop, also without a shop', async t => {
    const client = await signedIn(t, site.server)
    await client.get('/carrinho/')
    await client.post('/carrinho/', { entry: '1,5 kg laranjas @Pingo Doce\n2 pacotes de "7up"', operation: 'written' })
    await seeNames(client, 'lar', ['laranjas'])
    await seeNames(client, '7', ['7up'])
    const state = async () => {
      const items = (await client.items()) as unknown as Record<string, unknown>[]
      return items.map(({ tipo, thousandths, unit, local }) => [tipo, thousandths, unit, local].join('|')).sort()
    }
    const before = await state()
    assert.deepEqual(before, ['7up|2000|pacotes|', 'laranjas|1500|kg|Pingo Doce'])
    const page = (await client.get('/sugestoes')).text
    const adding = page.split('<form').filter(form => form.includes('action="/carrinho/"'))
    for (const { id } of await client.items()) await client.postJson('/apagar_artigo', { id })
    for (const form of adding) assert.equal((await client.postRaw('/carrinho/', fieldsOf(form))).status, 303)
    assert.deepEqual(await state(), before)
  })

  test('one and several of a unit are one, in the form that goes with the quantity', async t => {
    const client = await signedIn(t, site.server)
    await client.get('/carrinho/')
    await client.post('/carrinho/', { entry: '1 caixa de ovos', operation: 'box' })
    await eventually(async () =>
      assert.deepEqual(
        (await suggested(client)).map(({ unit }) => unit),
        ['caixa']
      )
    )
    const [eggs] = await client.items()
    await client.postJson('/carrinho/quantidade', { step: `${eggs?.id}:2000` })
    await client.postJson('/carrinho/marcar', { done: [eggs?.id], open: [] })
    await client.postJson('/apagar_artigo', { id: eggs?.id })
    await eventually(async () =>
      assert.deepEqual(
        (await suggested(client)).map(({ quantity, unit }) => `${quantity} ${unit}`),
        ['3 caixas']
      )
    )
    const page = (await client.get('/sugestoes')).text
    assert.ok(visibleText(page).includes('3 caixas'))
    const adding = page.split('<form').find(form => form.includes('action="/carrinho/"')) ?? ''
    await client.postRaw('/carrinho/', fieldsOf(adding))
    await client.post('/carrinho/', { entry: '1 caixa ovos', operation: 'more' })
    const items = (await client.items()) as unknown as { thousandths: number; unit: string }[]
    assert.deepEqual(
      items.map(({ thousandths, unit }) => `${thousandths} ${unit}`),
      ['4000 caixas']
    )
  })

  test('what was ticked off counts as bought when it goes, and what was forgotten meanwhile stays forgotten', async t => {
    const client = await signedIn(t, site.server)
    for (const tipo of ['Leite', 'Pão', 'Sal']) await client.addItem({ tipo, quantidade: 1 })
    const scores = async () =>
      (await site.database.query('select name, score from remembered')).filter(({ name }) =>
        ['Leite', 'Pão', 'Sal'].includes(String(name))
      )
    await eventually(async () => assert.equal((await scores()).length, 3))
    const scoreOfName = async (wanted: string) =>
      Number((await scores()).find(({ name }) => name === wanted)?.score ?? Number.NaN)
    const once = await scoreOfName('Leite')
    const ids = (await client.items()).map(({ id }) => id)
    await client.postJson('/carrinho/marcar', { done: ids, open: [] })
    const [salt] = await suggested(client, 'Sal')
    assert.deepEqual((await client.postJson('/sugestoes/esquecer', { name: 'Sal', seen: salt?.boughtAt })).json(), {
      forgotten: true
    })
    const shown = (await client.items()) as unknown as { id: number; version: number }[]
    await client.postJson('/carrinho/limpar', { was: shown.map(({ id, version }) => `${id}:${version}`).join() })
    await eventually(async () => {
      for (const name of ['Leite', 'Pão']) assert.ok((await scoreOfName(name)) > 1.9 * once, name)
    })
    assert.deepEqual((await suggested(client)).map(({ name }) => name).sort(), ['Leite', 'Pão'])
  })

  test('a name that is forgotten loses its place in every shop, and is nowhere among what was learned', async t => {
    const client = await signedIn(t, site.server)
    for (const local of ['Lidl', 'Aldi']) {
      for (const tipo of ['Medicamento', 'Pão']) await client.addItem({ tipo, quantidade: 1, local })
      await client.postJson('/lojas/mover', { shop: local, name: 'Medicamento', end: '1' })
    }
    await seeNames(client, 'med', ['Medicamento'])
    const kept = async () => JSON.stringify(await site.database.query('select ordered, trips from shop_orders'))
    assert.match(await kept(), /Medicamento/)
    const [one] = await suggested(client, 'med')
    const forget = () => client.postJson('/sugestoes/esquecer', { name: 'MEDICAMENTO', seen: one?.boughtAt })
    assert.deepEqual((await forget()).json(), { forgotten: true })
    assert.doesNotMatch(await kept(), /medicamento/i)
    assert.match(await kept(), /Pão/)
    assert.deepEqual((await forget()).json(), { forgotten: false })
  })

  test("nobody's names are ever another's, nor forgotten by another", async t => {
    const [ana, rui] = [await signedIn(t, site.server), await signedIn(t, site.server)]
    await ana.addItem({ tipo: 'Medicamento' })
    await seeNames(ana, '', ['Medicamento'])
    for (const q of ['', 'm', 'med', 'medicamento']) assert.deepEqual(await suggested(rui, q), [])
    assert.ok(!(await rui.get('/sugestoes')).text.includes('Medicamento'))
    const [one] = await suggested(ana)
    await rui.get('/sugestoes')
    const answer = await rui.postJson('/sugestoes/esquecer', { name: 'Medicamento', seen: one?.boughtAt })
    assert.deepEqual(answer.json(), { forgotten: false })
    await seeNames(ana, '', ['Medicamento'])
  })

  test('whoever is signed out is asked to log in, programs with 401', async t => {
    const client = await signedIn(t, site.server)
    await client.logout()
    assert.equal((await client.getJson('/sugestoes?q=a')).status, 401)
    const page = await client.get('/sugestoes?q=a')
    assert.equal(page.headers.location, `/login?next=${encodeURIComponent('/sugestoes?q=a')}`)
  })

  test('a query of anything is answered', async t => {
    const client = await signedIn(t, site.server)
    for (const q of ['%00', '%', '_', "'", '%F0%9F%A7%80', 'a'.repeat(3000), '&q=a&q=b', '%EF%BF%BF', '%E2%80%8F']) {
      assert.equal((await client.getJson(`/sugestoes?q=${q}`)).status, 200, q)
    }
    for (const seen of ['', '-1', '1e3', 'x', '99999999999999999999']) {
      const answer = await client.postJson('/sugestoes/esquecer', { name: 'x', seen })
      assert.deepEqual(answer.json(), { forgotten: false }, seen)
    }
    assert.equal((await client.postJson('/sugestoes/esquecer', { name: ['x'], seen: 1 })).status, 400)
  })

  test('a server that leaves remembers first what was added just before', ownProcess, async t => {
    const leaving = await startServer(t, site.database.env)
    const client = await signedIn(t, leaving)
    const names = Array.from({ length: 5 }, (_, n) => `Artigo ${n}`)
    await Promise.all(names.map((tipo, n) => client.addItem({ tipo }, { operation: `key-${n}` })))
    assert.equal(await leaving.stop(), 0)
    client.moveTo(site.server)
    assert.deepEqual((await suggested(client)).map(({ name }) => name).sort(), names)
  })
})

forEachEngine('what cannot be remembered', engine => {
  const site = sharedSite(engine)

  test('is added to the list all the same, and said in the log', async t => {
    const client = await signedIn(t, site.server)
    await site.database.query('drop table remembered')
    assert.equal((await client.addItem({ tipo: 'Sal' })).status, 303)
    assert.equal((await client.items()).length, 1)
    const { logs } = site.server
    await eventually(() => {
      const isSaid = logs.some(line => line.includes('could not be remembered'))
      assert.ok(isSaid, `not in the log:\n${logs.slice(-20).join('\n')}`)
    })
    assert.equal((await client.get('/health/ready')).status, 200)
  })
})

function fieldsOf(form: string): Record<string, string> {
  return Object.fromEntries(
    findTags(form.split('</form')[0] ?? '', 'input').map(({ name = '', value = '' }) => [name, value])
  )
}
