import { type Line, listOf, type WriteAction } from '../workload/history.ts'
import { LONGEST_LIST } from '../workload/shopping.ts'
import { groupBy } from './group.ts'
import { findEnds, type State } from './orders.ts'
import { gatherWrites, type Write } from './writes.ts'

export interface Ledger {
  /** Items whose adding was acknowledged. */
  acknowledged: number
  /** Of those that must be there at the end, how many are. */
  present: number
  /** Acknowledged, not taken away by anybody, and not there. */
  lost: number
  /** There more than once. */
  duplicated: number
  /** Taken away with an acknowledgement, or never accepted, and there. */
  resurrected: number
  /** There, but ticked or counted otherwise than was acknowledged; or no order of the writes explains what was answered. */
  altered: number
  /** Writes of which no attempt was ever answered for certain: either end is right. */
  unknown: number
}

export interface LedgerVerdict {
  ledger: Ledger
  verdict: 'good' | 'bad' | 'nothing proved'
  /** The items or the reasons behind the verdict, at most ten. */
  evidence: string[]
}

type Row = Exclude<State, null>

/** What a final list holds of an item: as often as it is there. Without what it tells of older histories, no state. */
type FinalList = ReadonlyMap<string, (Row | undefined)[]>

/**
 * Customers who remove nearly all they add leave little to be looked for: at least half of what was acknowledged is there at the
 * end, or half a full list for each.
 */
export const provesMuch = ({ acknowledged, present }: Ledger, lists: number): boolean =>
  present > 0 && present >= Math.min(acknowledged / 2, (lists * LONGEST_LIST) / 2)

/**
 * Compares what the customers were told with what their lists hold at the end: each item must be in a state that some order of
 * its writes leads to. The final lists are those lines' `items` whose action is `final`; a customer without one proves
 * nothing about its items.
 */
export function checkLedger(history: readonly Line[]): LedgerVerdict {
  const finals = new Map<string, FinalList>()
  for (const line of history) if (line.what === 'final' && line.items) finals.set(listOf(line), readFinal(line))
  const writes = gatherWrites(history)
  const ledger: Ledger = {
    acknowledged: 0,
    present: 0,
    lost: 0,
    duplicated: 0,
    resurrected: 0,
    altered: 0,
    unknown: writes.filter(({ outcome }) => outcome === 'unknown').length
  }
  const bad: string[] = []
  const say = (count: 'lost' | 'duplicated' | 'resurrected' | 'altered', what: string) => {
    ledger[count] += 1
    bad.push(what)
  }
  const unread = new Set<string>()
  const byItem = groupBy(
    writes.flatMap(write => write.items.map(item => ({ item, write }))),
    ({ item }) => item
  )
  for (const [item, itsWrites] of byItem) {
    const fate = itsWrites.map(({ write }) => write)
    const list = (fate[0] as Write).list
    const isDone = (...what: WriteAction[]) => fate.some(write => what.includes(write.what) && write.outcome === 'ok')
    if (isDone('add')) ledger.acknowledged += 1
    const final = finals.get(list)
    if (!final) {
      unread.add(list)
      continue
    }
    const rows = final.get(item) ?? []
    const ends = findEnds(item, fate)
    const mustBeThere = ends.length > 0 && ends.every(end => end !== null)
    if (mustBeThere && rows.length > 0) ledger.present += 1
    if (rows.length > 1) say('duplicated', `${rows.length} times: ${item}`)
    if (ends.length === 0) say('altered', `no order of its writes explains their answers: ${item}`)
    else if (rows.length === 0 && mustBeThere) say('lost', `lost: ${item}`)
    else if (rows.length > 0 && ends.every(end => end === null)) {
      say('resurrected', `${isDone('remove', 'clear', 'undo') ? 'removed' : 'refused'}, yet there: ${item}`)
    }
    const there = ends.filter(end => end !== null)
    for (const row of rows) {
      const wrong = row && there.length > 0 && describeWrong(row, there, fate)
      if (wrong) say('altered', `${wrong}: ${item}`)
    }
  }
  // An item that nobody wrote is as wrong as one that came back.
  for (const [who, items] of finals) {
    for (const item of items.keys()) {
      if (!byItem.has(item)) say('resurrected', `never written, yet there: ${item} (${who})`)
    }
  }

  if (bad.length > 0) return { ledger, verdict: 'bad', evidence: bad.slice(0, 10) }
  const doubts: string[] = []
  if (ledger.acknowledged === 0) doubts.push('no write was acknowledged')
  if (unread.size > 0) doubts.push(`no final list of ${[...unread].sort().join(', ')}`)
  if (ledger.acknowledged > 0 && ledger.present === 0) doubts.push('no acknowledged item was left to be looked for')
  if (doubts.length > 0) return { ledger, verdict: 'nothing proved', evidence: doubts }
  return {
    ledger,
    verdict: 'good',
    evidence: [`${ledger.acknowledged} acknowledged, ${ledger.present} to be there and there`]
  }
}

function readFinal({ items = [], ticked = [], quantities }: Line): FinalList {
  const final = new Map<string, (Row | undefined)[]>()
  const isTicked = new Set(ticked)
  for (const [index, item] of items.entries()) {
    const quantity = quantities?.[index]
    const row = quantity === undefined ? undefined : { quantity, done: isTicked.has(item) }
    final.set(item, [...(final.get(item) ?? []), row])
  }
  return final
}

/** How an item is otherwise than in any of the states in which it may be. */
function describeWrong(row: Row, ends: readonly Row[], fate: readonly Write[]): string | undefined {
  if (ends.some(end => end.done === row.done && end.quantity === row.quantity)) return undefined
  if (ends.every(end => end.done !== row.done)) {
    return row.done ? 'unticked, yet ticked' : 'ticked, yet to buy again'
  }
  const expected = ends.map(end => end.quantity)
  const told = `${row.quantity / 1_000} instead of ${[...new Set(expected)].map(each => each / 1_000).join(' or ')}`
  const off = (by: number) => expected.some(quantity => row.quantity === quantity + by)
  for (const { what, told: line, outcome } of fate) {
    if (outcome !== 'ok') continue
    const { delta = 0 } = line
    if (what === 'adjust' && off(delta)) return `${told}, as if ${step(delta)} counted twice`
    if (what === 'adjust' && off(-delta)) return `${told}, as if ${step(delta)} was lost, or undone twice`
  }
  return fate.some(({ what, outcome }) => what === 'edit' && outcome === 'ok') ? `${told}, an edit lost` : told
}

const step = (delta: number) => `${delta > 0 ? '+' : '−'}${Math.abs(delta) / 1_000}`
