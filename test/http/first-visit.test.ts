import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, findTags, forEachEngine, inPage, type Reply, request, sharedSite, signedIn } from '../helper.ts'

const POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const overTls = { 'x-forwarded-proto': 'https' }

/** Its style sheet as a file: not at all, only to be kept, or as what the page waits for. */
function filesOf({ text }: Reply): 'none' | 'kept' | 'waited for' {
  const scripts = findTags(text, 'script').filter(({ src }) => /\/app\.\w+\.js$/.test(src ?? ''))
  assert.deepEqual(
    scripts.map(({ type }) => type),
    ['module'],
    'the script is always a file'
  )
  const links = findTags(text, 'link').filter(({ href }) => /\/main\.\w+\.css$/.test(href ?? ''))
  if (links.length === 0) return 'none'
  const [{ rel, media } = {}, ...others] = links
  assert.deepEqual([rel, others], ['stylesheet', []])
  return media === 'print' ? 'kept' : 'waited for'
}

const kindOf = (page: Reply) => [filesOf(page), inPage(page) !== undefined]
const FIRST = ['none', true]
const SECOND = ['kept', true]
const LATER = ['waited for', false]

forEachEngine(
  'the styles of a page',
  engine => {
    const site = sharedSite(engine)

    const pages = ['/', '/login', '/signup', '/servidor', '/cluster', '/nowhere', '/api']
    const membersPages = [
      '/carrinho/',
      '/listas/',
      '/conta',
      '/carrinho/imprimir',
      '/carrinho/texto',
      '/listas/999999/'
    ]

    test('are in a first page, and in the second, whose file the third links', async t => {
      const member = await signedIn(t, site.server)
      for (const [client, paths] of [
        [new Client(t, site.server), pages],
        [member, membersPages]
      ] as const) {
        for (const path of paths) {
          client.cookies.delete('carrinho_styles')
          assert.deepEqual(kindOf(await client.get(path)), FIRST, path)
          assert.deepEqual(kindOf(await client.get(path)), SECOND, path)
          for (let n = 0; n < 2; n++) {
            const page = await client.get(path)
            assert.deepEqual(kindOf(page), LATER, path)
            assert.equal(page.headers['content-security-policy'], POLICY)
            const lines = page.headers['set-cookie'] ?? []
            assert.ok(!lines.some(line => line.includes('carrinho_styles')), 'nothing more is set')
          }
        }
      }
    })

    test('are in whatever page comes first: a form that is refused, or is none, an answer to a method', async t => {
      const client = await signedIn(t, site.server)
      await client.get('/carrinho/')
      for (const send of [
        () => client.post('/carrinho/', { product_type: '' }),
        () => client.postRaw('/carrinho/', { product_type: 'Leite' }),
        () => client.postRaw('/login', { email: 'x'.repeat(70_000) }),
        () => client.send('PUT', '/carrinho/'),
        () => client.get('/carrinho/?x=%ff')
      ]) {
        client.cookies.delete('carrinho_styles')
        const page = await send()
        assert.ok(page.status >= 400)
        assert.deepEqual(kindOf(page), FIRST, String(page.status))
      }
    })

    test('are the same text in the page and in the file, and what it names is found from any page', async t => {
      const client = new Client(t, site.server)
      const { styles = '' } = inPage(await client.get('/')) ?? {}
      const { text } = await client.get('/')
      const href = findTags(text, 'link').find(({ href }) => href?.endsWith('.css'))?.href ?? '/'
      assert.equal((await client.get(href)).text, styles)
      const pictures = [...styles.matchAll(/url\(["']?([^"')]+)/g)]
      assert.ok(pictures.length > 0)
      for (const [, url = ''] of pictures) {
        assert.match(url, /^\/static\//)
        const { status, headers } = await client.get(url)
        assert.equal(status, 200)
        assert.match(String(headers['cache-control']), /immutable/)
      }
    })

    test('come again to a browser that keeps no cookies, and the page is kept by no cache', async () => {
      for (let n = 0; n < 3; n++) {
        const page = await request(site.server.url, { headers: { accept: 'text/html', 'accept-encoding': 'gzip' } })
        assert.equal(page.headers['cache-control'], 'no-store')
        assert.equal(page.headers['content-encoding'], 'gzip')
        assert.match(String(page.headers.vary), /accept-encoding/i)
        assert.match(String(page.headers['content-security-policy']), /; style-src 'self' 'sha256-[^;]*'$/)
      }
    })

    test('behind TLS are known by the cookie of this host, and a planted one only leads to the file', async t => {
      const client = new Client(t, site.server)
      const get = () => client.get('/', overTls)
      assert.deepEqual(kindOf(await get()), FIRST)
      assert.deepEqual(kindOf(await get()), SECOND)
      assert.deepEqual(kindOf(await get()), LATER)
      assert.deepEqual(
        [...client.cookies.keys()].filter(name => name.includes('styles')),
        ['__Host-carrinho_styles']
      )
      const value = client.cookies.get('__Host-carrinho_styles') ?? ''
      const seen = async (cookie: string) =>
        kindOf(await request(site.server.url, { headers: { ...overTls, accept: 'text/html', cookie } }))
      assert.deepEqual(await seen(`carrinho_styles=${value}`), LATER)
      for (const junk of ['carrinho_styles=x', 'carrinho_styles', '=', 'x'.repeat(1000)])
        assert.deepEqual(await seen(junk), FIRST, junk)
      for (const junk of ['', 'x', '"', '<style>', `x${value}`, '%00'])
        assert.deepEqual(await seen(`__Host-carrinho_styles=${junk}`), SECOND, junk)
    })

    test('are nothing to programs', async t => {
      const client = await signedIn(t, site.server)
      client.cookies.delete('carrinho_styles')
      for (const path of ['/carrinho/', '/nowhere', '/whoami']) {
        const reply = await client.getJson(path)
        assert.equal(inPage(reply), undefined)
        assert.ok(!(reply.headers['set-cookie'] ?? []).some(line => line.includes('carrinho_styles')), path)
      }
    })
  },
  ['sqlite']
)
