import type { Asker, PoolEvents } from './pool/types.ts'

/** Whose work met an event: a request, or a job in the background. Neither for a command's. */
export type Origin = Asker

/** What the store tells of its own doing, for metrics and the log. */
export interface StoreEvents extends PoolEvents {
  /** A unit of work, or a read, is run again. `cause` is a driver's code or an error's name. */
  retried(cause: string, origin: Origin): void
  /** A write whose outcome was unknown was settled by running it again under its key. */
  unknownResolved(origin: Origin): void
  /** The node had not caught up in time with what others acknowledged before. */
  causalReadTimedOut(node: string, origin: Origin): void
  /** A write was given up: no node that was tried has room for it. `cause` as above. */
  storageFull(cause: string, origin: Origin): void
  /** The same, as no node that was tried takes writes. */
  readOnly(cause: string, origin: Origin): void
}

export const noEvents: StoreEvents = {
  retried() {},
  unknownResolved() {},
  causalReadTimedOut() {},
  connectionOpened() {},
  connectionDiscarded() {},
  connectionChecked() {},
  storageFull() {},
  readOnly() {},
  nodeSilent() {}
}
