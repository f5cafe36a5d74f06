import { quantityIn } from '../../store/change.ts'
import type { Dialect } from '../../store/dialect.ts'
import { type Column, given, pick, type Reading, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { type Belonging, items, ofAccount, ofList, traces } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

export type Key = number | string
export type Row = Record<string, Key | null>

/** A page of rows, and the key of its last one. */
export interface Rows {
  rows: Row[]
  last: Key | undefined
}

export type BelongingStore = ReturnType<typeof belongingStore>

/** What accounts and lists have, whatever it is, table by table. */
export function belongingStore(dialect: Dialect) {
  const plans = new Map([...ofAccount, ...ofList, ...traces].map(one => [one, planOf(dialect, one)]))
  const planFor = (one: Belonging) => {
    const plan = plans.get(one)
    if (!plan) throw new Error(`nothing is known of ${one.name}`)
    return plan
  }

  const count = ({ table, of }: Belonging) =>
    reading(dialect, {
      ...sql`select count(*) from ${table} where ${of} = ${given.number('owner')}`,
      columns: ['n']
    } as Reading<{ owner: number }, { n: number }>)
  const counts = new Map(ofAccount.map(one => [one.name, count(one)]))

  return {
    /** How many of what is called so an account has. */
    async count(db: Db, name: 'items' | 'lists', owner: number): Promise<number> {
      const counting = counts.get(name)
      if (!counting) throw new Error(`nothing is known of ${name}`)
      const [row] = await db.all(counting, { owner })
      return Number(row?.n)
    },

    /** What an account or a list has, in the order of its keys, at most `limit` rows after the one with key `after`. */
    async read(db: Db, one: Belonging, owner: number, after: Key | undefined, limit: number): Promise<Rows> {
      const { first, next, shown } = planFor(one)
      const found =
        after === undefined ? await db.all(first, { owner, limit }) : await db.all(next, { owner, after, limit })
      const last = found.at(-1)?.['key of the row'] ?? undefined
      const asShown = one.table === items ? withItsQuantity : (row: Row) => row
      return { rows: found.map(row => asShown(Object.fromEntries(shown.map(name => [name, row[name] ?? null])))), last }
    },

    /** Takes away about `limit` rows, to be asked again until it says that nothing is left. */
    async removeSome(db: Db, one: Belonging, owner: number, limit: number): Promise<'more' | 'none'> {
      const { boundary, removeUpTo, removeAll } = planFor(one)
      const [row] = await db.all(boundary, { owner, skipped: limit - 1 })
      if (row?.key === undefined) {
        await db.write(removeAll, { owner })
        return 'none'
      }
      await db.write(removeUpTo, { owner, key: row.key })
      return 'more'
    },

    async removeAll(db: Db, one: Belonging, owner: number): Promise<void> {
      await db.write(planFor(one).removeAll, { owner })
    }
  }
}

/** As lists show it, where somebody changed the whole number by hand. */
const withItsQuantity = (row: Row): Row =>
  row.thousandths === null ? row : { ...row, thousandths: quantityIn(row as { quantity: number; thousandths: number }) }

function planOf(dialect: Dialect, { table, of, key: keyColumn, hidden }: Belonging) {
  const key = keyColumn as Column<Key>
  const shown = Object.keys(table.columns).filter(name => !hidden.includes(name))
  const columns = { ...pick(table.columns, shown), 'key of the row': key } as Record<string, Column<Key | null>>
  const mine = sql`from ${table} where ${of} = ${given.number('owner')}`
  const inOrder = sql`order by ${key} limit ${given.number('limit')}`
  return {
    shown,
    first: reading(dialect, select(columns, sql`${mine} ${inOrder}`)),
    next: reading(dialect, select(columns, sql`${mine} and ${key} > ${given.of('after', key)} ${inOrder}`)),
    boundary: reading(dialect, select({ key }, sql`${mine} order by ${key} limit 1 offset ${given.number('skipped')}`)),
    removeUpTo: dialect.compile(sql`delete ${mine} and ${key} <= ${given.of('key', key)}`),
    removeAll: dialect.compile(sql`delete ${mine}`)
  }
}
