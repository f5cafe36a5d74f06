import type { Clock, Timer } from './clock.ts'
import { StatementTimeout } from './errors.ts'
import type { Connection } from './types.ts'

export interface NodeWatchOptions<C extends Connection> {
  clock: Clock
  everyMs: number
  silentMs: number
  /** An idle connection to a node that is wanted, which is then the watch's own. */
  lend(isWanted: (node: string) => boolean): C | undefined
  /** The clock's time at which the node last answered on another connection. */
  heardAt(node: string): number
  /** The node gave a sign of life. */
  heard(): void
  /** A connection of the watch's own is no more. */
  lost(node: string): void
  /** The node no longer answers, on any connection. */
  silent(node: string): void
}

/**
 * Keeps one connection to each node aside and asks on it, over and over, for a sign of life. Only so can a node that is dead be
 * told from one that takes its time: behind a balancer a new connection leads anywhere, and on a busy connection nothing can
 * be asked. A node is silent when the question got no answer and no other connection to it has had one lately either.
 */
export class NodeWatch<C extends Connection> {
  readonly #options: NodeWatchOptions<C>
  readonly #connections = new Map<string, C>()
  readonly #asked = new Set<string>()
  #timer: Timer | undefined

  constructor(options: NodeWatchOptions<C>) {
    this.#options = options
  }

  /** How many nodes it watches. */
  get size(): number {
    return this.#connections.size
  }

  start(): void {
    this.#timer ??= this.#plan()
  }

  #plan(): Timer {
    const { clock, everyMs } = this.#options
    return clock
      .after(everyMs, () => {
        this.#timer = this.#plan()
        this.#beat()
      })
      .unref()
  }

  stop(): void {
    this.#timer?.cancel()
    for (const connection of this.#connections.values()) connection.destroy()
    this.#connections.clear()
  }

  #beat(): void {
    const isUnwatched = (node: string) => !this.#connections.has(node)
    for (let connection = this.#options.lend(isUnwatched); connection; connection = this.#options.lend(isUnwatched)) {
      this.#connections.set(connection.node, connection)
    }
    for (const [node, connection] of this.#connections) if (!this.#asked.has(node)) void this.#ask(node, connection)
  }

  async #ask(node: string, connection: C): Promise<void> {
    const { clock, silentMs, heardAt, heard, lost, silent } = this.#options
    this.#asked.add(node)
    try {
      await connection.check(silentMs)
      heard()
    } catch (error) {
      if (this.#connections.get(node) !== connection) return // stopped meanwhile
      this.#connections.delete(node)
      connection.destroy()
      lost(node)
      if (error instanceof StatementTimeout && clock.now() - heardAt(node) > silentMs / 2) silent(node)
    } finally {
      this.#asked.delete(node)
    }
  }
}
