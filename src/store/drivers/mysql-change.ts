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
import { join, type Piece, raw, sql } from '../sql.ts'
import { changes, items, lists } from '../tables.ts'

const { value, changeColumns } = parts

/** Ours, signalled below: as SQLSTATE 45000 is for whatever is a program's own. */
export const NOT_SO = 45_000

export const mysqlSpelling: Spelling = {
  jsonObject: 'json_object',
  jsonArray: 'json_array',
  thousand: raw('1000'),
  version: raw('the_version')
}

const theDetail = raw('the_detail')
const when = (condition: Piece, steps: Piece) => sql`if ${condition} then ${steps}; end if`
const notSo = sql`signal sqlstate '45000' set mysql_errno = ${raw(String(NOT_SO))}`
const unless = (condition: Piece) => when(sql`not (${condition})`, notSo)

/**
 * A numbered change in one round trip: MariaDB runs a compound statement outside stored programs. Whatever fails, a key
 * that was used before included (1062), takes all of it back and is handed on. A variable has the character set of the
 * database, which may be latin1, unless it says so.
 */
export function mysqlChange(recipe: Recipe<never>, target: Target): Piece {
  const { raise, ofList } = partsFor(target)
  const it = recipe.of(mysqlSpelling)
  const { steps, itemId } = 'adds' in it ? addition(it, target) : effect(it, target)
  return sql`begin not atomic
  declare the_list, the_version, the_item bigint;
  declare the_detail longtext character set utf8mb4 default ${value.detail};
  declare exit handler for sqlexception begin rollback; resignal; end;
  start transaction;
  ${raise};
  select ${lists.id}, ${lists.version} into the_list, the_version from ${lists} where ${ofList};
  ${unless(sql`the_list is not null`)};
  ${join(steps, ';\n  ')};
  insert into ${changes} (${changeColumns})
    values (the_list, the_version, ${value.accountId}, ${value.key}, ${value.digest}, ${value.kind}, ${value.at}, ${itemId}, the_detail);
  commit;
  select the_list, the_version, ${itemId}, the_detail;
end`
}

function addition({ adds }: Addition, target: Target) {
  const { listOfItems, count } = partsFor(target)
  const columns = join([items.listId, items.version, ...adds.map(([column]) => column)], ', ')
  const values = join([listOfItems, mysqlSpelling.version, ...adds.map(([, it]) => it)], ', ')
  return {
    steps: [
      // Two conditions: one with a SELECT in it opens the table also where its first half decides.
      when(sql`the_version > ${value.limit}`, unless(sql`(${count}) < ${value.limit}`)),
      sql`insert into ${items} (${columns}) values (${values})`,
      sql`set the_item = last_insert_id()`
    ],
    itemId: raw('the_item')
  }
}

function effect(it: Effect, target: Target) {
  const where = sql`${it.where} and ${partsFor(target).onList}`
  const sets = join(
    it.sets.map(([column, now]) => sql`${column} = ${now}`),
    ', '
  )
  return {
    steps: [
      sql`set the_detail = null`,
      sql`select ${detailOf(mysqlSpelling, it)} into the_detail from ${items} where ${where} for update`,
      unless(sql`${theDetail} is not null`),
      it.after ? sql`update ${items} set ${sets} where ${where}` : sql`delete from ${items} where ${where}`
    ],
    itemId: value.itemId
  }
}
