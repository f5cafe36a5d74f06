/** Within this, a second signal is the first one again: npm hands on what the terminal has already sent to everyone. */
const SAME_PRESS_MS = 1_500

export interface Interrupt {
  /** Aborted by the first Ctrl-C, or TERM. */
  readonly signal: AbortSignal
  /** No longer listens. */
  off(): void
}

/** The first Ctrl-C or TERM aborts, so that what is broken is healed; the next one ends the process at once. */
export function listenForInterrupt(say: { first: string; second: string }): Interrupt {
  const interrupt = new AbortController()
  let since = Number.POSITIVE_INFINITY
  const heard = () => {
    if (!interrupt.signal.aborted) {
      since = performance.now()
      console.error(`\n${say.first} (again to end at once)`)
      interrupt.abort()
    } else if (performance.now() - since > SAME_PRESS_MS) {
      console.error(`\n${say.second}`)
      process.exit(130)
    }
  }
  process.on('SIGINT', heard)
  process.on('SIGTERM', heard)
  return {
    signal: interrupt.signal,
    off() {
      process.off('SIGINT', heard)
      process.off('SIGTERM', heard)
    }
  }
}
