import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  Client,
  cli,
  type Env,
  forEachEngine,
  freshDatabase,
  request,
  signedIn,
  skipUnlessInCi,
  startServer,
  tempFolder
} from '../helper.ts'

const modeOf = (file: string) => statSync(file).mode & 0o777
const dataDir = ({ env }: { env: Env }) => String(env.DATA_DIR)

/** A server on this file alone, in a folder of its own, as after a restore. */
async function serveCopyOf(t: Parameters<typeof tempFolder>[0], file: string) {
  const folder = await tempFolder(t)
  copyFileSync(file, join(folder, 'carrinho.db'))
  return startServer(t, { DATA_DIR: folder })
}

describe('the embedded database', () => {
  test('is one whole file after an orderly stop, of a server and of a command', async t => {
    const database = await freshDatabase(t, 'sqlite')
    const server = await startServer(t, database.env)
    const client = await signedIn(t, server)
    for (let n = 1; n <= 5; n++) await client.addItem({ tipo: `item ${n}` })
    assert.equal(await server.stop(), 0)

    const restored = await serveCopyOf(t, join(dataDir(database), 'carrinho.db'))
    const again = new Client(t, restored)
    await again.login(client.account)
    assert.equal((await again.items()).length, 5)

    const added = await cli(
      ['user', 'add', 'rui@x.pt', '--name', 'Rui', '--password-stdin'],
      database.env,
      'uma palavra comprida'
    )
    assert.equal(added.code, 0, added.stderr)
    const second = await serveCopyOf(t, join(dataDir(database), 'carrinho.db'))
    await new Client(t, second).login({ email: 'rui@x.pt', password: 'uma palavra comprida' })
  })

  test('is whole in a file after the last of two servers has stopped', async t => {
    const database = await freshDatabase(t, 'sqlite')
    const [one, two] = [await startServer(t, database.env), await startServer(t, database.env)]
    const client = await signedIn(t, one)
    await client.addItem({ tipo: 'by the first' })
    assert.equal(await one.stop(), 0)
    client.moveTo(two)
    await client.addItem({ tipo: 'by the second' })
    assert.equal(await two.stop(), 0)
    const again = new Client(t, await serveCopyOf(t, join(dataDir(database), 'carrinho.db')))
    await again.login(client.account)
    assert.equal((await again.items()).length, 2)
  })

  test('is readable for its owner alone, in whatever folder, with all that stands beside it', async t => {
    const folder = await tempFolder(t)
    chmodSync(folder, 0o777)
    const umask = process.umask(0)
    t.after(() => process.umask(umask))
    const server = await startServer(t, { DATA_DIR: folder })
    const client = await signedIn(t, server)
    await client.addItem()
    const files = readdirSync(folder)
    assert.ok(files.includes('carrinho.db-wal'), `${files}`)
    for (const name of files) assert.equal(modeOf(join(folder, name)), 0o600, name)
  })

  test('of an older release is made so, after a crash, too', async t => {
    const folder = await tempFolder(t)
    const old = await startServer(t, { DATA_DIR: folder })
    const client = await signedIn(t, old)
    await old.kill()
    const files = readdirSync(folder)
    for (const name of files) chmodSync(join(folder, name), 0o644)
    const server = await startServer(t, { DATA_DIR: folder })
    client.moveTo(server)
    await client.addItem()
    for (const name of files.filter(name => name.startsWith('carrinho.db'))) {
      assert.equal(modeOf(join(folder, name)), 0o600, name)
    }
  })
})

describe('carrinho backup', () => {
  test('writes a whole and private copy while the database is written to', async t => {
    const database = await freshDatabase(t, 'sqlite')
    const server = await startServer(t, database.env)
    const client = await signedIn(t, server)
    await client.addItem({ tipo: 'before' })
    const folder = await tempFolder(t)
    const file = join(folder, 'copy.db')
    let isOver = false
    const names = new Set(['before'])
    const writing = (async () => {
      for (let n = 0; !isOver; n++) {
        assert.equal((await client.addItem({ tipo: `meanwhile ${n}` })).status, 303)
        names.add(`meanwhile ${n}`)
      }
    })()
    const umask = process.umask(0)
    const made = await cli(['backup', file], database.env)
    process.umask(umask)
    isOver = true
    await writing
    assert.equal(made.code, 0, made.stderr)
    assert.match(made.stdout, /1 account/)
    assert.equal(modeOf(file), 0o600)
    assert.deepEqual(readdirSync(folder), ['copy.db'], 'nothing else is left there')

    const restored = await serveCopyOf(t, file)
    const again = new Client(t, restored)
    await again.login(client.account)
    const found = (await again.items()).map(item => item.tipo)
    assert.ok(found.includes('before'))
    for (const name of found) assert.ok(names.has(name), name)
    assert.equal(new Set(found).size, found.length)
    assert.equal((await again.addItem({ tipo: 'after' })).status, 303)
    assert.equal((await client.items()).length, names.size, 'the database goes on as before')
  })

  test('never touches what is there, and makes nothing where it cannot', async t => {
    const database = await freshDatabase(t, 'sqlite')
    const server = await startServer(t, database.env)
    await signedIn(t, server)
    const folder = await tempFolder(t)
    const taken = join(folder, 'taken')
    writeFileSync(taken, 'something of value')
    const refused = await cli(['backup', taken], database.env)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /exists already/)
    assert.equal(readFileSync(taken, 'utf8'), 'something of value')
    const itself = await cli(['backup', join(dataDir(database), 'carrinho.db')], database.env)
    assert.equal(itself.code, 1)
    const nowhere = await cli(['backup', join(folder, 'no', 'such', 'folder.db')], database.env)
    assert.equal(nowhere.code, 1)
    for (const { stderr } of [refused, itself, nowhere]) assert.equal(stderr.trim().split('\n').length, 1, stderr)
    assert.deepEqual(readdirSync(folder), ['taken'])
    assert.equal((await request(`${server.url}/health/ready`)).status, 200)
  })

  test('does not take an empty folder for a database', async t => {
    const folder = await tempFolder(t)
    const { code, stderr } = await cli(['backup', join(folder, 'copy.db')], { DATA_DIR: join(folder, 'data') })
    assert.equal(code, 2)
    assert.match(stderr, /^DATA_DIR: there is no database/)
    assert.deepEqual(readdirSync(folder), [])
    assert.ok((await cli(['backup'], { DATA_DIR: folder })).code !== 0, 'it needs a file')
  })
})

/** What docs/operating.md tells operators to type, for the server that a URL names. */
const commands = {
  mariadb: {
    dump: (url: URL) => ['mariadb-dump', ...mariadbOptions(url), '--single-transaction', url.pathname.slice(1)],
    restore: (url: URL) => ['mariadb', ...mariadbOptions(url), url.pathname.slice(1)]
  },
  postgres: {
    dump: (url: URL) => ['pg_dump', '--format=custom', url.href],
    restore: (url: URL) => ['pg_restore', '--no-owner', `--dbname=${url.href}`]
  }
}

const mariadbOptions = (url: URL) => [
  `--host=${url.hostname}`,
  `--port=${url.port}`,
  `--user=${url.username}`,
  '--default-character-set=utf8mb4'
]

function runWithFiles(command: string[], env: NodeJS.ProcessEnv, files: { stdin?: string; stdout?: string }): void {
  const stdin = files.stdin === undefined ? ('ignore' as const) : openSync(files.stdin, 'r')
  const stdout = files.stdout === undefined ? ('ignore' as const) : openSync(files.stdout, 'wx', 0o600)
  const [program = '', ...args] = command
  const { status, stderr } = spawnSync(program, args, { env, stdio: [stdin, stdout, 'pipe'], encoding: 'utf8' })
  for (const file of [stdin, stdout]) if (typeof file === 'number') closeSync(file)
  assert.equal(status, 0, `${program}: ${stderr}`)
}

const isThere = (program: string) => spawnSync(program, ['--version']).status === 0

forEachEngine(
  'a backup of a server, made and put back with its own programs',
  engine => {
    assert.ok(engine !== 'sqlite')
    const { dump, restore } = commands[engine]
    const nowhere = new URL('any://host/name')
    const absent = [dump(nowhere)[0] ?? '', restore(nowhere)[0] ?? ''].filter(program => !isThere(program))
    const skip = skipUnlessInCi(absent.length > 0 ? `not on this machine: ${absent.join(', ')}` : undefined) ?? false

    test('has every account, item and session; and writing goes on where it was', { skip }, async t => {
      const database = await freshDatabase(t, engine)
      const server = await startServer(t, database.env)
      const client = await signedIn(t, server)
      const added = ['🥖 baguete', 'Maçãs', '\\ "; \'--', 'מלפפון']
      for (const tipo of added) assert.equal((await client.addItem({ tipo })).status, 303)
      await client.get('/carrinho/')
      const operation = client.hidden('operation') ?? ''
      const form = { product_type: 'Ovos', quantity: '6', local: 'Mercado', operation }
      assert.equal((await client.post('/carrinho/', form)).status, 303)

      const file = join(await tempFolder(t), 'dump')
      const from = new URL(database.url ?? '')
      const env = { ...process.env, MYSQL_PWD: from.password }
      runWithFiles(dump(from), env, { stdout: file })
      const empty = await freshDatabase(t, engine, { migrate: false })
      runWithFiles(restore(new URL(empty.url ?? '')), env, { stdin: file })
      const migrated = await cli(['migrate'], empty.env)
      assert.equal(migrated.code, 0, migrated.stderr)
      assert.doesNotMatch(migrated.stdout, /applied|adopted/, 'the schema came with it')

      client.moveTo(await startServer(t, empty.env))
      assert.deepEqual(
        (await client.items()).map(item => item.tipo),
        ['Ovos', ...added.toReversed()],
        'still signed in'
      )
      assert.equal((await client.post('/carrinho/', form)).status, 303)
      assert.equal((await client.items()).length, 5, 'what was sent before is known')
      await client.get('/carrinho/')
      assert.equal((await client.addItem({ tipo: 'after' })).status, 303)
      const someone = await signedIn(t, { url: client.url })
      assert.equal((await someone.addItem()).status, 303)
    })

    test('is what carrinho backup tells to make, as it cannot', async t => {
      const { env } = await freshDatabase(t, engine, { migrate: false })
      const folder = await tempFolder(t)
      const { code, stderr } = await cli(['backup', join(folder, 'file')], env)
      assert.equal(code, 2)
      assert.ok(stderr.includes(dump(nowhere)[0] ?? '?'), stderr)
      assert.equal(stderr.trim().split('\n').length, 1)
      assert.deepEqual(readdirSync(folder), [])
    })
  },
  ['mariadb', 'postgres']
)
