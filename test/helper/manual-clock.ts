import { setImmediate as settled } from 'node:timers/promises'
import type { Clock, Timer } from '../../src/store/pool/clock.ts'

/** A clock that stands still but for `advance`. */
export class ManualClock implements Clock {
  #now = 1_000_000
  readonly #timers = new Set<{ at: number; callback: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): Timer {
    const planned = { at: this.#now + Math.max(1, ms), callback }
    this.#timers.add(planned)
    const timer: Timer = { cancel: () => void this.#timers.delete(planned), unref: () => timer }
    return timer
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  /** Whatever is due within `ms` happens, each at its time, and what follows from it. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      await settled()
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
    }
    this.#now = until
  }
}
