import assert from 'node:assert/strict'
import { appendFile, cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
// @ts-expect-error the build's own script, without types
import { bundle } from '../../scripts/bundle.mjs'
import {
  Client,
  findTags,
  forEachEngine,
  inPage,
  request,
  root,
  type Scope,
  sharedSite,
  startServer,
  type TestServer,
  tempFolder
} from '../helper.ts'

const YEAR = 'public, max-age=31536000, immutable'

/** The program built with other styles, and with some that this one does not have. Resolves with its `cli.js`. */
async function buildNextRelease(t: Scope): Promise<string> {
  const folder = await tempFolder(t)
  for (const name of [
    'dist',
    'views',
    'lists',
    'migrations',
    'package.json',
    'tsconfig.json',
    'static',
    'web',
    'src'
  ]) {
    await cp(join(root, name), join(folder, name), { recursive: true })
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await appendFile(join(folder, 'static/main.css'), '.of-the-next-release { color: red }\n')
  await writeFile(join(folder, 'static/of-the-next-release.css'), '.new { color: red }\n')
  await bundle(folder, join(folder, 'dist/static'))
  return join(folder, 'dist/cli.js')
}

const stylesheetOf = async ({ url }: TestServer): Promise<string> => {
  // Of a browser that comes again: the first page has its styles in itself.
  const { text } = await request(url, { headers: { accept: 'text/html', cookie: 'carrinho_styles=none' } })
  return findTags(text, 'link').find(({ rel }) => rel === 'stylesheet')?.href ?? ''
}

forEachEngine(
  'assets',
  engine => {
    const site = sharedSite(engine)
    let next: TestServer
    before(async () => {
      next = await startServer(site.scope, site.database.env, { cli: await buildNextRelease(site.scope) })
    })

    test("another release's are answered with this server's of that name, for this once", async () => {
      for (const [page, asset] of [
        [next, site.server],
        [site.server, next]
      ] as const) {
        const theirs = await stylesheetOf(page)
        const ours = await stylesheetOf(asset)
        assert.notEqual(theirs, ours)
        const right = await request(`${asset.url}${ours}`)
        for (const method of ['GET', 'HEAD']) {
          for (const encoding of ['identity', 'gzip', 'br']) {
            const reply = await request(`${asset.url}${theirs}`, { method, headers: { 'accept-encoding': encoding } })
            assert.equal(reply.status, 200)
            assert.equal(reply.headers['cache-control'], 'no-store')
            assert.equal(reply.headers['content-type'], right.headers['content-type'])
            assert.equal(reply.headers['content-encoding'], encoding === 'identity' ? undefined : encoding)
            if (method === 'GET' && encoding === 'identity') assert.equal(reply.text, right.text)
          }
        }
      }
    })

    test("each server's own are kept for a year", async () => {
      for (const server of [site.server, next]) {
        const reply = await request(`${server.url}${await stylesheetOf(server)}`)
        assert.equal(reply.status, 200)
        assert.equal(reply.headers['cache-control'], YEAR)
        assert.equal(reply.text.includes('of-the-next-release'), server === next)
      }
    })

    test("another release's styles come in the page anew, also where two share a host and its cookies", async t => {
      const client = new Client(t, site.server)
      for (let n = 0; n < 3; n++) await client.get('/')
      for (let turn = 0; turn < 2; turn++) {
        for (const server of [next, site.server]) {
          client.moveTo(server)
          const page = await client.get('/')
          assert.equal(inPage(page)?.styles.includes('of-the-next-release'), server === next)
          assert.equal(inPage(await client.get('/login')), undefined, 'it has them now')
        }
      }
    })

    test('a name that this release does not know is not found, and nobody keeps that', async () => {
      const names = JSON.parse(await readFile(join(root, 'dist/static/manifest.json'), 'utf8')) as Record<
        string,
        string
      >
      const paths = [
        'of-the-next-release.0123ABCD.css',
        'main.css',
        'main.0123ABCD.0123ABCD.css',
        'main.0123abc.css',
        'main.0123-BCD.css',
        `${names['main.css']}.br`,
        'manifest.json',
        'toString.0123ABCD.js',
        '__proto__.0123ABCD.css',
        '..%2fcli.js',
        '%2e%2e/cli.js',
        '..%2f..%2fpackage.0123ABCD.json',
        'x/main.0123ABCD.css',
        `${'x'.repeat(500)}.0123ABCD.css`,
        ''
      ]
      for (const path of paths) {
        for (const accept of ['text/html', '*/*', 'text/css,*/*;q=0.1']) {
          const reply = await request(`${site.server.url}/static/${path}`, { headers: { accept } })
          assert.equal(reply.status, 404, path)
          assert.equal(reply.headers['cache-control'], 'no-store', path)
        }
      }
      const isThere = await request(`${next.url}/static/of-the-next-release.0123ABCD.css`)
      assert.equal(isThere.status, 200, 'where it is known, any hash will do')
      assert.equal(isThere.headers['cache-control'], 'no-store')
    })
  },
  ['sqlite']
)
