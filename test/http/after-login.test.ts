import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { translator } from '../../src/i18n/index.ts'
import { otherListOf, press, type Row, rowForm, rowOf, withItems } from '../helper/rows.ts'
import { type Client, findTags, forEachEngine, type Scope, sharedSite, signedIn, visibleText } from '../helper.ts'

forEachEngine('the rows of a list, without scripts, where one has to log in', engine => {
  const site = sharedSite(engine)
  const listOf = (t: Scope, ...types: string[]) => withItems(t, site, ...types)

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
})
