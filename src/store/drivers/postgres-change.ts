import { type Effect, parts } from '../change.ts'
import { type Column, columnsAndPlaces, type Fragment, raw, sql } from '../sql.ts'
import { changes, items, lists } from '../tables.ts'

const { value, raise, ofList, count, listColumns, changeColumns, snapshot } = parts

/** The list's next version; the list itself where its account has none yet. No row where the list is full. */
const next = (room: { raised: Fragment<never>; made: Fragment<never> }) => sql`raised as (
    ${raise} and ${room.raised} returning ${lists.id}, ${lists.version}
  ),
  made as (
    insert into ${lists} (${listColumns})
    select ${value.accountId}::int, ${value.accountId}::int, '', (${count}) + 1, ${value.at}::bigint
    where not exists (select from ${lists} where ${ofList}) and ${room.made}
    on conflict (${lists.firstOf}) do update set ${lists.version} = ${lists}.${lists.version} + 1
    returning ${lists.id}, ${lists.version}
  ),
  list as (select * from raised union all select * from made)`

const hasRoom = sql`(${count}) < ${value.limit}`
const roomForOne = { raised: sql`(${lists.version} < ${value.limit} or ${hasRoom})`, made: hasRoom }
const anyRoom = { raised: sql`true`, made: sql`true` }

/** Adding near the limit begins with it: who waits here sees afterwards what the one before has added. */
export const lockList = sql`select ${lists.version} from ${lists} where ${ofList} for update`

const noted = sql`insert into ${changes} (${changeColumns})
  select ${lists.id}, ${lists.version}, ${value.accountId}::int, ${value.key}, ${value.digest}, ${value.kind}, ${value.at}::bigint`

/** PostgreSQL takes a value that stands in a SELECT for a text. */
const typed = (place: Fragment, { holds }: Column): Fragment => (holds === 'number' ? sql`${place}::bigint` : place)

/**
 * A numbered change in one statement: a key that was used before fails it whole (23505). What looks for a row asks for
 * the list first, so that it waits its turn there and holds nothing meanwhile; the row itself is read as it is then.
 */
export function postgresChange(effect: Effect<never>): Fragment<never> {
  if (effect.does === 'insert') {
    const { columns, places } = columnsAndPlaces(items, effect.item, typed)
    return sql`with ${next(roomForOne)},
  effect as (insert into ${items} (${columns}) select ${places} from list returning ${items.id})
  ${noted}, (select ${items.id} from effect), ${value.detail} from list returning ${changes.detail}`
  }
  return sql`with ${next(anyRoom)},
  effect as (
    delete from ${items} where exists (select from list) and ${effect.where}
    returning ${snapshot('json_build_object')} as ${raw('was')}
  )
  ${noted}, ${value.itemId}::int, coalesce((select was::text from effect), ${value.detail}) from list returning ${changes.detail}`
}
