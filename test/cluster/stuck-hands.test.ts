import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createHands, type Hands } from '../../src/files/hands.ts'
import {
  type Ext4Disk,
  eventually,
  ext4Disk,
  freshDatabase,
  patiently,
  photo,
  photosOn,
  type Scope,
  sendPhoto,
  signedIn,
  startServer,
  visibleText
} from '../helper.ts'

const LIMIT_MS = Number(patiently(300))

/** What becomes of so many files that are to be kept at once. */
async function keepAtOnce(hands: Hands, { folder }: Ext4Disk, count: number): Promise<string[]> {
  const asks = Array.from({ length: count }, (_, n) =>
    hands.ask('keep', { folder, contents: [Buffer.from(`file ${n}`)], make: true }, LIMIT_MS)
  )
  const outcomes = await Promise.allSettled(asks)
  return outcomes.map(outcome => (outcome.status === 'fulfilled' ? 'kept' : String(outcome.reason.code)))
}

function handsFor(t: Scope): Hands {
  const hands = createHands({ count: 2, idleMs: 60_000 })
  t.after(() => hands.close())
  return hands
}

const works = (hands: Hands, disk: Ext4Disk) =>
  eventually(async () => {
    assert.equal(hands.stuck, 0)
    assert.deepEqual(await keepAtOnce(hands, disk, 3), ['kept', 'kept', 'kept'])
  })

describe('processes that wait for a disk and cannot be ended', () => {
  test('are three at most: who comes fourth is told at once, and served once they have ended', async t => {
    const disk = await ext4Disk(t)
    if (!disk) return
    const hands = handsFor(t)
    assert.deepEqual(await keepAtOnce(hands, disk, 1), ['kept'])
    disk.freeze()
    for (let stuck = 1; stuck <= 3; stuck++) {
      assert.deepEqual(await keepAtOnce(hands, disk, 1), ['ETIMEDOUT'])
      assert.equal(hands.stuck, stuck)
    }
    for (let time = 1; time <= 3; time++) assert.deepEqual(await keepAtOnce(hands, disk, 1), ['ESTUCK'])
    assert.equal(hands.stuck, 3)
    disk.thaw()
    await works(hands, disk)
  })

  test('are three at most where many come at once, too, and none of those waits for what will not come', async t => {
    const disk = await ext4Disk(t)
    if (!disk) return
    const hands = handsFor(t)
    disk.freeze()
    const outcomes = await keepAtOnce(hands, disk, 8)
    assert.deepEqual(outcomes.toSorted(), [...Array(5).fill('ESTUCK'), ...Array(3).fill('ETIMEDOUT')])
    assert.equal(hands.stuck, 3)
    disk.thaw()
    await works(hands, disk)
  })

  test('stop pictures alone, which are kept again by themselves; and do not keep the server from ending', async t => {
    const disk = await ext4Disk(t)
    if (!disk) return
    const database = await freshDatabase(t, 'sqlite')
    const server = await startServer(t, { ...database.env, FILES_DIR: disk.folder, FILES_MS: '100' })
    const client = await signedIn(t, server)
    await client.addItem({ tipo: 'iogurte' })
    const id = Number((await client.items())[0]?.id)
    const page = `/carrinho/artigo/${id}/fotografias`
    const sent = await photo()
    await eventually(async () => assert.equal((await sendPhoto(client, id, sent)).status, 303))
    disk.freeze()
    // One in two seconds is tried, until three are stuck.
    await eventually(async () => {
      const refused = await sendPhoto(client, id, await photo())
      assert.equal(refused.status, 503)
      assert.match(visibleText(refused.text), /As fotografias não estão disponíveis/)
      assert.ok(
        server.logs.some(line => line.includes('ESTUCK')),
        server.logs.slice(-5).join('\n')
      )
    })
    assert.equal((await client.addItem({ tipo: 'leite' })).status, 303)
    disk.thaw()
    await eventually(async () => assert.equal((await sendPhoto(client, id, await photo())).status, 303))
    assert.ok(photosOn((await client.get(page)).text).length >= 2)
    disk.freeze()
    assert.equal((await sendPhoto(client, id, await photo())).status, 503)
    assert.equal(await server.stop(), 0)
  })
})
