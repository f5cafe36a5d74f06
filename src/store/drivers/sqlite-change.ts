import { type ChangeValues, type Effect, parts } from '../changes.ts'
import { type Fragment, sql } from '../sql.ts'
import { changes, items, lists } from '../tables.ts'

const { value, raise, ofList, listColumns, changeColumns, snapshot } = parts

/** The list, where its account has none yet. */
const made = sql`insert into ${lists} (${listColumns})
  values (${value.accountId}, ${value.accountId}, '', 0, ${value.at}) on conflict do nothing`

const noted = sql`insert into ${changes} (${changeColumns})
  select ${lists.id}, ${lists.version}, ${value.accountId}, ${value.key}, ${value.digest}, ${value.kind}, ${value.at}`

const answer = sql`returning ${changes.detail}`

/** A numbered change: these statements, one after the other, in one transaction. */
export function sqliteChange<V extends object>(effect: Effect<V>): Fragment<V & ChangeValues>[] {
  const statements: Fragment<never>[] =
    effect.does === 'insert'
      ? [
          made,
          raise,
          effect.statement,
          sql`${noted}, last_insert_rowid(), ${value.detail} from ${lists} where ${ofList} ${answer}`
        ]
      : [
          made,
          raise,
          // Noted before it is gone: one who writes at a time sees both.
          sql`${noted}, ${value.itemId}, coalesce((select ${snapshot('json_object')} from ${items} where ${effect.where}), ${value.detail})
  from ${lists} where ${ofList} ${answer}`,
          sql`delete from ${items} where ${effect.where}`
        ]
  return statements as Fragment<V & ChangeValues>[]
}
