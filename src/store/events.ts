/** Whose work met an event: a request, or a job in the background. Neither for a command's. */
export interface Origin {
  readonly requestId: string | undefined
  readonly job: string | undefined
}

/** What the store tells of its own doing, for metrics and the log. */
export interface StoreEvents {
  /** A unit of work, or a read, is run again. `cause` is a driver's code or an error's name. */
  retried(cause: string, origin: Origin): void
  /** A write whose outcome was unknown was settled by running it again under its key. */
  unknownResolved(origin: Origin): void
  /** The node had not caught up in time with what others acknowledged before. */
  causalReadTimedOut(node: string, origin: Origin): void
  connectionOpened(node: string): void
  /** `origin` is undefined for what the pool found out by itself. */
  connectionDiscarded(reason: string, node: string, origin: Origin | undefined): void
  /** A link was asked for a sign of life before it was handed out. */
  connectionChecked(result: 'ok' | 'failed'): void
  /** A write was given up: no node that was tried has room for it. `cause` as above. */
  storageFull(cause: string, origin: Origin): void
  /** A node stopped answering; every connection to it was given up. */
  nodeSilent(node: string): void
}

export const noEvents: StoreEvents = {
  retried() {},
  unknownResolved() {},
  causalReadTimedOut() {},
  connectionOpened() {},
  connectionDiscarded() {},
  connectionChecked() {},
  storageFull() {},
  nodeSilent() {}
}
