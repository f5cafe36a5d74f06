/** One connection to a database node, as the pool sees it. */
export interface Connection {
  /** The node at the other end, as it names itself. */
  readonly node: string
  /** Asks for a sign of life. @throws StatementTimeout after `timeoutMs`, else the driver's error; it is then destroyed */
  check(timeoutMs: number): Promise<void>
  /** Closed, broken or destroyed. */
  isGone(): boolean
  /** Ends it at once, whatever it is doing; an open transaction is rolled back by the server. */
  destroy(): void
  /** Called once when the connection breaks while idle. */
  onGone(listener: () => void): void
}

/** Whose question met an event; handed on to the events as it is. */
export interface Asker {
  readonly requestId: string | undefined
  readonly job: string | undefined
}

export interface PoolEvents {
  connectionOpened(node: string): void
  /** `asker` is undefined for what the pool found out by itself. */
  connectionDiscarded(reason: string, node: string, asker: Asker | undefined): void
  /** A connection was asked for a sign of life before it was handed out. */
  connectionChecked(result: 'ok' | 'failed'): void
  /** A node stopped answering; every connection to it was given up. */
  nodeSilent(node: string): void
}

export interface PoolGauges {
  open: number
  idle: number
  waiting: number
  /** Connections beside the pool's, one a node, on which only signs of life are asked for. */
  watching: number
}
