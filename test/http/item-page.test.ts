import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rows } from '../helper/rows.ts'
import {
  type Client,
  decodeHtml,
  findInput,
  findTags,
  forEachEngine,
  sessionCookie,
  sharedSite,
  signedIn,
  visibleText
} from '../helper.ts'

forEachEngine('changing an item', engine => {
  const site = sharedSite(engine)
  const open = async (client: Client, id: number | undefined) => {
    const { status, text } = await client.get(`/carrinho/artigo/${id}`)
    assert.equal(status, 200)
    return fieldsIn(text, /<form method="post" action="[^"]*\/artigo\//)
  }
  /** What the form that begins so would send. */
  const fieldsIn = (text: string, begin: RegExp) => {
    const [form = ''] = new RegExp(`${begin.source}[\\s\\S]*?</form>`).exec(text) ?? []
    const inputs = findTags(form, 'input').map(({ name = '', value = '' }) => [name, value])
    const [, note = ''] = /<textarea[^>]*name="note"[^>]*>\n?([\s\S]*?)<\/textarea>/.exec(form) ?? []
    return Object.fromEntries([...inputs, ['note', decodeHtml(note)]]) as Record<string, string>
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

  test('loses nothing that was typed where the form had expired, nor what was there before', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Leite', quantidade: 2, local: 'Mercado' })
    const id = (await rows(client))[0]?.id
    const [one, two] = [await open(client, id), await open(client, id)]
    assert.equal((await client.postRaw(`/carrinho/artigo/${id}`, { ...one, quantity: '4' })).status, 303)
    const typed = { note: 'fresco,\nmeio-gordo', unit: 'l', local: '' }
    const refused = await client.postRaw(`/carrinho/artigo/${id}`, { ...two, ...typed, csrf_token: 'old' })
    assert.equal(refused.status, 403)
    const again = fieldsIn(refused.text, new RegExp(`<form method="post" action="/carrinho/artigo/${id}"`))
    assert.equal((await client.postRaw(`/carrinho/artigo/${id}`, again)).status, 303)
    const [row] = await rows(client)
    assert.deepEqual([row?.thousandths, row?.unit, row?.note, row?.local], [4000, 'l', typed.note, ''])
  })

  test('goes on after a login with what was typed, on the same page, in any list', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Leite', quantidade: 2, local: 'Mercado' })
    const id = (await rows(client))[0]?.id
    const [one, two] = [await open(client, id), await open(client, id)]
    assert.equal((await client.postRaw(`/carrinho/artigo/${id}`, { ...one, quantity: '4' })).status, 303)
    client.cookies.delete(sessionCookie)
    const reply = await client.postRaw(`/carrinho/artigo/${id}`, { ...two, note: 'fresco & frio', unit: 'l' })
    assert.equal(reply.status, 302)
    const next = new URL(String(reply.headers.location), site.server.url).searchParams.get('next') ?? ''
    assert.match(next, new RegExp(`^/carrinho/artigo/${id}\\?`))
    await client.login(client.account)
    const { text } = await client.get(next)
    const again = fieldsIn(text, /<form method="post" action="[^"]*\/artigo\//)
    assert.deepEqual([again.note, again.unit, again.quantity, again.seen_quantity], ['fresco & frio', 'l', '2', '2'])
    assert.equal((await client.postRaw(`/carrinho/artigo/${id}`, again)).status, 303)
    const [row] = await rows(client)
    assert.deepEqual([row?.thousandths, row?.unit, row?.note], [4000, 'l', 'fresco & frio'])
  })

  test('takes back nothing of another’s after something was wrong in it', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Leite', quantidade: 2, local: 'Mercado' })
    const id = (await rows(client))[0]?.id
    const [one, two] = [await open(client, id), await open(client, id)]
    assert.equal((await client.postRaw(`/carrinho/artigo/${id}`, { ...one, quantity: '4' })).status, 303)
    const wrong = await client.postRaw(`/carrinho/artigo/${id}`, { ...two, note: 'fresco', unit: '!' })
    assert.equal(wrong.status, 400)
    const again = fieldsIn(wrong.text, /<form method="post" action="[^"]*\/artigo\//)
    assert.equal((await client.postRaw(`/carrinho/artigo/${id}`, { ...again, unit: 'l' })).status, 303)
    const [row] = await rows(client)
    assert.deepEqual([row?.thousandths, row?.unit, row?.note], [4000, 'l', 'fresco'])
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
