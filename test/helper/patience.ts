/** Every patience in one place; a slow machine sets the multiplier. */
const patience = Number(process.env.CARRINHO_TEST_PATIENCE ?? 1)
export const withinMs = {
  start: 60_000 * patience,
  stop: 30_000 * patience,
  command: 60_000 * patience,
  answer: 30_000 * patience,
  recovery: 30_000 * patience
}

/** A deadline of the server under test, in its environment: as much longer as this machine may be slower. */
export const patiently = (ms: number) => String(ms * patience)

export const wait = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

/** Tries until `fn` returns without throwing; at the deadline throws what it threw last. */
export async function eventually<T>(
  fn: () => T | Promise<T>,
  options: { withinMs?: number; everyMs?: number } = {}
): Promise<T> {
  const deadline = Date.now() + (options.withinMs ?? withinMs.recovery)
  while (true) {
    try {
      return await fn()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await wait(options.everyMs ?? 25)
  }
}

/** For what is counted in a window of time: tries again, where it took longer than the window and so says nothing. */
export async function inOneWindow(windowMs: number, attempt: () => Promise<void>): Promise<void> {
  for (let time = 1; ; time++) {
    const begin = performance.now()
    const isInTime = () => performance.now() - begin < windowMs
    try {
      await attempt()
      if (isInTime()) return
    } catch (error) {
      if (isInTime() || time === 5) throw error
    }
  }
}
