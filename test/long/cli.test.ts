import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import {
  Client,
  childEnv,
  cli,
  cliFile,
  type Env,
  eventually,
  forEachEngine,
  freePort,
  freshDatabase,
  newAccount,
  request,
  signedIn,
  skipUnlessInCi,
  startServer,
  suiteScope,
  tempFolder,
  track
} from '../helper.ts'

const skipWithoutFull = skipUnlessInCi(existsSync('/dev/full') ? undefined : 'there is no /dev/full') ?? false

/** Runs `carrinho` where what it prints reaches nobody: its reader has left, or the disk that it goes to is full. */
async function unread(args: string[], env: Env, output: 'left' | 'full') {
  const full = output === 'full' ? await open('/dev/full', 'w') : undefined
  const child = track(
    spawn(process.execPath, [cliFile, ...args], { env: childEnv(env), stdio: ['ignore', full?.fd ?? 'pipe', 'pipe'] })
  )
  child.stdout?.destroy()
  const [[code], stderr] = await Promise.all([once(child, 'close'), text(child.stderr as Readable)])
  await full?.close()
  return { code, stderr }
}

forEachEngine('carrinho', engine => {
  test('user add makes an account that signs in; twice is refused', async t => {
    const { env } = await freshDatabase(t, engine)
    const account = newAccount()
    const args = ['user', 'add', account.email, '--name', account.name, '--password-stdin']
    const added = await cli(args, env, `${account.password}\n`)
    assert.equal(added.code, 0, added.stderr)
    const again = await cli(args, env, 'another password\n')
    assert.equal(again.code, 1)
    assert.ok(again.stderr.includes(account.email), again.stderr)
    const server = await startServer(t, env)
    await new Client(t, server).login(account)
  })

  test("user passwd sets a password and ends that account's sessions, and no other's", async t => {
    const { env } = await freshDatabase(t, engine)
    const server = await startServer(t, env)
    const client = await signedIn(t, server)
    const other = await signedIn(t, server)
    const args = ['user', 'passwd', client.account.email, '--password-stdin']
    const changed = await cli(args, env, 'the new password')
    assert.equal(changed.code, 0, changed.stderr)
    assert.equal(await client.isSignedIn(), false)
    assert.ok(await other.isSignedIn())
    assert.notEqual((await client.tryLogin(client.account)).status, 303)
    await client.login({ ...client.account, password: 'the new password' })
    const nobody = await cli(['user', 'passwd', 'nobody@example.org', '--password-stdin'], env, 'the new password')
    assert.equal(nobody.code, 1)
    assert.match(nobody.stderr, /nobody@example\.org/)
  })

  test('status tells what the database is, and its schema', async t => {
    const { env } = await freshDatabase(t, engine)
    if (engine === 'sqlite') await (await startServer(t, env)).stop()
    const { code, stdout, stderr } = await cli(['status'], env)
    assert.equal(code, 0, stderr)
    for (const word of [/engine/i, /node/i, /role/i, /schema/i]) assert.match(stdout, word)
    assert.match(stdout, { sqlite: /sqlite/i, mariadb: /mariadb|mysql/i, postgres: /postgres/i }[engine])
  })

  test('finishes what it began where the reader of its output has left, as `head` does', async t => {
    const { env } = await freshDatabase(t, engine, { migrate: false })
    for (const command of ['migrate', 'status', '--help']) {
      assert.deepEqual(await unread([command], env, 'left'), { code: 0, stderr: '' }, command)
    }
    assert.equal((await cli(['status'], env)).code, 0, 'all of the schema is there')
  })

  test('says in a line that its output is lost on a full disk', { skip: skipWithoutFull }, async t => {
    const { env } = await freshDatabase(t, engine, { migrate: false })
    for (const command of ['migrate', 'status']) {
      const { code, stderr } = await unread([command], env, 'full')
      assert.equal(code, 1, stderr)
      assert.match(stderr, /^standard output cannot be written: ENOSPC[^\n]*\n$/, command)
    }
    assert.equal((await cli(['status'], env)).code, 0, 'all of the schema is there')
  })
})

forEachEngine(
  'carrinho serve',
  engine => {
    test('starts, serves and ends in order where nobody reads what it logs, from its first line on', async t => {
      const { env } = await freshDatabase(t, engine)
      const server = await startServer(t, env, { waitFor: 'none' })
      server.process.stdout?.destroy()
      await eventually(async () => assert.equal((await request(`${server.url}/health/ready`)).status, 200))
      assert.equal((await request(`${server.url}/nowhere`)).status, 404)
      assert.equal(await server.stop(), 0)
      assert.deepEqual(server.logs, [])
    })
  },
  ['sqlite']
)

forEachEngine(
  'carrinho status',
  engine => {
    test('ends with 1 when the database is unusable, and says why without a secret', async t => {
      const { env } = await freshDatabase(t, engine, { migrate: false })
      const old = await cli(['status'], env)
      assert.equal(old.code, 1, 'a schema that is not there')
      assert.match(`${old.stdout}${old.stderr}`, /migrate/)
      const url = new URL(String(env.DB_HOST))
      url.port = String(await freePort())
      const gone = await cli(['status'], { ...env, DB_HOST: url.href, DB_REQUEST_MS: '1000' })
      assert.equal(gone.code, 1)
      assert.ok(`${gone.stdout}${gone.stderr}`.length > 0)
      assert.ok(!`${gone.stdout}${gone.stderr}`.includes(url.password))
    })
  },
  ['mariadb', 'postgres']
)

forEachEngine(
  'carrinho healthcheck',
  engine => {
    const scope = suiteScope()

    test('ends with 0 while the local server is well, with 1 otherwise', async t => {
      const { env } = await freshDatabase(scope, engine)
      const server = await startServer(t, { ...env, DRAIN_MS: '60000' })
      const local = { PORT: String(server.port), HOST: '127.0.0.1' }
      assert.equal((await cli(['healthcheck'], local)).code, 0)
      assert.equal((await cli(['healthcheck', '--ready'], local)).code, 0)
      assert.equal((await cli(['healthcheck'], { PORT: local.PORT })).code, 0, 'also where HOST is every address')
      server.process.kill('SIGTERM')
      await request(`${server.url}/health/live`)
      assert.equal((await cli(['healthcheck'], local)).code, 0, 'draining it is alive')
      assert.equal((await cli(['healthcheck', '--ready'], local)).code, 1, 'draining it is not ready')
      await server.kill()
      assert.equal((await cli(['healthcheck'], local)).code, 1)
    })
  },
  ['sqlite']
)

test('an account that cannot be is refused in a line or two', async t => {
  const env = { DATA_DIR: await tempFolder(t) }
  for (const [email, password] of [
    ['not an address', 'long enough'],
    ['new@example.org', 'short'],
    ['new@example.org', '']
  ] as const) {
    const wrong = await cli(['user', 'add', email, '--name', 'Ana', '--password-stdin'], env, `${password}\n`)
    assert.ok(wrong.code !== 0 && wrong.code !== null, `${email} ${password}`)
    assert.ok(wrong.stderr.trim().split('\n').length <= 3, `no stack trace: ${wrong.stderr}`)
  }
})

test('carrinho explains itself, and refuses what it does not know', async t => {
  const env = { DATA_DIR: await tempFolder(t) }
  const help = await cli(['--help'], env)
  assert.equal(help.code, 0)
  for (const command of ['serve', 'migrate', 'user', 'healthcheck', 'status']) {
    assert.match(help.stdout, new RegExp(`\\b${command}\\b`))
  }
  for (const wrong of [
    ['frobnicate'],
    ['backup'],
    ['user'],
    ['user', 'add', 'ana@example.org'],
    ['status', '--loud']
  ]) {
    assert.equal((await cli(wrong, env)).code, 2, wrong.join(' '))
  }
})
