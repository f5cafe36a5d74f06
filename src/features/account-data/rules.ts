import type { Store } from '../../open-store.ts'
import { type Belonging, ofAccount, ofList } from '../../store/tables.ts'
import type { Work } from '../../store/work.ts'
import { clearInBackground, clearWithin } from './clearing.ts'
import type { Key, Row } from './queries.ts'

/** Rows read at a time, and sent part after part. */
const PART_SIZE = 500
/** Longest that one part may take. */
const PART_MS = 8000
/** Balancers wait somewhat longer than this for an answer. */
const AT_ONCE_MS = 800

export type AccountData = ReturnType<typeof accountDataRules>

export function accountDataRules(store: Store) {
  const { belongings } = store

  /** Pages of what an account or a list has; each is read when the one before was taken. */
  async function* pages(work: Work, one: Belonging, owner: number): AsyncGenerator<Row[], void> {
    let after: Key | undefined
    while (true) {
      const { rows, last } = await belongings.read(work.next(PART_MS), one, owner, after, PART_SIZE)
      if (rows.length > 0) yield rows
      if (rows.length < PART_SIZE) return
      after = last
    }
  }

  /** Of several owners, one after the other. */
  async function* pagesOfAll(work: Work, one: Belonging, owners: number[]): AsyncGenerator<Row[], void> {
    for (const owner of owners) yield* pages(work, one, owner)
  }

  /** `,"name":[…]`, never held whole. */
  async function* section(name: string, all: AsyncIterable<Row[]>): AsyncGenerator<string, void> {
    yield `,\n${JSON.stringify(name)}:[`
    let between = '\n'
    for await (const rows of all) {
      yield between + rows.map(row => JSON.stringify(readable(row))).join(',\n')
      between = ',\n'
    }
    yield ']'
  }

  return {
    /**
     * All that is known of an account as one JSON object, part after part. The first is read before anything is sent; should
     * the database go away half-way, it ends without its end.
     */
    async *copyOf(work: Work, accountId: number, at: Date): AsyncGenerator<string, void> {
      const identity = await store.accounts.findIdentity(work, accountId)
      yield `{"madeAt":${JSON.stringify(at.toISOString())},\n"account":${JSON.stringify({ id: accountId, ...identity })}`
      const lists: number[] = []
      for (const one of ofAccount) {
        const noted = one.name !== 'lists' ? pages(work, one, accountId) : noting(pages(work, one, accountId), lists)
        yield* section(one.name, noted)
      }
      for (const one of ofList) yield* section(one.name, pagesOfAll(work, one, lists))
      yield '}\n'
    },

    /** Of an account that was closed: what can be taken away at once, and the rest while nobody waits. */
    async clear(work: Work, accountId: number, failed: (error: unknown) => void): Promise<void> {
      if (!(await clearWithin(store, work, accountId, AT_ONCE_MS))) clearInBackground(store, accountId).catch(failed)
    },

    countItems: (work: Work, accountId: number): Promise<number> => belongings.count(work, 'items', accountId)
  }
}

async function* noting(all: AsyncIterable<Row[]>, ids: number[]): AsyncGenerator<Row[], void> {
  for await (const rows of all) {
    for (const { id } of rows) ids.push(Number(id))
    yield rows
  }
}

/** Moments as people write them, and what is JSON already as that. */
const readable = (row: Row): object =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === 'number' && /(^a|A)t$/.test(name)) return [name, new Date(value).toISOString()]
      if (name === 'detail' && typeof value === 'string') return [name, parsed(value)]
      return [name, value]
    })
  )

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
