import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../store/index.ts'
import { accountSubject, addressSubject, type LoginThrottle, sessionSubject } from './login-throttle.ts'
import type { Passwords } from './passwords.ts'
import { emailKey, type LoginInput, type PasswordChangeInput, type SignupInput } from './validation.ts'

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
  const upgrade = async (id: number, stored: string, password: string) => {
    if (!passwords.needsUpgrade(stored)) return
    const hash = await passwords.hash(password)
    await store.repeatable(() => accounts.upgradePassword(id, stored, hash))
  }

  const replacePassword = (id: number, hash: string, keepSession?: string): Promise<void> =>
    store.repeatable(() =>
      store.transaction(async tx => {
        await accounts.setPassword(tx, id, hash)
        await sessions.removeAll(tx, id, keepSession)
      })
    )

  return {
    async logIn({ email, password }: LoginInput, address: string): Promise<LoginResult> {
      const answerAt = performance.now() + FAILURE_MS
      const key = emailKey(email)
      const subjects = [accountSubject(key), addressSubject(address)]
      const waitMs = await throttle.waitMs(subjects)
      if (waitMs > 0) return throttled(waitMs)

      const account = await accounts.findByEmailKey(key)
      const right = await passwords.verify(account?.password, password)
      if (!right || !account) {
        await throttle.recordFailure(subjects)
        await sleep(Math.max(0, answerAt - performance.now()))
        return { failed: true }
      }
      // Guesses sent all at once pass the first check together; those that fail close the door on the rest.
      const waitNowMs = await throttle.waitMs(subjects)
      if (waitNowMs > 0) return throttled(waitNowMs)
      await upgrade(account.id, account.password, password)
      return { customer: { id: account.id, name: account.name, email: account.email } }
    },

    /** Undefined when the e-mail is taken. */
    async signUp({ name, email, password }: SignupInput): Promise<Customer | undefined> {
      const key = emailKey(email)
      const hash = await passwords.hash(password)
      const added = await store.repeatable(async maybeDone => {
        try {
          await accounts.add({ name, email, emailKey: key, password: hash })
          return true
        } catch (error) {
          if (!store.isDuplicate(error)) throw error
          // The hash's salt is random: where it stands, an earlier try of this very sign-up put it.
          return maybeDone && (await accounts.findByEmailKey(key))?.password === hash
        }
      })
      if (!added) return undefined
      const account = await accounts.findByEmailKey(key)
      if (!account) throw new Error('an account just added cannot be found')
      return { id: account.id, name, email }
    },

    /** Sets the password and ends the account's other sessions. */
    async changePassword(
      customerId: number,
      { current, next }: PasswordChangeInput,
      keepSession: string
    ): Promise<'changed' | 'wrong' | { waitSeconds: number }> {
      const subjects = [sessionSubject(customerId)]
      const waitMs = await throttle.waitMs(subjects)
      if (waitMs > 0) return { waitSeconds: toSeconds(waitMs) }
      if (!(await passwords.verify(await accounts.findPassword(customerId), current))) {
        await throttle.recordFailure(subjects)
        return 'wrong'
      }
      await replacePassword(customerId, await passwords.hash(next), keepSession)
      return 'changed'
    },

    /** The operator's way in: sets a password without the old one and ends all sessions. False: no such account. */
    async setPassword(email: string, password: string): Promise<boolean> {
      const key = emailKey(email)
      const known = await accounts.findByEmailKey(key)
      const account = known ?? (await accounts.findUnadopted(key))
      if (!account) return false
      await replacePassword(account.id, await passwords.hash(password))
      if (!known) {
        await store.repeatable(() => store.transaction(tx => accounts.setEmailKey(tx, account.id, key)))
      }
      return true
    }
  }
}

const toSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

const throttled = (waitMs: number) => ({ throttled: true as const, waitSeconds: toSeconds(waitMs) })
