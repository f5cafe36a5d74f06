/** Learns the way through a shop from the order in which things were ticked there. Names and shops are folded. */

export interface Tick {
  name: string
  /** Where it may be bought. */
  shops: readonly string[]
  at: number
}

export interface Trip {
  shop: string
  /** Of its last tick. */
  at: number
  /** The names in the order in which they were ticked; those of one moment are of no order among themselves. */
  stops: readonly (readonly string[])[]
}

const HOUR = 3_600_000
/** After so long without a tick it is another trip. */
const PAUSE = 3 * HOUR
/** Between two ticks of a walk from one shop to another there is no such pause. */
const NEAR = HOUR / 2
/** What a trip says counts half after this time. */
const HALF_LIFE = 60 * 24 * HOUR
/** How much evidence against a pair it takes to turn it: about two trips when a person set the order, a fraction when it was learned. */
export const HOLD = { byHand: 1.5, learned: 0.25 } as const
/** Names that a shop's order holds. */
export const MAX_ORDERED = 500

/** Ticks, in any order, as trips. What may be bought in several shops was bought where the ticks next to it were. */
export function tripsOf(ticks: readonly Tick[]): Trip[] {
  const sorted = [...ticks].sort((a, b) => a.at - b.at)
  const trips = new Map<string, { shop: string; at: number; stops: string[][] }>()
  const done: Trip[] = []
  for (const [index, { name, at }] of sorted.entries()) {
    const shop = whereBought(sorted, index)
    if (shop === undefined) continue
    const open = trips.get(shop)
    if (open && at - open.at <= PAUSE) {
      const last = open.stops.at(-1)
      if (at === open.at) last?.push(name)
      else open.stops.push([name])
      open.at = at
    } else {
      const trip = { shop, at, stops: [[name]] }
      trips.set(shop, trip)
      done.push(trip)
    }
  }
  return done.filter(({ stops }) => stops.length > 1)
}

function whereBought(ticks: readonly Tick[], index: number): string | undefined {
  const { shops = [], at = 0 } = ticks[index] ?? {}
  if (shops.length < 2) return shops[0]
  let nearest: string | undefined
  let distance = NEAR
  for (const other of ticks) {
    const [shop = ''] = other.shops
    const away = Math.abs(other.at - at)
    if (other.shops.length === 1 && shops.includes(shop) && away < distance) {
      nearest = shop
      distance = away
    }
  }
  return nearest
}

interface Evidence {
  /** By how much a comes before b; below zero: after. Undefined when they never were on one trip. */
  before(a: string, b: string): number | undefined
  /** Newest trips first. */
  names: string[]
}

function weigh(trips: readonly Trip[], now: number): Evidence {
  const net = new Map<string, Map<string, number>>()
  const add = (a: string, b: string, weight: number) => {
    const row = net.get(a) ?? new Map<string, number>()
    net.set(a, row.set(b, (row.get(b) ?? 0) + weight))
  }
  const names = new Set<string>()
  for (const { at, stops } of [...trips].sort((a, b) => b.at - a.at)) {
    const weight = 2 ** (-Math.max(0, now - at) / HALF_LIFE)
    const seen: string[] = []
    for (const stop of stops) {
      const fresh = [...new Set(stop)].filter(name => !seen.includes(name))
      for (const name of fresh) {
        for (const earlier of seen) {
          add(earlier, name, weight)
          add(name, earlier, -weight)
        }
        names.add(name)
      }
      seen.push(...fresh)
    }
  }
  return { before: (a, b) => net.get(a)?.get(b), names: [...names] }
}

/**
 * The order that follows from a known one and the trips made since. A pair is turned only when the trips that had both say
 * so by more than `hold`; what no trip had keeps its place. A new name comes where the trips had it: after what it
 * followed, else before what followed it.
 */
export function nextOrder(known: readonly string[], trips: readonly Trip[], now: number, hold: number): string[] {
  const evidence = weigh(trips, now)
  const place = new Map(known.map((name, index) => [name, index]))
  const score = (a: string, b: string): number => {
    const net = evidence.before(a, b)
    if (net === undefined) return 0
    const [from, to] = [place.get(a), place.get(b)]
    return from === undefined || to === undefined ? net : net + (from < to ? hold : -hold)
  }

  const order = [...place.keys()]
  for (const name of evidence.names) {
    if (!place.has(name)) order.splice(bestPlace(order, name, score).forNew, 0, name)
  }
  // Each move makes the order agree better, so this ends.
  for (let moved = true; moved; ) {
    moved = false
    for (const name of evidence.names) {
      const from = order.indexOf(name)
      const rest = order.filter(other => other !== name)
      const { nearest, gain } = bestPlace(rest, name, score, from)
      if (gain <= 1e-9) continue
      order.splice(0, order.length, ...rest)
      order.splice(nearest, 0, name)
      moved = true
    }
  }
  return shorten(order, new Set(evidence.names))
}

/** Where a name fits best among others: for one that stood at `from` the nearest of these places. */
function bestPlace(others: readonly string[], name: string, score: (a: string, b: string) => number, from = 0) {
  // At place i the name stands before those from i on; one step to the right turns one pair.
  const values = [0]
  let [follows, isFollowed] = [false, false]
  for (const other of others) {
    const after = score(other, name)
    if (after > 0) follows = true
    if (after < 0) isFollowed = true
    values.push((values.at(-1) ?? 0) + 2 * after)
  }
  const best = Math.max(...values)
  const places = values.flatMap((value, index) => (best - value <= 1e-9 ? [index] : []))
  const distance = (index: number) => Math.abs(index - from)
  const nearest = places.reduce((a, b) => (distance(b) < distance(a) ? b : a), places[0] ?? 0)
  const forNew = (follows ? places[0] : isFollowed ? places.at(-1) : undefined) ?? others.length
  return { nearest, forNew, gain: best - (values[from] ?? 0) }
}

/** Down to MAX_ORDERED: what was not bought lately goes first, from the end. */
function shorten(order: string[], lately: ReadonlySet<string>): string[] {
  let excess = order.length - MAX_ORDERED
  if (excess <= 0) return order
  const kept = [...order].reverse().filter(name => lately.has(name) || excess-- <= 0)
  return kept.reverse().slice(0, MAX_ORDERED)
}
