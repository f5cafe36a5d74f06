import { type ChangeValues, type Effect, parts } from '../changes.ts'
import { type Fragment, sql } from '../sql.ts'
import { changes, items, lists } from '../tables.ts'

const { value, raise, ofList, listColumns, changeColumns, snapshot } = parts

/** The list's next version; the list itself where its account has none yet. */
const begin = sql`declare exit handler for sqlexception begin rollback; resignal; end;
  start transaction;
  ${raise};
  if row_count() = 0 then
    insert ignore into ${lists} (${listColumns}) values (${value.accountId}, ${value.accountId}, '', 0, ${value.at});
    ${raise};
  end if;`

/** Reads the list's row, which is this transaction's own by now. */
const noted = sql`insert into ${changes} (${changeColumns})
  select ${lists.id}, ${lists.version}, ${value.accountId}, ${value.key}, ${value.digest}, ${value.kind}, ${value.at}`

/**
 * A numbered change in one round trip: MariaDB runs a compound statement outside stored programs. Whatever fails, a key
 * that was used before included (1062), takes all of it back and is handed on.
 */
export function mysqlChange<V extends object>(effect: Effect<V>): Fragment<V & ChangeValues> {
  if (effect.does === 'insert') {
    return sql`begin not atomic
  ${begin}
  ${effect.statement};
  ${noted}, last_insert_id(), ${value.detail} from ${lists} where ${ofList};
  commit;
end` as Fragment<V & ChangeValues>
  }
  return sql`begin not atomic
  declare the_detail longtext default ${value.detail};
  ${begin}
  select ${snapshot('json_object')} into the_detail from ${items} where ${effect.where} for update;
  delete from ${items} where ${effect.where};
  ${noted}, ${value.itemId}, the_detail from ${lists} where ${ofList};
  commit;
  select the_detail;
end` as Fragment<V & ChangeValues>
}
