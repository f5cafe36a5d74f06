import assert from 'node:assert/strict'
import { readdir, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  assertProblem,
  type Client,
  cli,
  eventually,
  forEachEngine,
  freshDatabase,
  hangFolder,
  itemIn,
  ofPhone,
  Program,
  photo,
  photosOn,
  request,
  sendPhoto,
  signedIn,
  skipUnlessInCi,
  skipWithoutFuse,
  skipWithoutMount,
  smallDisk,
  startServer,
  type TestDatabase,
  type TestServer,
  tempFolder,
  tokenFor,
  visibleText
} from '../helper.ts'

/** Somebody whose one item has a picture. */
async function withPicture(t: Parameters<typeof signedIn>[0], server: TestServer) {
  const client = await signedIn(t, server)
  await client.addItem({ tipo: 'iogurte' })
  const id = Number((await client.items())[0]?.id)
  const page = `/carrinho/artigo/${id}/fotografias`
  assert.equal((await sendPhoto(client, id, await photo())).status, 303)
  const [path = ''] = photosOn((await client.get(page)).text)
  assert.equal((await client.get(path)).status, 200)
  return { client, id, page, path }
}

/** A program of theirs, with one more item that has a picture. */
async function programWithPicture(server: TestServer, database: TestDatabase, client: { account: { email: string } }) {
  const program = new Program(server, await tokenFor({ database }, client.account.email, 'write'))
  const { id } = itemIn(await program.post('/lists/first/items', { name: 'mel' }))
  const path = `/lists/first/items/${id}/pictures`
  const send = (raw: Buffer, key: string) =>
    program.post(path, undefined, { raw, headers: { 'content-type': 'image/jpeg', 'idempotency-key': key } })
  return { program, path, send }
}

async function assertListWorks(server: TestServer, client: Client, type: string): Promise<void> {
  assert.equal((await client.addItem({ tipo: type })).status, 303)
  assert.ok((await client.items()).some(item => item.tipo === type))
  assert.equal((await request(`${server.url}/health/live`)).status, 200)
  assert.equal((await request(`${server.url}/health/ready`)).status, 200)
}

describe('a folder of pictures that hangs', { skip: skipUnlessInCi(skipWithoutFuse()) ?? false }, () => {
  test('stops pictures alone, which say so, and are back with it', async t => {
    const folder = await tempFolder(t)
    const database = await freshDatabase(t, 'sqlite')
    const server = await startServer(t, { ...database.env, FILES_DIR: folder })
    const { client, id, page, path } = await withPicture(t, server)
    const { program, send, path: pictures } = await programWithPicture(server, database, client)
    const sent = await photo(ofPhone)
    const first = await send(sent, 'first')
    const { url } = first.json() as { url: string }
    const hanging = await hangFolder(t, folder)

    // As many as there are threads that file access and password hashes would share.
    const looks = await Promise.all(Array.from({ length: 12 }, () => client.get(path)))
    for (const look of looks) assert.equal(look.status, 503)
    assert.match(visibleText(looks[0]?.text ?? ''), /A lista funciona sem elas/)
    const [, again] = await Promise.all([
      client.get(path),
      signedIn(t, server).then(other => assertListWorks(server, other, 'pão'))
    ])
    assert.equal(again, undefined)
    await assertListWorks(server, client, 'leite')
    assert.match((await client.get(page)).text, /não estão disponíveis agora/)
    const refused = await sendPhoto(client, id, await photo())
    assert.equal(refused.status, 503)
    assert.match(refused.text, /id="e-fotografia">As fotografias não estão disponíveis/)
    const away = [await program.get(url.replace('/api/v1', '')), await send(await photo(ofPhone), 'second')]
    for (const reply of away) {
      assertProblem(reply, 503, 'pictures_away')
      assert.equal(reply.headers['retry-after'], '5')
    }
    // What was done with a key is known without the folder, and so is what an item has.
    const repeated = await send(sent, 'first')
    assert.deepEqual([repeated.status, repeated.json()], [first.status, first.json()])
    assert.equal((await program.get(pictures)).status, 200)

    // Its server is dead, and whoever looks is told at once.
    await hanging.die()
    assert.equal((await client.get(path)).status, 503)
    await assertListWorks(server, client, 'sal')

    hanging.heal()
    await eventually(async () => assert.equal((await client.get(path)).status, 200))
    assert.doesNotMatch((await client.get(page)).text, /não estão disponíveis agora/)
    assert.equal((await sendPhoto(client, id, await photo())).status, 303)
    assert.equal(photosOn((await client.get(page)).text).length, 2)
    assert.equal((await send(await photo(ofPhone), 'second')).status, 201)
    assert.equal((await program.get(url.replace('/api/v1', ''))).status, 200)
    assert.equal(await server.stop(), 0)
  })

  test('does not keep a server from starting, nor from ending', async t => {
    const folder = await tempFolder(t)
    const database = await freshDatabase(t, 'sqlite')
    await hangFolder(t, folder)
    const server = await startServer(t, { ...database.env, FILES_DIR: folder })
    const client = await signedIn(t, server)
    await assertListWorks(server, client, 'pão')
    assert.equal(await server.stop(), 0)
  })
})

describe('a volume of pictures that is no longer mounted', () => {
  test('keeps nothing in the empty folder in its place, and loses nothing', async t => {
    const [volume, empty, place] = await Promise.all([tempFolder(t), tempFolder(t), tempFolder(t)])
    const FILES_DIR = join(place, 'mounted')
    const becomes = async (folder: string) => {
      await symlink(folder, `${FILES_DIR}.next`)
      await rename(`${FILES_DIR}.next`, FILES_DIR)
    }
    await becomes(volume)
    const database = await freshDatabase(t, 'sqlite')
    const server = await startServer(t, { ...database.env, FILES_DIR, FILES_MS: '60000' })
    const { client, id, page, path } = await withPicture(t, server)
    const { program, send } = await programWithPicture(server, database, client)
    const { url } = (await send(await photo(ofPhone), 'first')).json() as { url: string }

    await becomes(empty)
    assert.equal((await sendPhoto(client, id, await photo())).status, 503)
    assertProblem(await send(await photo(ofPhone), 'second'), 503, 'pictures_away')
    assert.equal((await client.get(path)).status, 503)
    assertProblem(await program.get(url.replace('/api/v1', '')), 503, 'pictures_away')
    await assertListWorks(server, client, 'pão')
    assert.deepEqual(await readdir(empty), [])

    await becomes(volume)
    await eventually(async () => assert.equal((await client.get(path)).status, 200))
    assert.equal((await send(await photo(ofPhone), 'second')).status, 201)
    assert.equal(photosOn((await client.get(page)).text).length, 1)
  })
})

describe('a folder of pictures without room', { skip: skipUnlessInCi(skipWithoutMount()) ?? false }, () => {
  test('keeps what it has, and says at the field that there is no more', async t => {
    const disk = await smallDisk(t, 2048)
    const database = await freshDatabase(t, 'sqlite')
    const server = await startServer(t, { ...database.env, FILES_DIR: disk.folder, FILES_MS: '60000' })
    const { client, id, page, path } = await withPicture(t, server)
    const { send } = await programWithPicture(server, database, client)
    disk.fill()
    const refused = await sendPhoto(client, id, await photo())
    assert.equal(refused.status, 503)
    assert.match(refused.text, /id="e-fotografia">Não há espaço/)
    const sent = await photo()
    assertProblem(await send(sent, 'key'), 503, 'storage_full')
    assert.deepEqual(photosOn((await client.get(page)).text), [path])
    assert.equal((await client.get(path)).status, 200)
    await assertListWorks(server, client, 'pão')
    disk.free()
    assert.equal((await send(sent, 'key')).status, 201)
    assert.equal((await sendPhoto(client, id, await photo())).status, 303)
    assert.equal(photosOn((await client.get(page)).text).length, 2)
  })
})

forEachEngine(
  'pictures on two web servers',
  engine => {
    test('are there on the other one at once, and after a SIGKILL', async t => {
      const FILES_DIR = await tempFolder(t)
      const database = await freshDatabase(t, engine)
      const [one, two] = await Promise.all(
        [1, 2].map(() => startServer(t, { ...database.env, FILES_DIR, FILES_MS: '60000' }))
      )
      assert.ok(one && two)
      const { client, page, path } = await withPicture(t, one)
      const here = (await client.get(path)).body
      await one.kill()
      client.moveTo(two)
      const program = new Program(two, await tokenFor({ database }, client.account.email))
      const elsewhere = await program.get(`/lists/first/items/${page.split('/')[3]}/pictures/${path.slice(-64)}`)
      assert.deepEqual(elsewhere.body, here)
      assert.deepEqual(photosOn((await client.get(page)).text), [path])
      assert.deepEqual((await client.get(path)).body, here)
    })

    test('start and leave at any moment, and never take each other for one with another folder', async t => {
      const FILES_DIR = await tempFolder(t)
      const database = await freshDatabase(t, engine)
      const env = { ...database.env, FILES_DIR, FILES_MS: '60000' }
      for (let round = 0; round < 3; round++) {
        const first = await startServer(t, env)
        const [next] = await Promise.all([startServer(t, env), first.stop()])
        const both = await Promise.all([1, 2].map(() => startServer(t, env)))
        for (const server of [next, ...both]) assert.equal(await server?.stop(), 0)
      }
    })

    test('have to be in one folder: a server with another is refused at its start, and `status` tells', async t => {
      const database = await freshDatabase(t, engine)
      const folders = [await tempFolder(t), await tempFolder(t)] as const
      await startServer(t, { ...database.env, FILES_DIR: folders[0], SERVER_NAME: 'web01' })
      const other = await startServer(
        t,
        { ...database.env, FILES_DIR: folders[1], SERVER_NAME: 'web02' },
        { waitFor: 'none' }
      )
      assert.equal(await other.ended, 2)
      assert.equal(other.logs.filter(line => line.startsWith('FILES_DIR: ')).length, 1, other.logs.join('\n'))
      assert.match(other.logs.join('\n'), /is not the folder that web01 keeps pictures in/)
      // One that runs all the same, with a folder of its own, and so has not left its mark in this one.
      await database.query(
        `insert into file_folders (id, name, unseen, seen_at) values ('x', 'web03', 'web01', ${Date.now() + 3_600_000})`
      )
      await eventually(async () => {
        const { stdout } = await cli(['status'], database.env)
        assert.match(stdout, /pictures: web01 has not the folder of web03: FILES_DIR has to be the same/)
        assert.match(stdout, /pictures: web03 has not the folder of web01/)
      })
    })

    test('are not there without a folder, and the site says so', async t => {
      const database = await freshDatabase(t, engine)
      const server = await startServer(t, database.env)
      const client = await signedIn(t, server)
      await client.addItem({ tipo: 'pão' })
      const id = (await client.items())[0]?.id
      assert.doesNotMatch((await client.get(`/carrinho/artigo/${id}`)).text, /fotografias/)
      const page = await client.get(`/carrinho/artigo/${id}/fotografias`)
      assert.match(page.text, /Este site não guarda fotografias/)
      assert.doesNotMatch(page.text, /type="file"/)
      assert.equal((await sendPhoto(client, Number(id), await photo())).status, 503)
      const program = new Program(server, await tokenFor({ database }, client.account.email, 'write'))
      const path = `/lists/first/items/${id}/pictures`
      const headers = { 'content-type': 'image/jpeg' }
      assertProblem(await program.post(path, undefined, { raw: await photo(), headers }), 503, 'pictures_off')
      assert.deepEqual((await program.get(path)).json(), { version: 1, pictures: [] })
      assert.match((await cli(['status'], database.env)).stdout, /pictures: no server keeps any/)
    })
  },
  ['mariadb', 'postgres']
)

describe('FILES_DIR', () => {
  test('that is not there, or is a file, ends the start with 2 and one line', async t => {
    const folder = await tempFolder(t)
    const database = await freshDatabase(t, 'sqlite')
    for (const path of [join(folder, 'none'), '/dev/null']) {
      const server = await startServer(t, { ...database.env, FILES_DIR: path }, { waitFor: 'none' })
      assert.equal(await server.ended, 2)
      assert.match(server.logs.join('\n'), new RegExp(`^FILES_DIR: cannot write into ${path}`, 'm'))
    }
  })

  test('beside a server database is an absolute path', async () => {
    const env = { DB_HOST: 'mysql://u:p@127.0.0.1/x', SESSION_SECRET: 'a-secret-of-many-letters', FILES_DIR: 'files' }
    const { code, stderr } = await cli(['serve'], env)
    assert.equal(code, 2)
    assert.match(stderr, /^FILES_DIR: got "files", expects an absolute path/)
  })
})
