import type { ListAt } from '../items/list-at.ts'
import type { ListInfo } from '../items/rules.ts'

type Placed = Pick<ListInfo, 'id' | 'isFirst'>

/** Where the pages are of a list that a form names. */
export const basePath = (list: 'first' | number): string => (list === 'first' ? '/carrinho' : `/listas/${list}`)
/** Where a list's pages are. */
export const baseOf = (list: Placed): string => basePath(refOf(list))

/** How rules and forms name a list. */
export const refOf = ({ id, isFirst }: Placed): 'first' | number => (isFirst ? 'first' : id)

/** The list that a request is about, of all that the account has. */
export const listAt = <L extends Placed>(all: readonly L[], { list }: ListAt): L | undefined =>
  all.find(one => (list === 'first' ? one.isFirst : one.id === list))
