import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Client,
  findInput,
  forEachEngine,
  type Item,
  type Reply,
  sharedSite,
  signedIn,
  startServer,
  type TestDatabase,
  visibleText
} from '../helper.ts'

const MOST = 10_000
const json = { accept: 'application/json' }

interface ListAnswer {
  items: Item[]
  server: string
  databaseNode: string
  next: string | null
}

/** Numbers from 1 to n as rows, in each database's own way. */
const numbers = {
  sqlite: (n: number) =>
    `(with recursive r(i) as (select 1 union all select i + 1 from r where i < ${n}) select i from r) as numbers`,
  mariadb: (n: number) => `(select seq as i from seq_1_to_${n}) as numbers`,
  postgres: (n: number) => `generate_series(1, ${n}) as numbers(i)`
}

/** Puts items on the list of whoever has this e-mail, as an import would. */
async function fillList(database: TestDatabase, email: string, count: number, type = "'item'"): Promise<void> {
  const place = database.engine === 'postgres' ? '$1' : '?'
  await database.query(
    `insert into compras (id_cliente, tipo, quantidade, local)
     select (select id_cliente from clientes where email = ${place}), ${type}, 1, 'Mercado' from ${numbers[database.engine](count)}`,
    [email]
  )
}

async function countItems(database: TestDatabase, email: string): Promise<number> {
  const place = database.engine === 'postgres' ? '$1' : '?'
  const [row] = await database.query(
    `select count(*) as n from compras where id_cliente = (select id_cliente from clientes where email = ${place})`,
    [email]
  )
  return Number(row?.n)
}

const formOf = (client: Client, operation: string) => ({
  csrf_token: client.csrf() ?? '',
  product_type: `Laranjas ${operation}`,
  quantity: '5',
  local: 'Mercado',
  operation
})

function assertRefused(reply: Reply): void {
  assert.equal(reply.status, 409)
  const { error, fields } = reply.json() as { error: string; fields: Record<string, string> }
  assert.equal(error, 'list_full')
  assert.match(fields.product_type ?? '', /10.?000/)
}

forEachEngine('a long list', engine => {
  const site = sharedSite(engine)

  test('takes 10,000 items and not one more, however many are sent at once to two servers', async t => {
    const { database, server } = site
    const other = await startServer(t, database.env)
    const client = await signedIn(t, server)
    const twin = await signedIn(t, other)
    for (const [name, value] of client.cookies) twin.cookies.set(name, value)
    await client.get('/carrinho/')
    const { email } = client.account
    await fillList(database, email, MOST - 7)
    for (let round = 1; round <= 6; round++) {
      const room = MOST - (await countItems(database, email))
      assert.equal(room, 7)
      const replies = await Promise.all(
        Array.from({ length: 24 }, (_, n) => {
          const sender = n % 2 ? client : twin
          return sender.postRaw('/carrinho/', formOf(client, `round-${round}-${n}`), json)
        })
      )
      const added = replies.filter(reply => reply.status === 201)
      assert.equal(added.length, room, `round ${round}`)
      for (const reply of replies) if (!added.includes(reply)) assertRefused(reply)
      assert.equal(await countItems(database, email), MOST)
      const newest = (await client.get('/carrinho/')).text
      const ids = [...newest.matchAll(/name="id" value="(\d+)"/g)].slice(0, 7).map(([, id]) => id)
      for (const id of ids) assert.equal((await client.postJson('/apagar_artigo', { id })).status, 200)
    }
  })

  test('that is full says so at the field, keeps what was typed, and takes it under the same key once there is room', async t => {
    const { database, server } = site
    const client = await signedIn(t, server)
    await fillList(database, client.account.email, MOST - 1)
    const last = formOf(client, 'the-last')
    assert.equal((await client.postRaw('/carrinho/', last, json)).status, 201)
    const again = await client.postRaw('/carrinho/', last, json)
    assert.equal(again.status, 200, 'it is on the list')
    assert.equal((again.json() as { status: string }).status, 'already')

    const form = formOf(client, 'one-too-many')
    const page = await client.postRaw('/carrinho/', form, { 'accept-language': 'en' })
    assert.equal(page.status, 409)
    assert.match(visibleText(page.text), /The list has 10.?000 items/)
    assert.equal(findInput(page.text, 'product_type')?.['aria-invalid'], 'true')
    for (const [name, value] of Object.entries(form)) {
      if (name !== 'csrf_token') assert.equal(findInput(page.text, name)?.value, value, name)
    }
    assertRefused(await client.postRaw('/carrinho/', form, json))
    const { operation, ...keyless } = form
    assertRefused(await client.postRaw('/carrinho/', keyless, json))
    const reused = await client.postRaw('/carrinho/', { ...form, operation: 'the-last' }, json)
    assert.equal((reused.json() as { error: string }).error, 'operation_reused')

    const [, id] = /name="id" value="(\d+)"/.exec((await client.get('/carrinho/')).text) ?? []
    await client.postJson('/apagar_artigo', { id })
    assert.equal((await client.postRaw('/carrinho/', form, json)).status, 201, operation)
    assert.equal(await countItems(database, client.account.email), MOST)
  })

  test('is sent to programs whole up to 10,000 items, and has a link to the rest', async t => {
    const { database, server } = site
    const client = await signedIn(t, server)
    const { email } = client.account
    const readFrom = async (path: string) => (await client.getJson(path)).json() as ListAnswer
    assert.deepEqual((await readFrom('/carrinho/')).items, [])
    for (const count of [1, 499, 1, 499, 1, 9000]) {
      await fillList(database, email, count)
      const { items, next, ...rest } = await readFrom('/carrinho/')
      const total = await countItems(database, email)
      assert.equal(items.length, Math.min(total, MOST), `${total} items`)
      assert.equal(next === null, total <= MOST)
      assert.equal(rest.server, server.name)
      assert.ok(rest.databaseNode)
    }
    await fillList(database, email, 12_345)
    const ids: number[] = []
    for (let path: string | null = '/carrinho/'; path !== null; ) {
      const { items, next }: ListAnswer = await readFrom(path)
      assert.ok(items.length > 0 && items.length <= MOST)
      ids.push(...items.map(item => Number(item.id)))
      path = next
    }
    assert.equal(ids.length, 22_346)
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((a, b) => b - a),
      'each once, the newest first'
    )
    assertRefused(await client.postRaw('/carrinho/', formOf(client, 'more'), json))
  })
})

/**
 * Enough for what ten programs are being sent at a time, and much less than ten whole answers. Near its end the heap is cleared of
 * all that nobody holds, however slow the machine is; what is held beyond it ends the process.
 */
const smallHeap = { NODE_OPTIONS: '--max-old-space-size=96' }

forEachEngine('ten programs that read 20,000 long items at once', engine => {
  const site = sharedSite(engine, smallHeap)

  test('are all answered whole, by a server that has no room for ten such lists', async t => {
    const client = await signedIn(t, site.server)
    await fillList(site.database, client.account.email, 20_000, `'${'🥖'.repeat(255)}'`)
    const readers = await Promise.all(Array.from({ length: 10 }, () => signedIn(t, site.server)))
    for (const reader of readers) for (const [name, value] of client.cookies) reader.cookies.set(name, value)
    await Promise.all(
      readers.map(async reader => {
        let count = 0
        for (let path: string | null = '/carrinho/'; path !== null; ) {
          const reply = await reader.getJson(path)
          assert.equal(reply.status, 200)
          const { items, next } = reply.json() as ListAnswer
          count += items.length
          path = next
        }
        assert.equal(count, 20_000)
      })
    )
    assert.equal(site.server.process.exitCode, null, site.server.logs.slice(-20).join('\n'))
  })
})
