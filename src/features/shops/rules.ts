import type { Store } from '../../open-store.ts'
import type { Work } from '../../store/work.ts'
import { fold } from '../../text-fold.ts'
import { askedBy } from '../items/outcomes.ts'
import { splitShops } from '../items/quick-entry/shops.ts'
import {
  ALL_SHOPS,
  groupByShop,
  type Ordering,
  type OrderRequest,
  orderingFrom,
  readOrder,
  writeOrder
} from './groups.ts'
import type { ShopOrderRow } from './queries.ts'
import type { Target } from './schema.ts'
import { HOLD, MAX_ORDERED, nextOrder, type Trip, tripsOf } from './shop-order.ts'

/** Shops whose order is kept; another one has none. */
export const MAX_SHOPS = 200
const MAX_TRIPS = 12
const MAX_STOPS = 150
/** Requests that an order remembers. */
const MAX_REQUESTS = 5
/** Tries to write what others write, too, at the same time. */
const MAX_TRIES = 20
const LIMIT_MS = 5000

/** What was ticked off, as far as it is known. */
export interface Ticked {
  type?: string
  shop?: string
  doneAt?: number | null
}

export interface ShopsShown {
  /** In order; empty: anywhere. */
  shops: string[]
  learns: boolean
  /** How often the order was written. */
  version: number
}

export interface ShopShown {
  shop: string
  /** In order. */
  names: string[]
  /** How often the order was written. */
  version: number
}

/** `stale`: it is not at the version asked for. `full`: the account has MAX_SHOPS. */
export type OrderSet =
  | { status: 'done' | 'already'; version: number }
  | { status: 'reused' }
  | { status: 'stale' }
  | { status: 'full' }

export type Shops = ReturnType<typeof shopRules>

const isText = (value: unknown): value is string => typeof value === 'string'

/** As orders are: what does not parse is as if it were not there. */
function readJson(json: string): unknown[] {
  try {
    const value: unknown = JSON.parse(json)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

const namesIn = (json: string): string[] => readOrder(json)?.names ?? []
const requestsIn = (json: string): OrderRequest[] => readOrder(json)?.requests ?? []

function tripsIn(json: string): Trip[] {
  return readJson(json).filter((it): it is Trip => {
    const { shop, at, stops } = (it ?? {}) as Partial<Trip>
    return isText(shop) && typeof at === 'number' && Array.isArray(stops) && stops.every(stop => Array.isArray(stop))
  })
}

/** Each name once, in its first spelling. */
const once = (names: readonly string[]): string[] =>
  [...new Map([...names].reverse().map(it => [fold(it), it])).values()].reverse()

/** A shop's row without a name; undefined where it has none such. */
function withoutName(row: ShopOrderRow, isGone: (name: string) => boolean): ShopOrderRow | undefined {
  const names = namesIn(row.ordered)
  const trips = tripsIn(row.trips)
  const isThere = names.some(isGone) || trips.some(({ stops }) => stops.some(stop => stop.some(isGone)))
  if (!isThere) return undefined
  const kept = trips.map(trip => ({ ...trip, stops: trip.stops.map(stop => stop.filter(name => !isGone(name))) }))
  return {
    ...row,
    ordered: writeOrder(
      row.shop,
      names.filter(name => !isGone(name))
    ),
    trips: JSON.stringify(kept)
  }
}

/** @param report is told why something could not be learned; nobody waits for that */
export function shopRules({ shopOrders, changes, beginJob }: Store, report: (error: unknown) => void = () => {}) {
  let learning = Promise.resolve()

  /** Writes what `make` makes of a row, over nothing else than what it was given. Repeating it must change nothing more. */
  const rewrite = (
    work: Work,
    accountId: number,
    shop: string,
    make: (row: ShopOrderRow, maybeDone: boolean) => ShopOrderRow | undefined
  ) =>
    work.repeatable(async maybeDone => {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        if (tries > 0) work.lookAfresh()
        const found = await shopOrders.find(work, accountId, shop)
        const blank = {
          accountId,
          shop,
          name: shop,
          ordered: writeOrder(shop, []),
          byHand: 0,
          trips: '[]',
          learns: 1,
          version: 0
        }
        const made = make(found ?? blank, maybeDone)
        if (!made) return
        const order = readOrder(made.ordered)
        // Whoever else writes it keeps the requests that it remembers.
        const requests = order?.requests.length || !found ? order?.requests : requestsIn(found.ordered)
        const ordered = order ? writeOrder(order.shop, order.names, requests) : made.ordered
        const row = { ...made, ordered, version: made.version + 1 }
        if (found) {
          if (await shopOrders.replace(work, row, found.version)) return
          continue
        }
        try {
          return await shopOrders.add(work, row)
        } catch (error) {
          if (!work.isDuplicate(error)) throw error
        }
      }
      throw new Error('others write this order all the time')
    })

  const orderingOf = (rows: readonly Pick<ShopOrderRow, 'ordered'>[]): Ordering =>
    orderingFrom(rows.map(({ ordered }) => ordered))

  /** All that the account knows of its shops, and what is on its lists. */
  const everything = async (work: Work, accountId: number) => {
    const rows = await shopOrders.all(work, accountId)
    const onLists = await shopOrders.onLists(work, accountId)
    const ordering = orderingOf(rows)
    const withOrder = rows.filter(({ shop }) => shop !== ALL_SHOPS).map(({ name }) => name)
    // A place among shops is kept, too, while nothing is to buy there.
    const known = [...withOrder, ...ordering.shops].map(shop => ({ type: '', shop }))
    const groups = groupByShop([...onLists, ...known], ordering)
    return { rows, ordering, groups }
  }

  const versionOf = (rows: readonly Pick<ShopOrderRow, 'shop' | 'version'>[], place: string): number =>
    rows.find(({ shop }) => shop === place)?.version ?? 0

  const shownNames = (
    { groups, ordering, rows }: Awaited<ReturnType<typeof everything>>,
    shop: string
  ): ShopShown | undefined => {
    const key = fold(shop)
    const group = groups.find(it => fold(it.shop) === key)
    if (key === '' || !group) return undefined
    const known = ordering.names.get(key) ?? []
    const isKnown = new Set(known.map(fold))
    const others = once(group.items.map(({ type }) => type)).filter(type => type !== '' && !isKnown.has(fold(type)))
    // By name, so that a row stays where it is when others come and go.
    const names = [...once(known), ...others.sort((a, b) => (fold(a) < fold(b) ? -1 : 1))]
    return { shop: group.shop, names, version: versionOf(rows, key) }
  }

  /** What was shown with one name moved; of those without a place only what stands before it gets one. */
  const moved = (shown: readonly string[], known: readonly string[], name: string, target: Target): string[] => {
    const key = fold(name)
    const spelled = shown.find(other => fold(other) === key) ?? name
    const rest = shown.filter(other => fold(other) !== key)
    const at = target === 'end' ? -1 : rest.findIndex(other => fold(other) === fold(target.before))
    rest.splice(at < 0 ? rest.length : at, 0, spelled)
    const placed = new Set([...known.map(fold), key])
    return rest.slice(0, rest.findLastIndex(other => placed.has(fold(other))) + 1).slice(0, MAX_ORDERED)
  }

  const learn = async (accountId: number, ticked: readonly Ticked[]) => {
    const spellings = new Map(ticked.map(({ type = '' }) => [fold(type), type]))
    const shopNames = new Map(ticked.flatMap(({ shop = '' }) => splitShops(shop)).map(shop => [fold(shop), shop]))
    const ticks = ticked.flatMap(({ type = '', shop = '', doneAt }) =>
      doneAt ? [{ name: fold(type), shops: splitShops(shop).map(fold), at: doneAt }] : []
    )
    const trips = tripsOf(ticks)
    if (trips.length === 0) return
    const work = beginJob('learning', LIMIT_MS)
    const rows = await shopOrders.all(work, accountId)
    if (rows.some(({ shop, learns }) => shop === ALL_SHOPS && learns === 0)) return
    const known = new Set(rows.map(({ shop }) => shop))
    for (const { shop, at, stops } of trips) {
      if (!known.has(shop) && known.size >= MAX_SHOPS) continue
      known.add(shop)
      await rewrite(work, accountId, shop, row => {
        const before = tripsIn(row.trips)
        if (before.some(trip => trip.at === at)) return undefined
        const all = [{ shop, at, stops: stops.slice(0, MAX_STOPS) }, ...before]
          .sort((a, b) => b.at - a.at)
          .slice(0, MAX_TRIPS)
        const names = once(namesIn(row.ordered))
        const spelled = new Map([...spellings, ...names.map(name => [fold(name), name] as const)])
        const hold = row.byHand ? HOLD.byHand : HOLD.learned
        const next = nextOrder(names.map(fold), all, at, hold).map(name => spelled.get(name) ?? name)
        return {
          ...row,
          name: shopNames.get(shop) ?? row.name,
          ordered: writeOrder(row.shop, next),
          trips: JSON.stringify(all)
        }
      })
    }
  }

  return {
    /** The account's shops, those with an order and those on its lists. */
    async all(work: Work, accountId: number): Promise<ShopsShown> {
      const { rows, groups } = await everything(work, accountId)
      const learns = rows.every(row => row.shop !== ALL_SHOPS || row.learns !== 0)
      return { shops: groups.map(({ shop }) => shop), learns, version: versionOf(rows, ALL_SHOPS) }
    },

    /** What is ticked in one shop, in order; undefined for one that the account does not know. */
    one: async (work: Work, accountId: number, shop: string): Promise<ShopShown | undefined> =>
      shownNames(await everything(work, accountId), shop),

    /**
     * Puts a shop before another one. What others moved meanwhile stays moved; sent twice, it is as sent once. The order as
     * it is then shown.
     */
    async moveShop(work: Work, accountId: number, shop: string, target: Target): Promise<string[]> {
      const { groups } = await everything(work, accountId)
      let order: string[] = []
      await rewrite(work, accountId, ALL_SHOPS, row => {
        const ordering = { shops: namesIn(row.ordered), names: new Map<string, string[]>() }
        const shown = groupByShop(
          groups.map(group => ({ type: '', shop: group.shop })),
          ordering
        )
        order = moved(
          shown.map(it => it.shop),
          ordering.shops,
          shop,
          target
        )
        return { ...row, ordered: writeOrder(row.shop, order) }
      })
      return order
    },

    /** The same for a name in a shop. `notThere`: the account has no such shop. `full`: it has MAX_SHOPS. */
    async moveName(
      work: Work,
      accountId: number,
      shop: string,
      name: string,
      target: Target
    ): Promise<string[] | 'notThere' | 'full'> {
      const known = await everything(work, accountId)
      const found = shownNames(known, shop)
      if (!found) return 'notThere'
      const key = fold(shop)
      if (known.rows.length > MAX_SHOPS && !known.rows.some(row => row.shop === key)) return 'full'
      let order: string[] = []
      await rewrite(work, accountId, key, row => {
        const names = new Map([[key, namesIn(row.ordered)]])
        const shown = shownNames({ ...known, ordering: { shops: [], names } }, shop)?.names ?? []
        order = moved(shown, names.get(key) ?? [], name, target)
        // What trips said before is in the order that the person saw.
        return { ...row, name: found.shop, ordered: writeOrder(row.shop, order), byHand: 1, trips: '[]' }
      })
      return order
    },

    /**
     * Sets a whole order: of the shops, or with the name of one of what is bought there. It is what it shall be, whatever it
     * was; or only if it still is at `ifVersion`. The same request again is told what came of it, if it is among the latest.
     */
    async setOrder(
      work: Work,
      accountId: number,
      { shop, names }: { shop: string; names: readonly string[] },
      key?: string,
      { ifVersion }: { ifVersion?: number } = {}
    ): Promise<OrderSet> {
      const place = fold(shop)
      const asked = askedBy(accountId, key, 'shop order', place, ifVersion ?? '', ...names)
      // No change of a list, which remembers its key for good, is this.
      if (await changes.earlier(work, asked, () => '')) return { status: 'reused' }
      const rows = await shopOrders.all(work, accountId)
      const isOther = ({ shop, ordered }: (typeof rows)[number]) =>
        shop !== place && requestsIn(ordered).some(({ key }) => key === asked.key)
      if (rows.some(isOther)) return { status: 'reused' }
      if (rows.length > MAX_SHOPS && !rows.some(row => row.shop === place)) return { status: 'full' }
      let outcome: OrderSet = { status: 'stale' }
      await rewrite(work, accountId, place, (row, maybeDone) => {
        const requests = requestsIn(row.ordered)
        const before = requests.find(request => request.key === asked.key)
        if (before) {
          const { digest, version } = before
          outcome = digest === asked.digest ? { status: maybeDone ? 'done' : 'already', version } : { status: 'reused' }
          return undefined
        }
        if (ifVersion !== undefined && row.version !== ifVersion) {
          outcome = { status: 'stale' }
          return undefined
        }
        const version = row.version + 1
        outcome = { status: 'done', version }
        const latest = [{ key: asked.key, digest: asked.digest, version }, ...requests].slice(0, MAX_REQUESTS)
        const ordered = writeOrder(place, names, latest)
        if (place === ALL_SHOPS) return { ...row, ordered }
        // What trips said before is in the order that the person saw.
        return {
          ...row,
          name: row.version > 0 ? row.name : shop,
          ordered,
          byHand: Number(names.length > 0),
          trips: '[]'
        }
      })
      if ((outcome as OrderSet).status === 'already') await work.settle()
      return outcome
    },

    /** Whether orders are learned from now on. */
    setLearning: (work: Work, accountId: number, learns: boolean): Promise<void> =>
      rewrite(work, accountId, ALL_SHOPS, row => ({ ...row, learns: Number(learns) })),

    /** Forgets a name in a shop's order, or without a name the order; whether there was one. */
    async forget(work: Work, accountId: number, shop: string, name?: string): Promise<boolean> {
      const key = fold(shop)
      if (key === ALL_SHOPS) return false
      if (name === undefined) {
        await rewrite(work, accountId, ALL_SHOPS, row => {
          const names = namesIn(row.ordered)
          const kept = names.filter(other => fold(other) !== key)
          return kept.length < names.length ? { ...row, ordered: writeOrder(row.shop, kept) } : undefined
        })
        return work.repeatable(async maybeDone => (await shopOrders.remove(work, accountId, key)) || maybeDone)
      }
      const gone = fold(name)
      let wasThere = false
      await rewrite(work, accountId, key, row => {
        const without = withoutName(row, other => fold(other) === gone)
        wasThere ||= without !== undefined
        return without
      })
      return wasThere
    },

    /** Forgets a name in the orders of all shops, and in what was learned of them. */
    async forgetName(work: Work, accountId: number, isGone: (name: string) => boolean): Promise<void> {
      for (const row of await shopOrders.whole(work, accountId)) {
        if (row.shop !== ALL_SHOPS && withoutName(row, isGone)) {
          await rewrite(work, accountId, row.shop, found => withoutName(found, isGone))
        }
      }
    },

    /**
     * Learns the way from what was ticked off, once it is cleared: while somebody shops, nothing changes its place. Returns
     * at once.
     */
    walked(accountId: number, ticked: readonly Ticked[]): void {
      learning = learning.then(() => learn(accountId, ticked)).catch(report)
    },

    /** Resolves when nothing is left to be learned. */
    settled: (): Promise<void> => learning
  }
}
