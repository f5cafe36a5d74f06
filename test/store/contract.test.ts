import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { openStore, type Store } from '../../src/open-store.ts'
import { overdue, prune } from '../../src/pruning.ts'
import { noEvents, type StoreEvents } from '../../src/store/events.ts'
import { migrate } from '../../src/store/migrate.ts'
import type { Work } from '../../src/store/work.ts'
import { content, forEachEngine, freshDatabase, suiteScope } from '../helper.ts'

const SECRET = 'a secret of the contract suite'
const DAY_MS = 86_400_000

/** One contract, three databases: whatever the store promises holds on each of them. */
forEachEngine('the store', engine => {
  const scope = suiteScope()
  let store: Store
  let work: Work
  const retried: string[] = []
  const events: StoreEvents = { ...noEvents, retried: cause => retried.push(cause) }

  before(async () => {
    const { env } = await freshDatabase(scope, engine)
    store = await openStore(readConfig({ ...env, SESSION_SECRET: SECRET }), events)
    scope.after(() => store.dialect.close(0))
    await migrate(store.dialect)
    work = store.begin(20_000)
  })

  let lastAccount = 0
  const addAccount = async (): Promise<number> => {
    const emailKey = `customer-${++lastAccount}@example.org`
    await store.accounts.add(work, { name: 'Ana', email: emailKey, emailKey, password: '!' })
    const account = await store.accounts.findByEmailKey(work, emailKey)
    assert.ok(account)
    return account.id
  }
  const milk = (accountId: number) => ({ accountId, ...content() })
  const all = (accountId: number) => store.items.newest(work, accountId, 1000)
  const asked = (accountId: number, key: string = randomUUID(), at = Date.now()) => ({
    accountId,
    key,
    digest: 'd',
    at
  })
  const add = ({ accountId, ...item }: ReturnType<typeof milk>) =>
    store.changes.add(work, asked(accountId), 'first', item, 10_000)
  const remove = async (accountId: number, id: number) => {
    const outcome = await store.changes.remove(work, asked(accountId), 'first', id)
    return 'detail' in outcome && outcome.detail.items.length > 0
  }

  describe('the schema', () => {
    test('is at the version this release knows after a migration, and stays there after another', async () => {
      const { found, known } = await store.schema(work)
      assert.equal(found, known)
      assert.deepEqual((await migrate(store.dialect)).applied, [])
    })

    test('is at version 0 in an empty database', async t => {
      const { env } = await freshDatabase(t, engine, { migrate: false })
      const empty = await openStore(readConfig({ ...env, SESSION_SECRET: SECRET }), noEvents)
      t.after(() => empty.dialect.close(0))
      assert.equal((await empty.schema(empty.begin())).found, 0)
    })
  })

  describe('accounts', () => {
    test('are found by their login key, exactly', async () => {
      await store.accounts.add(work, { name: 'Rui', email: 'Rui@x.pt', emailKey: 'rui@x.pt', password: 'h' })
      const found = await store.accounts.findByEmailKey(work, 'rui@x.pt')
      assert.equal(found?.email, 'Rui@x.pt')
      assert.equal(found?.name, 'Rui')
      assert.equal(await store.accounts.findByEmailKey(work, 'RUI@x.pt'), undefined)
      assert.equal(await store.accounts.findByEmailKey(work, 'rui@x.pt '), undefined)
    })

    test('cannot share a login key', async () => {
      const account = { name: 'Eva', email: 'eva@x.pt', emailKey: 'eva@x.pt', password: 'h' }
      await store.accounts.add(work, account)
      await assert.rejects(store.accounts.add(work, account), error => work.isDuplicate(error))
    })

    test('take a new hash only in place of the one that was verified', async () => {
      const id = await addAccount()
      assert.equal(await store.accounts.upgradePassword(work, id, 'another', 'new'), false)
      assert.equal(await store.accounts.findPassword(work, id), '!')
      assert.equal(await store.accounts.upgradePassword(work, id, '!', 'new'), true)
      assert.equal(await store.accounts.findPassword(work, id), 'new')
    })

    test('are counted, with those that have no hash', async () => {
      const before = await store.accounts.count(work)
      await store.accounts.add(work, { name: 'P', email: 'p@x.pt', emailKey: 'p@x.pt', password: 'plain' })
      const after = await store.accounts.count(work)
      assert.equal(after.accounts, before.accounts + 1)
      assert.equal(after.plaintext, before.plaintext + 1)
    })
  })

  describe('items', () => {
    test('come back as they went in, whatever is in them', async () => {
      const accountId = await addAccount()
      for (const type of [`"; drop table compras; --`, '<script>', '🥑🇵🇹👩‍🍳', 'מלפפון', "L'eau", '\\', '100%_', 'ñ́']) {
        const odd = content({
          type,
          thousandths: 9_999_000,
          shop: type,
          note: type,
          unit: [...type].slice(0, 12).join('')
        })
        await add({ accountId, ...odd })
        const [item] = await store.items.newest(work, accountId, 1)
        assert.deepEqual({ ...item, id: 0, version: 0 }, { id: 0, version: 0, quantity: 9999, ...odd })
      }
    })

    test('of 140 characters outside the basic plane fit', async () => {
      const accountId = await addAccount()
      const type = '🥑'.repeat(140)
      await add({ accountId, ...content({ type, shop: type, note: '🥑'.repeat(500), unit: '🥑'.repeat(12) }) })
      assert.equal((await all(accountId))[0]?.type, type)
    })

    test('are listed in pages, each once, the newest first', async () => {
      const accountId = await addAccount()
      for (let i = 0; i < 25; i++) await add({ ...milk(accountId), thousandths: 1000 * i + 1 })
      const everything = await all(accountId)
      assert.deepEqual(
        everything.map(item => item.quantity),
        Array.from({ length: 25 }, (_, i) => 25 - i)
      )
      const first = await store.items.newest(work, accountId, 10)
      const second = await store.items.olderThan(work, accountId, first.at(-1)?.id ?? 0, 10)
      assert.deepEqual([...first, ...second], everything.slice(0, 20))
    })

    test('are removed by their owner only', async () => {
      const [owner, stranger] = [await addAccount(), await addAccount()]
      await add(milk(owner))
      const [item] = await all(owner)
      assert.ok(item)
      assert.equal(await remove(stranger, item.id), false)
      assert.equal((await all(owner)).length, 1)
      assert.equal(await remove(owner, item.id), true)
      assert.equal(await remove(owner, item.id), false)
    })
  })

  describe('sessions', () => {
    const session = (accountId: number, idHash: string, expiresAt = Date.now() + DAY_MS) => ({
      idHash,
      accountId,
      createdAt: 1,
      lastSeenAt: 2,
      expiresAt,
      madeOn: 'web01',
      userAgent: 'Mozilla/5.0',
      address: '::1'
    })

    test('are found until they expire, with their customer', async () => {
      const accountId = await addAccount()
      const now = Date.now()
      await store.sessions.add(work, session(accountId, 'until', now + 1000))
      const live = await store.sessions.findLive(work, 'until', now)
      assert.equal(live?.accountId, accountId)
      assert.equal(live?.name, 'Ana')
      assert.equal(live?.createdAt, 1)
      assert.equal(live?.madeOn, 'web01')
      assert.equal(await store.sessions.findLive(work, 'until', now + 1000), undefined)
      assert.equal(await store.sessions.findLive(work, 'UNTIL', now), undefined)
    })

    test('are touched and removed', async () => {
      const accountId = await addAccount()
      const now = Date.now()
      await store.sessions.add(work, session(accountId, 'touched'))
      await store.sessions.touch(work, 'touched', now, now + 5 * DAY_MS)
      assert.equal((await store.sessions.findLive(work, 'touched', now + 4 * DAY_MS))?.lastSeenAt, now)
      await store.sessions.remove(work, 'touched')
      assert.equal(await store.sessions.findLive(work, 'touched', now), undefined)
    })

    test('of a customer are ended, all but one, or all', async () => {
      const [mine, other] = [await addAccount(), await addAccount()]
      for (const id of ['a', 'b', 'c']) await store.sessions.add(work, session(mine, `mine-${id}`))
      await store.sessions.add(work, session(other, 'other-a'))
      assert.equal(await store.sessions.removeAll(work, mine, 'mine-b'), 2)
      const left = await store.sessions.list(work, mine, Date.now())
      assert.deepEqual(
        left.map(row => row.idHash),
        ['mine-b']
      )
      assert.equal(await store.sessions.removeAll(work, mine), 1)
      assert.equal((await store.sessions.list(work, other, Date.now())).length, 1)
    })
  })

  describe('login failures', () => {
    test('are read back for their subject since a moment, the latest first', async () => {
      for (const [id, failedAt] of [
        ['1', 100],
        ['2', 300],
        ['3', 200]
      ] as const) {
        await store.loginFailures.add(work, { id: `f${id}`, subject: 's', failedAt })
      }
      await store.loginFailures.add(work, { id: 'f4', subject: 'S', failedAt: 400 })
      const times = async (subjects: [string, string?], since: number, limit: number) =>
        (await store.loginFailures.latest(work, subjects, { since, until: 400 }, limit)).map(({ failedAt }) => failedAt)
      assert.deepEqual(await times(['s'], 100, 10), [300, 200])
      assert.deepEqual(await times(['s'], 0, 1), [300])
      assert.deepEqual(await times(['s', 'S'], 0, 10), [400, 300, 200, 100])
      await store.loginFailures.add(work, { id: 'f5', subject: 's', failedAt: 401 })
      assert.deepEqual(await times(['s'], 0, 10), [300, 200, 100], 'none after the span')
    })
  })

  describe('servers', () => {
    const row = (id: string, seenAt: number, more = {}) => ({
      id,
      name: 'web01',
      address: '',
      release: '1.0.0',
      seenAt,
      ...more
    })

    test('have one row each, which they keep fresh and take along', async () => {
      const since = 5_000_000
      await store.servers.beat(work, row('b', since, { name: 'web02' }))
      await store.servers.beat(work, row('a', since))
      // Two may have one name; only the case of the id differs, too.
      await store.servers.beat(work, row('A', since))
      await store.servers.beat(work, row('gone', since - 1))
      await store.servers.beat(work, row('b', since + 1, { name: 'web02', address: '[::1]:5000' }))
      assert.deepEqual((await store.servers.seenSince(work, since)).map(({ id }) => id).sort(), ['A', 'a', 'b'])
      assert.deepEqual((await store.servers.seenSince(work, since))[0], {
        id: 'b',
        name: 'web02',
        address: '[::1]:5000',
        release: '1.0.0',
        seenAt: since + 1
      })
      await store.servers.remove(work, 'b')
      await store.servers.remove(work, 'b')
      assert.equal((await store.servers.seenSince(work, since)).length, 2)
    })
  })

  describe('pruning', () => {
    test('removes what is past its time, in batches, and nothing else', async () => {
      const now = Date.now() + 100 * DAY_MS
      const limits = overdue(now)
      const accountId = await addAccount()
      const session = { accountId, createdAt: 1, lastSeenAt: 2, madeOn: 'w', userAgent: '', address: '' }
      for (let i = 0; i < 250; i++) {
        await store.sessions.add(work, { ...session, idHash: `old-${i}`, expiresAt: limits.sessions - 1 })
      }
      await store.sessions.add(work, { ...session, idHash: 'kept', expiresAt: limits.sessions })
      for (const [key, createdAt] of [
        ['old', limits.changes - 1],
        ['kept', limits.changes]
      ] as const) {
        await store.changes.add(work, asked(accountId, key, createdAt), 'first', content(), 10_000)
      }
      await store.loginFailures.add(work, { id: 'old', subject: 'p', failedAt: limits.loginFailures - 1 })
      await store.loginFailures.add(work, { id: 'kept', subject: 'p', failedAt: limits.loginFailures })
      const server = { name: 'w', address: '', release: '1' }
      await store.servers.beat(work, { ...server, id: 'old-server', seenAt: limits.servers - 1 })
      await store.servers.beat(work, { ...server, id: 'kept-server', seenAt: limits.servers })
      const token = { accountId, name: 't', scope: 'read' as const, createdAt: 1, expiresAt: null, revokedAt: null }
      for (const [id, forgetAt] of [
        ['old-token', limits.tokens - 1],
        ['kept-token', limits.tokens]
      ] as const) {
        await store.tokens.add(work, { ...token, id, hash: id, lastUsedAt: null, forgetAt })
      }

      assert.ok((await prune(store, now)) >= 253)
      assert.equal(await prune(store, now), 0)
      assert.equal(await store.sessions.findLive(work, 'old-0', 0), undefined)
      assert.ok(await store.sessions.findLive(work, 'kept', 0))
      const again = async (key: string) =>
        (await store.changes.add(work, asked(accountId, key), 'first', content(), 10_000)).status
      assert.equal(await again('kept'), 'already')
      assert.equal(await again('old'), 'done')
      assert.equal(await store.tokens.findByHash(work, 'old-token'), undefined)
      assert.ok(await store.tokens.findByHash(work, 'kept-token'))
      const ids = (await store.servers.seenSince(work, limits.servers - 1)).map(({ id }) => id)
      assert.deepEqual(ids, ['kept-server'])
      assert.deepEqual(
        await store.loginFailures.latest(work, ['p'], { since: 0, until: Number.MAX_SAFE_INTEGER }, 10),
        [{ id: 'kept', subject: 'p', failedAt: limits.loginFailures }]
      )
      assert.equal((await all(accountId)).length, 3)
    })
  })

  describe('transactions', () => {
    test('take effect together or not at all', async () => {
      const id = await addAccount()
      const failure = new Error('on purpose')
      await assert.rejects(
        work.transaction(async tx => {
          await store.accounts.setPassword(tx, id, 'changed')
          throw failure
        }),
        failure
      )
      assert.equal(await store.accounts.findPassword(work, id), '!')
      await work.transaction(async tx => {
        await store.accounts.setPassword(tx, id, 'changed')
        assert.equal(await store.accounts.upgradePassword(tx, id, 'changed', 'and changed again'), true)
      })
      assert.equal(await store.accounts.findPassword(work, id), 'and changed again')
    })

    test('do not show what is not committed to other readers', async () => {
      const id = await addAccount()
      await work.transaction(async tx => {
        await store.accounts.setPassword(tx, id, 'half done')
        assert.equal(await store.accounts.findPassword(work, id), '!')
      })
    })

    test('that fail many times over leave the pool whole', async () => {
      for (let i = 0; i < 30; i++) {
        await assert.rejects(
          work.transaction(async tx => {
            await store.accounts.setPassword(tx, 1, 'x')
            throw new Error('on purpose')
          })
        )
      }
      const { open, waiting } = store.dialect.gauges()
      assert.equal(waiting, 0)
      assert.ok(open <= 10)
    })
  })

  describe('the bill', () => {
    test('counts round trips and names the node', async () => {
      const own = store.begin()
      await store.items.newest(own, 1, 1)
      await store.items.newest(own, 1, 1)
      assert.equal(own.roundTrips, 2)
      assert.ok(own.node)
      assert.ok(own.databaseMs > 0)
      const info = await store.dialect.nodeInfo(2000)
      assert.equal(info.node, own.node)
      assert.equal(info.role, 'primary')
    })

    // The embedded database answers at once or is busy: there is nothing to wait for.
    if (engine === 'sqlite') return
    test('work past its deadline is refused as unavailable, and runs nothing', async () => {
      const accountId = await addAccount()
      const late = store.begin(0)
      await assert.rejects(store.changes.add(late, asked(accountId), 'first', content(), 10), {
        code: 'database_unavailable'
      })
      assert.deepEqual(await all(accountId), [])
    })
  })
})
