import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, findTags, forEachEngine, sharedSite, signedIn, visibleText } from '../helper.ts'

interface Answer {
  more: boolean
  items: { id: number; name: string; quantity: number; unit: string; list: { id: number | 'first'; name: string } }[]
}

forEachEngine('searching one’s lists', engine => {
  const site = sharedSite(engine)

  const find = async (client: Client, query: string): Promise<Answer> => {
    const reply = await client.getJson(`/procurar?${new URLSearchParams({ q: query })}`)
    assert.equal(reply.status, 200, reply.text)
    return reply.json() as Answer
  }
  const names = async (client: Client, query: string) => (await find(client, query)).items.map(({ name }) => name)

  const idOf = async (client: { account: { email: string } }) => {
    const [row] = await site.database.query(`select id_cliente from clientes where email = '${client.account.email}'`)
    return Number(row?.id_cliente)
  }

  /** Another list with one item on it. */
  const addList = async (accountId: number, name: string, type: string, more: Record<string, number> = {}) => {
    const columns = { owner_id: accountId, version: 0, created_at: Date.now(), ...more }
    await site.database.query(
      `insert into lists (name, ${Object.keys(columns).join(', ')}) values ('${name}', ${Object.values(columns).join(', ')})`
    )
    const [list] = await site.database.query(`select id from lists where owner_id = ${accountId} and name = '${name}'`)
    await site.database.query(
      `insert into compras (id_cliente, list_id, tipo, quantidade, local) values (${accountId}, ${list?.id}, '${type}', 1, '')`
    )
    return Number(list?.id)
  }

  test('finds names, shops and notes whatever their accents and capitals, with all the words in any order', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Pão de forma', local: 'Padaria São João' })
    await client.addItem({ tipo: 'Água com gás', local: 'Mercado' }, { note: 'a da Serra' })
    await client.addItem({ tipo: 'ΦΈΤΑ', local: 'Mercado' })
    for (const [query, expected] of [
      ['pao', ['Pão de forma']],
      ['PÃO', ['Pão de forma']],
      ['sao joao', ['Pão de forma']],
      ['forma pão', ['Pão de forma']],
      ['agua', ['Água com gás']],
      ['serra', ['Água com gás']],
      ['mercado agua', ['Água com gás']],
      ['φετα', ['ΦΈΤΑ']],
      ['mercado pao', []],
      ['   ', []],
      ['', []]
    ] as const) {
      assert.deepEqual(await names(client, query), expected, query)
    }
  })

  test('takes what a database has for wildcards, quotes and escapes as the characters that they are', async t => {
    const client = await signedIn(t, site.server)
    for (const tipo of ['leite 0%', 'a_b', "d'água", 'c\\d', 'leite 10']) await client.addItem({ tipo })
    for (const [query, expected] of [
      ['%', ['leite 0%']],
      ['0%', ['leite 0%']],
      ['_', ['a_b']],
      ["d'a", ["d'água"]],
      ['\\', ['c\\d']],
      ["' or 1=1 --", []]
    ] as const) {
      assert.deepEqual(await names(client, query), expected, query)
    }
  })

  test('says on which list each is, put away or not, and leaves out lists that were deleted', async t => {
    const client = await signedIn(t, site.server)
    const accountId = await idOf(client)
    await client.addItem({ tipo: 'sal da primeira' })
    const now = Date.now()
    const party = await addList(accountId, 'Festa', 'sal da festa')
    const away = await addList(accountId, 'Natal', 'sal do Natal', { put_away_at: now })
    await addList(accountId, 'Velha', 'sal da velha', { removed_at: now })
    const { items } = await find(client, 'sal')
    assert.deepEqual(
      items.map(({ name, list }) => [name, list.id]).sort(),
      [
        ['sal da festa', party],
        ['sal da primeira', 'first'],
        ['sal do Natal', away]
      ].sort()
    )
    const page = await client.get('/procurar?q=sal')
    const links = findTags(page.text, 'a').map(({ href }) => href)
    assert.ok(links.includes('/carrinho/') && links.includes(`/listas/${party}/`) && links.includes(`/listas/${away}/`))
    assert.ok(visibleText(page.text).includes('Natal lista guardada'))
  })

  test('finds nothing of another account’s', async t => {
    const other = await signedIn(t, site.server)
    await other.addItem({ tipo: 'segredo' })
    await addList(await idOf(other), 'Outra', 'segredo')
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'meu' })
    assert.deepEqual(await names(client, 'segredo'), [])
    assert.equal((await names(other, 'segredo')).length, 2)
  })

  test('shows a hundred of many and says that there are more', async t => {
    const client = await signedIn(t, site.server)
    const accountId = await idOf(client)
    const rows = Array.from({ length: 2300 }, (_, n) =>
      n === 0 ? `(${accountId}, 'o mais antigo', 1, '')` : `(${accountId}, 'artigo ${n}', 1, '')`
    )
    await site.database.query(`insert into compras (id_cliente, tipo, quantidade, local) values ${rows.join(', ')}`)
    const many = await find(client, 'artigo')
    assert.equal(many.items.length, 100)
    assert.equal(many.more, true)
    assert.deepEqual(await names(client, 'artigo 2299'), ['artigo 2299'])
    // On the last of the pages that are read.
    assert.deepEqual(await names(client, 'o mais antigo'), ['o mais antigo'])
  })

  test('keeps what was typed, and takes anything for a query', async t => {
    const client = await signedIn(t, site.server)
    for (const query of [
      'q=%22%3E%3Cscript%3E',
      `q=${'x'.repeat(3000)}`,
      'q=a&q=b',
      'q=%F0%9F%A7%80',
      'nada=1',
      'q=%00'
    ]) {
      const reply = await client.get(`/procurar?${query}`)
      assert.equal(reply.status, 200, query)
      assert.doesNotMatch(reply.text, /"><script>/)
    }
    const visitor = new Client(t, site.server)
    assert.equal((await visitor.get('/procurar?q=a')).headers.location, '/login?next=%2Fprocurar%3Fq%3Da')
  })
})
