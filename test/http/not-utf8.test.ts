import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, findInput, forEachEngine, type Reply, sharedSite, signedIn } from '../helper.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const latin1 = (text: string) => Buffer.from(text, 'latin1')

forEachEngine('text that is not UTF-8', engine => {
  const site = sharedSite(engine)

  function assertRefused(reply: Reply, label: string): void {
    assert.equal(reply.status, 400, label)
    if (reply.headers['content-type']?.includes('json')) {
      assert.equal((reply.json() as { error: string }).error, 'not_utf8', label)
    } else assert.match(reply.text, /UTF-8/, label)
  }

  test('in a form is refused, escaped or not, and nothing is stored', async t => {
    const client = await signedIn(t, site.server)
    const rest = () => `&quantity=1&local=x&csrf_token=${encodeURIComponent(client.csrf() ?? '')}`
    for (const bytes of [
      'product_type=Caf%E9',
      'product_type=Caf%e9+com+leite',
      'product_type=%C3',
      'product_type=%C3%28',
      'product_type=%C0%AF',
      'product_type=%ED%A0%80',
      'product_type=%F4%90%80%80',
      'product_type=%FF%FE',
      'product_type=%80',
      'product_type=%C3%A3%E3',
      'product_type=a&%E9=b',
      'product_type=Caf\xe9',
      'product_type=\xc3',
      'product_type=a&caf\xe9=b',
      '\xff\xfep\x00r\x00'
    ]) {
      for (const accept of ['text/html', JSON_TYPE]) {
        const reply = await client.send('POST', '/carrinho/', {
          headers: { 'content-type': FORM, accept },
          body: latin1(bytes + rest())
        })
        assertRefused(reply, JSON.stringify(bytes))
      }
      await client.get('/carrinho/')
    }
    assert.deepEqual(await client.items(), [])
  })

  test('in JSON is refused, as a byte and as half a character', async t => {
    const client = await signedIn(t, site.server)
    for (const body of [
      latin1('{"product_type": "Caf\xe9", "quantity": 1, "local": "x"}'),
      latin1('{"product_type": "a", "quantity": 1, "local": "x", "caf\xe9": 1}'),
      Buffer.from('{"product_type": "a", "quantity": 1, "local": "\\ud83e"}'),
      Buffer.from('{"product_type": "a", "quantity": 1, "local": "x", "operation": "\\udd56"}'),
      Buffer.from('\ufeff{"product_type": "a", "quantity": 1, "local": "x"}', 'utf16le')
    ]) {
      const reply = await client.send('POST', '/carrinho/', {
        headers: { 'content-type': JSON_TYPE, accept: JSON_TYPE, 'x-csrf-token': client.csrf() ?? '' },
        body
      })
      assertRefused(reply, body.toString('latin1'))
    }
    assert.deepEqual(await client.items(), [])
  })

  test('named in the content type is refused, whatever the body', async t => {
    const client = await signedIn(t, site.server)
    const form = new URLSearchParams({ product_type: 'a', quantity: '1', local: 'x', csrf_token: client.csrf() ?? '' })
    for (const charset of ['iso-8859-1', 'ISO-8859-1', '"windows-1252"', 'utf-16', 'utf-7', 'shift_jis', 'none']) {
      for (const type of [FORM, JSON_TYPE]) {
        const body = type === FORM ? form.toString() : '{"product_type": "a", "quantity": 1, "local": "x"}'
        const reply = await client.send('POST', '/carrinho/', {
          headers: {
            'content-type': `${type}; charset=${charset}`,
            accept: JSON_TYPE,
            'x-csrf-token': client.csrf() ?? ''
          },
          body
        })
        assertRefused(reply, `${type} ${charset}`)
      }
    }
    assert.deepEqual(await client.items(), [])
  })

  test('in a query is refused, on every page', async t => {
    const client = await signedIn(t, site.server)
    const visitor = new Client(t, site.server)
    for (const query of ['product_type=Caf%E9', 'next=%FF', '%E9=1', 'before=1&x=%C3%28']) {
      for (const path of ['/', '/carrinho/', '/login', '/signup', '/servidor', '/conta', '/nowhere']) {
        assertRefused(await client.get(`${path}?${query}`), `${path}?${query}`)
        assertRefused(await visitor.get(`${path}?${query}`), `${path}?${query}, signed out`)
      }
    }
  })

  test('has no sibling among what is UTF-8: that arrives as it was typed', async t => {
    const client = await signedIn(t, site.server)
    const texts = [
      '🥖 baguete',
      'Pão de ló',
      '100% sumo',
      'a+b & c=d',
      '漢字 حليب',
      'A\u0301',
      '\ufffd',
      '%E9 à letra',
      '50%&5'
    ]
    for (const [number, tipo] of texts.entries()) {
      for (const type of [FORM, `${FORM}; charset=UTF-8`, `${FORM};charset="utf-8"`]) {
        await client.get('/carrinho/')
        const body = new URLSearchParams({
          product_type: tipo,
          quantity: '1',
          local: String(number),
          csrf_token: client.csrf() ?? ''
        })
        const reply = await client.send('POST', '/carrinho/', { headers: { 'content-type': type }, body: `${body}` })
        assert.equal(reply.status, 303, tipo)
      }
      const json = await client.postJson('/carrinho/', { product_type: tipo, quantity: 1, local: 'json' })
      assert.equal(json.status, 201, tipo)
    }
    // As programs write it that escape nothing.
    await client.get('/carrinho/')
    const raw = await client.send('POST', '/carrinho/', {
      headers: { 'content-type': FORM },
      body: `product_type=Pão 100% caseiro 5%é&quantity=1&local=cru&csrf_token=${client.csrf()}`
    })
    assert.equal(raw.status, 303)
    const items = await client.items()
    for (const tipo of texts) assert.equal(items.filter(item => item.tipo === tipo).length, 4, tipo)
    assert.equal(items.find(item => item.local === 'cru')?.tipo, 'Pão 100% caseiro 5%é')
    const query = new URLSearchParams({ product_type: '🥖 100% + é', local: 'x' })
    await client.get(`/carrinho/?${query}`)
    assert.equal(findInput(client.page, 'product_type')?.value, '🥖 100% + é')
  })
})
