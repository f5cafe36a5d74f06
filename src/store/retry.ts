import { setTimeout as sleep } from 'node:timers/promises'
import { databaseUnavailable } from '../errors.ts'
import { currentBudget } from './budget.ts'
import type { StoreEvents } from './events.ts'
import { failureName, type Verdict } from './failures.ts'

const FIRST_WAIT_MS = 15
const LONGEST_WAIT_MS = 250

export interface RetryOptions {
  verdict(error: unknown): Verdict
  events: StoreEvents
  /** Used where no budget is in force: commands and work in the background. */
  defaultLimitMs: number
  /**
   * Running the unit a second time has the same effect as running it once: it only reads, sets an absolute value, or
   * carries a key. Only then is it run again when its outcome is unknown.
   */
  repeatable: boolean
}

/**
 * Runs a whole unit of work, again where that is safe and may help, until the budget's deadline. `work` is told
 * whether an earlier try may have taken effect.
 * @throws AppError database_unavailable when the deadline comes first; otherwise the unit's own error
 */
export async function runUnit<R>(work: (maybeDone: boolean) => Promise<R>, options: RetryOptions): Promise<R> {
  const deadline = currentBudget()?.deadline ?? performance.now() + options.defaultLimitMs
  let maybeDone = false
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      const result = await work(maybeDone)
      if (maybeDone) options.events.unknownResolved()
      return result
    } catch (error) {
      const verdict = options.verdict(error)
      if (verdict === 'final' || verdict === 'duplicate') throw error
      if (verdict === 'unknown' && !options.repeatable) throw databaseUnavailable(error)
      maybeDone ||= verdict === 'unknown'
      // Jitter, so that servers which failed together do not come back together.
      const pause = wait * (0.5 + Math.random() / 2)
      if (performance.now() + pause >= deadline) throw databaseUnavailable(error)
      options.events.retried(failureName(error))
      await sleep(pause)
    }
  }
}
