import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  addUntilFull,
  assertKnownFull,
  assertRecovers,
  assertSaysFull,
  Client,
  cli,
  defer,
  newAccount,
  request,
  signedIn,
  skipUnlessInCi,
  skipWithoutMount,
  smallDisk,
  startServer,
  tempFolder
} from '../helper.ts'

describe('the embedded database on a full disk', { skip: skipUnlessInCi(skipWithoutMount()) ?? false }, () => {
  test('refuses with a page that keeps what was typed, is not ready, loses nothing, and recovers by itself', async t => {
    const disk = await smallDisk(t, 8192)
    const server = await startServer(t, { DATA_DIR: disk.folder })
    const client = await signedIn(t, server)
    // Once more than what the -wal holds before SQLite begins it anew: then it goes on for a while on a disk without room.
    for (let n = 0; n < 400; n++) await client.addItem({ tipo: `early ${n}` })
    const early = (await client.items()).map(item => item.tipo)
    assert.equal(early.length, 400)
    disk.fill()
    const refused = await addUntilFull(client, 2000)
    refused.added.push(...early)
    await assertKnownFull(server, client, refused.added)

    const [item] = await client.items()
    const answer = await client.postJson('/apagar_artigo', { id: item?.id })
    // To take away needs room as well, if less.
    if (answer.status === 200) refused.added.splice(refused.added.indexOf(item?.tipo ?? ''), 1)
    else assertSaysFull(answer)
    assert.equal((await client.items()).length, refused.added.length, 'there, or gone, as it was told')

    disk.free()
    await assertRecovers(server, client, refused)
    const { text } = await request(`${server.url}/metrics`)
    assert.match(text, /carrinho_storage_full_total\{[^}]*cause="SQLITE_FULL"[^}]*\} [1-9]/)
    assert.equal(await server.stop(), 0)
    assert.ok(!server.logs.some(line => line.includes('"level":60')), 'nothing fatal in the log')
  })

  test('says so to whoever signs in or up, and shows no password', async t => {
    const disk = await smallDisk(t, 2048)
    const server = await startServer(t, { DATA_DIR: disk.folder })
    const client = await signedIn(t, server)
    disk.fill()
    await addUntilFull(client, 2000)
    const english = { 'accept-language': 'en' }
    for (const path of ['/login', '/signup']) {
      const other = new Client(t, server)
      const account = path === '/login' ? client.account : newAccount()
      await other.get(path)
      const reply = await other.post(path, { ...account }, english)
      assertSaysFull(reply)
      assert.ok(!reply.text.includes(account.password))
      assert.equal(await other.isSignedIn(), false)
    }
    disk.free()
    assert.equal((await new Client(t, server).tryLogin(client.account)).status, 303)
  })

  test('stops in order, starts again on it, and has all that was acknowledged', async t => {
    const disk = await smallDisk(t, 2048)
    const first = await startServer(t, { DATA_DIR: disk.folder })
    const client = await signedIn(t, first)
    disk.fill()
    const refused = await addUntilFull(client, 2000)
    assert.equal(await first.stop(), 0, first.logs.slice(-5).join('\n'))
    // Its heartbeat may find the disk full before anybody else: then it is alive, and not ready.
    const second = await startServer(t, { DATA_DIR: disk.folder }, { waitFor: 'live' })
    client.moveTo(second)
    assert.deepEqual((await client.items()).map(item => item.tipo).toSorted(), refused.added.toSorted())
    await second.kill()
    const third = await startServer(t, { DATA_DIR: disk.folder }, { waitFor: 'live' })
    client.moveTo(third)
    disk.free()
    await assertRecovers(third, client, refused)
  })

  test('a start or a backup without room for its files is one line', async t => {
    const disk = await smallDisk(t, 512)
    disk.fill()
    const started = await cli(['serve'], { DATA_DIR: join(disk.folder, 'data') })
    assert.equal(started.code, 2, started.stderr)
    assert.equal(started.stderr.trim().split('\n').length, 1, started.stderr)
    assert.match(started.stderr, /^DATA_DIR: .*(full|space)/)

    const folder = await tempFolder(t)
    const server = await startServer(t, { DATA_DIR: folder })
    await signedIn(t, server)
    const { code, stderr } = await cli(['backup', join(disk.folder, 'copy.db')], { DATA_DIR: folder })
    assert.equal(code, 1)
    assert.match(stderr, /full|space/)
    assert.equal(stderr.trim().split('\n').length, 1, stderr)
    assert.deepEqual(
      readdirSync(disk.folder).filter(name => name.includes('copy')),
      []
    )
  })
})

describe('an embedded database that may only be read', { skip: skipUnlessInCi(skipWithoutMount()) ?? false }, () => {
  test('ends the start with a line, instead of failing at each write', async t => {
    const folder = await tempFolder(t)
    const env = { DATA_DIR: folder }
    assert.equal((await cli(['status'], env)).code, 0)
    const file = join(folder, 'carrinho.db')
    const mount = (...args: string[]) => assert.equal(spawnSync('mount', args).status, 0, args.join(' '))
    mount('--bind', file, file)
    defer(t, () => spawnSync('umount', [file]))
    mount('-o', 'remount,bind,ro', file)
    for (const command of ['serve', 'status']) {
      const { code, stderr } = await cli([command], env)
      assert.equal(code, 2, stderr)
      assert.match(stderr, /^DATA_DIR: cannot open [^\n]*EROFS[^\n]*expects a folder this user may write to\n$/)
    }
    const copied = await cli(['backup', join(folder, 'copy.db')], env)
    assert.equal(copied.code, 0, copied.stderr)
  })
})

const skipWithoutPrlimit =
  skipUnlessInCi(spawnSync('prlimit', ['--version']).status === 0 ? undefined : 'needs prlimit') ?? false

describe('the embedded database', { skip: skipWithoutPrlimit }, () => {
  test('that may not grow, for a limit or a quota, is full as well', async t => {
    const server = await startServer(t, { DATA_DIR: await tempFolder(t) })
    const client = await signedIn(t, server)
    const limit = (bytes: string) => {
      const { status, stderr } = spawnSync('prlimit', [`--pid=${server.process.pid}`, `--fsize=${bytes}`])
      assert.equal(status, 0, String(stderr))
    }
    limit('600000:unlimited')
    const refused = await addUntilFull(client, 2000)
    await assertKnownFull(server, client, refused.added)
    limit('unlimited:unlimited')
    await assertRecovers(server, client, refused)
  })
})
