import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { HOLD, MAX_ORDERED, nextOrder, type Trip, tripsOf } from '../../src/features/shops/shop-order.ts'
import { cases } from '../helper/fast.ts'

const minute = 60_000
const day = 24 * 60 * minute
const now = Date.UTC(2026, 10, 27)

/** `a b (c d)`: c and d at one moment. */
const trip = (names: string, daysAgo = 1): Trip => ({
  shop: 'lidl',
  at: now - daysAgo * day,
  stops: (names.match(/\([^)]*\)|\S+/g) ?? []).map(stop => stop.replace(/[()]/g, '').split(' '))
})
const next = (known: string, trips: Trip[], hold: number = HOLD.learned) =>
  nextOrder(known ? known.split(' ') : [], trips, now, hold).join(' ')

describe('trips', () => {
  const at = (minutes: number) => now + minutes * minute
  const tick = (name: string, shops: string, minutes: number) => ({ name, shops: shops.split(','), at: at(minutes) })

  test('are what was ticked in one shop, in the order of the ticks, until a long pause', () => {
    const ticks = [
      tick('leite', 'lidl', 3),
      tick('pao', 'lidl', 1),
      tick('ovos', 'lidl', 300),
      tick('sal', 'lidl', 301)
    ]
    assert.deepEqual(tripsOf(ticks), [
      { shop: 'lidl', at: at(3), stops: [['pao'], ['leite']] },
      { shop: 'lidl', at: at(301), stops: [['ovos'], ['sal']] }
    ])
  })

  test('of two shops are apart, also when they were ticked in turns', () => {
    const ticks = [tick('a', 'x', 1), tick('b', 'y', 2), tick('c', 'x', 3), tick('d', 'y', 4)]
    assert.deepEqual(
      tripsOf(ticks).map(({ shop, stops }) => [shop, stops.flat().join('')]),
      [
        ['x', 'ac'],
        ['y', 'bd']
      ]
    )
  })

  test('have what can be bought in several shops where its neighbours were', () => {
    const ticks = [tick('a', 'x', 1), tick('b', 'x,y', 2), tick('c', 'x', 3), tick('d', 'y', 60), tick('e', 'x,y', 61)]
    assert.deepEqual(
      tripsOf([...ticks, tick('f', 'x,y', 500)]).map(({ shop, stops }) => [shop, stops.flat().join('')]),
      [
        ['x', 'abc'],
        ['y', 'de']
      ]
    )
  })

  test('say nothing of what was ticked at one moment, or alone', () => {
    assert.deepEqual(tripsOf([tick('a', 'x', 1), tick('b', 'x', 1)]), [])
    assert.deepEqual(tripsOf([tick('a', 'x', 1)]), [])
    assert.deepEqual(tripsOf([tick('a', '', 1), tick('b', 'x', 1), tick('c', 'x', 2)])[0]?.stops, [['b'], ['c']])
    assert.deepEqual(tripsOf([]), [])
  })
})

describe('the way through a shop', () => {
  test('begins as the first trip went', () =>
    assert.equal(next('', [trip('pao fruta leite sal')]), 'pao fruta leite sal'))

  test('that was learned is turned by two trips of three', () => {
    const first = trip('a b c', 21)
    assert.equal(next('a b c', [first, trip('c b a', 14)]), 'a b c')
    assert.equal(next('a b c', [first, trip('c b a', 14), trip('c b a', 7)]), 'c b a')
  })

  test('that a person set is turned by no single trip, and by two', () => {
    assert.equal(next('a b c', [trip('c a b')], HOLD.byHand), 'a b c')
    assert.equal(next('a b c', [trip('c a b', 8), trip('c a b', 1)], HOLD.byHand), 'c a b')
  })

  test('takes new names in where the trip had them', () => {
    assert.equal(next('a u v b', [trip('a x b')]), 'a x u v b')
    assert.equal(next('a u v b', [trip('x b')]), 'a u v x b')
    assert.equal(next('a b', [trip('x y')]), 'a b x y')
  })

  test('leaves what no trip had where it is', () => {
    assert.equal(next('u a v b w', [trip('b a'), trip('b a', 3)], HOLD.byHand).replace(/[ab ]/g, ''), 'uvw')
    assert.equal(next('u v w', [trip('a b')]), 'u v w a b')
  })

  test('moves one thing past all that lies between', () => {
    const trips = [trip('z a b c d'), trip('z a b c d', 2)]
    assert.equal(next('a b c d z', trips, HOLD.byHand), 'z a b c d')
  })

  test('forgets: lately counts more than long ago', () => {
    const old = [trip('a b', 400), trip('a b', 390), trip('a b', 380), trip('a b', 370)]
    assert.equal(next('a b', [...old, trip('b a', 2)]), 'b a')
  })

  test('makes the best of trips that contradict one another', () => {
    assert.equal(next('', [trip('a b'), trip('b c'), trip('c a')]).length, 5)
    assert.equal(next('a b', [trip('(a b)'), trip('b')]), 'a b')
  })

  test('counts a name that was ticked twice where it was first', () => {
    assert.equal(next('', [trip('a b a c')]), 'a b c')
  })

  test(`holds ${MAX_ORDERED} names, those bought lately`, () => {
    const many = Array.from({ length: MAX_ORDERED }, (_, index) => `n${index}`)
    const order = nextOrder(many, [trip('x y')], now, HOLD.learned)
    assert.equal(order.length, MAX_ORDERED)
    assert.deepEqual(order.slice(-2), ['x', 'y'])
    assert.deepEqual(order.slice(0, -2), many.slice(0, -2))
  })

  const name = fc.constantFrom(...'abcdefgh')
  const anyTrip = fc
    .tuple(fc.array(fc.array(name, { minLength: 1, maxLength: 2 }), { maxLength: 8 }), fc.integer({ min: 0, max: 500 }))
    .map(([stops, daysAgo]): Trip => ({ shop: 'lidl', at: now - daysAgo * day, stops }))
  const anyTrips = fc.array(anyTrip, { maxLength: 12 })
  const anyOrder = fc.uniqueArray(fc.constantFrom(...'abcdefghuvw'), { maxLength: 11 })

  test('has every name once, loses none, ends, and is the same each time', () => {
    fc.assert(
      fc.property(anyOrder, anyTrips, fc.constantFrom(...Object.values(HOLD)), (known, trips, hold) => {
        const order = nextOrder(known, trips, now, hold)
        const names = new Set([...known, ...trips.flatMap(({ stops }) => stops.flat())])
        assert.deepEqual([...order].sort(), [...names].sort())
        assert.deepEqual(nextOrder(known, trips, now, hold), order)
        const unseen = known.filter(it => !trips.some(({ stops }) => stops.flat().includes(it)))
        assert.deepEqual(
          order.filter(it => unseen.includes(it)),
          unseen
        )
      }),
      { numRuns: cases(2000) }
    )
  })

  test('does not move when the trips go along it', () => {
    const along = fc.tuple(anyOrder, fc.array(fc.array(fc.boolean(), { maxLength: 11 }), { maxLength: 6 }))
    fc.assert(
      fc.property(along, ([known, walks]) => {
        const trips = walks.map((walk, index) => ({
          ...trip('', index),
          stops: known.filter((_, at) => walk[at]).map(it => [it])
        }))
        assert.deepEqual(nextOrder(known, trips, now, HOLD.learned), known)
      })
    )
  })

  test('is found again from trips through a part of it each, whatever the order was', () => {
    const ways = fc.shuffledSubarray([...'abcdefgh'], { minLength: 8 })
    fc.assert(
      fc.property(ways, ways, fc.constantFrom(...Object.values(HOLD)), (known, way, hold) => {
        const trips = Array.from({ length: 12 }, (_, index) => ({
          ...trip('', index),
          stops: way.filter((_, at) => (at + index) % 3 > 0).map(it => [it])
        }))
        assert.deepEqual(nextOrder(known, trips, now, hold), way)
      })
    )
  })
})
