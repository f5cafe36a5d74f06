import type { Write } from './writes.ts'

/** An item on a list; null: it is not there. */
export type State = Readonly<{ quantity: number; done: boolean }> | null

/** What a write did to an item. */
interface Effect {
  before: State
  after: State
}

const same = (one: State, other: State): boolean =>
  one === other || (one !== null && other !== null && one.quantity === other.quantity && one.done === other.done)

/** What an undo makes of an item that is as the write left it, in what that touched; undefined: it is not. */
function takeBack(state: State, { before, after }: Effect): State | undefined {
  if (before === null || after === null) return same(state, after) ? before : undefined
  if (state === null) return undefined
  let back = state
  if (before.done !== after.done) {
    if (state.done !== after.done) return undefined
    back = { ...back, done: before.done }
  }
  if (before.quantity !== after.quantity) {
    if (state.quantity !== after.quantity) return undefined
    back = { ...back, quantity: before.quantity }
  }
  return back
}

/** What a write may make of an item that is in `state`; nothing when its answer says otherwise. */
function follow(write: Write, item: string, state: State, effects: ReadonlyMap<string, Effect>): State[] {
  const { what, told } = write
  if (told.missing) return state === null ? [null] : []
  if (what === 'add') return state === null ? [{ quantity: told.quantity ?? 1_000, done: false }] : []
  if (what === 'remove') return [null]
  if (what === 'undo') {
    const effect = effects.get(told.undoes ?? '')
    if (!effect) return []
    const back = takeBack(state, effect)
    return back === undefined ? [] : [back]
  }
  if (what === 'clear') {
    // Without an answer it is not known what was still as it was seen.
    if (!told.cleared) return state?.done ? [null, state] : [state]
    if (!told.cleared.includes(item)) return [state]
    return state?.done ? [null] : []
  }
  if (state === null) return []
  if (what === 'tick') return [{ ...state, done: told.done ?? true }]
  if (what === 'edit') {
    const { quantity = state.quantity, seen } = told
    // Nothing is overwritten that whoever typed it had not seen.
    return seen === undefined || state.quantity === seen || state.quantity === quantity ? [{ ...state, quantity }] : []
  }
  const quantity = state.quantity + (told.delta ?? 0)
  return told.left === undefined || told.left === quantity ? [{ ...state, quantity }] : []
}

/**
 * The states in which an item may end: each is that of some order of its writes. All that were acknowledged are in it, and agree with
 * their answers; a write that was acknowledged before another was begun comes before it; one without an answer
 * may have been done at any time since, or never. None: no order explains the answers.
 */
export function findEnds(item: string, writes: readonly Write[]): State[] {
  const possible = writes.filter(({ outcome }) => outcome !== 'fail')
  const undone = new Set(possible.map(({ told }) => told.undoes))
  const ends = new Map<string, State>()
  const seen = new Set<string>()
  const visit = (left: readonly Write[], state: State, effects: ReadonlyMap<string, Effect>): void => {
    const place = JSON.stringify([left.map(({ operation }) => operation), state, [...effects]])
    if (seen.has(place)) return
    seen.add(place)
    if (left.every(({ outcome }) => outcome !== 'ok')) ends.set(JSON.stringify(state), state)
    const nextBy = Math.min(...left.map(({ endMs }) => endMs))
    for (const write of left) {
      if (write.startMs > nextBy) continue
      const others = left.filter(other => other !== write)
      for (const after of follow(write, item, state, effects)) {
        const { operation } = write
        visit(
          others,
          after,
          undone.has(operation) ? new Map([...effects, [operation, { before: state, after }]]) : effects
        )
      }
    }
  }
  visit(possible, null, new Map())
  return [...ends.values()]
}
