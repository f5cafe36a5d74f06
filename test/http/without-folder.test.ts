import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import {
  Client,
  findTags,
  forEachEngine,
  freshDatabase,
  newAccount,
  otherRelease,
  ownProcess,
  startServer,
  tempFolder,
  visibleText
} from '../helper.ts'

/** Pages that were read, and how many more may be: each page of an item or a change is like the next. */
const AT_MOST = 150

/** What a page leads to and loads, on this server. */
function targets(html: string): string[] {
  const found = [
    ...findTags(html, 'a').map(tag => tag.href),
    ...findTags(html, 'link').map(tag => tag.href),
    ...findTags(html, 'script').map(tag => tag.src)
  ]
  return found
    .filter((path): path is string => path?.startsWith('/') ?? false)
    .map(path => path.split('#', 1)[0] as string)
}

forEachEngine(
  'a server that is ready',
  engine => {
    // The folder may be on a storage that all web servers share, and that storage fails.
    test('needs nothing more of the folder of its release: any page, and all that it loads', ownProcess, async t => {
      const program = await otherRelease(t, '0.3.0')
      const folder = dirname(dirname(program))
      const { env: database } = await freshDatabase(t, engine)
      const env = { ...database, FILES_DIR: await tempFolder(t) }
      const server = await startServer(t, env, { cli: program })
      for (const part of ['dist', 'views', 'lists', 'migrations', 'package.json']) {
        await rm(join(folder, part), { recursive: true })
      }

      const client = new Client(t, server)
      await client.get('/signup')
      const refused = await client.post('/signup', { name: 'Ana', email: 'ana@example.org', password: 'password1234' })
      assert.equal(refused.status, 400, 'passwords are compared with the common ones')
      const open = ['/', '/nowhere', '/login', '/signup', '/servidor', '/cluster']
      const signedOut = new Set<string>()
      for (const path of open) signedOut.add(path)
      await crawl(client, signedOut)

      await client.signup(newAccount())
      await client.get('/carrinho/')
      assert.equal((await client.addItem()).status, 303)
      const wrong = await client.addItem({ tipo: '' })
      assert.equal(wrong.status, 400)
      assert.match(visibleText(wrong.text), /Artigo/)
      const seen = new Set([
        '/',
        '/carrinho/',
        '/listas/',
        '/conta',
        '/conta/apagar',
        '/lojas',
        '/api',
        '/api/v1/openapi.json'
      ])
      await crawl(client, seen)
      for (const path of ['/carrinho/historico', '/sugestoes', '/carrinho/imprimir', '/conta/tokens']) {
        assert.ok(seen.has(path), `${path} was led to from none of ${[...seen].join(' ')}`)
      }
      assert.ok([...seen].some(path => path.endsWith('/fotografias')))
      assert.ok([...seen].some(path => /^\/static\/app\.\w+\.js$/.test(path)))
      await client.logout()
    })

    async function crawl(client: Client, seen: Set<string>): Promise<void> {
      for (const path of seen) {
        const reply = await client.get(path)
        assert.ok(reply.status < 500, `${path}: ${reply.status} ${visibleText(reply.text)}`)
        if (path.startsWith('/static/')) assert.equal(reply.status, 200, path)
        if (!reply.headers['content-type']?.includes('text/html')) continue
        for (const target of targets(reply.text)) if (seen.size < AT_MOST) seen.add(target)
      }
    }
  },
  ['sqlite']
)
