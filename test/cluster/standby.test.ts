import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  eventually,
  forEachEngine,
  freshDatabase,
  patiently,
  request,
  signedIn,
  startServer,
  tcpProxy
} from '../helper.ts'

/** PostgreSQL's answer to what this host is, changed from `in_hot_standby` off to on: to the server it is a standby. */
function asStandby(chunk: Buffer): Buffer {
  const off = Buffer.from('\0\0\0\x03off', 'latin1')
  const at = chunk.indexOf(off)
  const row = at === -1 ? -1 : chunk.lastIndexOf('D', at)
  if (row === -1) return chunk
  const changed = Buffer.concat([
    chunk.subarray(0, at),
    Buffer.from('\0\0\0\x02on', 'latin1'),
    chunk.subarray(at + off.length)
  ])
  changed.writeInt32BE(chunk.readInt32BE(row + 1) - 1, row + 1)
  return changed
}

forEachEngine(
  'a standby',
  engine => {
    test('is not read from, as its lists may be old: not even when pgpool has no primary for a moment', async t => {
      const database = await freshDatabase(t, engine)
      assert.ok(database.url)
      let isStandby = false
      const proxy = await tcpProxy(t, Number(new URL(database.url).port), undefined, chunk =>
        isStandby ? asStandby(chunk) : chunk
      )
      const env = { ...database.envThrough(proxy.port), DB_REQUEST_MS: patiently(4000) }
      const server = await startServer(t, env)
      const client = await signedIn(t, server)
      await client.addItem()
      isStandby = true
      await proxy.cut()
      await proxy.restore()
      const whoami = await request(`${server.url}/whoami`)
      assert.equal(whoami.status, 200)
      assert.equal((await client.get('/carrinho/')).status, 503)
      isStandby = false
      await eventually(async () => assert.equal((await client.get('/carrinho/')).status, 200))
    })

    test('has what is told as done: also what another request did, whose own wait for it may have been cut short', async t => {
      const database = await freshDatabase(t, engine)
      assert.ok(database.url)
      let sent = ''
      const proxy = await tcpProxy(t, Number(new URL(database.url).port), chunk => {
        sent += chunk.toString('latin1')
        return undefined
      })
      const server = await startServer(t, database.envThrough(proxy.port))
      const client = await signedIn(t, server)
      const countCommits = async (request: () => Promise<unknown>) => {
        sent = ''
        await request()
        return sent.split('pg_logical_emit_message').length - 1
      }
      assert.equal(await countCommits(() => client.addItem({ tipo: 'leite' }, { operation: 'a-key-of-this-test' })), 0)
      assert.equal(await countCommits(() => client.addItem({ tipo: 'leite' }, { operation: 'a-key-of-this-test' })), 1)
      const [added] = await client.items()
      assert.ok(added)
      assert.equal(await countCommits(() => client.post('/apagar_artigo', { id: String(added.id) })), 0)
      // What finds nothing is a change, too, and so a commit of its own after the one that it tells of.
      const version = async () => Number((await database.query('select version from lists'))[0]?.version)
      const before = await version()
      await client.post('/apagar_artigo', { id: String(added.id) })
      assert.equal(await version(), before + 1)
      assert.equal((await client.items()).length, 0)
    })

    test('is read from where that was asked for', async t => {
      const database = await freshDatabase(t, engine)
      assert.ok(database.url)
      const proxy = await tcpProxy(t, Number(new URL(database.url).port), undefined, asStandby)
      const server = await startServer(t, { ...database.envThrough(proxy.port), CAUSAL_READS: 'off' })
      const client = await signedIn(t, server)
      assert.equal((await client.get('/carrinho/')).status, 200)
      assert.match((await request(`${server.url}/servidor`)).text, /standby/)
    })
  },
  ['postgres']
)
