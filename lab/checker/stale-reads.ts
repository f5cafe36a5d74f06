import type { Line } from '../workload/history.ts'

export interface StaleReads {
  /** Reads that could have been stale: one of the same customer's writes was acknowledged before they were sent. */
  checked: number
  stale: number
  /** Of the checked reads, those that another web server or another database node answered than the last write. */
  elsewhere: number
  examples: string[]
}

/** Counts list reads that miss an item acknowledged to the same customer before, or still show one acknowledged as removed. */
export function countStaleReads(history: readonly Line[]): StaleReads {
  const result: StaleReads = { checked: 0, stale: 0, elsewhere: 0, examples: [] }
  const customers = new Map<string, Line[]>()
  for (const line of history) {
    if (line.what === 'add' || line.what === 'remove' || line.items) {
      customers.set(line.who, customers.get(line.who) ?? [])
      customers.get(line.who)?.push(line)
    }
  }
  for (const lines of customers.values()) {
    const present = new Set<string>()
    const absent = new Set<string>()
    let lastWrite: Line | undefined
    // A customer does one thing after the other, so the order of sending is the order of everything.
    for (const line of lines.toSorted((a, b) => a.at - b.at)) {
      if (line.what === 'add' && line.item) {
        if (line.outcome === 'ok') {
          present.add(line.item)
          lastWrite = line
        }
      } else if (line.what === 'remove' && line.item) {
        // From the first attempt on, whether it is there is open; after an acknowledgement it is not.
        present.delete(line.item)
        if (line.outcome === 'ok') {
          absent.add(line.item)
          lastWrite = line
        }
      } else if (line.items && line.outcome === 'ok' && lastWrite) {
        result.checked += 1
        if (line.server !== lastWrite.server || line.node !== lastWrite.node) result.elsewhere += 1
        const seen = new Set(line.items)
        const missing = [...present].filter(item => !seen.has(item))
        const back = line.items.filter(item => absent.has(item))
        if (missing.length + back.length > 0) {
          result.stale += 1
          if (result.examples.length < 5) {
            result.examples.push(
              `${line.who} through ${line.server}: ${[...missing.map(item => `misses ${item}`), ...back.map(item => `still shows ${item}`)].join(', ')}`
            )
          }
        }
      }
    }
  }
  return result
}
