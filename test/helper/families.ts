import assert from 'node:assert/strict'
import { historyRules } from '../../src/features/history/rules.ts'
import { cartRules, type NewItem, type Where } from '../../src/features/items/rules.ts'
import { listRules } from '../../src/features/lists/rules.ts'
import type { Engine } from './engines.ts'
import { type TwoStores, twoStores } from './two-stores.ts'

export const thing = (type: string, some: Partial<NewItem> = {}): NewItem => ({
  type,
  thousandths: 2000,
  unit: '',
  shop: 'Praça',
  note: '',
  ...some
})

/** A device: its rules, on one of two web servers. */
const deviceOn = (site: TwoStores, server: 0 | 1) => ({
  get work() {
    return site.works[server]
  },
  get carts() {
    return cartRules(site.stores[server])
  },
  get history() {
    return historyRules(site.stores[server])
  },
  get lists() {
    return listRules(site.stores[server])
  }
})

/** Two devices on two web servers, and what tests ask of lists. */
export function family(engine: Engine) {
  const site = twoStores(engine)
  const [one, two] = [deviceOn(site, 0), deviceOn(site, 1)]

  const view = async (where: Where) => {
    const seen = await two.carts.view(two.work, where)
    assert.ok(seen)
    return seen
  }
  const add = async (where: Where, ...things: NewItem[]): Promise<number[]> => {
    const outcome = await one.carts.addItems(one.work, where, things)
    assert.ok('items' in outcome, JSON.stringify(outcome))
    return outcome.items.map(({ id }) => id)
  }
  return {
    site,
    one,
    two,
    view,
    add,
    /** What is kept of what was asked for under a key. */
    async digestOf(accountId: number, key: string) {
      const [row] = await site.database.query(
        `select digest from changes where account_id = ${accountId} and change_key = '${key}'`
      )
      return row?.digest
    },
    /** An account's first list with these on it, and their numbers. */
    async listWith(...types: string[]) {
      const where: Where = { accountId: await site.addAccount(), list: 'first' }
      return { where, ids: types.length > 0 ? await add(where, ...types.map(type => thing(type))) : [] }
    },
    async make(accountId: number, name: string): Promise<Where> {
      const made = await one.lists.make(one.work, accountId, { name })
      assert.ok('listId' in made, JSON.stringify(made))
      return { accountId, list: made.listId }
    },
    find: (where: Where, id: number) => two.carts.find(two.work, where, id),
    async item(where: Where, id: number) {
      const found = await two.carts.find(two.work, where, id)
      assert.ok(found)
      return found
    },
    /** As people see a list, top to bottom. */
    async names(where: Where) {
      return (await view(where)).items.map(
        ({ type, thousandths, doneAt }) => `${doneAt === null ? '' : '✓'}${type} ${thousandths / 1000}`
      )
    }
  }
}

/** The number of the change that an outcome tells of. */
export function versionOf(outcome: { status: string }): number {
  assert.ok('version' in outcome, JSON.stringify(outcome))
  return outcome.version as number
}
