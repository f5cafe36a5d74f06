/** The time, and what happens later. Tests hand in one that they move on themselves. */
export interface Clock {
  /** Milliseconds from some fixed point, never set back. */
  now(): number
  after(ms: number, callback: () => void): Timer
}

export interface Timer {
  cancel(): void
  /** The process need not stay for it. */
  unref(): Timer
}

export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timeout = setTimeout(callback, ms)
    const timer: Timer = {
      cancel: () => clearTimeout(timeout),
      unref() {
        timeout.unref()
        return timer
      }
    }
    return timer
  }
}
