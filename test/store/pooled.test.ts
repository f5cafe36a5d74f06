import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../src/store/connection.ts'
import type { Dialect } from '../../src/store/dialect.ts'
import { Pooled } from '../../src/store/drivers/pooled.ts'
import { noEvents, type StoreEvents } from '../../src/store/events.ts'
import { ConnectionLost, NoConnection } from '../../src/store/pool/errors.ts'
import { Work } from '../../src/store/work.ts'

const causalTimeout = new Error('1205')

/** Work on one connection to nowhere, whose answers a test decides, and the events it caused. */
function makeWork(t: { after(fn: () => unknown): void }, run: Connection['run'], isCausal = true) {
  const told: unknown[][] = []
  const tell =
    (name: string) =>
    (...details: unknown[]) => {
      told.push([name, ...details.map(detail => (detail instanceof Work ? detail.requestId : detail))])
    }
  const events: StoreEvents = {
    ...noEvents,
    retried: tell('retried'),
    unknownResolved: tell('unknownResolved'),
    causalReadTimedOut: tell('causalReadTimedOut')
  }
  const connection: Connection = {
    node: 'node1',
    role: 'primary',
    isCausal,
    run,
    async check() {},
    describe: () => assert.fail('nobody asks'),
    isGone: () => false,
    destroy() {},
    onGone() {}
  }
  const pooled = new Pooled({
    connect: async () => connection,
    verdict: error => (error instanceof ConnectionLost ? 'unknown' : 'again'),
    hasManyNodes: false,
    leavesConnectionSound: error => error === causalTimeout,
    isCausalTimeout: error => error === causalTimeout,
    limits: { poolSize: 1, connectMs: 1000, statementMs: 1000, requestMs: 1000 },
    events
  })
  t.after(() => pooled.pool.close(0))
  const dialect = {
    run: pooled.run.bind(pooled),
    settle: async () => void told.push(['settled']),
    verdict: (error: unknown) => (error instanceof ConnectionLost ? 'unknown' : 'again')
  } as unknown as Dialect
  return { work: new Work(dialect, events, 5000, 'request-1'), pooled, told }
}

const read = { sql: 'select 1', params: [], keys: [] }
const nothing = { rows: [], affectedRows: 0 }

/** Fails with each of these in turn, then answers. */
function failing(...errors: Error[]): Connection['run'] {
  return async () => {
    const error = errors.shift()
    if (error) throw error
    return nothing
  }
}

test('reads that wait for causality are counted with their time; writes, and reads that do not wait, are not', async t => {
  const slow: Connection['run'] = () => new Promise(resolve => setTimeout(() => resolve(nothing), 20))
  const { work, pooled } = makeWork(t, slow)
  await work.all(read, {})
  await work.write(read, {})
  assert.equal(pooled.causalReads.total, 1)
  assert.ok(pooled.causalReads.ms >= 15)
  const plain = makeWork(t, slow, false)
  await plain.work.all(read, {})
  assert.equal(plain.pooled.causalReads.total, 0)
})

test('the first read of a piece of work waits for causality, the next ones on that node need not', async t => {
  const caughtUp: unknown[] = []
  const { work, pooled } = makeWork(t, async (_sql, _params, _ms, isCaughtUp) => {
    caughtUp.push(isCaughtUp)
    return nothing
  })
  await work.all(read, {})
  await work.all(read, {})
  assert.deepEqual(caughtUp, [false, true])
  assert.equal(pooled.causalReads.total, 1)
  // As when the next connection leads to another node.
  work.caughtUpNode = 'node2'
  await work.all(read, {})
  assert.deepEqual(caughtUp.at(-1), false)
  assert.equal(work.caughtUpNode, 'node1')
  assert.equal(pooled.causalReads.total, 2)
})

test('after a write, or when news count, a piece of work waits for causality again: a write may have gone to another node', async t => {
  const lost = new ConnectionLost(new Error('gone'))
  let failure: Error | undefined
  const { work, pooled } = makeWork(t, async sql => {
    if (failure && sql !== 'select 1') throw failure
    return nothing
  })
  const write = { ...read, sql: 'update' }
  const waits = async (act: () => unknown) => {
    await work.all(read, {})
    await work.all(read, {})
    const before = pooled.causalReads.total
    await act()
    await work.all(read, {})
    return pooled.causalReads.total - before
  }
  assert.equal(await waits(() => undefined), 0)
  assert.equal(await waits(() => work.write(write, {})), 1)
  assert.equal(await waits(() => pooled.transaction(work, run => run('update', [], false))), 1)
  assert.equal(await waits(() => work.lookAfresh()), 1)
  failure = lost
  assert.equal(await waits(() => assert.rejects(work.write(write, {}))), 1, 'it may have been done')
  assert.equal(await waits(() => assert.rejects(pooled.transaction(work, run => run('update', [], false)))), 1)
})

test('a read whose node did not catch up in time is told, with the request, and tried again', async t => {
  const { work, told } = makeWork(t, failing(causalTimeout))
  await work.all(read, {})
  assert.deepEqual(told, [
    ['causalReadTimedOut', 'node1', 'request-1'],
    ['retried', 'Error', 'request-1']
  ])
})

test('an unknown commit is resolved by a write that was run again, not by a read', async t => {
  const lost = () => new ConnectionLost(new Error('gone'))
  const reading = makeWork(t, failing(lost()))
  await reading.work.all(read, {})
  assert.deepEqual(reading.told, [['retried', 'ConnectionLost', 'request-1']])
  const writing = makeWork(t, failing(lost()))
  await writing.work.repeatable(() => writing.work.write(read, {}))
  assert.deepEqual(writing.told, [
    ['retried', 'ConnectionLost', 'request-1'],
    ['settled'],
    ['unknownResolved', 'request-1']
  ])
})

test('a statement for which no time is left is not sent, and its connection goes back unharmed', async t => {
  let sent = 0
  const { work, pooled } = makeWork(t, async () => {
    sent++
    return nothing
  })
  await work.all(read, {})
  await assert.rejects(
    pooled.run({ ...work, deadline: performance.now() - 1 } as unknown as Work, 'select 1', [], true),
    NoConnection
  )
  assert.equal(sent, 1)
  assert.equal(pooled.pool.gauges.open, 1)
  assert.equal(pooled.pool.gauges.idle, 1)
})
