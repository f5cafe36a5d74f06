import { Browser, findForm } from './browser.ts'
import type { Line, WorkloadOptions } from './history.ts'
import { record } from './recorder.ts'

/** Under way at most: in an outage more would only queue up before the customers. */
const MOST_UNDER_WAY = 50
const PASSWORD = 'uma palavra-passe de laboratório'

/** Looks at the list of an account of its own on a fixed rhythm, each time on a new connection and without waiting for earlier answers. */
export class Probe {
  readonly #options: WorkloadOptions
  readonly #write: (line: Line) => void
  readonly #browser: Browser

  constructor(options: WorkloadOptions, write: (line: Line) => void) {
    this.#options = options
    this.#write = write
    this.#browser = new Browser(options.site, false)
  }

  /** The account whose list is looked at. Not part of the history. @throws when the site has no answer to it */
  async signUp(): Promise<void> {
    const { prefix, run } = this.#options
    const form = findForm((await this.#browser.get('/signup')).body, '/signup')
    const email = `${prefix}probe.${run}@example.org`
    const { status } = await this.#browser.post('/signup', { ...form, name: `Probe ${run}`, email, password: PASSWORD })
    if (status !== 303) throw new Error(`the probe could not sign up: ${status}`)
  }

  async look(signal: AbortSignal): Promise<void> {
    const underWay = new Set<Promise<unknown>>()
    const startedAt = performance.now()
    for (let count = 0; !signal.aborted; count += 1) {
      if (underWay.size < MOST_UNDER_WAY) {
        const sent = record(this.#write, { who: 'probe', what: 'probe' }, () =>
          this.#browser.get('/carrinho/', { accept: 'application/json' })
        )
        underWay.add(sent)
        sent.finally(() => underWay.delete(sent))
      }
      const nextAt = startedAt + (count + 1) * this.#options.probeEveryMs
      await new Promise(resolve => setTimeout(resolve, Math.max(0, nextAt - performance.now())))
    }
    await Promise.allSettled(underWay)
  }
}
