import type { Clock, Timer } from './clock.ts'
import type { Connection } from './types.ts'

export interface NodeBalanceOptions<C extends Connection> {
  clock: Clock
  /** How often the shares are looked at, give or take a quarter. */
  everyMs: number
  connect(): Promise<C>
  /** Nodes of the pool's connections, one entry a connection. */
  nodes(): string[]
  /** The pool has no other worries: nobody waits for a connection. */
  isCalm(): boolean
  /** The connection takes the place of one to `crowded`; false when it cannot, and has been closed. */
  exchange(connection: C, crowded: string): boolean
  /** It led where there are enough. */
  surplus(connection: C): void
}

/** While tries lead to the same node again, they come at growing distances: the other one may be away for long. */
const LONGEST_PAUSE_FACTOR = 15
/** A node of which nothing was seen for so long is no longer expected to return. */
const FORGET_AFTER_MS = 600_000

/**
 * Gives a node that returned its share of a pool's connections. When a node dies all its connections are opened anew, and lead
 * to the others; a balancer shares out new connections only, so there they would stay until their age ends them one by one.
 * Whether the node is back only a new connection can tell, and where that leads the balancer decides: while the shares of the
 * nodes that were seen lately differ by two or more, one is tried, and kept if it leads where few do.
 */
export class NodeBalance<C extends Connection> {
  readonly #options: NodeBalanceOptions<C>
  /** When a connection to the node was last in the pool. */
  readonly #seenAt = new Map<string, number>()
  #timer: Timer | undefined
  #stopped = false
  #pauseFactor = 1

  constructor(options: NodeBalanceOptions<C>) {
    this.#options = options
  }

  /** The pool has a connection to this node. */
  saw(node: string): void {
    this.#seenAt.set(node, this.#options.clock.now())
    if (this.#timer === undefined && !this.#stopped) this.#plan()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #plan(): void {
    // At distances of their own: of two pools that try in step, one would be led to the same node each time.
    const pauseMs = this.#options.everyMs * this.#pauseFactor * (0.75 + Math.random() / 2)
    this.#timer = this.#options.clock.after(pauseMs, () => void this.#look()).unref()
  }

  async #look(): Promise<void> {
    const crowded = this.#findCrowded()
    if (crowded === undefined) this.#pauseFactor = 1
    else if (this.#options.isCalm()) await this.#try(crowded)
    if (!this.#stopped) this.#plan()
  }

  /** The node with most connections, if another has two fewer. */
  #findCrowded(): string | undefined {
    const counts = this.#count()
    const [most] = [...counts].sort(([, a], [, b]) => b - a)
    return most && most[1] - Math.min(...counts.values()) >= 2 ? most[0] : undefined
  }

  #count(): Map<string, number> {
    const now = this.#options.clock.now()
    const counts = new Map<string, number>()
    for (const node of this.#options.nodes()) {
      this.#seenAt.set(node, now)
      counts.set(node, (counts.get(node) ?? 0) + 1)
    }
    for (const [node, at] of this.#seenAt) {
      if (now - at > FORGET_AFTER_MS) this.#seenAt.delete(node)
      else if (!counts.has(node)) counts.set(node, 0)
    }
    return counts
  }

  async #try(crowded: string): Promise<void> {
    // As long as the other node is away, this is what happens; a success begins anew.
    this.#pauseFactor = Math.min(LONGEST_PAUSE_FACTOR, this.#pauseFactor * 1.5)
    let connection: C
    try {
      connection = await this.#options.connect()
    } catch {
      return
    }
    const counts = this.#count()
    const here = counts.get(connection.node) ?? 0
    if (this.#stopped || here + 2 > (counts.get(crowded) ?? 0)) {
      this.#options.surplus(connection)
    } else if (this.#options.exchange(connection, crowded)) {
      this.#pauseFactor = 1
    }
  }
}
