import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../store/index.ts'
import type { Work } from '../store/work.ts'
import { accountSubject, addressSubject, type LoginThrottle, sessionSubject } from './login-throttle.ts'
import type { Passwords } from './passwords.ts'
import { emailKey, formerEmailKey, type LoginInput, type PasswordChangeInput, type SignupInput } from './validation.ts'

export interface Customer {
  id: number
  name: string
  email: string
}

export type LoginResult = { customer: Customer } | { failed: true } | { throttled: true; waitSeconds: number }

/** A failed login is answered no sooner, so that it takes the same whatever was wrong with it. */
const FAILURE_MS = 300

export type Accounts = ReturnType<typeof accountRules>

export function accountRules(store: Store, passwords: Passwords, throttle: LoginThrottle) {
  const { accounts, sessions } = store

  /** Replaces an older kind of hash. The login does not depend on it. */
  const upgrade = async (work: Work, id: number, stored: string, password: string) => {
    if (!passwords.needsUpgrade(stored)) return
    const hash = await passwords.hash(password)
    await work.repeatable(() => accounts.upgradePassword(work, id, stored, hash))
  }

  const replacePassword = (work: Work, id: number, hash: string, keepSession?: string): Promise<void> =>
    work.repeatable(() =>
      work.transaction(async tx => {
        await accounts.setPassword(tx, id, hash)
        await sessions.removeAll(tx, id, keepSession)
      })
    )

  /** By its key; first by what was the key once, as some may be found by that alone. */
  const findByEmail = async (work: Work, email: string) => {
    const former = formerEmailKey(email)
    const key = emailKey(email)
    const account = former === key ? undefined : await accounts.findByEmailKey(work, former)
    return account ?? accounts.findByEmailKey(work, key)
  }

  return {
    async logIn(work: Work, { email, password }: LoginInput, address: string): Promise<LoginResult> {
      const answerAt = performance.now() + FAILURE_MS
      const key = emailKey(email)
      const subjects = [accountSubject(key), addressSubject(address)] as const
      const [waitMs, account] = await Promise.all([throttle.waitMs(work, subjects), findByEmail(work, email)])
      if (waitMs > 0) return throttled(waitMs)

      // Guesses sent all at once pass that together. Looking again when its turn to be hashed comes costs nothing, and
      // those that failed meanwhile close the door on the rest.
      let waitNow: Promise<number> = Promise.resolve(0)
      const right = await passwords.verify(account?.password, password, () => {
        waitNow = throttle.waitMs(work, subjects)
        waitNow.catch(() => {}) // it is awaited below, unless the hashing itself fails
      })
      if (!right || !account) {
        await throttle.recordFailure(work, subjects)
        await sleep(Math.max(0, answerAt - performance.now()))
        return { failed: true }
      }
      const waitNowMs = await waitNow
      if (waitNowMs > 0) return throttled(waitNowMs)
      await upgrade(work, account.id, account.password, password)
      return { customer: { id: account.id, name: account.name, email: account.email } }
    },

    /** Undefined when the e-mail is taken. */
    async signUp(work: Work, { name, email, password }: SignupInput): Promise<Customer | undefined> {
      const key = emailKey(email)
      const hash = await passwords.hash(password)
      const added = await work.repeatable(async maybeDone => {
        try {
          await accounts.add(work, { name, email, emailKey: key, password: hash })
          return true
        } catch (error) {
          if (!work.isDuplicate(error, 'email')) throw error
          // The hash's salt is random: where it stands, an earlier try of this very sign-up put it.
          return maybeDone && (await accounts.findByEmailKey(work, key))?.password === hash
        }
      })
      if (!added) return undefined
      const account = await accounts.findByEmailKey(work, key)
      if (!account) throw new Error('an account just added cannot be found')
      return { id: account.id, name, email }
    },

    /** Sets the password and ends the account's other sessions. */
    async changePassword(
      work: Work,
      customerId: number,
      { current, next }: PasswordChangeInput,
      keepSession: string
    ): Promise<'changed' | 'wrong' | { waitSeconds: number }> {
      const subjects = [sessionSubject(customerId)] as const
      const waitMs = await throttle.waitMs(work, subjects)
      if (waitMs > 0) return { waitSeconds: toSeconds(waitMs) }
      if (!(await passwords.verify(await accounts.findPassword(work, customerId), current))) {
        await throttle.recordFailure(work, subjects)
        return 'wrong'
      }
      await replacePassword(work, customerId, await passwords.hash(next), keepSession)
      return 'changed'
    },

    /** The operator's way in: sets a password without the old one and ends all sessions. False: no such account. */
    async setPassword(work: Work, email: string, password: string): Promise<boolean> {
      const key = emailKey(email)
      const known = await findByEmail(work, email)
      const account = known ?? (await accounts.findUnadopted(work, key))
      if (!account) return false
      const hash = await passwords.hash(password)
      await work.repeatable(() =>
        work.transaction(async tx => {
          if (!known) await accounts.setEmailKey(tx, account.id, key)
          await accounts.setPassword(tx, account.id, hash)
          await sessions.removeAll(tx, account.id)
        })
      )
      return true
    }
  }
}

const toSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

const throttled = (waitMs: number) => ({ throttled: true as const, waitSeconds: toSeconds(waitMs) })
