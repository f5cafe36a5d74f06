/** All of a list is on one page, whose limit is 100. A soak reaches it, and nothing else does. */
export const LONGEST_LIST = 90

/**
 * Whether a customer now removes an item, or adds one. What was added and stays is what the ledger compares at the end: at least
 * half of it does, unless the list is full.
 * @param chance a number from 0 to 1, as the dice fall
 */
export function wantsToRemove(
  listed: number,
  { added, removed }: { added: number; removed: number },
  chance: number
): boolean {
  if (listed >= LONGEST_LIST) return true
  return listed > 2 && 2 * (removed + 1) <= added && chance < 0.35
}
