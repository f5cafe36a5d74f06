import { StatementTimeout } from './failures.ts'
import type { Link } from './pool.ts'

export interface NodeWatchOptions {
  everyMs: number
  silentMs: number
  /** An idle link to a node that is wanted, which is then the watch's own. */
  lend(isWanted: (node: string) => boolean): Link | undefined
  /** `performance.now()` at which the node last answered on another link. */
  heardAt(node: string): number
  /** The node gave a sign of life. */
  heard(): void
  /** A link of the watch's own is no more. */
  lost(node: string): void
  /** The node no longer answers, on any link. */
  silent(node: string): void
}

/**
 * Keeps one link to each node aside and asks on it, over and over, for a sign of life. Only so can a node that is dead be
 * told from one that takes its time: behind a balancer a new connection leads anywhere, and on a busy link nothing can
 * be asked. A node is silent when the question got no answer and no other link to it has had one lately either.
 */
export class NodeWatch {
  readonly #options: NodeWatchOptions
  readonly #links = new Map<string, Link>()
  readonly #asked = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: NodeWatchOptions) {
    this.#options = options
  }

  /** How many nodes it watches. */
  get size(): number {
    return this.#links.size
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#beat(), this.#options.everyMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    for (const link of this.#links.values()) link.destroy()
    this.#links.clear()
  }

  #beat(): void {
    const isUnwatched = (node: string) => !this.#links.has(node)
    for (let link = this.#options.lend(isUnwatched); link; link = this.#options.lend(isUnwatched)) {
      this.#links.set(link.node, link)
    }
    for (const [node, link] of this.#links) if (!this.#asked.has(node)) void this.#ask(node, link)
  }

  async #ask(node: string, link: Link): Promise<void> {
    const { silentMs, heardAt, heard, lost, silent } = this.#options
    this.#asked.add(node)
    try {
      await link.check(silentMs)
      heard()
    } catch (error) {
      if (this.#links.get(node) !== link) return // stopped meanwhile
      this.#links.delete(node)
      link.destroy()
      lost(node)
      if (error instanceof StatementTimeout && performance.now() - heardAt(node) > silentMs / 2) silent(node)
    } finally {
      this.#asked.delete(node)
    }
  }
}
