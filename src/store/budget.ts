import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * What one piece of work (a request, a command) may spend on the database and what it has spent. It travels beside the
 * work, so that a statement deep inside knows the one deadline, and the answer can name the node and the time without
 * asking anything.
 */
export interface Budget {
  /** `performance.now()` at which the work gives up. */
  deadline: number
  /** Milliseconds spent waiting for the database, connections included. */
  databaseMs: number
  roundTrips: number
  /** The database node that answered last. */
  node: string | undefined
}

const storage = new AsyncLocalStorage<Budget>()

export function newBudget(limitMs: number): Budget {
  return { deadline: performance.now() + limitMs, databaseMs: 0, roundTrips: 0, node: undefined }
}

export const runWithBudget = <R>(budget: Budget, work: () => R): R => storage.run(budget, work)

export const currentBudget = (): Budget | undefined => storage.getStore()
