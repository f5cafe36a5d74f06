import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowOf, rows, undo } from '../helper/rows.ts'
import { type Client, findTags, forEachEngine, sharedSite, signedIn, visibleText } from '../helper.ts'

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

  test('a shop with a colon is that of the lines below it, and alone it is said to be no item', async t => {
    const client = await signedIn(t, site.server)
    for (const entry of ['Lidl:', '@Lidl:', '@Lidl', '# Lidl', 'leite\nLidl:', 'Lidl:\nAldi:\nleite']) {
      const refused = await write(client, entry)
      assert.equal(refused.status, 400, entry)
      assert.match(visibleText(refused.text), /Falta o artigo/)
      assert.ok(refused.text.includes(`${entry}</textarea>`), 'what was typed is kept')
      const json = await client.postJson('/carrinho/', { entry })
      assert.match(String((json.json() as { fields: Record<string, string> }).fields.entry), /Falta o artigo/)
    }
    assert.equal((await rows(client)).length, 0)
    assert.equal((await write(client, 'Lidl:\n leite\n\u200b1.000 g farinha\u200b')).status, 303)
    assert.deepEqual(
      (await rows(client))
        .map(({ tipo, thousandths, unit, local }) => `${thousandths} ${unit} ${tipo} ${local}`)
        .sort(),
      ['1000  leite Lidl', '1000000 g farinha Lidl']
    )
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
