import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../open-store.ts'
import type { Work } from '../../store/work.ts'
import { fold } from '../../text-fold.ts'
import { unitFor } from '../items/unit-forms.ts'
import type { ShownName } from './queries.ts'
import { scoreOf } from './score.ts'

/** Names that are remembered of one account; those with the lowest scores go. */
export const MAX_NAMES = 10_000
const SUGGESTED = 8
/** With fewer characters too many words begin. */
const WORD_LENGTH = 3
/** A folded name's column. */
const MAX_FOLDED = 140
/** How often, on average, an account's names are counted after one was added. */
const TRIM_EVERY = 100
/** Remembering may be behind so much, as while the database is away; what comes then is not remembered. */
const MAX_WAITING = 500
const LIMIT_MS = 2000
/** Between two, so that a rush leaves the database to those who wait: at most some hundred names a second. */
const PAUSE_MS = 5

/** What is remembered of an item that was bought. */
export interface Bought {
  name: string
  shop: string
  unit: string
  thousandths: number
}

export interface Suggestion extends Bought {
  /** When it was bought last, in milliseconds since 1970. */
  boughtAt: number
}

export type Suggestions = ReturnType<typeof suggestionRules>

const cut = (text: string): string => [...text].slice(0, MAX_FOLDED).join('')
/** The name that a spelling of it is remembered by; words are told apart by spaces alone. */
export const foldName = (name: string): string =>
  cut(
    fold(name)
      .replace(/[\p{Cc}\s\p{Pd}/()"'«»“”’<>]+/gu, ' ')
      .trim()
  )

export const isSameName = (a: string, b: string): boolean => foldName(a) === foldName(b)

const asSuggestion = ({ name, shop, unit, thousandths, boughtAt }: ShownName): Suggestion => ({
  name,
  shop,
  // Its quantity may have been changed since, with − and +.
  unit: unitFor(thousandths, unit),
  thousandths,
  boughtAt
})

/** @param report is told why something could not be remembered; nobody waits for that */
export function suggestionRules({ remembered, beginJob }: Store, report: (error: unknown) => void) {
  const queue: [accountId: number, bought: Bought, at: number, mayBeNew: boolean][] = []
  let running = Promise.resolve()

  const rememberNow = async (
    accountId: number,
    { name, shop, unit, thousandths }: Bought,
    at: number,
    mayBeNew: boolean
  ) => {
    const folded = foldName(name)
    if (folded === '') return
    const work = beginJob('remembering', LIMIT_MS)
    const row = { accountId, folded, name, shop, unit, thousandths, score: scoreOf(at), boughtAt: at }
    if (!mayBeNew) {
      await work.repeatable(() => remembered.addTo(work, row))
      return
    }
    await work.repeatable(async () => {
      try {
        await remembered.add(work, row)
      } catch (error) {
        if (!work.isDuplicate(error)) throw error
        await remembered.add(work, row)
      }
    })
    if (Math.random() * TRIM_EVERY < 1) await work.repeatable(() => remembered.trim(work, accountId, MAX_NAMES))
  }

  const run = async () => {
    for (let next = queue[0]; next; next = queue[0]) {
      try {
        await rememberNow(...next)
        await sleep(PAUSE_MS)
        queue.shift()
      } catch (error) {
        // The database is away, or busy with what people wait for.
        queue.length = 0
        report(error)
      }
    }
  }

  const put = (accountId: number, bought: readonly Bought[], at: number, mayBeNew: boolean): void => {
    const isIdle = queue.length === 0
    for (const one of bought.slice(0, MAX_WAITING - queue.length)) queue.push([accountId, one, at, mayBeNew])
    if (isIdle) running = run()
  }

  return {
    /** What the account may mean by the beginning of a name, or of a word in it: one query. Of nothing, what it buys most. */
    async suggest(work: Work, accountId: number, text: string, limit = SUGGESTED): Promise<Suggestion[]> {
      const start = foldName(text)
      const ask =
        start === ''
          ? remembered.best(work, accountId, limit)
          : start.length < WORD_LENGTH
            ? remembered.beginningWith(work, accountId, start, limit)
            : remembered.withWordBeginning(work, accountId, start, limit)
      return (await ask).map(asSuggestion)
    },

    /** What was put on a list. Returns at once: it is remembered afterwards, one after the other, or not at all. */
    remember: (accountId: number, added: readonly Bought[], at = Date.now()): void => put(accountId, added, at, true),

    /** What was ticked off there, and is cleared: it counts once more, unless it was forgotten meanwhile. Returns at once. */
    bought: (accountId: number, ticked: readonly Bought[], at = Date.now()): void => put(accountId, ticked, at, false),

    /** Resolves when nothing is left to be remembered. */
    settled: (): Promise<void> => running,

    /** Forgets a name, unless it was bought again after `seen`, the moment that was on the page. Whether it was there. */
    forget: (work: Work, accountId: number, name: string, seen: number): Promise<boolean> =>
      work.repeatable(async maybeDone => (await remembered.remove(work, accountId, foldName(name), seen)) || maybeDone),

    knows: (work: Work, accountId: number, name: string): Promise<boolean> =>
      remembered.has(work, accountId, foldName(name)),

    /** Down to MAX_NAMES. */
    trim: (work: Work, accountId: number, keep = MAX_NAMES): Promise<number> =>
      work.repeatable(() => remembered.trim(work, accountId, keep))
  }
}
