import type { ItemContent } from '../../store/change.ts'
import { type Detail, differenceOf, type ItemChange } from '../../store/detail.ts'
import { CalledOff } from '../../store/failures.ts'
import { contentOf, type OpenList, type Steps } from '../../store/steps.ts'
import type { Db } from '../../store/work.ts'
import { merge } from './merging.ts'
import { MAX_ITEMS } from './schema.ts'

/** @throws CalledOff where the list would have too many */
export async function makeRoom(steps: Steps, tx: Db, list: OpenList, count: number): Promise<void> {
  if (list.version <= MAX_ITEMS - count) return
  if (count > 0 && (await steps.count(tx, list)) + count > MAX_ITEMS) throw new CalledOff({ status: 'full' })
}

/** Told of an item that was added to as it is now. */
export type Grown = (id: number, now: ItemContent) => void

/**
 * What became of each: one that was there already is named once, however often it was added to. Where that is so, `each` has
 * for each content the place among these of what it became.
 */
export async function addAll(
  steps: Steps,
  tx: Db,
  list: OpenList,
  contents: readonly ItemContent[],
  adds: boolean,
  grown: Grown = () => {}
): Promise<Pick<Detail, 'items' | 'each'>> {
  const there = adds ? (await steps.all(tx, list)).toReversed() : []
  const plan = adds ? merge(there, contents, contentOf) : { changed: [], news: contents, each: undefined }
  if (!plan) throw new CalledOff({ status: 'outOfBounds' })
  await makeRoom(steps, tx, list, plan.news.length)
  const items: ItemChange[] = []
  /** Of the plan's places those in `items`. */
  const places: number[] = []
  for (const { item, now } of plan.changed) {
    const change = differenceOf(contentOf(item), now)
    places.push(items.length)
    if (!change) continue
    grown(item.id, now)
    await steps.set(tx, list, item.id, now)
    items.push({ id: item.id, ...change })
  }
  for (const now of plan.news) {
    places.push(items.length)
    items.push({ id: await steps.add(tx, list, now), before: null, after: now })
  }
  const each = plan.each?.map(place => places[place] as number)
  return !each || each.every((place, index) => place === index) ? { items } : { items, each }
}
