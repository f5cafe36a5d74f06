import type { Dialect } from '../../store/dialect.ts'
import { given, insert, type Piece, pick, type Reading, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { remembered } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

export type RememberedName = RowOf<typeof remembered.columns>

const shown = pick(remembered.columns, ['folded', 'name', 'shop', 'unit', 'thousandths', 'score', 'boughtAt'])
export type ShownName = RowOf<typeof shown>

interface Having {
  accountId: number
  from: string
  to: string
  inside: string
  limit: number
}

/** Ends every range of names that begin alike: no text has a higher character. */
const LAST = '\u{10ffff}'

export type RememberedStore = ReturnType<typeof rememberedStore>

/** `remembered`: what each account bought. Every statement asks for the account first, as its indexes do. */
export function rememberedStore(dialect: Dialect) {
  const { folded, score, boughtAt } = remembered
  const mine = sql`${remembered.accountId} = ${given.number('accountId')}`
  const begins = sql`${folded} >= ${given.text('from')} and ${folded} < ${given.text('to')}`
  const limit = sql`limit ${given.number('limit')}`

  const best = reading(
    dialect,
    select(shown, sql`from ${remembered} where ${mine} order by ${score} desc, ${folded} desc ${limit}`)
  )
  const beginning = reading(
    dialect,
    select(shown, sql`from ${remembered} where ${mine} and ${begins} order by ${score} desc, ${folded} desc ${limit}`)
  )
  // Both parts stop at the limit: the first is a range of names, the second goes along the scores.
  const bestOf = (wanted: Piece) =>
    sql`select ${folded} as f from ${remembered} where ${mine} and ${wanted} order by ${score} desc, ${folded} desc ${limit}`
  const inside = sql`${folded} like ${given.text('inside')} escape '!' and not (${begins})`
  const having = reading(
    dialect,
    select(
      shown,
      sql`from (select f, 0 as place from (${bestOf(begins)}) as a union all select f, 1 from (${bestOf(inside)}) as b) as found
      join ${remembered} on ${mine} and ${folded} = f
      order by place, ${score} desc, ${folded} desc ${limit}`
    ) as Reading<never, unknown> as Reading<Having, ShownName>
  )
  const one = reading(
    dialect,
    select(
      pick(remembered.columns, ['folded']),
      sql`from ${remembered} where ${mine} and ${folded} = ${given.text('folded')}`
    )
  )
  const last = reading(
    dialect,
    select(
      pick(remembered.columns, ['folded', 'score']),
      sql`from ${remembered} where ${mine} order by ${score} desc, ${folded} desc limit 1 offset ${given.number('keep')}`
    )
  )

  const update = dialect.compile(
    sql`update ${remembered} set ${remembered.name} = ${given.text('name')}, ${remembered.shop} = ${given.text('shop')},
      ${remembered.unit} = ${given.text('unit')}, ${remembered.thousandths} = ${given.number('thousandths')},
      ${score} = ${score} + ${given.number('score')}, ${boughtAt} = ${given.number('boughtAt')}
    where ${mine} and ${folded} = ${given.text('folded')}`
  )
  const add = dialect.compile(
    insert(remembered, ['accountId', 'folded', 'name', 'shop', 'unit', 'thousandths', 'score', 'boughtAt'])
  )
  const remove = dialect.compile(
    sql`delete from ${remembered} where ${mine} and ${folded} = ${given.text('folded')} and ${boughtAt} <= ${given.number('seen')}`
  )
  const removeUpTo = dialect.compile(
    sql`delete from ${remembered} where ${mine}
      and (${score} < ${given.number('score')} or (${score} = ${given.number('score')} and ${folded} <= ${given.text('folded')}))`
  )

  return {
    /** The best by score, at most `limit`. */
    best: (db: Db, accountId: number, limit: number): Promise<ShownName[]> => db.all(best, { accountId, limit }),

    /** Those that begin with a folded text, the best first. */
    beginningWith: (db: Db, accountId: number, start: string, limit: number): Promise<ShownName[]> =>
      db.all(beginning, { accountId, from: start, to: start + LAST, limit }),

    /** Those with a word that begins with it; those that begin with it themselves come first. */
    withWordBeginning: (db: Db, accountId: number, start: string, limit: number): Promise<ShownName[]> => {
      const literal = start.replace(/[!%_]/g, '!$&')
      return db.all(having, { accountId, from: start, to: start + LAST, inside: `% ${literal}%`, limit })
    },

    /** Bought once more: its score is added to what there was, the rest replaces it. @throws an error with verdict `duplicate` when another server was the first just now */
    async add(db: Db, bought: RememberedName): Promise<void> {
      if ((await db.write(update, bought)) === 0) await db.write(add, bought)
    },

    /** The same of a name that is there; whether it is. */
    addTo: async (db: Db, bought: RememberedName): Promise<boolean> => (await db.write(update, bought)) > 0,

    has: async (db: Db, accountId: number, name: string): Promise<boolean> =>
      (await db.all(one, { accountId, folded: name })).length > 0,

    /** Whether it was there, and not bought again after `seen`. */
    remove: async (db: Db, accountId: number, name: string, seen: number): Promise<boolean> =>
      (await db.write(remove, { accountId, folded: name, seen })) > 0,

    /** All but the best `keep` go; how many went. */
    async trim(db: Db, accountId: number, keep: number): Promise<number> {
      const [first] = await db.all(last, { accountId, keep })
      return first ? db.write(removeUpTo, { accountId, folded: first.folded, score: first.score }) : 0
    }
  }
}
