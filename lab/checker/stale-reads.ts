import { type Line, listOf } from '../workload/history.ts'
import { groupBy } from './group.ts'
import { gatherWrites, type Write } from './writes.ts'

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

/** What a write makes of an item: there or not, ticked or not. Undefined: that depends on what it was. */
interface Made {
  startMs: number
  endMs: number
  value: boolean | undefined
}

/** All that is made of an item in the one respect or the other, in the order in which it was begun. */
interface Register {
  made: Made[]
  /** When all of it was acknowledged; and what it is from then on. */
  settledMs: number
  settled: boolean | undefined
}

interface Knowledge {
  there: Register
  done: Register
}

/**
 * Counts list reads that are older than what was acknowledged before they were sent: an item is not there, or still there, ticked or
 * not. By real time alone, so that it holds for one customer and for several tabs that write on one list at the same time.
 */
export function countStaleReads(history: readonly Line[]): StaleReads {
  const result: StaleReads = { checked: 0, stale: 0, elsewhere: 0, otherServer: 0, examples: [] }
  const reads = history.filter(line => line.items && line.outcome === 'ok').sort((a, b) => a.at - b.at)
  const readsOf = groupBy(reads, listOf)
  for (const [list, writes] of groupBy(gatherWrites(history), write => write.list)) {
    const items = learn(writes)
    const acknowledged = writes.filter(({ outcome }) => outcome === 'ok').sort((a, b) => a.endMs - b.endMs)
    let before = 0
    for (const read of readsOf.get(list) ?? []) {
      while (before < acknowledged.length && (acknowledged[before] as Write).endMs <= read.at) before += 1
      const lastWrite = acknowledged[before - 1]?.told
      if (!lastWrite) continue
      result.checked += 1
      if (read.server !== lastWrite.server) result.otherServer += 1
      if (read.server !== lastWrite.server || read.node !== lastWrite.node) result.elsewhere += 1
      const wrong = findWrong(read, items)
      if (wrong.length === 0) continue
      result.stale += 1
      if (result.examples.length < 5) {
        result.examples.push(`${read.who} through ${read.server}: ${wrong.slice(0, 5).join(', ')}`)
      }
    }
  }
  return result
}

function findWrong(read: Line, items: ReadonlyMap<string, Knowledge>): string[] {
  const seen = new Set(read.items)
  const ticked = read.ticked && new Set(read.ticked)
  const wrong: string[] = []
  for (const [item, { there, done }] of items) {
    const isThere = knownAt(there, read)
    if (isThere === true && !seen.has(item)) wrong.push(`misses ${item}`)
    if (isThere === false && seen.has(item)) wrong.push(`still shows ${item}`)
    if (!ticked || !seen.has(item)) continue
    const isTicked = knownAt(done, read)
    if (isTicked !== undefined && isTicked !== ticked.has(item)) {
      wrong.push(`${item} ${isTicked ? 'not ticked yet' : 'still ticked'}`)
    }
  }
  return wrong
}

/** What a read must see, if that is known. */
function knownAt({ made, settledMs, settled }: Register, { at, ms }: Line): boolean | undefined {
  const [first] = made
  if (!first || first.startMs > at + ms) return undefined
  if (settledMs <= at) return settled
  if (made.some(({ startMs, endMs }) => endMs > at && startMs <= at + ms)) return undefined
  return lastOf(made.filter(({ endMs }) => endMs <= at))
}

/** Undefined also where several may have been the last. */
function lastOf(made: readonly Made[]): boolean | undefined {
  const lastStartMs = Math.max(...made.map(({ startMs }) => startMs))
  const values = new Set(made.filter(({ endMs }) => endMs >= lastStartMs).map(({ value }) => value))
  return values.size === 1 ? [...values][0] : undefined
}

function learn(writes: readonly Write[]): Map<string, Knowledge> {
  const items = new Map<string, Knowledge>()
  const byOperation = new Map(writes.map(write => [write.operation, write]))
  for (const write of writes) {
    if (write.outcome === 'fail') continue
    for (const item of write.items) {
      const known = items.get(item) ?? { there: newRegister(), done: newRegister() }
      items.set(item, known)
      const { startMs, endMs } = write
      const undone = write.told.undoes === undefined ? undefined : byOperation.get(write.told.undoes)
      const { there, done } = makes(write, item, undone)
      if (there !== 'untouched') known.there.made.push({ startMs, endMs, value: there })
      if (done !== 'untouched') known.done.made.push({ startMs, endMs, value: done })
    }
  }
  for (const register of [...items.values()].flatMap(({ there, done }) => [there, done])) {
    register.settledMs = Math.max(...register.made.map(({ endMs }) => endMs))
    register.settled = lastOf(register.made)
  }
  return items
}

const newRegister = (): Register => ({ made: [], settledMs: 0, settled: undefined })

type Value = boolean | undefined | 'untouched'

function makes({ what, told }: Write, item: string, undone: Write | undefined): { there: Value; done: Value } {
  const untouched = { there: 'untouched', done: 'untouched' } as const
  if (what === 'add') return { there: true, done: false }
  if (what === 'remove') return { ...untouched, there: false }
  if (what === 'tick') return told.missing ? untouched : { ...untouched, done: told.done }
  if (what === 'clear') {
    if (!told.cleared) return { ...untouched, there: undefined }
    return told.cleared.includes(item) ? { ...untouched, there: false } : untouched
  }
  if (what !== 'undo' || !undone) return untouched
  if (undone.what === 'add') return { ...untouched, there: false }
  if (undone.what === 'tick') return { ...untouched, done: !undone.told.done }
  if (undone.what === 'remove') return { there: true, done: undefined }
  if (undone.what !== 'clear') return untouched
  return undone.told.cleared?.includes(item) ? { there: true, done: true } : untouched
}
