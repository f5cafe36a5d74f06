import type { Origin } from './events.ts'

/** What a piece of work has spent, kept by whoever runs its statements. */
export interface Bill extends Origin {
  /** `performance.now()` at which the work gives up. */
  readonly deadline: number
  /** Milliseconds spent waiting for the database, connections included. */
  databaseMs: number
  roundTrips: number
  /** The database node that answered last. */
  node: string | undefined
  /**
   * The node on which this work waited to see all that was acknowledged before it began: no read there waits again. Undefined
   * after each write of its own, which may have gone to another node.
   */
  caughtUpNode: string | undefined
}
