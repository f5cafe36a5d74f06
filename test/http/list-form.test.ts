import assert from 'node:assert/strict'
import { test } from 'node:test'
import { otherListOf, press, type Row, rowForm, rowOf, rows, undo, withItems } from '../helper/rows.ts'
import { findInput, findTags, forEachEngine, type Scope, sharedSite, signedIn, visibleText } from '../helper.ts'

forEachEngine('the rows of a list, without scripts', engine => {
  const site = sharedSite(engine)
  const listOf = (t: Scope, ...types: string[]) => withItems(t, site, ...types)

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

  test('an addition without a word is refused at the one field, and at the separate fields if anything is in these', async t => {
    const client = await listOf(t, 'Leite')
    const nothing: [string, string][] = [
      ['entry', ''],
      ['product_type', ''],
      ['quantity', '1'],
      ['unit', ''],
      ['local', ''],
      ['note', '']
    ]
    const wrongAfter = async (typed: Record<string, string>) => {
      const above = nothing.map(([name, value]): [string, string] => [name, typed[name] ?? value])
      const { status, text } = await client.postRaw('/carrinho/', [...(await rowForm(client)), ...above])
      assert.equal(status, 400)
      return ['entry', 'product_type', 'local'].filter(name => new RegExp(`id="e-${name}">[^<]`).test(text))
    }
    assert.deepEqual(await wrongAfter({}), ['entry'])
    assert.deepEqual(await wrongAfter({ quantity: '' }), ['entry'])
    for (const typed of [{ note: 'fresco' }, { unit: 'kg' }, { quantity: '2' }] as Record<string, string>[]) {
      assert.deepEqual(await wrongAfter(typed), ['product_type', 'local'])
    }
    assert.deepEqual(await wrongAfter({ local: 'Lidl' }), ['product_type'])
    // The guide's fields alone, as its own pages and programs send them.
    const guide = await client.postJson('/carrinho/', { product_type: '', quantity: '1', local: '' })
    assert.deepEqual(Object.keys((guide.json() as { fields: object }).fields), ['product_type', 'local'])
    const one = await client.postJson('/carrinho/', { entry: '' })
    assert.deepEqual(Object.keys((one.json() as { fields: object }).fields), ['entry'])
    assert.deepEqual(
      (await rows(client)).map(({ tipo }) => tipo),
      ['Leite']
    )
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

    // Also where all is in the basket, and none where there is nothing to tick.
    const alone = await listOf(t, 'Leite')
    const sends = async () => {
      const buttons = findTags((await alone.get('/carrinho/')).text, 'button')
      return buttons.filter(({ form, name }) => form === 'items' && name === 'lang').length
    }
    assert.equal(await sends(), 3)
    await press(alone, '/carrinho/marcar', await rowForm(alone, '/carrinho/', 'Leite'))
    assert.equal(await sends(), 3)
    await alone.postJson('/apagar_artigo', { id: (await rowOf(alone, 'Leite'))?.id })
    assert.equal(await sends(), 0)

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
})
