import { digest, newKey } from '../../keys.ts'
import type { Store } from '../../open-store.ts'
import type { Work } from '../../store/work.ts'

/** Failures older than this are forgotten. */
export const FAILURE_WINDOW_MS = 60 * 60_000

interface Allowance {
  /** Failures without a wait. */
  free: number
}

/** One person mistypes a few times. */
const ACCOUNT: Allowance = { free: 5 }
/** Of the sign-ups that an address may make, so many may be told that an e-mail has an account. */
const TAKEN_SHARE = 5

const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 15 * 60_000
/** Doublings from the first to the longest wait; more failures than this need not be read. */
const STEPS = 6

/**
 * Clocks of servers differ. A failure from further ahead than this was written by a clock that was wrong: it counts for
 * nothing, or whoever failed then would wait until the right time gets there.
 */
const CLOCK_MS = LONGEST_WAIT_MS

export interface Subject {
  id: string
  allowance: Allowance
}

/** Who fails: an account and an address, or one of them. */
export type Subjects = readonly [Subject] | readonly [Subject, Subject]

export interface Limits {
  /** Failed logins from one address: behind it there may be a whole classroom. */
  loginLimit: number
  /** Sign-ups from one address. */
  signupLimit: number
}

const limitOf = (free: number, ...parts: (string | number)[]): Subject => ({
  id: digest(...parts),
  allowance: { free }
})

/** Who is counted, each apart from the others. A network is what `clientNetwork` makes of an address. */
export const subjects = {
  account: (emailKey: string): Subject => limitOf(ACCOUNT.free, 'account', emailKey),
  network: (network: string, { loginLimit }: Limits): Subject => limitOf(loginLimit, 'address', network),
  /** A browser that has logged in to the account before, whom strangers cannot use up. */
  browser: (nonce: string): Subject => limitOf(ACCOUNT.free, 'browser', nonce),
  /** All the browsers together that have logged in with a password that the account no longer has. */
  formerBrowsers: (accountId: number): Subject => limitOf(ACCOUNT.free, 'former browsers', accountId),
  /** Guessing the current password inside a session. */
  session: (accountId: number): Subject => limitOf(ACCOUNT.free, 'session', accountId),
  signup: (network: string, { signupLimit }: Limits): Subject => limitOf(signupLimit, 'signup', network),
  taken: (network: string, { signupLimit }: Limits): Subject =>
    limitOf(Math.ceil(signupLimit / TAKEN_SHARE), 'taken', network)
}

/**
 * Milliseconds until the next try is allowed, given the times of the failures, the latest first: nothing for the first
 * few, then half a minute, doubling with each further failure up to a quarter of an hour.
 */
export function waitAfter(failures: number[], { free }: Allowance, now: number): number {
  const [latest] = failures
  if (latest === undefined || failures.length < free) return 0
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures.length - free))
  return Math.max(0, Math.min(latest, now) + wait - now)
}

export type LoginThrottle = ReturnType<typeof loginThrottle>

/** Shared by all servers through the database; only failures write, and rows are only added. */
export function loginThrottle({ loginFailures }: Store) {
  /** Milliseconds to wait before a try, without what is in `own`; 0 to go ahead. */
  const waitMs = async (work: Work, subjects: Subjects, own: FailureRow[] = []): Promise<number> => {
    const now = Date.now()
    const [first, second] = subjects
    const limit = own.length + subjects.reduce((sum: number, { allowance }) => sum + allowance.free + STEPS, 0)
    const span = { since: now - FAILURE_WINDOW_MS, until: now + CLOCK_MS }
    // One query for both. Where one has more failures than fit beside the other's, it has to wait in any case.
    const rows = await loginFailures.latest(work, [first.id, second?.id], span, limit)
    const others = rows.filter(({ id }) => !own.some(row => row.id === id))
    const waits = subjects.map(({ id, allowance }) => {
      const failures = others.filter(({ subject }) => subject === id).map(({ failedAt }) => failedAt)
      return waitAfter(failures, allowance, now)
    })
    return Math.max(...waits)
  }

  const record = (work: Work, subjects: Subjects): Promise<FailureRow[]> =>
    Promise.all(
      subjects.map(async ({ id: subject }) => {
        const row = { id: newKey(), subject, failedAt: Date.now() }
        await work.repeatable(async maybeDone => {
          try {
            await loginFailures.add(work, row)
          } catch (error) {
            if (!(maybeDone && work.isDuplicate(error))) throw error
          }
        })
        return row
      })
    )

  return {
    waitMs: (work: Work, subjects: Subjects): Promise<number> => waitMs(work, subjects),
    record,

    /**
     * A guess at a password, unless it has to wait; whoever calls lets one guess at a secret wait for the other. Other
     * servers take theirs meanwhile, so it looks again afterwards, when its own failure stands where all can see it: of
     * two that came together one sees the other. Whoever is one too many is told to wait, right or wrong, so that no more
     * answers tell something of the password than there are free failures.
     */
    async guess(work: Work, subjects: Subjects, verify: () => Promise<boolean>): Promise<boolean | { waitMs: number }> {
      const before = await waitMs(work, subjects)
      if (before > 0) return { waitMs: before }
      const right = await verify()
      const own = right ? [] : await record(work, subjects)
      work.lookAfresh()
      const after = await waitMs(work, subjects, own)
      return after > 0 ? { waitMs: after } : right
    }
  }
}

interface FailureRow {
  id: string
  subject: string
  failedAt: number
}
