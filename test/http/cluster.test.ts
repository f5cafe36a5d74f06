import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Language, translator } from '../../src/i18n/index.ts'
import {
  Client,
  findTags,
  forEachEngine,
  ownProcess,
  scriptTexts,
  sharedSite,
  signedIn,
  startServer,
  visibleText
} from '../helper.ts'

describe('the page for demonstrations', () => {
  const site = sharedSite('sqlite')

  test('shows without scripts who answered this request, and offers to ask again', async t => {
    const client = new Client(t, site.server)
    // The first two have styles and a script in themselves.
    for (let n = 0; n < 2; n++) await client.get('/cluster')
    for (const lang of ['pt', 'en', 'es'] as Language[]) {
      const say = translator(lang)
      const { status, text, headers } = await client.get('/cluster', { 'accept-language': lang })
      assert.equal(status, 200)
      assert.equal(headers['cache-control'], 'no-store')
      const shown = visibleText(text)
      for (const words of [
        say('cluster.title'),
        say('cluster.noScript'),
        say('cluster.again'),
        say('cluster.js.noSession'),
        site.server.name,
        String(headers['x-database-node'])
      ]) {
        assert.ok(shown.includes(words), `${lang}: no ${words}`)
      }
      assert.doesNotMatch(shown, /\{\w+\}/)
      assert.doesNotMatch(
        text,
        /<script(?! type="application\/json")(?![^>]*\bsrc=)[^>]*>|<style|\bstyle=|\bon\w+=/,
        'nothing inline'
      )
    }
  })

  test('hands its scripts every text in the language of the page', async t => {
    const client = new Client(t, site.server)
    const texts = async (lang: string) => {
      const { text } = await client.get('/cluster', { 'accept-language': lang })
      return scriptTexts(text) as Record<string, string>
    }
    const all = await Promise.all(['pt', 'en', 'es'].map(texts))
    const placeholders = all.map(one =>
      Object.fromEntries(
        Object.entries(one).map(([name, text]) => [name, (text.match(/\{\w+\}/g) ?? []).sort().join(' ')])
      )
    )
    assert.ok(Object.keys(all[0] ?? {}).length > 30)
    assert.deepEqual(placeholders[1], placeholders[0])
    assert.deepEqual(placeholders[2], placeholders[0])
  })

  test('tells programs where the session was made, and since when', ownProcess, async t => {
    const visitor = new Client(t, site.server)
    const reply = await visitor.getJson('/cluster')
    assert.deepEqual(reply.json(), { server: site.server.name, databaseNode: null, session: null })

    const client = await signedIn(t, site.server)
    const other = await startServer(t, { ...site.database.env, SERVER_NAME: 'web-other' })
    client.moveTo(other)
    const { json, headers } = await client.getJson('/cluster')
    const { server, databaseNode, session } = json() as {
      server: string
      databaseNode: string
      session: { madeOn: string; since: string; email: string }
    }
    assert.equal(server, 'web-other')
    assert.equal(databaseNode, headers['x-database-node'])
    assert.match(String(headers['server-timing']), /desc="1 round trips"/)
    assert.equal(session.madeOn, site.server.name)
    assert.equal(session.email, client.account.email)
    assert.ok(Math.abs(Date.parse(session.since) - Date.now()) < 10 * 60_000)

    const page = visibleText((await client.get('/cluster', { 'accept-language': 'pt' })).text)
    assert.ok(page.includes(translator('pt')('cluster.js.session', { madeOn: site.server.name, server: 'web-other' })))
    assert.ok(!page.includes(client.account.email), 'an audience need not read it')
  })

  test('is linked from every page', async t => {
    const client = await signedIn(t, site.server)
    for (const path of ['/', '/carrinho/', '/servidor', '/nowhere']) {
      const { text } = await client.get(path)
      assert.ok(
        findTags(text, 'a').some(({ href }) => href === '/cluster'),
        path
      )
    }
  })

  test('does not exist where it is off, and nothing links to it', ownProcess, async t => {
    const client = await signedIn(t, site.server)
    client.moveTo(await startServer(t, { ...site.database.env, CLUSTER_PAGE: 'off' }))
    assert.equal((await client.get('/cluster')).status, 404)
    assert.equal((await client.getJson('/cluster')).status, 404)
    for (const path of ['/', '/carrinho/', '/cluster']) {
      assert.ok(!(await client.get(path)).text.includes('href="/cluster"'), path)
    }
  })
})

forEachEngine(
  'the page for demonstrations in an outage',
  engine => {
    const site = sharedSite(engine)

    test('is still a page, and tells programs that it does not know instead of that nobody is signed in', async t => {
      const client = await signedIn(t, site.server)
      const lost = await startServer(
        t,
        { ...site.database.env, DB_HOST: 'mysql://nobody:x@127.0.0.1:1/nothing', DB_REQUEST_MS: '300' },
        { waitFor: 'live' }
      )
      client.moveTo(lost)
      const page = await client.get('/cluster', { 'accept-language': 'en' })
      assert.equal(page.status, 200)
      assert.ok(visibleText(page.text).includes(translator('en')('server.unknown')))
      assert.ok(!visibleText(page.text).includes(translator('en')('cluster.js.noSession')))
      assert.equal((await client.getJson('/cluster')).status, 503)
    })
  },
  ['mariadb']
)
