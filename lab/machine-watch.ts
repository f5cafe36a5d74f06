import { createInterface } from 'node:readline'
import type { Lab } from './lab.ts'
import type { Standstill } from './workload/machine.ts'

/**
 * Watches the one machine under all the lab's hosts while they are broken: what a shopper waited is only as good as the disk
 * and the processor that everybody shared meanwhile.
 */
export class MachineWatch {
  readonly #child: ReturnType<Lab['spawnIn']>
  readonly #standstills: Standstill[] = []

  constructor(lab: Lab) {
    this.#child = lab.spawnIn('client', ['node', '/lab/workload/machine.ts'])
    if (!this.#child.stdout) throw new Error('the watch on the machine has no output')
    createInterface({ input: this.#child.stdout }).on('line', text => {
      const told = readStandstill(text)
      if (told) this.#standstills.push(told)
    })
  }

  /** The longest moments of disk and of processor that touch the time between, in milliseconds; 0 when none was worth telling. */
  longest(fromMs: number, untilMs: number): Record<Standstill['what'], number> {
    const longest = { disk: 0, processor: 0 }
    for (const { at, ms, what } of this.#standstills) {
      if (at + ms >= fromMs && at <= untilMs) longest[what] = Math.max(longest[what], ms)
    }
    return longest
  }

  end(): void {
    this.#child.stdin?.end()
  }
}

/** Undefined for what was cut off in the middle, because the run was. */
function readStandstill(text: string): Standstill | undefined {
  try {
    return JSON.parse(text) as Standstill
  } catch {
    return undefined
  }
}
