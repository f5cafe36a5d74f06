import { type Line, listOf } from '../workload/history.ts'
import { LONGEST_LIST } from '../workload/shopping.ts'

export interface Ledger {
  /** Items whose adding was acknowledged. */
  acknowledged: number
  /** Of those that must be there at the end, how many are. */
  present: number
  /** Acknowledged, never asked to be removed, and not there. */
  lost: number
  /** There more than once. */
  duplicated: number
  /** Removed with an acknowledgement, or never accepted, and there. */
  resurrected: number
  /** Writes of which no attempt was ever answered for certain: either end is right. */
  unknown: number
}

export interface LedgerVerdict {
  ledger: Ledger
  verdict: 'good' | 'bad' | 'nothing proved'
  /** The items or the reasons behind the verdict, at most ten. */
  evidence: string[]
}

interface Fate {
  who: string
  adds: Line['outcome'][]
  removes: Line['outcome'][]
}

const was = (outcomes: Line['outcome'][]) =>
  outcomes.includes('ok') ? 'ok' : outcomes.includes('unknown') ? 'unknown' : outcomes.length > 0 ? 'fail' : 'none'

/**
 * Customers who remove nearly all they add leave little to be looked for: at least half of what was acknowledged is there at the
 * end, or half a full list for each.
 */
export const provesMuch = ({ acknowledged, present }: Ledger, lists: number): boolean =>
  present > 0 && present >= Math.min(acknowledged / 2, (lists * LONGEST_LIST) / 2)

/**
 * Compares what the customers were told with what their lists hold at the end. The final lists are those lines' `items`
 * whose action is `final`; a customer without one proves nothing about its items.
 */
export function checkLedger(history: readonly Line[]): LedgerVerdict {
  const fates = new Map<string, Fate>()
  const finals = new Map<string, string[]>()
  for (const line of history) {
    if (line.what === 'final' && line.items) finals.set(listOf(line), line.items)
    if ((line.what !== 'add' && line.what !== 'remove') || !line.item) continue
    const fate = fates.get(line.item) ?? { who: listOf(line), adds: [], removes: [] }
    fates.set(line.item, fate)
    ;(line.what === 'add' ? fate.adds : fate.removes).push(line.outcome)
  }

  const ledger: Ledger = { acknowledged: 0, present: 0, lost: 0, duplicated: 0, resurrected: 0, unknown: 0 }
  const bad: string[] = []
  const unread = new Set<string>()
  for (const [item, { who, adds, removes }] of fates) {
    const added = was(adds)
    const removed = was(removes)
    if (added === 'ok') ledger.acknowledged += 1
    if (added === 'unknown') ledger.unknown += 1
    if (removed === 'unknown') ledger.unknown += 1
    const final = finals.get(who)
    if (!final) {
      unread.add(who)
      continue
    }
    const count = final.filter(text => text === item).length
    const mustBeThere = added === 'ok' && (removed === 'none' || removed === 'fail')
    if (mustBeThere && count > 0) ledger.present += 1
    if (mustBeThere && count === 0) {
      ledger.lost += 1
      bad.push(`lost: ${item}`)
    }
    if (count > 1) {
      ledger.duplicated += 1
      bad.push(`${count} times: ${item}`)
    }
    if (count > 0 && (removed === 'ok' || added === 'fail')) {
      ledger.resurrected += 1
      bad.push(`${removed === 'ok' ? 'removed' : 'refused'}, yet there: ${item}`)
    }
  }
  // An item that nobody wrote is as wrong as one that came back.
  for (const [who, items] of finals) {
    for (const item of new Set(items)) {
      if (fates.has(item)) continue
      ledger.resurrected += 1
      bad.push(`never written, yet there: ${item} (${who})`)
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
