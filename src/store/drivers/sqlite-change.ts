import { detailOf, parts, partsFor, type Recipe, type Spelling, type Target } from '../change.ts'
import { join, type Piece, raw, sql } from '../sql.ts'
import { changes, items, lists } from '../tables.ts'

const { value, changeColumns } = parts

export const sqliteSpelling = (target: Target): Spelling => ({
  jsonObject: 'json_object',
  jsonArray: 'json_array',
  thousand: raw('1000'),
  version: sql`(select ${lists.version} from ${lists} where ${partsFor(target).ofList})`
})

/** A numbered change: these statements, one after the other, in one transaction. Each touches a row, or it was not so. */
export interface SqliteChange {
  steps: Piece[]
  /** Answers with what was noted. */
  note: Piece
  /** The rest. */
  last: Piece[]
}

export function sqliteChange(recipe: Recipe<never>, target: Target): SqliteChange {
  const { raise, ofList, onList, listOfItems, count } = partsFor(target)
  const spelling = sqliteSpelling(target)
  const noted = sql`insert into ${changes} (${changeColumns})
  select ${lists.id}, ${lists}.${lists.version}, ${value.accountId}, ${value.key}, ${value.digest}, ${value.kind}, ${value.at}`
  const answer = sql`returning ${changes.listId}, ${changes.version}, ${changes.itemId}, ${changes.detail}`
  const it = recipe.of(spelling)

  if ('adds' in it) {
    const columns = join([items.listId, items.version, ...it.adds.map(([column]) => column)], ', ')
    const values = join([listOfItems, spelling.version, ...it.adds.map(([, given]) => given)], ', ')
    return {
      steps: [
        raise,
        sql`insert into ${items} (${columns}) select ${values}
  where ${spelling.version} <= ${value.limit} or (${count}) < ${value.limit}`
      ],
      note: sql`${noted}, last_insert_rowid(), ${value.detail} from ${lists} where ${ofList} ${answer}`,
      last: []
    }
  }
  const where = sql`${it.where} and ${onList}`
  const sets = join(
    it.sets.map(([column, now]) => sql`${column} = ${now}`),
    ', '
  )
  return {
    steps: [raise],
    // Noted before it is done: whoever writes is alone.
    note: sql`${noted}, ${value.itemId}, ${detailOf(spelling, it)} from ${lists}, ${items} where ${where} and ${ofList} ${answer}`,
    last: [it.after ? sql`update ${items} set ${sets} where ${where}` : sql`delete from ${items} where ${where}`]
  }
}
