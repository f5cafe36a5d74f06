import type { ItemContent } from '../../store/change.ts'
import type { Detail } from '../../store/detail.ts'
import type { Bought } from '../suggestions/rules.ts'

/** Told of what was bought; nobody waits for it. */
export interface Memory {
  remember(accountId: number, added: readonly Bought[]): void
  /** What was ticked off, as it goes from the list. */
  bought(accountId: number, ticked: readonly Bought[]): void
  /** What was ticked off, where and when, as it is cleared. */
  walked(accountId: number, ticked: readonly Partial<ItemContent>[]): void
}

export const noMemory: Memory = { remember() {}, bought() {}, walked() {} }

export const asBought = ({ type, shop, unit, thousandths }: ItemContent): Bought => ({
  name: type,
  shop,
  unit,
  thousandths
})

/** What leaves a list ticked off was bought: so the score knows it, and no tick costs a write more. */
export function rememberBought(memory: Memory, accountId: number, { items: changed }: Detail): void {
  const ticked = changed.filter(({ before, after }) => after === null && Boolean(before?.doneAt))
  if (ticked.length > 0)
    memory.bought(
      accountId,
      ticked.map(({ before }) => asBought(before as ItemContent))
    )
}
