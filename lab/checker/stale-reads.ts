import { type Line, listOf } from '../workload/history.ts'

export interface StaleReads {
  /** Reads that could have been stale: a write on the same list was acknowledged before they were sent. */
  checked: number
  stale: number
  /** Of the checked reads, those that another web server or another database node answered than the last write. */
  elsewhere: number
  /** Of the checked reads, those that another web server answered. */
  otherServer: number
  examples: string[]
}

/** What was known of an item, and from when on. Infinite: never. */
interface Knowledge {
  addedMs: number
  /** From the first attempt to remove it, whether it is there is open. */
  removingMs: number
  removedMs: number
}

/**
 * Counts list reads that miss an item acknowledged before they were sent, or still show one acknowledged as removed. By
 * real time alone, so that it holds for one customer and for several tabs that write on one list at the same time.
 */
export function countStaleReads(history: readonly Line[]): StaleReads {
  const result: StaleReads = { checked: 0, stale: 0, elsewhere: 0, otherServer: 0, examples: [] }
  for (const lines of groupByList(history).values()) {
    const items = learn(lines)
    const writes = lines
      .filter(line => (line.what === 'add' || line.what === 'remove') && line.outcome === 'ok')
      .map(line => ({ line, doneMs: line.at + line.ms }))
      .sort((a, b) => a.doneMs - b.doneMs)
    let before = 0
    for (const read of lines) {
      if (!read.items || read.outcome !== 'ok') continue
      while (before < writes.length && (writes[before]?.doneMs ?? 0) <= read.at) before += 1
      const lastWrite = writes[before - 1]?.line
      if (!lastWrite) continue
      result.checked += 1
      if (read.server !== lastWrite.server) result.otherServer += 1
      if (read.server !== lastWrite.server || read.node !== lastWrite.node) result.elsewhere += 1
      const seen = new Set(read.items)
      const missing = [...items].filter(
        ([item, { addedMs, removingMs }]) => addedMs <= read.at && removingMs > read.at + read.ms && !seen.has(item)
      )
      const back = read.items.filter(item => (items.get(item)?.removedMs ?? Number.POSITIVE_INFINITY) <= read.at)
      if (missing.length + back.length === 0) continue
      result.stale += 1
      if (result.examples.length < 5) {
        const wrong = [...missing.map(([item]) => `misses ${item}`), ...back.map(item => `still shows ${item}`)]
        result.examples.push(`${read.who} through ${read.server}: ${wrong.join(', ')}`)
      }
    }
  }
  return result
}

/** Each list's lines in the order in which they were sent. */
function groupByList(history: readonly Line[]): Map<string, Line[]> {
  const lists = new Map<string, Line[]>()
  for (const line of history) {
    if (line.what !== 'add' && line.what !== 'remove' && !line.items) continue
    const known = lists.get(listOf(line))
    if (known) known.push(line)
    else lists.set(listOf(line), [line])
  }
  for (const lines of lists.values()) lines.sort((a, b) => a.at - b.at)
  return lists
}

function learn(lines: readonly Line[]): Map<string, Knowledge> {
  const items = new Map<string, Knowledge>()
  for (const { what, item, outcome, at, ms } of lines) {
    if (!item) continue
    const known = items.get(item) ?? {
      addedMs: Number.POSITIVE_INFINITY,
      removingMs: Number.POSITIVE_INFINITY,
      removedMs: Number.POSITIVE_INFINITY
    }
    items.set(item, known)
    if (what === 'add' && outcome === 'ok') known.addedMs = Math.min(known.addedMs, at + ms)
    if (what !== 'remove') continue
    known.removingMs = Math.min(known.removingMs, at)
    if (outcome === 'ok') known.removedMs = Math.min(known.removedMs, at + ms)
  }
  return items
}
