import { isWrite, type Line, listOf, type WriteAction } from '../workload/history.ts'

/** All attempts of one write. */
export interface Write {
  list: string
  what: WriteAction
  operation: string
  /** The item written; of a clearing all that were asked for, of an undo those of what it takes back. */
  items: readonly string[]
  /** When it was first sent. */
  startMs: number
  /** When it was first acknowledged; infinite: never. */
  endMs: number
  outcome: Line['outcome']
  /** The line that acknowledged it, else its first. */
  told: Line
}

/**
 * The writes of a history, in the order in which they were begun. One that an attempt left unknown stays so whatever a later
 * attempt was refused for; one that is acknowledged as refused was not done.
 */
export function gatherWrites(history: readonly Line[]): Write[] {
  const writes = new Map<string, Write>()
  for (const line of history.toSorted((a, b) => a.at - b.at)) {
    const { what, item, asked, at, ms } = line
    if (!isWrite(what)) continue
    const list = listOf(line)
    const operation = line.operation ?? `${what} ${item}`
    const outcome = line.refused === undefined ? line.outcome : 'fail'
    const known = writes.get(`${list} ${operation}`)
    if (!known) {
      const undone = what === 'undo' ? writes.get(`${list} ${line.undoes}`)?.items : undefined
      writes.set(`${list} ${operation}`, {
        list,
        what,
        operation,
        items: undone ?? asked ?? (item === undefined ? [] : [item]),
        startMs: at,
        endMs: outcome === 'ok' ? at + ms : Number.POSITIVE_INFINITY,
        outcome,
        told: line
      })
    } else if (outcome === 'ok' && known.outcome !== 'ok') {
      Object.assign(known, { endMs: at + ms, outcome, told: line })
    } else if (outcome === 'unknown' && known.outcome === 'fail') known.outcome = outcome
  }
  return [...writes.values()]
}
