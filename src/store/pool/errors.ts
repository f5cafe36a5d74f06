/** No connection could be had: refused, timed out, or none free in time. Nothing was sent. */
export class NoConnection extends Error {
  readonly reason: 'connect' | 'queue' | 'closed'

  constructor(reason: 'connect' | 'queue' | 'closed', message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NoConnection'
    this.reason = reason
  }
}

/** The node did not answer a statement in time; its connection was destroyed. */
export class StatementTimeout extends Error {
  constructor(ms: number) {
    super(`no answer within ${Math.round(ms)} ms`)
    this.name = 'StatementTimeout'
  }
}

/** The connection broke under a statement: it may have been carried out. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : 'connection lost', { cause })
    this.name = 'ConnectionLost'
  }
}
