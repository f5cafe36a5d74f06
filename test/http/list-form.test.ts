import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { translator } from '../../src/i18n/index.ts'
import { otherListOf, press, type Row, rowForm, rowOf, rows, undo, withItems } from '../helper/rows.ts'
import {
  type Client,
  findInput,
  findTags,
  forEachEngine,
  type Scope,
  sharedSite,
  signedIn,
  visibleText
} from '../helper.ts'

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

  describe('of a page whose session has ended', () => {
    /** Where the login that follows leads, and what it says. */
    const refused = async (client: Client, path: string, form: [string, string][]) => {
      client.cookies.delete('carrinho_session')
      const reply = await client.postRaw(path, form)
      assert.equal(reply.status, 302)
      const login = new URL(String(reply.headers.location), 'http://here')
      assert.equal(login.pathname, '/login')
      const { text } = await client.get(login.pathname + login.search)
      return {
        next: login.searchParams.get('next') ?? '',
        kept: login.searchParams.get('kept'),
        text: visibleText(text)
      }
    }
    const logIn = async (client: Client, account: { email: string; password: string }, next: string) => {
      await client.get('/login')
      const reply = await client.post('/login', { email: account.email, password: account.password, next })
      assert.equal(reply.status, 303, reply.text)
      return client.get(String(reply.headers.location))
    }
    /** The page's form, as it is sent by its one button. */
    const formIn = (text: string): [string, string][] => {
      const [form = ''] = /<form class="sheet"[\s\S]*?<\/form>/.exec(text) ?? []
      return findTags(form, 'input')
        .filter(({ type, checked }) => type === 'hidden' || checked !== undefined)
        .map(({ name = '', value = '' }) => [name, value])
    }
    const t = translator('pt')
    const tickedOn = async (client: Client, path: string) => {
      const { items } = (await client.getJson(path)).json() as { items: Row[] }
      return items
        .filter(row => row.done)
        .map(({ tipo }) => tipo)
        .sort()
    }
    /** Leite and Pão to buy, Sal in the basket; and the form with Leite ticked and Sal no more. */
    const halfDone = async (client: Client, path: string) => {
      await client.get(path)
      await client.post(path, { entry: 'Leite @Lidl\nPão\n[x] Sal', operation: client.hidden('operation') ?? '' })
      return rowForm(client, path, 'Leite')
    }

    test('are shown after the login, and saved with one press, whichever button it was, with what was typed', async scope => {
      const client = await signedIn(scope, site.server)
      await client.get('/listas/')
      await client.post('/listas/', { name: 'Festa', operation: client.hidden('operation') ?? '' })
      const other = `/listas/${await otherListOf(client)}/`
      for (const path of ['/carrinho/', other]) {
        const buttons: [string, [string, string]?][] = [
          [path],
          [`${path}marcar`],
          [`${path}quantidade`, ['step', '7:1000']],
          [`${path}apagar`, ['id', '7']],
          [`${path}limpar`],
          [`${path}anular`, ['version', '1']],
          [`${path}idioma`, ['lang', 'en']],
          [`${path}sair`]
        ]
        if (path === '/carrinho/') buttons.push(['/apagar_artigo', ['id', '7']])
        for (const [action, button] of buttons) {
          const above: [string, string][] = [['entry', '2 kg arroz & feijão']]
          const form = [...(await halfDone(client, path)), ...above, ...(button ? [button] : [])]
          const { next, kept, text } = await refused(client, action, form)
          assert.equal(kept, 'boxes', action)
          assert.ok(text.includes(t('login.keptBoxes')))
          const asked = await logIn(client, client.account, next)
          assert.equal(asked.status, 200, action)
          const shown = visibleText(asked.text)
          assert.ok(shown.includes(t('kept.title')) && shown.includes('Leite') && !shown.includes('Pão'), shown)
          assert.match(shown, /Sal[^.]*sai do cesto/)
          assert.deepEqual(await tickedOn(client, path), ['Sal'], 'nothing is done yet')
          const saved = await press(client, `${path}marcar`, formIn(asked.text))
          const back = String(saved.headers.location)
          assert.equal(back.split('?')[0], path)
          assert.match((await client.get(back)).text, /2 kg arroz &amp; feijão<\/textarea>/, action)
          assert.deepEqual(await tickedOn(client, path), ['Leite'], action)
          // Asked for again there is nothing left to save.
          assert.equal((await client.get(next)).headers.location, back)
          const { items } = (await client.getJson(path)).json() as { items: Row[] }
          await client.get(path)
          await client.postJson(`${path}marcar`, { done: items.map(({ id }) => id), open: [] })
          const all = await rowForm(client, path)
          const seen = all.find(([name]) => name === 'was')?.[1] ?? ''
          await client.postJson(`${path}limpar`, { was: seen })
        }
      }
    })

    test('are its account’s alone, and half an hour’s', async scope => {
      const client = await signedIn(scope, site.server)
      const form = await halfDone(client, '/carrinho/?loja=Lidl')
      const { next } = await refused(client, '/carrinho/marcar', form)
      assert.match(next, /loja=Lidl/)
      const stranger = await withItems(scope, site, 'Chá')
      const { account } = stranger
      stranger.cookies.delete('carrinho_session')
      const elsewhere = await logIn(stranger, account, next)
      assert.equal(elsewhere.status, 302)
      assert.equal(elsewhere.headers.location, '/carrinho/?loja=Lidl')

      const shifted = (ms: number) => next.replace(/desde=(\d+)/, (_, at) => `desde=${Number(at) - ms}`)
      const late = await logIn(client, client.account, shifted(31 * 60_000))
      assert.equal(late.status, 302)
      const { text } = await client.get(String(late.headers.location))
      assert.ok(visibleText(text).includes(t('flash.keptTooOld')))
      assert.equal((await client.get(shifted(-31 * 60_000))).status, 302)
      assert.equal((await client.get(shifted(29 * 60_000))).status, 200)
      for (const odd of [
        '',
        '?marcar=&desde=1',
        '?marcar=x&desde=1',
        '?marcar=1.0&desde=1',
        `?marcar=1&desde=${'9'.repeat(30)}`,
        '?marcar=1&marcar=2&desde=5'
      ]) {
        const reply = await client.get(`/carrinho/marcados${odd}`)
        assert.deepEqual([reply.status, reply.headers.location], [302, '/carrinho/'], odd)
      }
      assert.equal((await client.get('/listas/999999/marcados?marcar=1&desde=' + Date.now())).status, 404)
      assert.deepEqual(await tickedOn(client, '/carrinho/'), ['Sal'])
    })

    test('are told of where they do not go along, or one is on the list no more', async scope => {
      const client = await signedIn(scope, site.server)
      const form = await halfDone(client, '/carrinho/')
      const ids = Array.from({ length: 1000 }, (_, n): [string, string] => ['done', String(1_000_000 + n)])
      const tooMany = await refused(client, '/carrinho/marcar', [...form, ['entry', 'arroz'], ...ids])
      assert.equal(tooMany.kept, 'none')
      assert.ok(tooMany.text.includes(t('login.tooManyBoxes')))
      assert.equal(tooMany.next, '/carrinho/?entry=arroz')
      const long = await refused(client, '/carrinho/marcar', [...form, ['entry', 'a'.repeat(6000)]])
      assert.equal(long.kept, 'boxes')
      await client.login(client.account)
      const salt = await rowOf(client, 'Sal')
      await client.get('/carrinho/')
      assert.equal((await client.postJson('/apagar_artigo', { id: salt?.id })).status, 200)
      const shown = visibleText((await client.get(long.next)).text)
      assert.ok(shown.includes(t('flash.goneToo', { count: 1 })), shown)
    })
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
