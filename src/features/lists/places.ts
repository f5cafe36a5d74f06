import type { ListAt } from '../items/list-at.ts'
import type { ListInfo } from '../items/rules.ts'

type Placed = Pick<ListInfo, 'id' | 'isFirst'>

/** Where a list's pages are. */
export const baseOf = ({ id, isFirst }: Placed): string => (isFirst ? '/carrinho' : `/listas/${id}`)

/** How rules and forms name a list. */
export const refOf = ({ id, isFirst }: Placed): 'first' | number => (isFirst ? 'first' : id)

/** The list that a request is about, of all that the account has. */
export const listAt = <L extends Placed>(all: readonly L[], { list }: ListAt): L | undefined =>
  all.find(one => (list === 'first' ? one.isFirst : one.id === list))
