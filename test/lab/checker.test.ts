import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { mayFail } from '../../lab/checker/failures.ts'
import { findLongestGap, findLongestPause, findUnrest, namesDatabaseNode } from '../../lab/checker/gaps.ts'
import { checkShares } from '../../lab/checker/shares.ts'
import { fitSlope } from '../../lab/checker/slope.ts'
import { countStaleReads } from '../../lab/checker/stale-reads.ts'
import { countSessions, countSpreadLists, countUnanswered, median, quantile } from '../../lab/checker/tally.ts'
import { readAdverts } from '../../lab/checker/vrrp.ts'
import { Browser, findForm, findTicked, NoAnswer } from '../../lab/workload/browser.ts'
import type { Line } from '../../lab/workload/history.ts'
import { judge } from '../../lab/workload/recorder.ts'

const probe = (at: number, outcome: Line['outcome'] = 'ok', ms = 5): Line => ({
  at,
  ms,
  who: 'probe',
  what: 'probe',
  outcome
})
const act = (at: number, what: Line['what'], more: Partial<Line> = {}): Line => ({
  at,
  ms: 5,
  who: 'c01',
  what,
  outcome: 'ok',
  ...more
})

test('the longest gap lies between two good answers and ignores failures', () => {
  const history = [probe(0), probe(20), probe(40, 'fail'), probe(60, 'fail'), probe(740), probe(760)]
  assert.deepEqual(findLongestGap(history, 30, 800), { fromMs: 25, toMs: 745, ms: 720 })
})

test('a slow answer counts when it arrives', () => {
  assert.equal(findLongestGap([probe(0), probe(20, 'ok', 900), probe(40, 'ok', 890)], 0, 1000)?.ms, 915)
})

test('a gap outside the window is not the window’s', () => {
  const history = [probe(0), probe(500), probe(520), probe(540), probe(560)]
  assert.equal(findLongestGap(history, 530, 600)?.ms, 20)
})

test('an outage that never ends lasts as long as it was asked', () => {
  assert.equal(findLongestGap([probe(0), probe(20, 'fail'), probe(2005, 'fail')], 0, 3000)?.ms, 2000)
})

test('no answer at all is no measurement', () => {
  assert.equal(findLongestGap([probe(0, 'fail')], 0, 100), undefined)
})

test('a customer’s pause counts from the first attempt to the last answer', () => {
  const history = [
    act(0, 'add', { attempt: 1, outcome: 'unknown' }),
    act(600, 'add', { attempt: 2, outcome: 'unknown' }),
    act(1500, 'add', { attempt: 3 }),
    act(1700, 'read', { attempt: 1 })
  ]
  assert.deepEqual(findLongestPause(history, 0, 2000), { fromMs: 0, ms: 1505, who: 'c01', what: 'add' })
})

test('a read that misses an acknowledged item is stale, and one that shows a removed item too', () => {
  const missing = [act(0, 'add', { item: 'a', server: 'web01' }), act(10, 'read', { items: [], server: 'web02' })]
  assert.deepEqual(countStaleReads(missing), {
    checked: 1,
    stale: 1,
    elsewhere: 1,
    otherServer: 1,
    examples: ['c01 through web02: misses a']
  })
  const back = [act(0, 'add', { item: 'a' }), act(10, 'remove', { item: 'a' }), act(20, 'read', { items: ['a'] })]
  assert.equal(countStaleReads(back).stale, 1)
})

test('a read that shows an older tick is stale, and so is one without what was brought back', () => {
  const before = [
    act(0, 'add', { item: 'a', operation: 'k1' }),
    act(10, 'tick', { item: 'a', operation: 'k2', done: true })
  ]
  const read = (at: number, items: string[], ticked: string[]) => act(at, 'read', { items, ticked })
  assert.equal(countStaleReads([...before, read(20, ['a'], ['a'])]).stale, 0)
  const old = countStaleReads([...before, read(20, ['a'], [])])
  assert.deepEqual([old.stale, old.examples], [1, ['c01 through undefined: a not ticked yet']])
  assert.equal(countStaleReads([...before, read(12, ['a'], [])]).stale, 0, 'it was under way')
  const undone = [...before, act(20, 'undo', { operation: 'k3', undoes: 'k2' })]
  assert.equal(countStaleReads([...undone, read(30, ['a'], ['a'])]).stale, 1)
  const cleared = [...before, act(20, 'clear', { operation: 'k3', asked: ['a'], cleared: ['a'] })]
  assert.equal(countStaleReads([...cleared, read(30, ['a'], ['a'])]).stale, 1)
  const back = [...cleared, act(30, 'undo', { operation: 'k4', undoes: 'k3' })]
  assert.equal(countStaleReads([...back, read(40, ['a'], ['a'])]).stale, 0)
  assert.equal(countStaleReads([...back, read(40, ['a'], [])]).stale, 1, 'it was ticked when it went')
  assert.equal(countStaleReads([...back, read(40, [], [])]).stale, 1)
})

test('a read before any write, and one after a write of unknown end, cannot be stale', () => {
  const history = [
    act(0, 'read', { items: [] }),
    act(10, 'add', { item: 'a', outcome: 'unknown' }),
    act(20, 'read', { items: [] })
  ]
  assert.deepEqual(countStaleReads(history), { checked: 0, stale: 0, elsewhere: 0, otherServer: 0, examples: [] })
})

test('with two tabs on one list, a write in one makes a read in the other stale', () => {
  const missing = [act(0, 'add', { item: 'a' }), act(10, 'read', { items: [], who: 'c01/2' })]
  assert.equal(countStaleReads(missing).stale, 1)
  const back = [
    act(0, 'add', { item: 'a' }),
    act(10, 'remove', { item: 'a', who: 'c01/2' }),
    act(20, 'read', { items: ['a'] })
  ]
  assert.equal(countStaleReads(back).stale, 1)
})

test('a read is not stale for what happens in another tab while it is under way', () => {
  const underWay = { at: 100, ms: 50 }
  const written = [
    act(95, 'add', { item: 'a', ms: 20 }),
    { ...act(0, 'read', { items: [], who: 'c01/2' }), ...underWay }
  ]
  assert.equal(countStaleReads(written).stale, 0)
  const removed = [
    act(0, 'add', { item: 'a' }),
    act(120, 'remove', { item: 'a' }),
    { ...act(0, 'read', { items: [], who: 'c01/2' }), ...underWay }
  ]
  assert.equal(countStaleReads(removed).stale, 0)
})

test('another customer’s write does not make a read stale', () => {
  const history = [act(0, 'add', { item: 'a', who: 'c02' }), act(10, 'read', { items: [] })]
  assert.equal(countStaleReads(history).stale, 0)
})

test('a page that asks for a login again is counted', () => {
  const history = [
    act(0, 'signup', { server: 'web01' }),
    act(10, 'read', { server: 'web02' }),
    act(20, 'read', { outcome: 'fail', loggedOut: true }),
    act(30, 'login', { server: 'web01' })
  ]
  assert.deepEqual(countSessions(history), { logins: 2, repeatedLogins: 1, movedBetweenServers: 1 })
})

test('a login is repeated only for who was signed in', () => {
  const history = [
    act(0, 'signup', { outcome: 'fail', status: 500 }),
    act(10, 'read', { outcome: 'fail', loggedOut: true }),
    act(20, 'login'),
    act(30, 'read')
  ]
  assert.equal(countSessions(history).repeatedLogins, 0)
  assert.equal(countSessions([...history, act(40, 'read', { outcome: 'fail', loggedOut: true })]).repeatedLogins, 1)
})

test('a list is spread when several tabs wrote on it through several servers and nodes', () => {
  const first = act(0, 'add', { who: 'c01', server: 'web01', node: 'a' })
  const second = act(10, 'remove', { who: 'c01/2', server: 'web02', node: 'b' })
  assert.deepEqual(countSpreadLists([first, second]), { lists: 1, spread: 1 })
  assert.deepEqual(countSpreadLists([first, { ...second, who: 'c01' }]), { lists: 1, spread: 0 })
  assert.deepEqual(countSpreadLists([first, { ...second, server: 'web01' }]), { lists: 1, spread: 0 })
  assert.deepEqual(countSpreadLists([first, { ...second, node: 'a' }]), { lists: 1, spread: 0 })
  assert.deepEqual(countSpreadLists([first, { ...second, outcome: 'fail' }]), { lists: 1, spread: 0 })
})

test('a write without an answer is counted once, however often it was sent again', () => {
  const add = (at: number, outcome: Line['outcome']) => act(at, 'add', { outcome, item: 'x', operation: 'k' })
  assert.equal(countUnanswered([add(0, 'unknown'), add(10, 'unknown'), add(20, 'ok')]), 1)
  assert.equal(countUnanswered([add(0, 'fail'), add(20, 'ok')]), 0)
})

test('a request may fail where its trial allows it, and only as it allows it', () => {
  const failure = (at: number, ms: number, status = 503, server = 'web01') => ({ at, ms, status, server })
  assert.equal(mayFail(0, [], [0], 20), true)
  assert.equal(mayFail(0, [failure(0, 8_000)], [1], 20), false)
  assert.equal(mayFail('in flight', Array(20).fill(failure(0, 1)), [20], 20), true)
  assert.equal(mayFail('in flight', Array(21).fill(failure(0, 1)), [21], 20), false)
  assert.equal(mayFail('in flight', Array(21).fill(failure(0, 1)), [21, 0], 20), false, 'each repetition by itself')
  const retrying = (...bad: ReturnType<typeof failure>[]) => mayFail('a page that retries', bad, [bad.length], 20)
  assert.equal(retrying(failure(0, 8_010)), true)
  assert.equal(retrying(failure(0, 1_000)), false, 'it could have waited')
  assert.equal(retrying(failure(0, 8_010), failure(8_500, 1_000)), true, 'the database was known to be away by then')
  assert.equal(retrying(failure(0, 8_010), failure(8_500, 1_000, 503, 'web02')), false, 'the other server had one')
  assert.equal(retrying(failure(0, 8_010), failure(60_000, 1_000)), false)
  assert.equal(retrying(failure(0, 8_010, 500)), false)
})

test('shares are judged against the weights', () => {
  assert.equal(checkShares({ a: 120, b: 80, c: 40 }, { a: 3, b: 2, c: 1 }).holds, true)
  assert.equal(checkShares({ a: 80, b: 80, c: 80 }, { a: 3, b: 2, c: 1 }).holds, false)
  assert.equal(checkShares({ a: 120, b: 120 }, { a: 1, b: 1, c: 1 }).holds, false)
  assert.equal(checkShares({ a: 100, stranger: 1 }, { a: 1 }).holds, false)
  assert.equal(checkShares({}, { a: 1 }).holds, false)
})

test('the median of an even number of values lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([9, 1, 3]), 3)
})

test('adverts are read from tcpdump’s lines, of both versions', () => {
  const lines = [
    '1700000000.500000 IP (tos 0xc0, ttl 255, proto VRRP (112), length 40) 172.30.1.183 > 224.0.0.18: vrrp 172.30.1.183 > 224.0.0.18: VRRPv2, Advertisement, vrid 11, prio 101, authtype simple, intvl 1s, length 20',
    '1700000000.700000 IP (tos 0xc0) 172.30.1.184 > 224.0.0.18: vrrp 172.30.1.184 > 224.0.0.18: VRRPv3, Advertisement, vrid 11, prio 0, intvl 20cs, length 12',
    '1700000001.000000 ARP, Request who-has 172.30.1.200 tell 172.30.1.200, length 28'
  ]
  assert.deepEqual(readAdverts(lines), [
    { at: 1700000000500, from: '172.30.1.183', version: 2, priority: 101, routerId: 11 },
    { at: 1700000000700, from: '172.30.1.184', version: 3, priority: 0, routerId: 11 }
  ])
})

test('a write without an answer is unknown once it was sent, and failed when it never was', () => {
  assert.equal(judge(true, new NoAnswer('ECONNRESET', true)), 'unknown')
  assert.equal(judge(true, new NoAnswer('ECONNREFUSED', false)), 'fail')
  assert.equal(judge(false, new NoAnswer('ECONNRESET', true)), 'fail')
  assert.equal(judge(true, { status: 503, headers: {}, body: '', bytes: Buffer.alloc(0) }), 'unknown')
  assert.equal(judge(true, { status: 422, headers: {}, body: '', bytes: Buffer.alloc(0) }), 'fail')
  assert.equal(judge(true, { status: 303, headers: {}, body: '', bytes: Buffer.alloc(0) }), 'ok')
})

test('a form’s hidden fields are found by its action', () => {
  const html =
    '<form id="x" method="post" action="/carrinho/"><input type="hidden" name="csrf_token" value="a&amp;b"><input name="q" type="text"></form>' +
    '<form action="/logout"><input type="hidden" name="other" value="1"></form>'
  assert.deepEqual(findForm(html, '/carrinho/'), { csrf_token: 'a&b' })
  assert.equal(findForm(html, '/login'), undefined)
})

test('a form is found by what a button of it posts to', () => {
  const html = `<form action="/um"><input type="hidden" name="a" value="1"></form>
    <form action="/lista/marcar"><input type="hidden" name="b" value="2"><button formaction="/lista/apagar" name="id">×</button></form>`
  assert.deepEqual(findForm(html, '/lista/apagar'), { b: '2' })
  assert.deepEqual(findForm(html, '/lista/marcar'), { b: '2' })
  assert.equal(findForm(html, '/lista/limpar'), undefined)
})

test('boxes that are ticked in a form are found, and no others', () => {
  const html = `<form action="/um"><input type="checkbox" name="done" value="1" checked></form>
    <form action="/dois"><input type="checkbox" name="done" value="2" checked aria-label="a"><input type="checkbox" name="done" value="3" aria-label="checked"></form>`
  assert.deepEqual(findTicked(html, '/dois'), ['2'])
  assert.deepEqual(findTicked(html, '/tres'), [])
})

test('answers of web servers that name no database node are a gap of the database alone', () => {
  const history = [0, 20, 40, 60, 80].map(at => ({
    ...probe(at),
    ...(at === 0 || at === 80 ? { node: 'mariadb01' } : {})
  }))
  assert.equal(findLongestGap(history, 0, 100)?.ms, 20)
  assert.equal(findLongestGap(history, 0, 100, namesDatabaseNode)?.ms, 80)
})

test('a slope is that of the best line, and needs two places', () => {
  assert.equal(
    fitSlope([
      { x: 0, y: 1 },
      { x: 1, y: 3 },
      { x: 2, y: 5 }
    ]),
    2
  )
  assert.throws(() =>
    fitSlope([
      { x: 1, y: 1 },
      { x: 1, y: 2 }
    ])
  )
})

test('a quantile is a value that was there', () => {
  assert.equal(quantile([3, 1, 2, 4], 0.5), 2)
  assert.equal(quantile([3, 1, 2, 4], 0.99), 4)
  assert.throws(() => quantile([], 0.5))
})

test('what is noticed while nothing is broken is told apart from the faults', () => {
  const shopping = { fromMs: 0, toMs: 1_000 }
  const fault = { fromMs: 300, toMs: 500 }
  const probes = [0, 20, 250, 270, 290, 310, 490, 510, 600].map(at => ({ ...probe(at), node: 'pg01' }))
  assert.equal(findUnrest(probes, [shopping], []).longestGapMs, 230)
  assert.equal(findUnrest(probes, [shopping], [{ fromMs: 100, toMs: 120 }]).longestGapMs, 180)
  const calm = findUnrest(probes, [shopping], [{ fromMs: 100, toMs: 120 }, fault])
  assert.equal(calm.longestGapMs, 90, 'a gap that touches a fault is the fault’s')
  assert.equal(calm.atMs, 515)
  assert.equal(findUnrest([probe(0), probe(20)], [shopping], []).longestDatabaseGapMs, null)
})

test('between two times of shopping nobody asked, which is no gap', () => {
  const probes = [0, 20, 9_000, 9_020].map(at => probe(at))
  const spans = [
    { fromMs: 0, toMs: 100 },
    { fromMs: 8_990, toMs: 9_100 }
  ]
  assert.equal(findUnrest(probes, spans, []).longestGapMs, 20)
})

test('a wait and a failure count as calm only when their action began and ended without a fault', () => {
  const fault = { fromMs: 1_000, toMs: 2_000 }
  const history = [
    probe(0),
    act(900, 'add', { attempt: 1, outcome: 'unknown', ms: 50 }),
    act(2_500, 'add', { attempt: 2, outcome: 'unknown' }),
    act(6_000, 'add', { attempt: 3 }),
    act(6_000, 'read', { outcome: 'fail', ms: 700, who: 'c02' })
  ]
  const { longestPauseMs, failed } = findUnrest(history, [{ fromMs: 0, toMs: 9_000 }], [fault])
  assert.equal(longestPauseMs, 700)
  assert.deepEqual(
    failed.map(line => line.at),
    [900, 6_000]
  )
})

test('an answer that breaks off in the middle is no answer, and nobody waits for the rest', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('half', () => response.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const browser = new Browser(`http://127.0.0.1:${port}`, false)
    await assert.rejects(browser.get('/'), error => error instanceof NoAnswer && error.sent)
  } finally {
    server.close()
  }
})
