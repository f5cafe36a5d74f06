import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Where } from '../../src/features/items/rules.ts'
import { family, thing, versionOf } from '../helper/families.ts'
import { cases, forEachEngine } from '../helper.ts'

/** Two devices do something to one item of a list: 2 Leite, the second of which was added a moment ago. */
const actions = ['tick', 'untick', 'edit', 'plus', 'delete', 'undo', 'move', 'clear'] as const
type Action = (typeof actions)[number]

/**
 * What a family expects to find, and what the second one is told, when `first` was there before it: who comes second knows
 * nothing of it. ✓: in the basket. →: on the other list. A and B: the first one's name for it, and the second one's. Undo
 * takes back the second Leite. Where something is unticked or cleared the item is in the basket to begin with.
 */
const expected: Record<Action, Record<Action, [found: string, told?: string]>> = {
  tick: {
    tick: ['✓Leite 2'],
    untick: ['Leite 2'],
    edit: ['✓Leite B 2'],
    plus: ['✓Leite 3'],
    delete: [''],
    undo: ['✓Leite 1'],
    move: ['→✓Leite 2'],
    clear: ['']
  },
  untick: {
    tick: ['✓Leite 2'],
    untick: ['Leite 2'],
    edit: ['Leite B 2'],
    plus: ['Leite 3'],
    delete: [''],
    undo: ['Leite 1'],
    move: ['→Leite 2'],
    clear: ['Leite 2', 'kept']
  },
  edit: {
    tick: ['✓Leite A 2'],
    untick: ['Leite A 2'],
    edit: ['Leite A 2', 'conflict'],
    plus: ['Leite A 3'],
    delete: [''],
    undo: ['Leite A 1'],
    move: ['→Leite A 2'],
    clear: ['✓Leite A 2', 'kept']
  },
  plus: {
    tick: ['✓Leite 3'],
    untick: ['Leite 3'],
    edit: ['Leite B 3'],
    plus: ['Leite 4'],
    delete: [''],
    undo: ['Leite 3', 'overtaken'],
    move: ['→Leite 3'],
    clear: ['✓Leite 3', 'kept']
  },
  delete: {
    tick: ['', 'missing'],
    untick: ['', 'missing'],
    edit: ['', 'missing'],
    plus: ['', 'missing'],
    delete: ['', 'missing'],
    undo: ['', 'overtaken'],
    move: ['', 'missing'],
    clear: ['', 'missing']
  },
  undo: {
    tick: ['✓Leite 1'],
    untick: ['Leite 1'],
    edit: ['Leite B 1'],
    plus: ['Leite 2'],
    delete: [''],
    undo: ['Leite 1', 'undone'],
    move: ['→Leite 1'],
    clear: ['✓Leite 1', 'kept']
  },
  move: {
    tick: ['→Leite 2', 'missing'],
    untick: ['→✓Leite 2', 'missing'],
    edit: ['→Leite 2', 'missing'],
    plus: ['→Leite 2', 'missing'],
    delete: ['→Leite 2', 'missing'],
    undo: ['→Leite 2', 'overtaken'],
    move: ['→Leite 2', 'missing'],
    clear: ['→✓Leite 2', 'missing']
  },
  clear: {
    tick: ['', 'missing'],
    untick: ['', 'missing'],
    edit: ['', 'missing'],
    plus: ['', 'missing'],
    delete: ['', 'missing'],
    undo: ['', 'overtaken'],
    move: ['', 'missing'],
    clear: ['', 'missing']
  }
}

const ROUNDS = cases(3)

forEachEngine('two devices and one item', engine => {
  const { one, two, site, add, item, names, make } = family(engine)
  let where: Where
  let other: Where

  before(async () => {
    where = { accountId: await site.addAccount(), list: 'first' }
    other = await make(where.accountId, 'Outra')
  })

  interface Seen {
    id: number
    version: number
    /** The change that added one more. */
    last: number
  }

  const begin = async (isDone: boolean): Promise<Seen> => {
    const [id = 0] = await add(where, thing('Leite', { thousandths: 1000 }))
    if (isDone) await one.carts.tick(one.work, where, { done: [id] })
    const last = versionOf(await two.carts.adjust(two.work, where, id, 1000))
    return { id, last, version: (await item(where, id)).version }
  }

  /** What the device is told, where that is more than that it was done. */
  const act = async (
    action: Action,
    device: typeof one,
    letter: string,
    { id, version, last }: Seen
  ): Promise<string> => {
    const { carts, history, work } = device
    const answer = await {
      tick: () => carts.tick(work, where, { done: [id] }),
      untick: () => carts.tick(work, where, { open: [id] }),
      edit: () => carts.edit(work, where, id, { type: { seen: 'Leite', value: `Leite ${letter}` } }),
      plus: () => carts.adjust(work, where, id, 1000),
      delete: () => carts.removeItems(work, where, [id]),
      undo: () => history.undo(work, where, last),
      move: () => carts.move(work, where, [id], other.list),
      clear: () => carts.clear(work, where, [{ id, version }])
    }[action]()
    if (answer.status === 'notThere' || ('found' in answer && !answer.found)) return 'missing'
    if ('missing' in answer && answer.missing.length > 0) return 'missing'
    if ('kept' in answer && (answer.kept as number[]).length > 0) return 'kept'
    return answer.status === 'done' ? 'done' : answer.status
  }

  const found = async () => [...(await names(where)), ...(await names(other)).map(name => `→${name}`)].join()

  const end = async ({ id }: Seen) => {
    for (const list of [where, other]) await one.carts.removeItems(one.work, list, [id])
    assert.equal(await found(), '')
  }

  const isDoneFor = (...pair: Action[]) => pair.some(action => action === 'untick' || action === 'clear')

  for (const first of actions) {
    test(`${first}, then whatever else`, async () => {
      for (const second of actions) {
        const seen = await begin(isDoneFor(first, second))
        assert.equal(await act(first, one, 'A', seen), 'done', `${first} before ${second}`)
        const told = await act(second, two, 'B', seen)
        const [state, answer = 'done'] = expected[first][second]
        assert.deepEqual([await found(), told], [state, answer], `${first}, then ${second}`)
        await end(seen)
      }
    })

    test(`${first}, and whatever else at the same moment, come to one of the two orders`, async () => {
      for (const second of actions.slice(actions.indexOf(first))) {
        for (let round = 0; round < ROUNDS; round++) {
          const seen = await begin(isDoneFor(first, second))
          const [a, b] = await Promise.all([act(first, one, 'A', seen), act(second, two, 'B', seen)])
          const [state, told = 'done'] = expected[first][second]
          const [otherState, otherTold = 'done'] = expected[second][first]
          const swapped = otherState.replace(/[AB]/, letter => (letter === 'A' ? 'B' : 'A'))
          const orders = [
            [state, 'done', told],
            [swapped, otherTold, 'done']
          ].map(String)
          const came = String([await found(), a, b])
          assert.ok(orders.includes(came), `${first} and ${second}: ${came}, expected ${orders.join(' or ')}`)
          await end(seen)
        }
      }
    })
  }

  test('what one brings back as another touches it is touched, or was not there yet', async () => {
    const afterwards: Record<string, string> = {
      tick: '✓Leite 2',
      edit: 'Leite B 2',
      plus: 'Leite 3',
      delete: '',
      move: '→Leite 2'
    }
    for (const [action, state] of Object.entries(afterwards)) {
      for (let round = 0; round < 2 * ROUNDS; round++) {
        const seen = await begin(false)
        const removal = versionOf(await one.carts.removeItems(one.work, where, [seen.id]))
        const [back, told] = await Promise.all([
          one.history.undo(one.work, where, removal),
          act(action as Action, two, 'B', seen)
        ])
        assert.equal(back.status, 'done')
        const orders = [String([state, 'done']), String(['Leite 2', 'missing'])]
        const came = String([await found(), told])
        assert.ok(orders.includes(came), `${action}: ${came}, expected ${orders.join(' or ')}`)
        await end(seen)
      }
    }
  })
})
