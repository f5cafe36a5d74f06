import {
  type Addition,
  detailOf,
  type Effect,
  parts,
  partsFor,
  type Recipe,
  type Spelling,
  type Target
} from '../change.ts'
import { type Column, join, type Piece, raw, sql } from '../sql.ts'
import { changes, items, lists } from '../tables.ts'

const { value, changeColumns } = parts

export const postgresSpelling: Spelling = {
  jsonObject: 'json_build_object',
  jsonArray: 'json_build_array',
  thousand: raw('1000::bigint'),
  version: raw('(select version from list)')
}

/** The error of what was not so: it takes back the whole statement, which otherwise would have raised the version already. */
export const NOT_SO = '22012' // division by zero
const unless = (condition: Piece) => sql`1 / (case when ${condition} then 1 else 0 end) = 1`

/** PostgreSQL takes a value that stands in a SELECT for a text. */
const typed = (it: Piece, { holds }: Column): Piece => (holds === 'number' ? sql`${it}::bigint` : it)

/**
 * A numbered change in one statement: a key that was used before fails it whole (23505). What looks for a row asks for
 * the list first, so that it waits its turn there and holds nothing meanwhile; the row itself is read as it is then. A row
 * that came while it waited it does not see: it is not so, and the change is made in steps.
 */
export function postgresChange(recipe: Recipe<never>, target: Target): Piece {
  const { raise } = partsFor(target)
  const it = recipe.of(postgresSpelling)
  const { steps, itemId, detail, condition } = 'adds' in it ? addition(it, target) : effect(it, target)
  return sql`with list as (${raise} returning ${lists.id}, ${lists.version}),
  ${steps}
  insert into ${changes} (${changeColumns})
    select ${lists.id}, ${lists.version}, ${value.accountId}::int, ${value.key}, ${value.digest}, ${value.kind}, ${value.at}::bigint, ${itemId}, ${detail}
    from list where ${unless(condition)}
  returning ${changes.listId}, ${changes.version}, ${changes.itemId}, ${changes.detail}`
}

function addition({ adds }: Addition, target: Target) {
  const { listOfItems, count } = partsFor(target)
  const columns = join([items.listId, items.version, ...adds.map(([column]) => column)], ', ')
  const values = join([listOfItems, postgresSpelling.version, ...adds.map(([column, it]) => typed(it, column))], ', ')
  return {
    steps: sql`effect as (insert into ${items} (${columns}) select ${values} from list returning ${items.id})`,
    itemId: sql`(select ${items.id} from effect)`,
    detail: value.detail,
    condition: sql`${lists.version} <= ${value.limit} or (${count}) < ${value.limit}`
  }
}

function effect(it: Effect, target: Target) {
  const where = sql`exists (select from list) and ${it.where} and ${partsFor(target).onList}`
  // By other names: those of the row's columns stay its own.
  const news = it.sets.map(([column, now], n) => ({ column, now: typed(now, column), name: raw(`new_${n}`) }))
  const sets = join(
    news.map(({ column, name }) => sql`${column} = was.${name}`),
    ', '
  )
  const was = join(
    [
      sql`${items.id} as was_id`,
      sql`${detailOf(postgresSpelling, it)}::text as was_detail`,
      ...news.map(({ now, name }) => sql`${now} as ${name}`)
    ],
    ', '
  )
  return {
    steps: sql`was as (select ${was} from ${items} where ${where} for update),
  effect as (${it.after ? sql`update ${items} set ${sets} from was` : sql`delete from ${items} using was`} where ${items.id} = was_id)`,
    itemId: sql`${value.itemId}::int`,
    detail: sql`(select was_detail from was)`,
    condition: sql`exists (select from was)`
  }
}
