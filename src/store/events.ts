/** What the store tells of its own doing, for metrics and the log. */
export interface StoreEvents {
  /** A unit of work, or a read, is run again. `cause` is a driver's code or an error's name. */
  retried(cause: string): void
  /** A write whose outcome was unknown was settled by running it again under its key. */
  unknownResolved(): void
  connectionOpened(node: string): void
  connectionDiscarded(reason: string): void
  /** A node stopped answering; every connection to it was given up. */
  nodeSilent(node: string): void
}

export const noEvents: StoreEvents = {
  retried() {},
  unknownResolved() {},
  connectionOpened() {},
  connectionDiscarded() {},
  nodeSilent() {}
}
