import type { Line } from '../workload/history.ts'
import { groupBy } from './group.ts'
import { gatherWrites, type Write } from './writes.ts'

/** Each write of these that is acknowledged is one change, whatever was sent again. */
export const COUNTED_KINDS = ['add', 'tick', 'adjust', 'clear', 'undo'] as const

/** One list and what the table of changes holds of it, as a database node has them. */
export interface NumberedList {
  /** Its owner's e-mail. */
  owner: string
  version: number
  /** Rows, and the different numbers among them. */
  changes: number
  numbers: number
  /** The lowest and the highest number; 0 without changes. */
  first: number
  last: number
  /** Changes, by their kind. */
  kinds: Record<(typeof COUNTED_KINDS)[number], number>
  /** Items that changes of any kind brought, also back; and that they took away. */
  came: number
  went: number
  /** Items on the list now. */
  items: number
}

export interface Numbers {
  lists: number
  changes: number
  /** Lists of this run's customers. */
  ofRun: number
  /** What is wrong, in words. */
  wrong: string[]
}

/**
 * Whether each list's changes are numbered up to its version, without gaps or repetitions; from 1 on, leading to the items
 * that are there, and one for each write that was acknowledged, where the whole life of the list lies in this run.
 */
export function checkNumbers(lists: readonly NumberedList[], history: readonly Line[], run: string): Numbers {
  const told = groupBy(gatherWrites(history), ({ list }) => list)
  const wrong: string[] = []
  const ofRun = new Set<string>()
  for (const list of lists) {
    const { owner, version, changes, numbers, first, last, kinds, came, went, items } = list
    const say = (what: string) => wrong.push(`${owner}: ${what}`)
    if (numbers !== changes) say(`${changes} changes with ${numbers} numbers`)
    if (changes > 0 && last - first + 1 !== numbers) say(`${numbers} numbers from ${first} to ${last}`)
    if (last !== version && (changes > 0 || isOfRun(owner, run))) say(`version ${version}, last change ${last}`)
    if (!isOfRun(owner, run)) continue
    const who = owner.split('.', 1)[0] as string
    ofRun.add(who)
    if (changes > 0 && first !== 1) say(`its first change is ${first}`)
    if (came - went !== items) say(`${came} came, ${went} went, ${items} there`)
    for (const kind of COUNTED_KINDS) {
      const asked = (told.get(who) ?? []).filter(write => write.what === kind && !hadNothingToDo(write))
      const acknowledged = asked.filter(({ outcome }) => outcome === 'ok').length
      const undecided = asked.filter(({ outcome }) => outcome === 'unknown').length
      const made = kinds[kind]
      if (made < acknowledged || made > acknowledged + undecided)
        say(`${acknowledged} × ${kind} acknowledged, ${undecided} undecided, ${made} such changes`)
    }
  }
  for (const who of told.keys()) if (!ofRun.has(who)) wrong.push(`${who}: no list`)
  return {
    lists: lists.length,
    changes: lists.reduce((sum, list) => sum + list.changes, 0),
    ofRun: ofRun.size,
    wrong
  }
}

/** Another tab had cleared, or changed, all that this one saw: then no change is made. */
const hadNothingToDo = ({ outcome, told }: Write) => outcome === 'ok' && told.cleared?.length === 0

const isOfRun = (owner: string, run: string) => owner.endsWith(`.${run}@example.org`)
