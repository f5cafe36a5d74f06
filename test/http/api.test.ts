import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { digest } from '../../src/keys.ts'
import {
  assertProblem,
  Client,
  documentOf,
  eventually,
  forEachEngine,
  inOneWindow,
  operationsTried,
  Program,
  request,
  type Scope,
  sharedSite,
  signedIn,
  tokenFor
} from '../helper.ts'

forEachEngine('the API and its tokens', engine => {
  const site = sharedSite(engine)

  const member = async (t: Scope) => {
    const client = await signedIn(t, site.server)
    const token = await tokenFor(site, client.account.email)
    return { client, token, program: new Program(site.server, token) }
  }

  test('a token acts for its account, without a cookie', async t => {
    const { client, program } = await member(t)
    const reply = await program.get('/account')
    assert.equal(reply.status, 200)
    assert.deepEqual(reply.json(), { name: client.account.name, email: client.account.email, scope: 'read' })
    assert.equal(reply.headers['cache-control'], 'private, no-cache')
    assert.equal((await program.call('HEAD', '/account')).status, 200)
  })

  test('a session opens nothing, and a cookie beside a token changes nothing', async t => {
    const { client, program } = await member(t)
    const withSession = await client.get('/api/v1/account')
    assertProblem(withSession, 401, 'token_missing')
    const other = await member(t)
    const cookie = [...other.client.cookies].map(pair => pair.join('=')).join('; ')
    const reply = await program.get('/account', { headers: { cookie } })
    assert.equal((reply.json() as { email: string }).email, client.account.email)
  })

  test('says what is wrong with a token, in the answer, its header and the log, and the token in none', async t => {
    const { token, program } = await member(t)
    const alter = async (change: string) => {
      const other = await member(t)
      await site.database.query(`update tokens set ${change} where token_hash = '${digest(other.token)}'`)
      return other.token
    }
    const mistyped = `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`
    const gone = (await member(t)).token
    await site.database.query(`delete from tokens where token_hash = '${digest(gone)}'`)
    for (const [sent, code] of [
      [undefined, 'token_missing'],
      [mistyped, 'token_mistyped'],
      [token.slice(0, -1), 'token_mistyped'],
      ['another', 'token_mistyped'],
      [gone, 'token_unknown'],
      [await alter('expires_at = 1'), 'token_expired'],
      [await alter(`expires_at = ${Date.now() - 1}`), 'token_expired'],
      [await alter('revoked_at = 1'), 'token_revoked'],
      [await alter('revoked_at = 1, expires_at = 1'), 'token_revoked']
    ] as const) {
      const reply = await new Program(site.server, sent).get('/account')
      const problem = assertProblem(reply, 401, code)
      assert.equal(problem.type, `/api#${code}`)
      assert.match(reply.headers['www-authenticate'] ?? '', sent ? /^Bearer .*error="invalid_token"/ : /^Bearer realm=/)
      if (sent === undefined) continue
      assert.ok(!reply.text.includes(sent))
      assert.ok(site.server.logs.every(line => !line.includes(sent)))
    }
    assert.equal((await program.get('/account')).status, 200)
    await eventually(() => {
      const lines = site.server.logs.filter(line => line.includes('"event":"token.refused"')).join('\n')
      assert.match(lines, /"why":"(expired|revoked|mistyped|unknown)"/)
    })
    const basic = await program.get('/account', { headers: { authorization: 'Basic YTpi' } })
    assertProblem(basic, 401, 'token_missing')
  })

  test('a token revoked on the account page is shut out at once', async t => {
    const { client, token, program } = await member(t)
    assert.equal((await program.get('/account')).status, 200)
    const [row] = await site.database.query(`select id from tokens where token_hash = '${digest(token)}'`)
    await client.get('/conta')
    await client.post('/conta/tokens/revogar', { id: String(row?.id) })
    assertProblem(await program.get('/account'), 401, 'token_revoked')
  })

  test('notes the last use, and within an hour not again', async t => {
    const { token, program } = await member(t)
    const lastUse = async () => {
      const [row] = await site.database.query(`select last_used_at from tokens where token_hash = '${digest(token)}'`)
      return row?.last_used_at == null ? null : Number(row.last_used_at)
    }
    assert.equal(await lastUse(), null)
    await program.get('/account')
    const first = await eventually(async () => {
      const at = await lastUse()
      assert.ok(at !== null && Math.abs(Date.now() - at) < 10 * 60_000, `used last: ${at}`)
      return at
    })
    for (let i = 0; i < 5; i++) await program.get('/account')
    assert.equal(await lastUse(), first)
    const before = first - 61 * 60_000
    await site.database.query(`update tokens set last_used_at = ${before} where token_hash = '${digest(token)}'`)
    await program.get('/account')
    await eventually(async () => {
      const at = await lastUse()
      assert.ok((at ?? 0) > before, `used last: ${at}, before that: ${before}`)
    })
  })

  test('has a problem for a path, a method, a query and a URL that it does not know', async t => {
    const { program } = await member(t)
    assertProblem(await program.get('/nothing'), 404, 'not_found')
    assertProblem(await program.get(''), 404, 'not_found')
    assertProblem(await program.get('/'), 404, 'not_found')
    const method = await program.delete('/account')
    assertProblem(method, 405, 'method_not_allowed')
    assert.equal(method.headers.allow, 'GET, HEAD')
    const query = assertProblem(await program.get('/account?verbose=1'), 400, 'invalid')
    assert.deepEqual(
      query.errors?.map(({ field, in: place }) => [field, place]),
      [['verbose', 'query']]
    )
    for (const limit of ['0', '-1', '51', '1.5', '1e1', '0x1', '', 'ten', '1&limit=2']) {
      const problem = assertProblem(await program.get(`/suggestions?limit=${limit}`), 400, 'invalid')
      assert.equal(problem.errors?.[0]?.field, 'limit', limit)
    }
    assertProblem(await program.get('/suggestions?q=%ff'), 400, 'not_utf8')
    assertProblem(await request(`${site.server.url}/api/v1/%zz`), 400, 'bad_request')
  })

  test('speaks the language that is asked for, and English where none is', async t => {
    const { program } = await member(t)
    for (const [asked, language] of [
      [undefined, 'en'],
      ['*', 'en'],
      ['', 'en'],
      ['pt-PT,pt;q=0.9', 'pt'],
      ['es', 'es'],
      ['en', 'en']
    ] as const) {
      const reply = await program.get('/nothing', { headers: { 'accept-language': asked } })
      assert.equal(reply.headers['content-language'], language)
      assert.match(reply.headers.vary ?? '', /accept-language/)
    }
  })

  test('suggests what the account buys, and never what others do', async t => {
    const { client, program } = await member(t)
    const other = await member(t)
    await client.addItem({ tipo: 'Laranjas do Algarve', local: 'Praça', quantidade: 3 })
    await eventually(async () => {
      const reply = await program.get('/suggestions?q=lar')
      const [first] = (reply.json() as { suggestions: { name: string; shop: string; quantity: number }[] }).suggestions
      assert.deepEqual([first?.name, first?.shop, first?.quantity], ['Laranjas do Algarve', 'Praça', 3])
    })
    assert.deepEqual((await other.program.get('/suggestions?q=lar')).json(), { suggestions: [] })
    assert.deepEqual((await other.program.get('/suggestions')).json(), { suggestions: [] })
  })
})

forEachEngine(
  'the API',
  engine => {
    const site = sharedSite(engine, { API_LIMIT: '20' })

    test('limits how often a token asks, each for itself, and says when to come again', async t => {
      const { account } = await signedIn(t, site.server)
      await inOneWindow(60_000, async () => {
        const program = new Program(site.server, await tokenFor(site, account.email))
        for (let left = 19; left >= 0; left--) {
          const { status, headers } = await program.get('/account')
          assert.equal(status, 200)
          assert.equal(headers['ratelimit-limit'], '20')
          assert.equal(headers['ratelimit-remaining'], String(left))
        }
        const refused = await program.get('/account')
        assertProblem(refused, 429, 'rate_limited')
        const wait = Number(refused.headers['retry-after'])
        assert.ok(wait > 0 && wait <= 60, refused.headers['retry-after'])
      })
      const other = await tokenFor(site, account.email)
      assert.equal((await new Program(site.server, other).get('/account')).status, 200)
    })

    test('has a document that is valid OpenAPI 3.1 and says all a generator needs', async () => {
      const document = await documentOf(site.server.url)
      assert.match(document.openapi, /^3\.1\./)
      const result = await new Validator().validate(structuredClone(document) as never)
      assert.ok(result.valid, JSON.stringify(result.errors))
      const operations = Object.values(document.paths).flatMap(methods => Object.values(methods))
      const ids = operations.map(({ operationId }) => operationId)
      assert.equal(new Set(ids).size, ids.length)
      assert.deepEqual(
        ids.toSorted(),
        Object.values(operationsTried).flat().sort(),
        'each is tried in one of the files'
      )
      for (const { operationId, responses } of operations) {
        assert.match(operationId, /^[a-z][A-Za-z]+$/)
        for (const status of ['400', '401', '429', '500', '503']) {
          assert.ok(responses[status]?.content?.['application/problem+json'], `${operationId} ${status}`)
        }
      }
      const used = new Set(
        [...JSON.stringify(document).matchAll(/#\/components\/schemas\/([\w-]+)/g)].map(([, name]) => name)
      )
      assert.deepEqual(
        [...used].sort(),
        Object.keys(document.components.schemas).sort(),
        'each schema is used, and there'
      )
    })

    test('shows the document on a page that loads nothing from elsewhere, with each problem by its name', async t => {
      const client = new Client(t, site.server)
      const page = await client.get('/api')
      assert.equal(page.status, 200)
      const document = await documentOf(site.server.url)
      for (const [path, methods] of Object.entries(document.paths)) {
        for (const [method, { operationId }] of Object.entries(methods)) {
          assert.ok(page.text.includes(`id="${operationId}"`))
          assert.ok(page.text.includes(`${method.toUpperCase()} ${path}`), path)
        }
      }
      for (const code of ['token_expired', 'key_reused', 'precondition_failed', 'rate_limited']) {
        assert.ok(page.text.includes(`id="${code}"`), code)
      }
      assert.doesNotMatch(page.text, /\{(max|wait|min)\}/, 'numbers, not names of numbers')
      for (const name of ['image/jpeg | image/png', 'id="schema-AddedPicture"']) assert.ok(page.text.includes(name))
      for (const [, url = ''] of page.text.matchAll(/(?:src|href|action)="([^"]*)"/g)) assert.match(url, /^[/#]/)
    })
  },
  ['sqlite']
)
