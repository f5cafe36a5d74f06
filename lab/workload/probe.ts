import { Browser } from './browser.ts'
import type { Line, WorkloadOptions } from './history.ts'
import { record } from './recorder.ts'

/** Long enough for a lost first packet to be sent again, as the network stack does after one second. */
const PROBE_TIMEOUT_MS = 3_000

/** Asks /whoami on a fixed rhythm, each time on a new connection and without waiting for earlier answers. */
export async function probe(options: WorkloadOptions, write: (line: Line) => void, signal: AbortSignal): Promise<void> {
  const browser = new Browser(options.site, false)
  const underWay = new Set<Promise<unknown>>()
  const startedAt = performance.now()
  for (let count = 0; !signal.aborted; count += 1) {
    const sent = record(
      write,
      { who: 'probe', what: 'probe' },
      () => browser.get('/whoami', { accept: 'application/json', timeoutMs: PROBE_TIMEOUT_MS }),
      (answer, line) => {
        if (answer.status === 200 && !line.node) {
          const node = (JSON.parse(answer.body) as { database?: { node?: string } }).database?.node
          if (node) line.node = node
        }
      }
    )
    underWay.add(sent)
    sent.finally(() => underWay.delete(sent))
    const nextAt = startedAt + (count + 1) * options.probeEveryMs
    await new Promise(resolve => setTimeout(resolve, Math.max(0, nextAt - performance.now())))
  }
  await Promise.allSettled(underWay)
}
