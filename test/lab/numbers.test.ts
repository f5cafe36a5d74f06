import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkNumbers, type NumberedList } from '../../lab/checker/numbers.ts'
import type { Line } from '../../lab/workload/history.ts'

const RUN = 'r1'
const list = (more: Partial<NumberedList> = {}): NumberedList => ({
  owner: `c01.${RUN}@example.org`,
  version: 3,
  changes: 3,
  numbers: 3,
  first: 1,
  last: 3,
  kinds: { add: 2, tick: 0, adjust: 0, clear: 0, undo: 0 },
  came: 2,
  went: 1,
  items: 1,
  ...more
})
const add = (item: string, outcome: Line['outcome'] = 'ok', who = 'c01'): Line => ({
  at: 1,
  ms: 1,
  what: 'add',
  who,
  item,
  outcome
})
const told = [add('a'), add('b')]
const wrongOf = (more: Partial<NumberedList>, history: readonly Line[] = told) =>
  checkNumbers([list(more)], history, RUN).wrong

test('changes 1 to the version that lead to the items are as they should be', () => {
  assert.deepEqual(checkNumbers([list()], told, RUN), { lists: 1, changes: 3, ofRun: 1, wrong: [] })
})

for (const [what, more] of [
  ['a gap', { version: 4, last: 4 }],
  ['a number that two changes have', { changes: 4 }],
  ['a version that no change has', { version: 4 }],
  ['a change above the version', { version: 2 }],
  ['a list that begins later', { version: 4, first: 2, last: 4 }],
  ['an item that no change brought', { items: 2 }],
  ['an item that went without a change', { items: 0 }],
  ['a version without changes', { changes: 0, numbers: 0, first: 0, last: 0, came: 0, went: 0, items: 0 }]
] as const) {
  test(`${what} is wrong`, () => assert.equal(wrongOf(more).length > 0, true))
}

test('an acknowledged addition without its change is wrong, and so is a change that nobody asked for', () => {
  assert.equal(wrongOf({}, [...told, add('c')]).length, 1)
  assert.equal(wrongOf({}, [add('a')]).length, 1)
})

test('a step that was made twice is wrong, and so is one that was acknowledged and not made', () => {
  const step: Line = {
    at: 2,
    ms: 1,
    what: 'adjust',
    who: 'c01',
    item: 'a',
    operation: 'k',
    delta: 1000,
    outcome: 'unknown'
  }
  const history = [...told, step, { ...step, at: 5, outcome: 'ok' as const }]
  const made = (adjust: number) => wrongOf({ kinds: { add: 2, tick: 0, adjust, clear: 0, undo: 0 } }, history)
  assert.deepEqual(made(1), [])
  assert.match(made(2).join(), /1 × adjust acknowledged, 0 undecided, 2 such changes/)
  assert.equal(made(0).length, 1)
})

test('a clearing that found nothing as it was seen is no change, one that did is', () => {
  const clearing = (cleared: string[], operation: string): Line => ({
    ...{ at: 3, ms: 1, what: 'clear', who: 'c01', asked: ['a'], outcome: 'ok' },
    cleared,
    operation
  })
  const history = [...told, clearing(['a'], 'k1'), clearing([], 'k2')]
  const made = (clear: number) => wrongOf({ kinds: { add: 2, tick: 0, adjust: 0, clear, undo: 0 } }, history)
  assert.deepEqual([made(0).length, made(1).length, made(2).length], [1, 0, 1])
})

test('an addition whose answer was lost may have its change or not', () => {
  assert.deepEqual(wrongOf({}, [...told, add('c', 'unknown')]), [])
  assert.deepEqual(wrongOf({}, [add('a'), add('b', 'unknown')]), [])
})

test('an addition that was refused first and acknowledged then is one', () => {
  assert.deepEqual(wrongOf({}, [add('a', 'unknown'), add('a'), add('b', 'fail'), add('b')]), [])
})

test('what several tabs add counts for the list that they share', () => {
  assert.deepEqual(wrongOf({}, [add('a'), add('b', 'ok', 'c01/2')]), [])
})

test('a customer whose list is not there is told', () => {
  const earlier = list({ owner: 'c02.r0@example.org' })
  assert.deepEqual(checkNumbers([list(), earlier], [...told, add('x', 'ok', 'c02')], RUN).wrong, ['c02: no list'])
})

test('a list of an earlier time may begin with what was there before changes were kept', () => {
  const old = { owner: 'ines@example.org', version: 7, first: 5, last: 7, changes: 3, numbers: 3, items: 9 }
  assert.deepEqual(checkNumbers([list(old)], [], RUN).wrong, [])
  assert.equal(checkNumbers([list({ ...old, last: 8 })], [], RUN).wrong.length > 0, true)
})
