import { type Effect, parts } from '../change.ts'
import { type Fragment, insert, raw, sql } from '../sql.ts'
import { changes, items, lists } from '../tables.ts'

const { value, raise, ofList, count, listColumns, changeColumns, snapshot } = parts

/** Ours, signalled below: as SQLSTATE 45000 is for whatever is a program's own. */
export const LIST_FULL = 45_000

/** The list's next version; the list itself where its account has none yet. */
const begin = sql`declare exit handler for sqlexception begin rollback; resignal; end;
  start transaction;
  ${raise};
  if row_count() = 0 then
    insert ignore into ${lists} (${listColumns}) values (${value.accountId}, ${value.accountId}, '', (${count}), ${value.at});
    ${raise};
  end if;`

/** Reads the list's row, which is this transaction's own by now. */
const noted = sql`insert into ${changes} (${changeColumns})
  select ${lists.id}, ${lists.version}, ${value.accountId}, ${value.key}, ${value.digest}, ${value.kind}, ${value.at}`

/**
 * A numbered change in one round trip: MariaDB runs a compound statement outside stored programs. Whatever fails, a key
 * that was used before included (1062), takes all of it back and is handed on.
 */
export function mysqlChange(effect: Effect<never>): Fragment<never> {
  if (effect.does === 'insert') {
    return sql`begin not atomic
  ${begin}
  if (select ${lists.version} from ${lists} where ${ofList}) > ${value.limit} and (${count}) >= ${value.limit} then
    signal sqlstate '45000' set mysql_errno = ${raw(String(LIST_FULL))};
  end if;
  ${insert(items, effect.item)};
  ${noted}, last_insert_id(), ${value.detail} from ${lists} where ${ofList};
  commit;
end`
  }
  return sql`begin not atomic
  declare the_detail longtext default ${value.detail};
  ${begin}
  select ${snapshot('json_object')} into the_detail from ${items} where ${effect.where} for update;
  delete from ${items} where ${effect.where};
  ${noted}, ${value.itemId}, the_detail from ${lists} where ${ofList};
  commit;
  select the_detail;
end`
}
