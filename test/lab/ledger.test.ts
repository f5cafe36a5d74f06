import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLedger, provesMuch } from '../../lab/checker/ledger.ts'
import type { Line } from '../../lab/workload/history.ts'
import { LONGEST_LIST, wantsToRemove } from '../../lab/workload/shopping.ts'

let clock = 0
const line = (what: Line['what'], outcome: Line['outcome'], more: Partial<Line> = {}): Line => {
  clock += 10
  return { at: clock, ms: 5, who: 'c01', what, outcome, ...more }
}
const add = (item: string, outcome: Line['outcome'] = 'ok', more: Partial<Line> = {}) =>
  line('add', outcome, { item, ...more })
const remove = (item: string, outcome: Line['outcome'] = 'ok') => line('remove', outcome, { item })
const final = (items: string[], who = 'c01') => line('final', 'ok', { items, who })

test('items that were acknowledged and are there make a good history', () => {
  const { ledger, verdict } = checkLedger([add('a'), add('b'), remove('b'), final(['a'])])
  assert.equal(verdict, 'good')
  assert.deepEqual(ledger, { acknowledged: 2, present: 1, lost: 0, duplicated: 0, resurrected: 0, unknown: 0 })
})

test('an acknowledged item that is not there is lost', () => {
  const { ledger, verdict, evidence } = checkLedger([add('a'), add('b'), final(['b'])])
  assert.equal(verdict, 'bad')
  assert.equal(ledger.lost, 1)
  assert.deepEqual(evidence, ['lost: a'])
})

test('an item that is there twice is duplicated', () => {
  const { ledger, verdict } = checkLedger([add('a'), final(['a', 'a'])])
  assert.equal(verdict, 'bad')
  assert.equal(ledger.duplicated, 1)
})

test('a removed item that is there came back', () => {
  const { ledger, verdict } = checkLedger([add('a'), add('b'), remove('b'), final(['a', 'b'])])
  assert.equal(verdict, 'bad')
  assert.equal(ledger.resurrected, 1)
})

test('an item that was refused, or that nobody wrote, must not be there', () => {
  const { ledger, verdict } = checkLedger([add('a'), add('b', 'fail'), final(['a', 'b', 'c'])])
  assert.equal(verdict, 'bad')
  assert.equal(ledger.resurrected, 2)
})

test('an unknown write may have been done or not', () => {
  for (const items of [['a'], ['a', 'b']]) {
    const { ledger, verdict } = checkLedger([add('a'), add('b', 'unknown'), final(items)])
    assert.equal(verdict, 'good')
    assert.equal(ledger.unknown, 1)
  }
})

test('an unknown write that is done twice is duplicated all the same', () => {
  assert.equal(checkLedger([add('a'), add('b', 'unknown'), final(['a', 'b', 'b'])]).ledger.duplicated, 1)
})

test('a write that was unknown and then acknowledged under the same key must be there once', () => {
  const tries = [add('b', 'unknown', { operation: 'k', attempt: 1 }), add('b', 'ok', { operation: 'k', attempt: 2 })]
  assert.equal(checkLedger([...tries, final(['b'])]).verdict, 'good')
  assert.equal(checkLedger([...tries, final([])]).ledger.lost, 1)
  assert.equal(checkLedger([...tries, final(['b', 'b'])]).ledger.duplicated, 1)
})

test('a removal that was unknown leaves both ends open, also when its repetition finds nothing', () => {
  const history = [add('a'), add('b'), remove('b', 'unknown'), remove('b', 'fail')]
  assert.equal(checkLedger([...history, final(['a'])]).verdict, 'good')
  assert.equal(checkLedger([...history, final(['a', 'b'])]).verdict, 'good')
})

test('a removal that was refused leaves the item to be there', () => {
  assert.equal(checkLedger([add('a'), remove('a', 'fail'), final([])]).ledger.lost, 1)
})

test('each customer’s items are looked for in that customer’s list', () => {
  const other = add('b', 'ok', { who: 'c02' })
  assert.equal(checkLedger([add('a'), other, final(['a']), final(['b'], 'c02')]).verdict, 'good')
  assert.equal(checkLedger([add('a'), other, final(['a', 'b']), final([], 'c02')]).verdict, 'bad')
})

test('a history without acknowledged writes proves nothing', () => {
  assert.equal(checkLedger([]).verdict, 'nothing proved')
  assert.equal(checkLedger([add('a', 'fail'), final([])]).verdict, 'nothing proved')
})

test('a history without a final list of a customer who wrote proves nothing', () => {
  const { verdict, evidence } = checkLedger([add('a'), add('b', 'ok', { who: 'c02' }), final(['a'])])
  assert.equal(verdict, 'nothing proved')
  assert.match(evidence.join(), /c02/)
})

test('a history that removed all it had acknowledged proves nothing about loss', () => {
  assert.equal(checkLedger([add('a'), remove('a'), final([])]).verdict, 'nothing proved')
})

test('a loss is reported even when another customer’s list is missing', () => {
  assert.equal(checkLedger([add('a'), add('b', 'ok', { who: 'c02' }), final([])]).verdict, 'bad')
})

test('customers keep at least half of what they add, however the dice fall, and a list stays on one page', () => {
  const dice = [() => 0, () => 0.2, () => 0.34, () => 0.9, Math.random]
  for (const die of dice) {
    for (const actions of [10, 100, 180, 2_000]) {
      const account = { added: 0, removed: 0 }
      for (let action = 0; action < actions; action += 1) {
        const listed = account.added - account.removed
        if (wantsToRemove(listed, account, die())) account.removed += 1
        else account.added += 1
      }
      const present = account.added - account.removed
      assert.ok(present <= LONGEST_LIST)
      assert.ok(present >= Math.min(account.added / 2, LONGEST_LIST - 1), `${present} of ${account.added}`)
      const ledger = { ...checkLedger([]).ledger, acknowledged: account.added, present }
      assert.equal(provesMuch(ledger, 1), true)
    }
  }
})

test('a ledger that compares few of many items does not prove much', () => {
  const ledger = checkLedger([]).ledger
  assert.equal(provesMuch({ ...ledger, acknowledged: 500, present: 35 }, 6), false)
  assert.equal(provesMuch({ ...ledger, acknowledged: 70, present: 35 }, 6), true)
  assert.equal(provesMuch({ ...ledger, acknowledged: 20_000, present: 900 }, 10), true, 'a soak fills its lists')
  assert.equal(provesMuch(ledger, 6), false)
})
