import { type Line, listOf } from '../workload/history.ts'

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
  added: number
  /** Removals of an item that was there. */
  removed: number
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
 * Whether each list's changes are numbered up to its version, without gaps or repetitions; from 1 on, and leading to the items
 * that are there and to what was acknowledged, where the whole life of the list lies in this run.
 */
export function checkNumbers(lists: readonly NumberedList[], history: readonly Line[], run: string): Numbers {
  const told = tellAdditions(history)
  const wrong: string[] = []
  const ofRun = new Set<string>()
  for (const list of lists) {
    const { owner, version, changes, numbers, first, last, added, removed, items } = list
    const say = (what: string) => wrong.push(`${owner}: ${what}`)
    if (numbers !== changes) say(`${changes} changes with ${numbers} numbers`)
    if (changes > 0 && last - first + 1 !== numbers) say(`${numbers} numbers from ${first} to ${last}`)
    if (last !== version && (changes > 0 || isOfRun(owner, run))) say(`version ${version}, last change ${last}`)
    if (!isOfRun(owner, run)) continue
    const who = owner.split('.', 1)[0] as string
    ofRun.add(who)
    if (changes > 0 && first !== 1) say(`its first change is ${first}`)
    if (added - removed !== items) say(`${added} added, ${removed} removed, ${items} there`)
    const { acknowledged = 0, undecided = 0 } = told.get(who) ?? {}
    if (added < acknowledged || added > acknowledged + undecided)
      say(`${acknowledged} additions acknowledged, ${undecided} undecided, ${added} changes that add`)
  }
  for (const who of told.keys()) if (!ofRun.has(who)) wrong.push(`${who}: no list`)
  return {
    lists: lists.length,
    changes: lists.reduce((sum, list) => sum + list.changes, 0),
    ofRun: ofRun.size,
    wrong
  }
}

const isOfRun = (owner: string, run: string) => owner.endsWith(`.${run}@example.org`)

function tellAdditions(history: readonly Line[]): Map<string, { acknowledged: number; undecided: number }> {
  const best = new Map<string, Map<string, Line['outcome']>>()
  for (const line of history) {
    if (line.what !== 'add' || !line.item) continue
    const items = best.get(listOf(line)) ?? new Map<string, Line['outcome']>()
    best.set(listOf(line), items)
    const before = items.get(line.item)
    if (before === undefined || before === 'fail' || line.outcome === 'ok') items.set(line.item, line.outcome)
  }
  const count = (items: Map<string, Line['outcome']>, outcome: Line['outcome']) =>
    [...items.values()].filter(each => each === outcome).length
  return new Map(
    [...best].map(([who, items]) => [who, { acknowledged: count(items, 'ok'), undecided: count(items, 'unknown') }])
  )
}
