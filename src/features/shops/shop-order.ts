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
export const MAX_ORDERED = 300
/** Sums that differ by no more are the same. */
const ALIKE = 1e-9
const MAX_SWEEPS = 8

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

/** What a whole trip says of two names: whether the first came before the second. */
interface Evidence {
  /** The known names, then new ones, those of the newest trips first. */
  names: readonly string[]
  /** The numbers of names that were on trips, the newest trips first. */
  lately: readonly number[]
  /** By how much a comes before b, in a row for each a; below zero: after. */
  net: Float64Array
  /** Whether they ever were on one trip. */
  isKnown: Uint8Array
}

function weigh(known: readonly string[], trips: readonly Trip[], now: number): Evidence {
  const numbers = new Map<string, number>()
  const numberOf = (name: string): number => {
    const number = numbers.get(name) ?? numbers.size
    numbers.set(name, number)
    return number
  }
  known.forEach(numberOf)
  const newestFirst = [...trips].sort((a, b) => b.at - a.at)
  const walks = newestFirst.map(({ at, stops }) => ({
    weight: 2 ** (-Math.max(0, now - at) / HALF_LIFE),
    stops: stops.map(stop => stop.map(numberOf))
  }))
  const size = numbers.size
  const net = new Float64Array(size * size)
  const isKnown = new Uint8Array(size * size)
  const lately = new Set<number>()
  for (const { weight, stops } of walks) {
    const seen = new Set<number>()
    for (const stop of stops) {
      const fresh = stop.filter(name => !seen.has(name))
      for (const name of fresh) {
        for (const earlier of seen) {
          const [there, back] = [earlier * size + name, name * size + earlier]
          net[there] = (net[there] ?? 0) + weight
          net[back] = (net[back] ?? 0) - weight
          isKnown[there] = isKnown[back] = 1
        }
      }
      for (const name of fresh) seen.add(name)
    }
    for (const name of seen) lately.add(name)
  }
  return { names: [...numbers.keys()], lately: [...lately], net, isKnown }
}

/**
 * The order that follows from a known one and the trips made since. A pair is turned only when the trips that had both say
 * so by more than `hold`; what no trip had keeps its place. A new name comes where the trips had it: after what it
 * followed, else before what followed it.
 */
export function nextOrder(known: readonly string[], trips: readonly Trip[], now: number, hold: number): string[] {
  const before = [...new Set(known)]
  const { names, lately, net, isKnown } = weigh(before, trips, now)
  const size = names.length
  const score: Score = (a, b) => {
    const at = a * size + b
    if (!isKnown[at]) return 0
    const kept = a >= before.length || b >= before.length ? 0 : a < b ? hold : -hold
    return (net[at] ?? 0) + kept
  }

  const order = before.map((_, number) => number)
  for (const name of lately) {
    if (name >= before.length) order.splice(bestPlace(order, name, score).forNew, 0, name)
  }
  // Each move makes the order agree better, so this ends; long before, as a rule.
  let moved = true
  for (let sweep = 0; moved && sweep < MAX_SWEEPS; sweep += 1) {
    moved = false
    for (const name of lately) {
      const from = order.indexOf(name)
      order.splice(from, 1)
      const { nearest, gain } = bestPlace(order, name, score, from)
      const isBetter = gain > ALIKE
      order.splice(isBetter ? nearest : from, 0, name)
      moved ||= isBetter
    }
  }
  return shorten(order, new Set(lately)).map(number => names[number] ?? '')
}

/** By how much a should come before b. */
type Score = (a: number, b: number) => number

/** Where a name fits best among others: for one that stood at `from` the nearest of these places. */
function bestPlace(others: readonly number[], name: number, score: Score, from = 0) {
  // At place i the name stands before those from i on; one step to the right turns one pair.
  const values = [0]
  let value = 0
  let best = 0
  let [follows, isFollowed] = [false, false]
  for (const other of others) {
    const after = score(other, name)
    if (after > 0) follows = true
    if (after < 0) isFollowed = true
    value += 2 * after
    values.push(value)
    if (value > best) best = value
  }
  const isBest = (index: number) => best - (values[index] ?? 0) <= ALIKE
  let [first, last, nearest] = [-1, -1, -1]
  for (let index = 0; index < values.length; index += 1) {
    if (!isBest(index)) continue
    if (first < 0) first = index
    if (nearest < 0 || Math.abs(index - from) < Math.abs(nearest - from)) nearest = index
    last = index
  }
  const forNew = follows ? first : isFollowed ? last : others.length
  return { nearest, forNew, gain: best - (values[from] ?? 0) }
}

/** Down to MAX_ORDERED: what was not bought lately goes first, from the end. */
function shorten(order: readonly number[], lately: ReadonlySet<number>): number[] {
  let excess = order.length - MAX_ORDERED
  if (excess <= 0) return [...order]
  const kept = [...order].reverse().filter(name => lately.has(name) || excess-- <= 0)
  return kept.reverse().slice(0, MAX_ORDERED)
}
