import type { WriteAction } from './history.ts'

/** More than what a family buys in a week. A soak reaches it, and nothing else does. */
export const LONGEST_LIST = 90

/** What is known of a list when the dice fall. */
export interface Listed {
  open: number
  ticked: number
  /** The account's items: those that were added, and those that were taken away, some perhaps. */
  added: number
  removed: number
  /** The last write that can be taken back, and how many items that would take away, or bring back. */
  undoable: { takesAway: number; bringsBack: number } | undefined
  /** Whether the site offers more than to add and to remove. */
  hasRows: boolean
}

/**
 * What a customer does next. What was added and stays is what the ledger compares at the end: at least half of it does, unless the
 * list is full; and of what stays, much is ticked off.
 * @param chance a number from 0 to 1, as the dice fall
 */
export function choose(
  { open, ticked, added, removed, undoable, hasRows }: Listed,
  chance: number
): WriteAction | 'untick' {
  const listed = open + ticked
  if (listed >= LONGEST_LIST) return 'remove'
  if (listed <= 2) return 'add'
  const mayTake = (count: number) => 2 * (removed + count) <= added
  const weights: [WriteAction | 'untick', number][] = [
    ['remove', mayTake(1) ? 0.12 : 0],
    ['clear', hasRows && ticked > 0 && mayTake(ticked) ? 0.06 : 0],
    ['undo', hasRows && undoable && (undoable.takesAway === 0 || mayTake(undoable.takesAway)) ? regret(undoable) : 0],
    ['tick', hasRows && open > 0 ? 0.16 : 0],
    ['untick', hasRows && ticked > 0 ? 0.05 : 0],
    ['adjust', hasRows && open > 0 ? 0.14 : 0],
    ['edit', hasRows ? 0.06 : 0]
  ]
  let left = chance
  for (const [what, weight] of weights) {
    if (left < weight) return what
    left -= weight
  }
  return 'add'
}

/** What went is what people want back. */
const regret = ({ bringsBack }: { bringsBack: number }): number => (bringsBack > 0 ? 0.35 : 0.08)
