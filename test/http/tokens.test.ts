import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { digest } from '../../src/keys.ts'
import {
  Client,
  cli,
  eventually,
  findInput,
  forEachEngine,
  freshDatabase,
  newAccount,
  ownProcess,
  sharedSite,
  signedIn,
  startServer,
  visibleText
} from '../helper.ts'

const PAGE = '/conta/tokens'

forEachEngine('tokens on the account page', engine => {
  const site = sharedSite(engine)
  type Member = Awaited<ReturnType<typeof signedIn>>

  const form = (client: Member, extra: Record<string, string> = {}) => ({
    name: 'Telefone',
    scope: 'write',
    days: '30',
    password: client.account.password,
    operation: randomUUID(),
    ...extra
  })
  const shownIn = (html: string) => /carrinho_[\dA-Za-z]+/.exec(html)?.[0]
  const rowsOf = (token: string) => site.database.query(`select * from tokens where token_hash = '${digest(token)}'`)

  test('a token is made there and shown once, and the database has its hash', async t => {
    const client = await signedIn(t, site.server)
    const page = await client.get('/conta')
    assert.match(visibleText(page.text), /Não há nenhuma chave/)
    const made = await client.post(PAGE, form(client))
    assert.equal(made.status, 200, visibleText(made.text))
    assert.equal(made.headers['cache-control'], 'no-store')
    const token = findInput(made.text, 'token')?.value ?? shownIn(made.text)
    assert.ok(token)
    const [row] = await rowsOf(token)
    assert.equal(row?.name, 'Telefone')
    assert.equal(row?.scope, 'write')
    assert.equal(Number(row?.expires_at) - Number(row?.created_at), 30 * 86_400_000)
    assert.ok(!JSON.stringify(row).includes(token))
    for (const path of ['/conta', PAGE]) {
      const later = await client.get(path)
      assert.equal(later.status, 200)
      assert.match(visibleText(later.text), /Telefone/)
      assert.equal(shownIn(later.text), undefined, 'never again')
    }
    assert.deepEqual(
      site.server.logs.filter(line => line.includes(token)),
      []
    )
  })

  test('the form sent again makes no second one, and shows one that counts', async t => {
    const client = await signedIn(t, site.server)
    await client.get(PAGE)
    const sent = form(client)
    const first = shownIn((await client.post(PAGE, sent)).text) ?? ''
    const again = shownIn((await client.post(PAGE, sent)).text) ?? ''
    assert.notEqual(again, '')
    assert.notEqual(again, first)
    assert.equal((await rowsOf(first)).length, 0)
    assert.equal((await rowsOf(again)).length, 1)
    await site.database.query(`update tokens set last_used_at = 1 where token_hash = '${digest(again)}'`)
    const used = await client.post(PAGE, sent)
    assert.equal(used.status, 409)
    assert.equal((await rowsOf(again)).length, 1, 'one in use stays')
    assert.notEqual(client.hidden('operation'), sent.operation)
    const others = await client.post(PAGE, { ...sent, operation: randomUUID() })
    assert.equal(others.status, 200)
  })

  test('what is wrong is said at the field, with what was typed, and nothing is made', async t => {
    const client = await signedIn(t, site.server)
    await client.get(PAGE)
    for (const [wrong, status] of [
      [{ name: '' }, 400],
      [{ name: 'x'.repeat(141) }, 400],
      [{ scope: 'admin' }, 400],
      [{ scope: '' }, 400],
      [{ days: '-1' }, 400],
      [{ days: '3651' }, 400],
      [{ days: 'um' }, 400],
      [{ days: '1.5' }, 400],
      [{ password: 'not it' }, 400],
      [{ password: '' }, 400]
    ] as const) {
      const refused = await client.post(PAGE, form(client, { name: 'Relógio <b>', ...wrong }))
      assert.equal(refused.status, status, JSON.stringify(wrong))
      assert.equal(shownIn(refused.text), undefined)
      if (!('name' in wrong)) assert.equal(findInput(refused.text, 'name')?.value, 'Relógio <b>')
    }
    const { tokens } = (await client.getJson(PAGE)).json() as { tokens: unknown[] }
    assert.deepEqual(tokens, [])
  })

  test('one more than an account may have is refused', async t => {
    const client = await signedIn(t, site.server)
    await client.get(PAGE)
    const first = shownIn((await client.post(PAGE, form(client))).text) ?? ''
    const [row] = await rowsOf(first)
    for (let i = 1; i < 50; i++) {
      await site.database.query(
        `insert into tokens (id, account_id, token_hash, name, scope, created_at, forget_at)
          values ('${i}-${row?.account_id}', ${row?.account_id}, '${i}-${row?.account_id}', 'x', 'read', 1, 1)`
      )
    }
    const refused = await client.post(PAGE, form(client))
    assert.equal(refused.status, 409)
    assert.match(visibleText(refused.text), /50/)
  })

  test('is revoked there, by its owner alone', async t => {
    const owner = await signedIn(t, site.server)
    await owner.get(PAGE)
    const token = shownIn((await owner.post(PAGE, form(owner))).text) ?? ''
    const [row] = await rowsOf(token)
    const stranger = await signedIn(t, site.server)
    await stranger.get(PAGE)
    const refused = await stranger.postJson('/conta/tokens/revogar', { id: row?.id })
    assert.deepEqual(refused.json(), { revoked: false })
    assert.equal((await rowsOf(token))[0]?.revoked_at, null)
    await owner.get('/conta')
    const revoked = await owner.post('/conta/tokens/revogar', { id: String(row?.id) })
    assert.equal(revoked.status, 303)
    assert.ok(Number((await rowsOf(token))[0]?.revoked_at) > 0)
    const page = await owner.get('/conta')
    assert.match(visibleText(page.text), /Não há nenhuma chave/)
    await eventually(() => {
      const events = site.server.logs
        .filter(line => line.includes('"event":"token.') && line.includes(String(row?.id)))
        .map(line => (JSON.parse(line) as { event: string }).event)
      assert.deepEqual(events, ['token.made', 'token.revoked'])
    })
  })

  test('needs somebody signed in', async t => {
    const client = new Client(t, site.server)
    assert.equal((await client.get(PAGE)).status, 302)
    assert.equal((await client.getJson(PAGE)).status, 401)
  })
})

forEachEngine('carrinho token add', engine => {
  test('prints a token of the account, and nothing else', ownProcess, async t => {
    const database = await freshDatabase(t, engine)
    const server = await startServer(t, database.env)
    const { account } = await signedIn(t, server)
    const { code, stdout, stderr } = await cli(
      ['token', 'add', account.email, '--scope', 'write', '--name', 'CI', '--days', '7'],
      database.env
    )
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^carrinho_[\dA-Za-z]{38}\n$/)
    const [row] = await database.query(`select * from tokens where token_hash = '${digest(stdout.trim())}'`)
    assert.deepEqual([row?.name, row?.scope], ['CI', 'write'])
    assert.equal(Number(row?.expires_at) - Number(row?.created_at), 7 * 86_400_000)

    const plain = await cli(['token', 'add', account.email], database.env)
    const [other] = await database.query(`select * from tokens where token_hash = '${digest(plain.stdout.trim())}'`)
    assert.deepEqual([other?.scope, other?.expires_at], ['read', null])
  })

  test('refuses what it does not understand, and whom it does not know, in a line each', ownProcess, async t => {
    const { env } = await freshDatabase(t, engine)
    const email = newAccount().email
    for (const [args, expected, lines] of [
      [[email], 1, 1],
      [[email, '--scope', 'admin'], 2, 1],
      [[email, '--scope', 'admin', '--days', '-4', '--name', ' '], 2, 3],
      [[email, '--days', 'never'], 2, 1]
    ] as const) {
      const { code, stdout, stderr } = await cli(['token', 'add', ...args], env)
      assert.equal(code, expected, stderr)
      assert.equal(stdout, '')
      assert.equal(stderr.trim().split('\n').length, lines, stderr)
    }
  })
})
