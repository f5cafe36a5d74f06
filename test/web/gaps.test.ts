import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { absenceFinder, gapFinder } from '../../web/cluster/gaps.ts'

interface Question {
  sentAt: number
  isSettled: boolean
  arrivedAt: number | undefined
  answer: string | undefined
}

const everyMs = 250
const deadlineMs = 1250
const never = Number.POSITIVE_INFINITY

/** The gaps that are found when each question, sent every 250 ms, is answered after so long. */
function findGaps(...answeredAfterMs: number[]): { ms: number; failures: number }[] {
  const finder = gapFinder<Question>(question => question.answer !== undefined, 600)
  const questions = answeredAfterMs.map((afterMs, index): Question & { settledAt: number } => {
    const sentAt = index * everyMs
    const arrivedAt = afterMs < deadlineMs ? sentAt + afterMs : undefined
    const settledAt = arrivedAt ?? sentAt + deadlineMs
    return { sentAt, isSettled: false, arrivedAt, answer: arrivedAt === undefined ? undefined : 'web01', settledAt }
  })
  for (const question of questions) finder.add(question)
  const gaps: { ms: number; failures: number }[] = []
  for (const question of [...questions].sort((a, b) => a.settledAt - b.settledAt)) {
    question.isSettled = true
    gaps.push(...finder.takeEnded().map(({ ms, failures }) => ({ ms, failures })))
  }
  return gaps
}

describe('gaps', () => {
  test('there are none while answers keep coming', () => {
    assert.deepEqual(findGaps(10, 12, 300, 9, 590, 10, 10), [])
  })

  test('one lasts from the last good answer before a failure to the first after it', () => {
    assert.deepEqual(findGaps(10, never, 10), [{ ms: 500, failures: 1 }])
    assert.deepEqual(findGaps(10, 10, never, never, never, never, 40, 10), [{ ms: 1280, failures: 4 }])
  })

  test('a standstill without a failure is one, and only one', () => {
    // Everything stands still from 250 to 1400 ms.
    assert.deepEqual(findGaps(10, 1150, 900, 650, 400, 150, 10), [{ ms: 1390, failures: 0 }])
  })

  test('answers that overtake one another end it at the first to arrive', () => {
    assert.deepEqual(findGaps(10, never, 700, 20, 10), [{ ms: 760, failures: 1 }])
  })

  test('what was never answered before is no gap', () => {
    assert.deepEqual(findGaps(never, never, 10, 10), [])
  })

  test('after a pause it begins anew', () => {
    const finder = gapFinder<Question>(question => question.answer !== undefined, 600)
    const good = (sentAt: number) => ({ sentAt, isSettled: true, arrivedAt: sentAt + 5, answer: 'web01' })
    finder.add(good(0))
    assert.deepEqual(finder.takeEnded(), [])
    finder.forget()
    finder.add({ sentAt: 9_750, isSettled: true, arrivedAt: undefined, answer: undefined })
    finder.add(good(10_000))
    assert.deepEqual(finder.takeEnded(), [])
  })
})

describe('a server that no longer answers', () => {
  const hear = (...names: string[]) => {
    const finder = absenceFinder()
    return names.flatMap(name => finder.heard(name)).map(({ change, name }) => `${change} ${name}`)
  }
  const repeat = (names: string[], times: number) => Array.from({ length: times }, () => names).flat()

  test('is missed once, and its return is noticed', () => {
    const turns = ['web01', 'web02']
    assert.deepEqual(hear(...repeat(turns, 20), ...repeat(['web01'], 30), ...repeat(turns, 10)), [
      'gone web02',
      'back web02'
    ])
  })

  test('is not missed while it has its turns, nor when it rarely had one', () => {
    assert.deepEqual(hear(...repeat(['web01', 'web02', 'web03'], 30)), [])
    assert.deepEqual(hear(...repeat(['web01'], 20), 'web02', ...repeat(['web01'], 40)), [])
  })
})
