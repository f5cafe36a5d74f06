import { digest } from '../keys.ts'
import { type ChangeValues, type ItemContent, parts, type Recipe, recipes, wholeOf } from './change.ts'
import { type Detail, readDetail } from './detail.ts'
import type { Dialect, Noted, PlannedChange } from './dialect.ts'
import { CalledOff } from './failures.ts'
import { insert, select, sql } from './sql.ts'
import { reading } from './statement.ts'
import { type ListId, listSteps, type OpenList, targetOf } from './steps.ts'
import { type ChangeKind, changes } from './tables.ts'
import type { Db, Work } from './work.ts'

const { value } = parts

export interface Asked {
  accountId: number
  /** The idempotency key, at most 43 characters. */
  key: string
  /** A digest of all that was asked, 43 characters. */
  digest: string
  at: number
}

/** A change as it was made. */
export interface Made {
  listId: number
  /** Its number on that list. */
  version: number
  detail: Detail
}

/**
 * `done`: by this request. `already`: this very request was carried out before. `reused`: the key was used for something
 * else, and nothing was done. `noList`: nor was it here, as there is no such list.
 */
export type Outcome<Refusal extends { status: string } = never> =
  | ({ status: 'done' | 'already' } & Made)
  | { status: 'reused' }
  | { status: 'noList' }
  | Refusal

/** What a change comes to that is made in steps. */
export interface Decision {
  kind: ChangeKind
  detail: Detail
}

export type ChangeStore = ReturnType<typeof changeStore>

const REUSED = { status: 'reused' } as const
const MAKE_TRIES = 5
/** Found out in a transaction: the key is there already. */
class KeyUsed extends CalledOff {}

const kept = {
  listId: changes.listId,
  version: changes.version,
  kind: changes.kind,
  itemId: changes.itemId,
  detail: changes.detail
}

const madeOf = (kind: string, { listId, version, itemId, detail }: Noted): Made => ({
  listId,
  version,
  detail: readDetail({ kind, itemId, detail })
})

/** `changes`: every write on a list, numbered, once for each key. */
export function changeStore(dialect: Dialect) {
  const steps = listSteps(dialect)
  const planned = <V extends object>(recipe: Recipe<V>) => ({
    first: dialect.change(recipe, 'first'),
    other: dialect.change(recipe, 'other')
  })
  const plans = {
    add: planned(recipes.add),
    remove: planned(recipes.remove),
    tick: planned(recipes.tick),
    untick: planned(recipes.untick),
    adjust: planned(recipes.adjust)
  }
  const byKey = reading(
    dialect,
    select(
      { ...kept, digest: changes.digest },
      sql`from ${changes} where ${changes.accountId} = ${value.accountId} and ${changes.key} = ${value.key}`
    )
  )
  const note = dialect.compile(
    insert(changes, ['listId', 'version', 'accountId', 'key', 'digest', 'kind', 'at', 'itemId', 'detail'])
  )

  /** Runs it until it is done, here or by an earlier try. */
  const once = async <R extends { status: string }>(
    work: Work,
    { accountId, key, digest }: Asked,
    make: () => Promise<Made>
  ): Promise<Outcome<R>> => {
    // A number of its own that is taken (@see steps.open), or a name that another took meanwhile: it is tried afresh.
    const makeAfresh = async (tries = MAKE_TRIES): Promise<Made> => {
      try {
        return await make()
      } catch (error) {
        const isOther = work.isDuplicate(error) && !work.isDuplicate(error, 'change')
        if (!isOther || tries <= 1) throw error
        return makeAfresh(tries - 1)
      }
    }
    const outcome = await work.repeatable<Outcome<R>>(async maybeDone => {
      try {
        return { status: 'done', ...(await makeAfresh()) }
      } catch (error) {
        if (!(error instanceof CalledOff) && !work.isDuplicate(error, 'change')) throw error
        const [before] = await work.all(byKey, { accountId, key })
        if (before === undefined) {
          if (error instanceof KeyUsed || !(error instanceof CalledOff)) throw error
          return error.outcome as Outcome<R>
        }
        if (before.digest !== digest) return REUSED
        // Found after a try of our own whose answer was lost: this request did it.
        return { status: maybeDone ? 'done' : 'already', ...madeOf(before.kind, before) }
      }
    })
    // What another request did must be as safe as a commit of one's own before anybody is told.
    if (outcome.status === 'already') await work.settle()
    return outcome
  }

  /** What came of a request with this key before; undefined: there was none. `digest` is asked for where there was. */
  const earlier = async (
    work: Work,
    { accountId, key }: Pick<Asked, 'accountId' | 'key'>,
    digest: () => string
  ): Promise<({ status: 'already' } & Made) | typeof REUSED | undefined> => {
    const [before] = await work.all(byKey, { accountId, key })
    if (before === undefined) return undefined
    if (before.digest !== digest()) return REUSED
    await work.settle()
    return { status: 'already', ...madeOf(before.kind, before) }
  }

  /** Writes down what was done to a list, in its transaction. */
  const write = async (
    work: Work,
    tx: Db,
    asked: Asked,
    { id: listId, version }: OpenList,
    { kind, detail }: Decision
  ): Promise<Made> => {
    const isEmpty = detail.items.length === 0 && Object.keys(detail).length === 1
    const itemId = detail.items.length === 1 ? (detail.items[0]?.id ?? null) : null
    try {
      await tx.write(note, { ...asked, listId, version, kind, itemId, detail: isEmpty ? null : JSON.stringify(detail) })
    } catch (error) {
      throw work.isDuplicate(error, 'change') ? new KeyUsed(undefined) : error
    }
    return { listId, version, detail }
  }

  type Unit = (tx: Db, list: OpenList) => Promise<Decision>

  const inSteps = (work: Work, asked: Asked, list: ListId, unit: Unit): Promise<Made> =>
    work.transaction(async tx => {
      const [open] = (await steps.open(tx, asked.accountId, [list], asked.at)) as [OpenList]
      return write(work, tx, asked, open, await unit(tx, open))
    })

  /** In one round trip where it is as simple as that, else in steps. */
  const simply = <V extends object>(
    work: Work,
    asked: Asked,
    list: ListId,
    plan: Record<'first' | 'other', PlannedChange<V>>,
    values: V & Pick<ChangeValues, 'kind' | 'itemId' | 'detail' | 'limit'>,
    unit: Unit
  ) => {
    const whole = { ...values, ...asked, listId: list === 'first' ? 0 : list }
    return async (): Promise<Made> => {
      const noted = await work.change(plan[targetOf(list)], whole)
      return noted ? madeOf(values.kind, noted) : inSteps(work, asked, list, unit)
    }
  }

  return {
    steps,
    earlier,

    /**
     * A change that is made in steps, in one transaction which raised the list's version first. `unit` may throw CalledOff
     * with an outcome of its own: then nothing was done, and the key stays unused.
     */
    decide: <Refusal extends { status: string } = never>(
      work: Work,
      asked: Asked,
      list: ListId,
      unit: Unit
    ): Promise<Outcome<Refusal>> => once<Refusal>(work, asked, () => inSteps(work, asked, list, unit)),

    /** A change that `unit` writes down itself, with `write`: on several lists, or on a new one. */
    compose: <Refusal extends { status: string } = never>(
      work: Work,
      asked: Asked,
      unit: (tx: Db, write: (list: OpenList, decision: Decision, part?: string) => Promise<Made>) => Promise<Made>
    ): Promise<Outcome<Refusal>> =>
      once<Refusal>(work, asked, () =>
        work.transaction(tx =>
          unit(tx, (list, decision, part) =>
            write(work, tx, part === undefined ? asked : { ...asked, key: digest(asked.key, part) }, list, decision)
          )
        )
      ),

    /** Adds an item, unless the list has `limit`. */
    add: (
      work: Work,
      asked: Asked,
      list: ListId,
      item: ItemContent,
      limit: number
    ): Promise<Outcome<{ status: 'full' }>> => {
      const detail = { items: [{ before: null, after: item }] }
      const values = {
        ...item,
        quantity: wholeOf(item.thousandths),
        kind: 'add' as const,
        itemId: null,
        detail: JSON.stringify(detail),
        limit
      }
      return once(
        work,
        asked,
        simply(work, asked, list, plans.add, values, async (tx, open) => {
          if (open.version > limit && (await steps.count(tx, open)) >= limit) throw new CalledOff({ status: 'full' })
          const id = await steps.add(tx, open, item)
          return { kind: 'add', detail: { items: [{ id, before: null, after: item }] } }
        })
      )
    },

    /** Removes an item; its detail has it when it was there. */
    remove: (work: Work, asked: Asked, list: ListId, id: number): Promise<Outcome> =>
      once(
        work,
        asked,
        simply(work, asked, list, plans.remove, { id, ...plain('remove', id) }, async (tx, open) => ({
          kind: 'remove',
          detail: { items: await steps.removeAll(tx, open, [id]) }
        }))
      ),

    /** Ticks an item off, or makes it one to buy again; its detail has it when it was there. */
    tick: (work: Work, asked: Asked, list: ListId, id: number, isDone: boolean): Promise<Outcome> =>
      once(
        work,
        asked,
        simply(
          work,
          asked,
          list,
          isDone ? plans.tick : plans.untick,
          { id, ...plain('tick', id) },
          async (tx, open) => ({
            kind: 'tick',
            detail: {
              items: await steps.tickAll(tx, open, { done: isDone ? [id] : [], open: isDone ? [] : [id], at: asked.at })
            }
          })
        )
      ),

    /** Adds `delta` thousandths, unless that leaves what a quantity may be; its detail has the item when it was there. */
    adjust: (
      work: Work,
      asked: Asked,
      list: ListId,
      id: number,
      delta: number
    ): Promise<Outcome<{ status: 'outOfBounds' }>> =>
      once(
        work,
        asked,
        simply(work, asked, list, plans.adjust, { id, delta, ...plain('adjust', id) }, async (tx, open) => ({
          kind: 'adjust',
          detail: { items: await steps.adjust(tx, open, id, delta) }
        }))
      )
  }
}

const plain = (kind: ChangeKind, itemId: number) => ({ kind, itemId, detail: null, limit: 0 })
