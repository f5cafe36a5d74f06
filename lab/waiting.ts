import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until the answer is yes. @throws when it is not within the budget */
export async function waitFor(
  what: string,
  budgetMs: number,
  isSo: () => Promise<boolean>,
  everyMs = 250
): Promise<number> {
  const startedAt = Date.now()
  while (!(await isSo())) {
    if (Date.now() - startedAt > budgetMs) throw new Error(`${what}: not within ${Math.round(budgetMs / 1000)} s`)
    await sleep(everyMs)
  }
  return Date.now() - startedAt
}

/** The promise's value, or undefined when it takes longer. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController()
  try {
    return await Promise.race([promise, sleep(ms, undefined, { signal: timer.signal })])
  } finally {
    timer.abort()
  }
}
