import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLedger, provesMuch } from '../../lab/checker/ledger.ts'
import type { Line } from '../../lab/workload/history.ts'
import { choose, LONGEST_LIST } from '../../lab/workload/shopping.ts'

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
  assert.deepEqual(ledger, {
    acknowledged: 2,
    present: 1,
    lost: 0,
    duplicated: 0,
    resurrected: 0,
    altered: 0,
    unknown: 0
  })
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

test('customers keep at least half of what they add, however the dice fall, and a list stays short', () => {
  const dice = [() => 0, () => 0.15, () => 0.2, () => 0.34, () => 0.9, Math.random]
  for (const die of dice) {
    for (const hasRows of [true, false]) {
      for (const actions of [10, 100, 180, 2_000]) {
        const account = { added: 0, removed: 0, ticked: 0 }
        let undoable: { takesAway: number; bringsBack: number } | undefined
        for (let action = 0; action < actions; action += 1) {
          const { added, removed, ticked } = account
          const open = added - removed - ticked
          const what = choose({ open, ticked, added, removed, undoable, hasRows }, die())
          assert.ok(hasRows || what === 'add' || what === 'remove', what)
          if (what === 'add') account.added += 1
          else if (what === 'remove') account.removed += 1
          else if (what === 'tick') account.ticked += 1
          else if (what === 'untick') account.ticked -= 1
          else if (what === 'undo') account.removed += undoable?.takesAway ?? 0
          else if (what === 'clear') Object.assign(account, { removed: removed + ticked, ticked: 0 })
          if (what === 'remove') account.ticked = Math.min(ticked, account.added - account.removed)
          undoable = what === 'undo' ? undefined : { takesAway: what === 'add' ? 1 : 0, bringsBack: 0 }
        }
        const present = account.added - account.removed
        assert.ok(present <= LONGEST_LIST)
        assert.ok(present >= Math.min(account.added / 2, LONGEST_LIST - 1), `${present} of ${account.added}`)
        const ledger = { ...checkLedger([]).ledger, acknowledged: account.added, present }
        assert.equal(provesMuch(ledger, 1), true)
      }
    }
  }
})

test('customers do everything that the site offers', () => {
  const chances = Array.from({ length: 100 }, (_, n) => n / 100)
  const known = {
    open: 20,
    ticked: 5,
    added: 60,
    removed: 10,
    undoable: { takesAway: 0, bringsBack: 0 },
    hasRows: true
  }
  const all = new Set(chances.map(chance => choose(known, chance)))
  assert.deepEqual([...all].sort(), ['add', 'adjust', 'clear', 'edit', 'remove', 'tick', 'undo', 'untick'])
})

test('a ledger that compares few of many items does not prove much', () => {
  const ledger = checkLedger([]).ledger
  assert.equal(provesMuch({ ...ledger, acknowledged: 500, present: 35 }, 6), false)
  assert.equal(provesMuch({ ...ledger, acknowledged: 70, present: 35 }, 6), true)
  assert.equal(provesMuch({ ...ledger, acknowledged: 20_000, present: 900 }, 10), true, 'a soak fills its lists')
  assert.equal(provesMuch(ledger, 6), false)
})

/** Items as a final list has them: quantity, and whether they are ticked off. */
const ends = (rows: Record<string, [quantity: number, done?: boolean]>) =>
  line('final', 'ok', {
    items: Object.keys(rows),
    ticked: Object.keys(rows).filter(item => rows[item]?.[1]),
    quantities: Object.values(rows).map(([quantity]) => quantity * 1_000)
  })
const two = (item: string) => add(item, 'ok', { quantity: 2_000, operation: `add ${item}` })
const tick = (item: string, done: boolean, outcome: Line['outcome'] = 'ok', more: Partial<Line> = {}) =>
  line('tick', outcome, { item, done, operation: `tick ${clock}`, ...more })
const adjust = (item: string, delta: number, outcome: Line['outcome'] = 'ok', more: Partial<Line> = {}) =>
  line('adjust', outcome, { item, delta: delta * 1_000, operation: `adjust ${clock}`, ...more })
const edit = (item: string, quantity: number, more: Partial<Line> = {}) =>
  line('edit', 'ok', { item, quantity: quantity * 1_000, operation: `edit ${clock}`, ...more })
const clear = (asked: string[], cleared: string[] | undefined) =>
  line('clear', cleared ? 'ok' : 'unknown', { asked, cleared, operation: `clear ${clock}` })
const undo = ({ operation }: Line, outcome: Line['outcome'] = 'ok', more: Partial<Line> = {}) =>
  line('undo', outcome, { undoes: operation, operation: `undo ${clock}`, ...more })
const found = (history: Line[]) => {
  const { ledger, verdict, evidence } = checkLedger(history)
  const { lost, duplicated, resurrected, altered } = ledger
  return { verdict, lost, duplicated, resurrected, altered, evidence: evidence.join('; ') }
}
const good = (history: Line[]) =>
  assert.equal(checkLedger(history).verdict, 'good', checkLedger(history).evidence.join())
const altered = (history: Line[], what: RegExp) => {
  const { verdict, evidence, ...counts } = found(history)
  assert.deepEqual([verdict, counts], ['bad', { lost: 0, duplicated: 0, resurrected: 0, altered: 1 }], evidence)
  assert.match(evidence, what)
}

test('what was ticked, counted and typed last is what an item ends as', () => {
  good([two('a'), tick('a', true), ends({ a: [2, true] })])
  good([two('a'), tick('a', true), tick('a', false), ends({ a: [2] })])
  good([two('a'), adjust('a', 1), adjust('a', -1), adjust('a', 1), ends({ a: [3] })])
  good([two('a'), edit('a', 2.5), adjust('a', 1), tick('a', true), ends({ a: [3.5, true] })])
})

test('a tick that was lost is found', () => {
  altered([two('a'), tick('a', true), ends({ a: [2] })], /^ticked, yet to buy again: a$/)
})

test('a tick that came back after it was taken off is found', () => {
  altered([two('a'), tick('a', true), tick('a', false), ends({ a: [2, true] })], /^unticked, yet ticked: a$/)
  const [a, taken] = [two('a'), tick('a', true)]
  altered([a, taken, undo(taken), ends({ a: [2, true] })], /^unticked, yet ticked: a$/)
})

test('a step that was counted twice, or not at all, is found', () => {
  altered([two('a'), adjust('a', 1), ends({ a: [4] })], /4 instead of 3, as if \+1 counted twice: a/)
  altered([two('a'), adjust('a', -1), ends({ a: [2] })], /2 instead of 1, as if −1 was lost, or undone twice: a/)
  const a = two('a')
  const tries = [adjust('a', 1, 'unknown', { operation: 'k' }), adjust('a', 1, 'ok', { operation: 'k', left: 3_000 })]
  good([a, ...tries, ends({ a: [3] })])
  altered([a, ...tries, ends({ a: [4] })], /counted twice/)
})

test('a step that was counted twice is found by its answer, too', () => {
  altered([two('a'), adjust('a', 1, 'ok', { left: 4_000 }), ends({ a: [4] })], /^no order of its writes explains/)
})

test('an edit that was lost, or that overwrote what nobody had seen, is found', () => {
  altered([two('a'), edit('a', 2.5), ends({ a: [2] })], /2 instead of 2.5, an edit lost: a/)
  altered([two('a'), adjust('a', 1), edit('a', 2.5, { seen: 2_000 }), ends({ a: [2.5] })], /^no order/)
})

test('what is undone is as it was, and what is undone twice is found', () => {
  const [a, more] = [two('a'), adjust('a', 1)]
  good([a, more, undo(more), ends({ a: [2] })])
  altered([a, more, undo(more), ends({ a: [1] })], /undone twice/)
  altered([a, more, undo(more), ends({ a: [3] })], /3 instead of 2/)
  altered([a, more, undo(more), undo(more), ends({ a: [1] })], /^no order/)
  good([a, more, undo(more), undo(more, 'fail', { refused: '409' }), ends({ a: [2] })])
})

test('a removal that is undone brings the item back as it was, with its tick', () => {
  const history = () => {
    const before = [two('a'), two('b'), tick('a', true)]
    const gone = line('remove', 'ok', { item: 'a', operation: `remove ${clock}` })
    return [...before, gone, undo(gone)]
  }
  good([...history(), ends({ a: [2, true], b: [2] })])
  assert.deepEqual(found([...history(), ends({ b: [2] })]).evidence, 'lost: a')
  altered([...history(), ends({ a: [2], b: [2] })], /^ticked, yet to buy again: a$/)
  assert.equal(found([...history(), ends({ a: [2, true], b: [2] }), ends({ a: [2, true], b: [2] })]).verdict, 'good')
})

test('an addition that is undone is gone', () => {
  const added = two('a')
  const history = [added, two('b'), undo(added)]
  good([...history, ends({ b: [2] })])
  assert.equal(found([...history, ends({ a: [2], b: [2] })]).resurrected, 1)
})

test('clearing takes what its answer says, and no more; undoing it brings all of that back', () => {
  const before = [two('a'), two('b'), two('c'), tick('a', true), tick('b', true)]
  const cleared = clear(['a', 'b'], ['a'])
  good([...before, cleared, ends({ b: [2, true], c: [2] })])
  assert.equal(found([...before, cleared, ends({ a: [2, true], b: [2, true], c: [2] })]).resurrected, 1)
  assert.equal(found([...before, cleared, ends({ c: [2] })]).lost, 1)
  good([...before, cleared, undo(cleared), ends({ a: [2, true], b: [2, true], c: [2] })])
  assert.equal(found([...before, cleared, undo(cleared), ends({ b: [2, true], c: [2] })]).lost, 1)
  altered([two('a'), two('b'), clear(['a'], ['a']), ends({ b: [2] })], /^no order/)
})

test('a write without an answer may have been done or not, once', () => {
  for (const end of [2, 3]) good([two('a'), adjust('a', 1, 'unknown'), ends({ a: [end] })])
  altered([two('a'), adjust('a', 1, 'unknown'), ends({ a: [4] })], /4 instead of/)
  for (const done of [true, false]) good([two('a'), tick('a', true, 'unknown'), ends({ a: [2, done] })])
  for (const rows of [{ b: [2] }, { a: [2, true], b: [2] }] as Record<string, [number, boolean?]>[]) {
    good([two('a'), two('b'), tick('a', true), clear(['a'], undefined), ends(rows)])
  }
})

test('of two at the same moment either may have been last, but both count', () => {
  const at = clock + 1_000
  const both = [tick('a', true, 'ok', { at, ms: 20 }), tick('a', false, 'ok', { at: at + 10, ms: 20, who: 'c01/2' })]
  for (const done of [true, false]) good([two('a'), ...both, ends({ a: [2, done] })])
  const steps = (...left: number[]) =>
    left.map((quantity, n) => adjust('a', 1, 'ok', { at: at + n, ms: 20, who: `c01/${n + 1}`, left: quantity * 1_000 }))
  good([two('a'), ...steps(3, 4), ends({ a: [4] })])
  good([two('a'), ...steps(4, 3), ends({ a: [4] })])
  altered([two('a'), ...steps(3, 3), ends({ a: [3] })], /^no order/)
})

test('what is written to an item that is gone changes nothing, and says so', () => {
  const before = [two('a'), two('b'), line('remove', 'ok', { item: 'a', operation: 'remove a' })]
  good([...before, tick('a', true, 'ok', { missing: true }), ends({ b: [2] })])
  altered([...before, tick('a', true), ends({ b: [2] })], /^no order/)
})
