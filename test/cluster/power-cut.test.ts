import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { powerCut } from '../helper/power-cut.ts'
import { forEachEngine, signedIn, startServer } from '../helper.ts'

/** Inserts ten rows, each a commit of its own, and then dies. */
const WRITER = `
  const Database = require('libsql')
  const [file, mode] = process.argv.slice(1)
  const database = new Database(file)
  database.exec('pragma journal_mode = wal')
  database.exec('create table rows (n integer)')
  database.exec('pragma synchronous = ' + mode)
  for (let n = 1; n <= 10; n++) database.exec('insert into rows values (' + n + ')')
  process.kill(process.pid, 'SIGKILL')
`
const READER = `
  const Database = require('libsql')
  const [row] = new Database(process.argv[1]).prepare('select count(*) as n from rows').all()
  console.log(row.n)
`
const node = (script: string, args: string[], env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, ['-e', script, ...args], { env: { ...process.env, ...env } })

forEachEngine('a power cut in the middle of writing', () => {
  test('takes what was not flushed: this test’s own disk does', async t => {
    const { fresh, watch } = powerCut(t)
    const found: Record<string, string> = {}
    for (const mode of ['off', 'full']) {
      const disk = fresh()
      const { left, env } = watch(disk)
      await assert.rejects(node(WRITER, [join(disk, 'rows.db'), mode], env), { signal: 'SIGKILL' })
      assert.ok(existsSync(join(left, 'rows.db')))
      found[mode] = (await node(READER, [join(left, 'rows.db')])).stdout.trim()
      assert.equal((await node(READER, [join(disk, 'rows.db')])).stdout.trim(), '10', 'a killed process loses none')
    }
    assert.deepEqual(found, { off: '0', full: '10' })
  })

  test('loses nothing acknowledged, 5 times over', async t => {
    const { fresh, watch } = powerCut(t)
    const secret = { SESSION_SECRET: randomBytes(24).toString('base64url') }
    let disk = fresh()
    let { left, env } = watch(disk)
    let server = await startServer(t, { DATA_DIR: disk, ...secret, ...env })
    const client = await signedIn(t, server)
    const acknowledged: string[] = []
    for (let round = 1; round <= 5; round++) {
      let isOff = false
      const writers = [1, 2, 3].map(async writer => {
        for (let n = 1; !isOff; n++) {
          const product_type = `round ${round} writer ${writer} item ${n}`
          const form = { product_type, quantity: '1', local: 'x', operation: randomBytes(16).toString('base64url') }
          const reply = await client.post('/carrinho/', form, { accept: 'application/json' }).catch(() => undefined)
          if (reply === undefined) return
          assert.equal(reply.status, 201, reply.text)
          acknowledged.push(product_type)
          if (acknowledged.length === round * 20) {
            isOff = true
            await server.kill()
          }
        }
      })
      await Promise.all(writers)
      disk = left
      ;({ left, env } = watch(disk))
      server = await startServer(t, { DATA_DIR: disk, ...secret, ...env })
      client.moveTo(server)
      const there = (await client.items()).map(({ tipo }) => tipo)
      assert.deepEqual(
        acknowledged.filter(name => !there.includes(name)),
        [],
        'acknowledged, and lost'
      )
      assert.equal(new Set(there).size, there.length, 'none twice')
    }
    assert.ok(acknowledged.length >= 100)
  })
}, ['sqlite'])
