import type { Store } from '../../open-store.ts'
import { manyItemsRules } from './many-items.ts'
import type { Memory } from './memory.ts'
import { oneItemRules } from './one-item.ts'
import { readingRules } from './reading.ts'

export type { Added, Additions, NewItem } from './many-items.ts'
export type { Edits, NotEdited } from './one-item.ts'
export type { Done, Refused } from './outcomes.ts'
export type { Item, Where } from './queries.ts'
export { type ListInfo, listInfo, type Part } from './reading.ts'
export { MAX_ITEMS } from './schema.ts'

export type Carts = ReturnType<typeof cartRules>

/** All that can be done with what is on a list. */
export const cartRules = (store: Store, memory?: Memory) => ({
  ...readingRules(store),
  ...oneItemRules(store, memory),
  ...manyItemsRules(store, memory)
})
