import type { Connection as Pooled } from './pool/types.ts'

/** A connection to a database node, in the pool's keeping. */
export interface Connection extends Pooled {
  readonly role: string
  /** Its reads see what was acknowledged before, on whichever node: they wait for that, or stay on the primary. */
  readonly isCausal: boolean
  /**
   * @param isCaughtUp the node is known to have caught up with what was acknowledged before: a read need not wait for it
   * @throws the driver's error, or StatementTimeout after `timeoutMs`; the connection is then destroyed
   */
  run(sql: string, params: unknown[], timeoutMs: number, isCaughtUp?: boolean): Promise<Answer>
  /** Asks the node who it is. @throws like `run` */
  describe(timeoutMs: number): Promise<NodeInfo>
}

/** Rows as arrays in the order of the columns; for a write, how many rows it touched. */
export interface Answer {
  rows: unknown[][]
  affectedRows: number
}

/** The node that answered, as `status` shows it. */
export interface NodeInfo {
  node: string
  /** `primary` takes writes (every Galera node does), `standby` does not. */
  role: string
  version: string
  /** Members of the Galera cluster, or 1. */
  clusterSize: number
}
