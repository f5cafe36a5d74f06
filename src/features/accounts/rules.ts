import { setTimeout as sleep } from 'node:timers/promises'
import { hashLanes } from '../../config/config.ts'
import type { FieldError } from '../../field-error.ts'
import { digest } from '../../keys.ts'
import { emailKey, formerEmailKey } from '../../login-key.ts'
import type { Store } from '../../open-store.ts'
import type { Work } from '../../store/work.ts'
import { clear, closeDoors } from '../account-data/clearing.ts'
import { type Limits, type LoginThrottle, type Subjects, subjects } from './login-throttle.ts'
import { weaknessOf } from './password-choice.ts'
import type { Passwords } from './passwords.ts'
import type { Identity } from './queries.ts'
import type { LoginInput, PasswordChangeInput, SignupInput } from './schema.ts'
import { oneAtATime, takeTurns } from './turns.ts'

export interface Account {
  id: number
  name: string
  email: string
}

/** That a browser has logged in to an account before. */
export interface Proof {
  accountId: number
  /** Of the password that it logged in with, see `passwordMark`. */
  mark: string
  /** The browser's own, by which its failures are counted. */
  nonce: string
}

/** Who is at the other end of a login or sign-up. */
export interface Visitor {
  /** Of its address, see `clientNetwork`. */
  network: string
  proofs: Proof[]
}

/** Who has shown the password, and its mark for the browser to keep. */
export interface Recognised {
  account: Account
  mark: string
}

export interface Throttled {
  waitSeconds: number
}

/** `accountId`: whose password it was not; undefined when there is no such account. */
export type LoginResult =
  | Recognised
  | { failed: true; accountId: number | undefined }
  | (Throttled & { accountId: number | undefined })

/** A login that does not succeed is answered no sooner, so that it takes the same whatever was wrong with it. */
const FAILURE_MS = 300

/** Changes with the password, and tells nothing of it. */
const passwordMark = (stored: string): string => digest('password mark', stored).slice(0, 22)

export type Accounts = ReturnType<typeof accountRules>

export function accountRules(store: Store, passwords: Passwords, throttle: LoginThrottle, limits: Limits) {
  const { accounts, sessions } = store

  // A place more than there are lanes to hash in: one asks the database while another is being hashed.
  const turn = takeTurns(hashLanes + 1)
  const line = oneAtATime()
  /** Guesses at one secret wait for each other, and hold up nobody else meanwhile. */
  const guessInTurn = <R>(kind: string, secret: string, work: () => Promise<R>): Promise<R> =>
    line(secret, () => turn(kind, work))

  /** Replaces an older kind of hash. The login does not depend on it. What is stored now, as far as one knows. */
  const upgrade = async (work: Work, id: number, stored: string, password: string): Promise<string> => {
    if (!passwords.needsUpgrade(stored)) return stored
    const hash = await passwords.hash(password)
    return (await work.repeatable(
      async maybeDone => (await accounts.upgradePassword(work, id, stored, hash)) || maybeDone
    ))
      ? hash
      : stored
  }

  /** How many sessions it ended. */
  const replacePassword = (work: Work, id: number, hash: string, keepSession?: string): Promise<number> =>
    work.repeatable(() =>
      work.transaction(async tx => {
        await accounts.setPassword(tx, id, hash)
        return sessions.removeAll(tx, id, keepSession)
      })
    )

  /** By its key; first by what was the key once, as some may be found by that alone. */
  const findByEmail = async (work: Work, email: string) => {
    const former = formerEmailKey(email)
    const key = emailKey(email)
    const account = former === key ? undefined : await accounts.findByEmailKey(work, former)
    return account ?? accounts.findByEmailKey(work, key)
  }

  /** Also whom another application has added since the last `migrate`. */
  const findAnyByEmail = async (work: Work, email: string) => {
    const known = await findByEmail(work, email)
    const account = known ?? (await accounts.findUnadopted(work, emailKey(email)))
    return account && { ...account, isAdopted: known !== undefined }
  }

  /** From now on its key finds it. Where another was quicker to have the e-mail, nothing changes. */
  const adopt = async (work: Work, id: number, key: string): Promise<void> => {
    const isFirst = await work.repeatable(async maybeDone => {
      try {
        return (await accounts.setEmailKey(work, id, key)) || maybeDone
      } catch (error) {
        if (!work.isDuplicate(error, 'email')) throw error
        return false
      }
    })
    // Its items came with it. All else is of an account that was deleted by hand, whose id the other application gave again.
    if (isFirst) await clear(store, id, () => work, ['items'])
  }

  /** Whom to count a login for: a browser that was here before for itself, where no stranger can use it up. */
  const countedFor = (
    account: { id: number; password: string } | undefined,
    key: string,
    { network, proofs }: Visitor
  ): Subjects => {
    const proof = proofs.find(({ accountId }) => accountId === account?.id)
    if (!proof || !account) return [subjects.account(key), subjects.network(network, limits)]
    if (proof.mark === passwordMark(account.password)) return [subjects.browser(proof.nonce)]
    // Whoever knew an earlier password could have made any number of these.
    return [subjects.formerBrowsers(account.id)]
  }

  /** Runs `then` if `current` is the password of the account whose session this is. */
  const confirmed = <R>(
    work: Work,
    accountId: number,
    current: string,
    then: () => Promise<R>
  ): Promise<R | 'wrong' | Throttled> =>
    guessInTurn('session', `session ${accountId}`, async () => {
      const right = await throttle.guess(work, [subjects.session(accountId)], async () =>
        passwords.verify(await accounts.findPassword(work, accountId), current)
      )
      if (typeof right === 'object') return throttled(right.waitMs)
      return right ? then() : 'wrong'
    })

  const create = async (work: Work, { name, email, password }: SignupInput): Promise<Recognised | undefined> => {
    const key = emailKey(email)
    if (await accounts.findUnadopted(work, key)) return undefined
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
    // Of an account that was deleted by hand, where the database gives its id again.
    await clear(store, account.id, () => work)
    return { account: { id: account.id, name, email }, mark: passwordMark(hash) }
  }

  /**
   * An e-mail that nobody has yet, claimed by `claim`, unless so many came from there that it has to wait. Those who are told
   * that one is taken wait much sooner: each answer tells who has an account.
   */
  const unlessTaken = async <R>(
    work: Work,
    network: string,
    claim: () => Promise<R | undefined>
  ): Promise<R | 'taken' | Throttled> => {
    const attempts = subjects.signup(network, limits)
    const taken = subjects.taken(network, limits)
    const waitMs = await throttle.waitMs(work, [attempts, taken])
    if (waitMs > 0) return throttled(waitMs)
    await throttle.record(work, [attempts])
    const claimed = await claim()
    if (claimed !== undefined) return claimed
    await throttle.record(work, [taken])
    return 'taken'
  }

  /** Undefined when the e-mail is taken. */
  const setIdentity = (work: Work, id: number, { name, email }: Partial<Identity>, isMove: boolean) =>
    work.repeatable(async (): Promise<true | undefined> => {
      try {
        await work.transaction(async tx => {
          if (name !== undefined) await accounts.setName(tx, id, name)
          if (email === undefined) return
          await (isMove ? accounts.moveTo(tx, id, email, emailKey(email)) : accounts.setEmail(tx, id, email))
        })
        return true
      } catch (error) {
        if (!work.isDuplicate(error)) throw error
        return undefined
      }
    })

  return {
    async logIn(work: Work, { email, password }: LoginInput, visitor: Visitor): Promise<LoginResult> {
      const answerAt = performance.now() + FAILURE_MS
      const key = emailKey(email)
      const result = await guessInTurn('login', `account ${key}`, async (): Promise<LoginResult> => {
        const account = await findAnyByEmail(work, email)
        const right = await throttle.guess(work, countedFor(account, key, visitor), () =>
          passwords.verify(account?.password, password)
        )
        if (typeof right === 'object') return { ...throttled(right.waitMs), accountId: account?.id }
        if (!right || !account) return { failed: true, accountId: account?.id }
        if (!account.isAdopted) await adopt(work, account.id, key)
        const stored = await upgrade(work, account.id, account.password, password)
        return { account: { id: account.id, name: account.name, email: account.email }, mark: passwordMark(stored) }
      })
      if (!('mark' in result)) await sleep(Math.max(0, answerAt - performance.now()))
      return result
    },

    /** A visitor's own account. */
    signUp: (work: Work, input: SignupInput, { network }: Visitor): Promise<Recognised | 'taken' | Throttled> =>
      turn('signup', () => unlessTaken(work, network, () => create(work, input))),

    /** The operator's way: without a limit. Undefined when the e-mail is taken. */
    create,

    /** Whose e-mail this is; for the operator. */
    find: findAnyByEmail,

    /** Whether `current` is the password of the account whose session this is; for what outlives a session. */
    confirm: (work: Work, accountId: number, current: string): Promise<'right' | 'wrong' | Throttled> =>
      confirmed(work, accountId, current, async () => 'right' as const),

    /** Sets the password and ends the account's other sessions. */
    changePassword: (
      work: Work,
      accountId: number,
      { current, next }: PasswordChangeInput,
      keepSession: string
    ): Promise<{ mark: string; ended: number } | 'wrong' | Throttled> =>
      confirmed(work, accountId, current, async () => {
        const hash = await passwords.hash(next)
        const ended = await replacePassword(work, accountId, hash, keepSession)
        return { mark: passwordMark(hash), ended }
      }),

    /** Ends the account's other sessions, for whoever knows its password. */
    endOtherSessions: (
      work: Work,
      accountId: number,
      current: string,
      keepSession: string
    ): Promise<{ ended: number } | 'wrong' | Throttled> =>
      confirmed(work, accountId, current, async () => ({
        ended: await work.repeatable(() => sessions.removeAll(work, accountId, keepSession))
      })),

    /**
     * Changes what is given of its name and e-mail. Sessions stay: they are the account's, whatever it is called. Another e-mail
     * is counted with the sign-ups of that network, as its answer tells the same.
     */
    changeIdentity: (
      work: Work,
      accountId: number,
      current: string,
      { name, email }: Partial<Identity>,
      { network }: Visitor
    ): Promise<{ moved: boolean } | 'wrong' | 'taken' | Throttled | { tooManyEmails: Throttled }> =>
      confirmed(work, accountId, current, async () => {
        const before = await accounts.findIdentity(work, accountId)
        const moved = email !== undefined && emailKey(email) !== emailKey(before?.email ?? '')
        if (!moved) return (await setIdentity(work, accountId, { name, email }, false)) ? { moved } : 'taken'
        const result = await unlessTaken(work, network, async () => {
          const owner = await findAnyByEmail(work, email)
          if (owner !== undefined && owner.id !== accountId) return undefined
          return setIdentity(work, accountId, { name, email }, true)
        })
        if (typeof result === 'object') return { tooManyEmails: result }
        return result === 'taken' ? result : { moved }
      }),

    /**
     * Closes the account: from then on nobody can log in to it, its sessions have ended and its e-mail is free. What it has is
     * taken away afterwards, see clearing.ts.
     */
    close: (
      work: Work,
      accountId: number,
      current: string,
      { proofs }: Visitor
    ): Promise<'closed' | 'wrong' | Throttled> =>
      confirmed(work, accountId, current, async () => {
        const { email = '' } = (await accounts.findIdentity(work, accountId)) ?? {}
        const counted = [
          subjects.account(emailKey(email)),
          subjects.session(accountId),
          subjects.formerBrowsers(accountId),
          ...proofs.filter(proof => proof.accountId === accountId).map(({ nonce }) => subjects.browser(nonce))
        ]
        await work.repeatable(() =>
          work.transaction(async tx => {
            await accounts.blank(tx, accountId)
            await closeDoors(store, tx, accountId)
            for (const { id } of counted) await store.loginFailures.forget(tx, id)
          })
        )
        return 'closed' as const
      }),

    /** The operator's way in: sets a password without the old one and ends all sessions. */
    async setPassword(work: Work, email: string, password: string): Promise<'set' | 'unknown' | FieldError> {
      const key = emailKey(email)
      const account = await findAnyByEmail(work, email)
      if (!account) return 'unknown'
      const weakness = weaknessOf(password, account)
      if (weakness) return { key: weakness }
      const hash = await passwords.hash(password)
      await work.repeatable(() =>
        work.transaction(async tx => {
          if (!account.isAdopted) await accounts.setEmailKey(tx, account.id, key)
          await accounts.setPassword(tx, account.id, hash)
          await sessions.removeAll(tx, account.id)
        })
      )
      return 'set'
    }
  }
}

const toSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

const throttled = (waitMs: number): Throttled => ({ waitSeconds: toSeconds(waitMs) })
