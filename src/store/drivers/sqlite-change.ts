import { type Effect, parts } from '../change.ts'
import { type Fragment, insert, sql } from '../sql.ts'
import { changes, items, lists } from '../tables.ts'

const { value, raise, ofList, count, listColumns, changeColumns, snapshot } = parts

/** The list, where its account has none yet. */
const made = sql`insert into ${lists} (${listColumns})
  select ${value.accountId}, ${value.accountId}, '', (${count}), ${value.at} where true on conflict do nothing`

const noted = sql`insert into ${changes} (${changeColumns})
  select ${lists.id}, ${lists.version}, ${value.accountId}, ${value.key}, ${value.digest}, ${value.kind}, ${value.at}`

const answer = sql`returning ${changes.detail}`

export interface SqliteChange {
  /** The list, and its next version. */
  begin: Fragment<never>[]
  /** How many items there are, where there may be more than `limit`; else 0. */
  count: Fragment<never> | undefined
  /** One of them answers with what was noted. */
  steps: Fragment<never>[]
}

/** A numbered change: these statements, one after the other, in one transaction. */
export function sqliteChange(effect: Effect<never>): SqliteChange {
  if (effect.does === 'insert') {
    return {
      begin: [made, raise],
      count: sql`select case when ${lists.version} > ${value.limit} then (${count}) else 0 end from ${lists} where ${ofList}`,
      steps: [
        insert(items, effect.item),
        sql`${noted}, last_insert_rowid(), ${value.detail} from ${lists} where ${ofList} ${answer}`
      ]
    }
  }
  return {
    begin: [made, raise],
    count: undefined,
    steps: [
      // Noted before it is gone: whoever writes is alone.
      sql`${noted}, ${value.itemId}, coalesce((select ${snapshot('json_object')} from ${items} where ${effect.where}), ${value.detail})
  from ${lists} where ${ofList} ${answer}`,
      sql`delete from ${items} where ${effect.where}`
    ]
  }
}
