import type { Store } from '../store/index.ts'
import type { Work } from '../store/work.ts'
import { digest, newKey } from './digest.ts'

/** Failures older than this are forgotten. */
export const FAILURE_WINDOW_MS = 60 * 60_000

interface Allowance {
  /** Failures without a wait. */
  free: number
}

/** One person mistypes a few times; behind one address there may be a whole classroom. */
const ACCOUNT: Allowance = { free: 5 }
const ADDRESS: Allowance = { free: 50 }

const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 15 * 60_000
/** Doublings from the first to the longest wait; more failures than this need not be read. */
const STEPS = 6

export interface Subject {
  id: string
  allowance: Allowance
}

/** Who fails: an account and an address, or one of them. */
export type Subjects = readonly [Subject] | readonly [Subject, Subject]

export const accountSubject = (emailKey: string): Subject => ({ id: digest('account', emailKey), allowance: ACCOUNT })
export const addressSubject = (address: string): Subject => ({ id: digest('address', address), allowance: ADDRESS })
/** Guessing the current password inside a session: apart from the account's own, which strangers can use up. */
export const sessionSubject = (customerId: number): Subject => ({
  id: digest('session', customerId),
  allowance: ACCOUNT
})

/**
 * Milliseconds until the next try is allowed, given the times of the failures, the latest first: nothing for the first
 * few, then half a minute, doubling with each further failure up to a quarter of an hour.
 */
export function waitAfter(failures: number[], { free }: Allowance, now: number): number {
  const [latest] = failures
  if (latest === undefined || failures.length < free) return 0
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures.length - free))
  return Math.max(0, latest + wait - now)
}

export type LoginThrottle = ReturnType<typeof loginThrottle>

/** Shared by all servers through the database; only failures write. */
export function loginThrottle({ loginFailures }: Store) {
  return {
    /** Milliseconds to wait before a try; 0 to go ahead. */
    async waitMs(work: Work, subjects: Subjects, now = Date.now()): Promise<number> {
      const [first, second] = subjects
      const limit = subjects.reduce((sum: number, { allowance }) => sum + allowance.free + STEPS, 0)
      // One query for both. Where one has more failures than fit beside the other's, it has to wait in any case.
      const failures = await loginFailures.latest(
        work,
        [first.id, second?.id],
        { since: now - FAILURE_WINDOW_MS, until: now + FAILURE_WINDOW_MS },
        limit
      )
      const waits = subjects.map(({ id, allowance }) => {
        const own = failures.filter(({ subject }) => subject === id).map(({ failedAt }) => failedAt)
        return waitAfter(own, allowance, now)
      })
      return Math.max(...waits)
    },

    async recordFailure(work: Work, subjects: Subjects, now = Date.now()): Promise<void> {
      for (const { id: subject } of subjects) {
        const failure = { id: newKey(), subject, failedAt: now }
        await work.repeatable(async maybeDone => {
          try {
            await loginFailures.add(work, failure)
          } catch (error) {
            if (!(maybeDone && work.isDuplicate(error))) throw error
          }
        })
      }
    }
  }
}
