import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { apiSite, assertProblem, forEachEngine, itemIn, listIn, Program, startServer } from '../helper.ts'

forEachEngine('the API’s keys and versions', engine => {
  const { site, member, items, countOf } = apiSite(engine)

  test('a write without a key, or with no key, is refused; with the same key it is done once and answers the same', async t => {
    const { program } = await member(t)
    const body = { name: 'Ovos', quantity: 12 }
    for (const key of [undefined, '', ' ', 'two words', '"', '""', 'x'.repeat(201), 'chave é', 'a"b']) {
      const raw = Buffer.from(key ?? '', 'utf8').toString('latin1')
      const refused = await program.post('/lists/first/items', body, {
        headers: { 'idempotency-key': key === undefined ? undefined : raw }
      })
      assert.equal(refused.status, 400, String(key))
      assertProblem(refused, 400, key === undefined ? 'key_missing' : 'key_malformed')
    }
    assert.equal((await items(program)).length, 0)

    const list = listIn(await program.post('/lists', { name: 'Festa' }))
    const id = itemIn(await program.post('/lists/first/items', { ...body, id: randomUUID() })).id
    const steps: [string, string, unknown, unknown][] = [
      ['POST', '/lists/first/items', body, { ...body, quantity: 6 }],
      ['POST', '/lists/first/items', { ...body, id: randomUUID() }, { ...body, id: randomUUID() }],
      ['PATCH', `/lists/first/items/${id}`, { done: true }, { done: false }],
      ['POST', `/lists/first/items/${id}/adjust`, { by: 1 }, { by: 2 }],
      ['POST', '/lists', { name: 'Praia' }, { name: 'Campo' }],
      ['PATCH', `/lists/${list.id}`, { name: 'Festas' }, { name: 'Outra' }],
      ['DELETE', `/lists/first/items/${id}`, undefined, undefined],
      ['DELETE', `/lists/${list.id}`, undefined, undefined],
      ['POST', `/lists/${list.id}/restore`, undefined, undefined]
    ]
    for (const [method, path, one, other] of steps) {
      const key = `"${randomUUID()}"`
      const headers = { 'idempotency-key': key, ...(method === 'POST' ? {} : { 'if-match': '*' }) }
      const first = await program.call(method, path, { body: one, headers })
      assert.ok(first.status < 300, `${method} ${path}: ${first.text}`)
      assert.equal(first.headers['idempotency-replayed'], undefined)
      const before = await countOf('changes')
      const [again, once] = await Promise.all([1, 2].map(() => program.call(method, path, { body: one, headers })))
      for (const repeated of [again, once]) {
        assert.equal(repeated?.status, first.status, `${method} ${path}: ${repeated?.text}`)
        assert.deepEqual(repeated?.json(), first.json())
        assert.equal(repeated?.headers['idempotency-replayed'], 'true')
      }
      if (other !== undefined) {
        assertProblem(await program.call(method, path, { body: other, headers }), 422, 'key_reused')
      }
      assertProblem(await program.post('/lists/first/items', { name: 'Outra coisa' }, { headers }), 422, 'key_reused')
      assert.equal(await countOf('changes'), before, `${method} ${path} did more`)
    }
  })

  test('the same request at the same moment is one, through another server as well', async t => {
    const { client, program } = await member(t)
    const other = await startServer(t, { ...site.database.env, API_LIMIT: '100000' })
    const elsewhere = new Program(engine === 'sqlite' ? site.server : other, program.token)
    for (let round = 0; round < 10; round++) {
      const headers = { 'idempotency-key': randomUUID() }
      const replies = await Promise.all(
        [program, elsewhere, program, elsewhere].map(one =>
          one.post('/lists/first/items', { name: `Pera ${round}` }, { headers })
        )
      )
      const [first] = replies
      for (const reply of replies) {
        assert.equal(reply.status, 201, reply.text)
        assert.deepEqual(reply.json(), first?.json())
      }
    }
    assert.equal((await client.items()).length, 10)
  })
})
