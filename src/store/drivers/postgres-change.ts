import { type ChangeValues, type Effect, parts } from '../changes.ts'
import { type Fragment, raw, sql } from '../sql.ts'
import { changes, items, lists } from '../tables.ts'

const { value, raise, listColumns, changeColumns, snapshot } = parts

/** The list's next version; the list itself where its account has none yet. */
const list = sql`raised as (${raise} returning ${lists.id}, ${lists.version}),
  made as (
    insert into ${lists} (${listColumns})
    select ${value.accountId}::int, ${value.accountId}::int, '', 1, ${value.at}::bigint where not exists (select from raised)
    on conflict (${lists.firstOf}) do update set ${lists.version} = ${lists}.${lists.version} + 1
    returning ${lists.id}, ${lists.version}
  ),
  list as (select * from raised union all select * from made)`

const noted = sql`insert into ${changes} (${changeColumns})
  select ${lists.id}, ${lists.version}, ${value.accountId}::int, ${value.key}, ${value.digest}, ${value.kind}, ${value.at}::bigint`

/**
 * A numbered change in one statement: a key that was used before fails it whole (23505). What looks for a row asks for
 * the list first, so that it waits its turn there and holds nothing meanwhile; the row itself is read as it is then.
 */
export function postgresChange<V extends object>(effect: Effect<V>): Fragment<V & ChangeValues> {
  if (effect.does === 'insert') {
    return sql`with ${list},
  effect as (${effect.statement} returning ${items.id})
  ${noted}, (select ${items.id} from effect), ${value.detail} from list returning ${changes.detail}` as Fragment<
      V & ChangeValues
    >
  }
  return sql`with ${list},
  effect as (
    delete from ${items} where exists (select from list) and ${effect.where}
    returning ${snapshot('json_build_object')} as ${raw('was')}
  )
  ${noted}, ${value.itemId}::int, coalesce((select was::text from effect), ${value.detail}) from list returning ${changes.detail}` as Fragment<
    V & ChangeValues
  >
}
