import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Where } from '../../src/features/items/rules.ts'
import { family, thing } from '../helper/families.ts'
import { cases } from '../helper/fast.ts'
import { forEachEngine } from '../helper.ts'

/** What the model knows of an item. */
interface Thing {
  type: string
  thousandths: number
  note: string
  isDone: boolean
}
type State = ReadonlyMap<number, Thing>

interface Change {
  undoneBy?: number
  undoes?: number
  /** Of a move: the other list and the number there. */
  pair?: { list: 0 | 1; version: number }
}

/** A list as it was after each of its changes, and what is remembered of these. */
class ModelList {
  states: State[] = [new Map(), new Map()]
  changes: Change[] = [{}, {}]
  touchedAt = new Map<number, number>()

  get version() {
    return this.states.length - 1
  }

  get now(): State {
    return this.states[this.version] as State
  }

  become(next: Map<number, Thing>, change: Change = {}): void {
    const before = this.now
    this.states.push(next)
    this.changes.push(change)
    for (const [id, it] of next) if (!isSame(before.get(id), it)) this.touchedAt.set(id, this.version)
  }
}

const isSame = (a: Thing | undefined, b: Thing | undefined) => JSON.stringify(a) === JSON.stringify(b)

type Model = [ModelList, ModelList]

/** What one device saw of one list when it looked last. */
interface Seen {
  version: number
  items: Map<number, Thing & { version: number }>
}

interface Real {
  lists: [Where, Where]
  /** By device and list. */
  seen: Seen[][]
}

interface Step {
  what: 'look' | 'add' | 'tick' | 'untick' | 'plus' | 'edit' | 'remove' | 'clear' | 'undo' | 'move'
  device: 0 | 1
  list: 0 | 1
  /** Which of those that it saw, how much, how long ago: each step takes what it needs. */
  pick: number
  amount: number
  /** It looks at the list first; else it acts on what it saw before. */
  looks: boolean
  /** The request is sent a second time, through the other server. */
  isRepeated: boolean
}

/** Adds what a change touched back to what it was; undefined where something else happened to the same since. */
function takenBack(now: State, before: State, after: State): Map<number, Thing> | undefined {
  const next = new Map(now)
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [was, became, is] = [before.get(id), after.get(id), now.get(id)]
    if (isSame(was, became)) continue
    if (was && became) {
      if (!is) return undefined
      const fields = (Object.keys(was) as (keyof Thing)[]).filter(field => was[field] !== became[field])
      if (fields.some(field => is[field] !== became[field])) return undefined
      next.set(id, { ...is, ...Object.fromEntries(fields.map(field => [field, was[field]])) })
    } else {
      if (!isSame(is, became)) return undefined
      if (was) next.set(id, was)
      else next.delete(id)
    }
  }
  return next
}

const RUNS = { sqlite: cases(800), mariadb: cases(100), postgres: cases(100) }

forEachEngine('random doings of two devices on two servers', engine => {
  const { one, two, site, add, make } = family(engine)
  const devices = [one, two] as const

  const look = async (device: 0 | 1, where: Where): Promise<Seen> => {
    const { carts, work } = devices[device]
    const view = await carts.view(work, where)
    assert.ok(view)
    const items = new Map(
      view.items.map(({ id, type, thousandths, note, doneAt, version }) => [
        id,
        { type, thousandths, note, isDone: doneAt !== null, version }
      ])
    )
    return { version: view.list.version, items }
  }

  let last = 0

  /** Does it, and says what the model makes of it: what the device is told. */
  const doIt = async (model: Model, real: Real, step: Step): Promise<void> => {
    const { what, device, list, amount, pick } = step
    const where = real.lists[list]
    const mine = model[list]
    if (step.looks || what === 'look') (real.seen[device] as Seen[])[list] = await look(device, where)
    const seen = (real.seen[device] as Seen[])[list] as Seen
    const shown = [...seen.items]
    const [id, was] = shown[pick % Math.max(1, shown.length)] ?? [999_999, undefined]
    const now = mine.now.get(id)
    const key = `m${++last}`
    const next = new Map(mine.now)
    const told = async (expected: string, send: (to: typeof one) => Promise<{ status: string }>) => {
      const answer = await send(devices[device])
      assert.equal(answer.status, expected, `${what} ${id}`)
      if (!step.isRepeated) return answer
      const again = await send(devices[device === 0 ? 1 : 0])
      assert.deepEqual(again.status, expected === 'done' ? 'already' : expected, `${what} again`)
      return answer
    }
    switch (what) {
      case 'look':
        return
      case 'add': {
        const answer = (await told('done', ({ carts, work }) =>
          carts.addItems(work, where, [thing('x', { thousandths: amount })], { key })
        )) as unknown as { items: { id: number }[] }
        next.set(answer.items[0]?.id as number, { type: 'x', thousandths: amount, note: '', isDone: false })
        mine.become(next)
        return
      }
      case 'tick':
      case 'untick': {
        const isDone = what === 'tick'
        await told('done', ({ carts, work }) => carts.tick(work, where, isDone ? { done: [id] } : { open: [id] }, key))
        if (now) next.set(id, { ...now, isDone })
        mine.become(next)
        return
      }
      case 'plus': {
        // By nothing nobody steps.
        const delta = amount - 1500 || 1
        const thousandths = (now?.thousandths ?? 1) + delta
        const isOut = now !== undefined && (thousandths < 1 || thousandths > 9_999_000)
        await told(isOut ? 'outOfBounds' : 'done', ({ carts, work }) => carts.adjust(work, where, id, delta, key))
        if (isOut) return
        if (now) next.set(id, { ...now, thousandths })
        mine.become(next)
        return
      }
      case 'edit': {
        // One field as it was seen, the other whatever it was.
        const [type, note] = [`t${amount}`, `n${amount}`]
        const isConflict = now !== undefined && was !== undefined && now.type !== was.type && now.type !== type
        const isNothing = isConflict && now.note === note
        const answer = await devices[device].carts.edit(
          devices[device].work,
          where,
          id,
          { type: { seen: was?.type ?? '', value: type }, note: { value: note } },
          key
        )
        assert.equal(answer.status, now === undefined ? 'notThere' : isConflict ? 'conflict' : 'done')
        if (now === undefined || isNothing) return
        next.set(id, { ...now, note, ...(!isConflict && { type }) })
        mine.become(next)
        return
      }
      case 'remove':
        await told('done', ({ carts, work }) => carts.removeItems(work, where, [id], key))
        next.delete(id)
        mine.become(next)
        return
      case 'clear': {
        const wanted = shown.map(([number, { version }]) => ({ id: number, version }))
        for (const { id: number, version } of wanted) {
          const it = mine.now.get(number)
          if (it?.isDone && mine.touchedAt.get(number) === version) next.delete(number)
        }
        const isNothing = next.size === mine.now.size
        await told(isNothing ? 'nothing' : 'done', ({ carts, work }) => carts.clear(work, where, wanted, key))
        // No number of the list is used for that.
        if (isNothing) return
        mine.become(next)
        return
      }
      case 'move': {
        const to = list === 0 ? 1 : 0
        await told('done', ({ carts, work }) => carts.move(work, where, [id], real.lists[to].list, key))
        const target = new Map(model[to].now)
        if (now) target.set(id, now)
        next.delete(id)
        mine.become(next, { pair: { list: to, version: model[to].version + 1 } })
        model[to].become(target, { pair: { list, version: mine.version } })
        return
      }
      case 'undo': {
        const version = seen.version - (pick % 4)
        await told(undo(model, list, version), ({ history, work }) => history.undo(work, where, version, key))
      }
    }
  }

  /** What an undo comes to in the model. */
  const undo = (model: Model, list: 0 | 1, version: number): string => {
    const mine = model[list]
    const change = mine.changes[version]
    const [before, after] = [mine.states[version - 1], mine.states[version]]
    // The first change made the list.
    if (version < 2 || !change || !before || !after) return 'notThere'
    const isNothing = [...new Set([...before.keys(), ...after.keys()])].every(id =>
      isSame(before.get(id), after.get(id))
    )
    if (isNothing) return 'notThere'
    if (change.undoneBy !== undefined) return 'undone'
    const halves = [{ mine, version, before, after }]
    const { pair } = change
    if (pair) {
      const other = model[pair.list]
      const [its, became] = [other.states[pair.version - 1] as State, other.states[pair.version] as State]
      halves.push({ mine: other, version: pair.version, before: its, after: became })
    }
    const back = halves.map(half => takenBack(half.mine.now, half.before, half.after))
    if (back.includes(undefined)) return 'overtaken'
    const numbers = halves.map(half => half.mine.version + 1)
    for (const [n, half] of halves.entries()) {
      const told = half.mine.changes[half.version] as Change
      const redone = told.undoes === undefined ? undefined : half.mine.changes[told.undoes]
      if (redone) delete redone.undoneBy
      const otherHalf = pair && { list: n === 0 ? pair.list : list, version: numbers[1 - n] as number }
      half.mine.become(back[n] as Map<number, Thing>, { undoes: half.version, ...(otherHalf && { pair: otherHalf }) })
      told.undoneBy = half.mine.version
    }
    return 'done'
  }

  const plain = (items: { id: number; type: string; thousandths: number; note: string; doneAt: number | null }[]) =>
    items
      .map(({ id, type, thousandths, note, doneAt }) => ({ id, type, thousandths, note, isDone: doneAt !== null }))
      .sort((a, b) => a.id - b.id)
  const modelled = (state: State) => [...state].map(([id, it]) => ({ id, ...it })).sort((a, b) => a.id - b.id)

  class Doing implements fc.AsyncCommand<Model, Real> {
    readonly step: Step
    constructor(step: Step) {
      this.step = step
    }

    check = () => true

    async run(model: Model, real: Real): Promise<void> {
      await doIt(model, real, this.step)
      for (const list of [0, 1] as const) {
        const { version, items } = await look(this.step.device === 0 ? 1 : 0, real.lists[list])
        const found = [...items].map(([id, { version: _, ...it }]) => ({ id, ...it })).sort((a, b) => a.id - b.id)
        assert.deepEqual({ version, items: found }, { version: model[list].version, items: modelled(model[list].now) })
        for (const [id, it] of items) assert.equal(it.version, model[list].touchedAt.get(id), `version of ${id}`)
      }
    }

    toString = () => JSON.stringify(this.step)
  }

  const step = fc.record<Step>({
    what: fc.constantFrom(
      'look',
      'add',
      'tick',
      'tick',
      'untick',
      'plus',
      'edit',
      'remove',
      'clear',
      'undo',
      'undo',
      'move'
    ),
    device: fc.constantFrom(0, 1),
    list: fc.constantFrom(0, 0, 0, 1),
    pick: fc.nat(7),
    amount: fc.integer({ min: 1, max: 3000 }),
    looks: fc.boolean(),
    isRepeated: fc.boolean()
  })

  let accountId = 0
  let runs = 0

  test(`come to what a model comes to, and the history tells each state, ${RUNS[engine]} times`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands([step.map(it => new Doing(it))], { maxCommands: 14, size: '+1' }),
        fc.nat(1000),
        async (commands, any) => {
          // An account may have 200 lists.
          if (runs++ % 90 === 0) accountId = await site.addAccount()
          const lists: [Where, Where] = [await make(accountId, 'a'), await make(accountId, 'b')]
          const model: Model = [new ModelList(), new ModelList()]
          const ids = await add(lists[0], thing('x'), thing('x'))
          model[0].become(new Map(ids.map(id => [id, { type: 'x', thousandths: 2000, note: '', isDone: false }])))
          const seen = await Promise.all([0, 1].map(() => Promise.all(lists.map(list => look(0, list)))))
          await fc.asyncModelRun(() => ({ model, real: { lists, seen } }), commands)

          for (const list of [0, 1] as const) {
            const where = lists[list]
            const { states, version, now } = model[list]
            const at = 1 + (any % version)
            const then = await two.history.asItWas(two.work, where, at)
            assert.deepEqual(plain(then?.items ?? []), modelled(states[at] as State), `as it was after ${at}`)
            const delta = await one.history.since(one.work, where, at)
            assert.ok(delta && !delta.full)
            const followed = new Map(states[at])
            for (const { id } of delta.removed) followed.delete(id)
            for (const { id, type, thousandths, note, doneAt } of delta.items) {
              followed.set(id, { type, thousandths, note, isDone: doneAt !== null })
            }
            assert.deepEqual(modelled(followed), modelled(now), `followed from ${at}`)
          }
        }
      ),
      { numRuns: RUNS[engine] }
    )
  })
})
