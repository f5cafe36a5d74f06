import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { subjects, waitAfter } from '../../src/features/accounts/login-throttle.ts'

const { allowance: account } = subjects.account('ana@example.org')
const { allowance: address } = subjects.network('192.0.2.1', { loginLimit: 50, signupLimit: 100 })
const now = 1_000_000_000
const failures = (count: number, latest = now) => Array.from({ length: count }, (_, i) => latest - i)

test('a few failures cost nothing, more of them a wait that doubles up to a quarter of an hour', () => {
  assert.equal(waitAfter(failures(4), account, now), 0)
  const seconds = [5, 6, 7, 8, 9, 10, 11].map(count => waitAfter(failures(count), account, now) / 1000)
  assert.deepEqual(seconds, [30, 60, 120, 240, 480, 900, 900])
})

test('the wait runs from the latest failure', () => {
  assert.equal(waitAfter(failures(5, now - 10_000), account, now), 20_000)
  assert.equal(waitAfter(failures(5, now - 30_000), account, now), 0)
})

test('an address, behind which there may be a classroom, is allowed more than an account', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), count => {
      assert.ok(waitAfter(failures(count), address, now) <= waitAfter(failures(count), account, now))
    })
  )
})

test('a clock that was ahead makes nobody wait longer than the wait itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 20 }), fc.integer({ min: 0, max: 100 * 86_400_000 }), (count, aheadMs) => {
      const there = waitAfter(failures(count), account, now)
      assert.equal(waitAfter(failures(count, now + aheadMs), account, now), there)
    })
  )
})
