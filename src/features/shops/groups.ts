import { fold } from '../../text-fold.ts'
import { splitShops } from '../items/quick-entry/shops.ts'

/** In which order an account goes to shops, and through them. */
export interface Ordering {
  /** Names of shops; empty: what may be bought anywhere. */
  shops: readonly string[]
  /** Names of items, by the shop's folded name. */
  names: ReadonlyMap<string, readonly string[]>
}

export const unordered: Ordering = { shops: [], names: new Map() }

/** Its row, by the empty name, orders the shops themselves. */
export const ALL_SHOPS = ''

/** A request that set an order, by which it is known when it comes again. */
export interface OrderRequest {
  key: string
  digest: string
  /** Of the order, once it was done. */
  version: number
}

export interface Order {
  shop: string
  names: string[]
  /** The latest ones, the newest first. */
  requests: OrderRequest[]
}

/** One order as it is kept: names in the order of a shop, by the shop's folded name. */
export const writeOrder = (shop: string, names: readonly string[], requests: readonly OrderRequest[] = []): string =>
  JSON.stringify({ shop, names, ...(requests.length > 0 && { requests }) })

/** What does not parse was not written by this release, and is as if it were not there. */
export function readOrder(json: string): Order | undefined {
  try {
    const { shop, names, requests } = (JSON.parse(json) ?? {}) as Partial<Record<keyof Order, unknown>>
    if (typeof shop !== 'string' || !Array.isArray(names)) return undefined
    return {
      shop,
      names: names.filter((name): name is string => typeof name === 'string'),
      requests: Array.isArray(requests) ? requests : []
    }
  } catch {
    return undefined
  }
}

export function orderingFrom(orders: readonly string[]): Ordering {
  const names = new Map<string, readonly string[]>()
  for (const json of orders) {
    const order = readOrder(json)
    if (order) names.set(order.shop, order.names)
  }
  const shops = names.get(ALL_SHOPS) ?? []
  names.delete(ALL_SHOPS)
  return { shops, names }
}

export interface Group<I> {
  /** As it was first written; empty: anywhere. */
  shop: string
  items: I[]
}

const placesIn = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, place) => [fold(name), place]))

/** Those that have a place by it, then the others as they came. */
function inOrder<T>(all: readonly T[], places: ReadonlyMap<string, number>, nameOf: (one: T) => string): T[] {
  if (places.size === 0) return all.slice()
  const placed = all.map((one, index) => ({ one, index, place: places.get(fold(nameOf(one))) ?? places.size }))
  return placed.sort((a, b) => a.place - b.place || a.index - b.index).map(({ one }) => one)
}

/**
 * Items by shop, in the account's order. What may be bought in several shops is in each of their groups. Shops that have no
 * place come by their names, and before all what may be bought anywhere.
 */
export function groupByShop<I extends { type: string; shop: string }>(
  items: readonly I[],
  { shops, names }: Ordering
): Group<I>[] {
  const groups = new Map<string, Group<I>>()
  const groupsOf = (field: string): Group<I>[] => {
    const places = splitShops(field)
    return (places.length > 0 ? places : ['']).map(shop => {
      const key = fold(shop)
      const group = groups.get(key) ?? { shop, items: [] }
      groups.set(key, group)
      return group
    })
  }
  // A list has few shops, each written in one way as a rule.
  const byField = new Map<string, Group<I>[]>()
  for (const item of items) {
    const found = byField.get(item.shop) ?? groupsOf(item.shop)
    byField.set(item.shop, found)
    for (const group of found) group.items.push(item)
  }
  const placed = shops.some(shop => shop === '') ? shops : ['', ...shops]
  const keys = inOrder(Array.from(groups.keys()).sort(), placesIn(placed), key => key)
  return keys.map(key => {
    const { shop, items: here } = groups.get(key) as Group<I>
    return { shop, items: inOrder(here, placesIn(names.get(key) ?? []), ({ type }) => type) }
  })
}

/** The group of one shop, however its name is written. */
export const onlyShop = <I>(groups: readonly Group<I>[], shop: string): Group<I> | undefined =>
  groups.find(group => fold(group.shop) === fold(shop))
