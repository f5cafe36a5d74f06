import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  type Client,
  eventually,
  forEachEngine,
  freshDatabase,
  signedIn,
  startServer,
  type TestServer
} from '../helper.ts'

/** Adds items without pause until the server is gone; `acknowledged` grows as answers come. */
async function writeUntilGone(client: Client, label: string, acknowledged: string[]): Promise<void> {
  for (let n = 1; n <= 10_000; n++) {
    const product_type = `${label} item ${n}`
    const form = { product_type, quantity: '1', local: 'x', operation: randomBytes(16).toString('base64url') }
    try {
      const reply = await client.post('/carrinho/', form, { accept: 'application/json' })
      assert.equal(reply.status, 201, reply.text)
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      return
    }
    acknowledged.push(product_type)
  }
}

async function killWhileWriting(server: TestServer, client: Client, round: number, acknowledged: string[]) {
  const before = acknowledged.length
  client.moveTo(server)
  const writers = [1, 2, 3].map(writer => writeUntilGone(client, `round ${round} writer ${writer}`, acknowledged))
  const enough = before + 5 + (round % 7) * 3
  let isOver = false
  const over = Promise.all(writers).finally(() => {
    isOver = true
  })
  over.catch(() => {})
  await eventually(() => assert.ok(isOver || acknowledged.length >= enough, 'too few were acknowledged'), {
    everyMs: 1
  })
  await server.kill()
  await over
  assert.ok(acknowledged.length >= enough)
}

function assertNothingLost(items: { tipo: string }[], acknowledged: string[]) {
  const there = new Map<string, number>()
  for (const { tipo } of items) there.set(tipo, (there.get(tipo) ?? 0) + 1)
  assert.deepEqual(
    acknowledged.filter(name => !there.has(name)),
    [],
    'acknowledged, and lost'
  )
  assert.deepEqual(
    [...there].filter(([, count]) => count > 1),
    [],
    'there more than once'
  )
}

forEachEngine(
  'kill -9 in the middle of writing',
  engine => {
    test('loses nothing acknowledged and does not block the next start, 20 times over', async t => {
      const { env } = await freshDatabase(t, engine)
      const acknowledged: string[] = []
      let server = await startServer(t, env)
      const client = await signedIn(t, server)
      for (let round = 1; round <= 20; round++) {
        await killWhileWriting(server, client, round, acknowledged)
        server = await startServer(t, env)
        client.moveTo(server)
        assertNothingLost(await client.items(), acknowledged)
      }
      assert.equal(await server.stop(), 0)
    })

    test('does not disturb a second server on the same folder', async t => {
      const { env } = await freshDatabase(t, engine)
      const acknowledged: string[] = []
      const survivor = await startServer(t, env)
      const client = await signedIn(t, survivor)
      for (let round = 1; round <= 3; round++) {
        const victim = await startServer(t, env)
        await killWhileWriting(victim, client, round, acknowledged)
        client.moveTo(survivor)
        assertNothingLost(await client.items(), acknowledged)
        assert.equal((await client.addItem({ tipo: `survivor ${round}` })).status, 303)
      }
    })
  },
  ['sqlite']
)
