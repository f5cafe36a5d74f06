import type { RunStatement } from '../dialect.ts'
import {
  columnOf,
  commonObstacles,
  type FoundTable,
  guideTables,
  idObstacles,
  type Repair,
  type Survey
} from './survey.ts'

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

/** What is there, what `migrate` mends of it, and what it cannot. Reads only. */
export async function surveySqlite(run: RunStatement): Promise<Survey> {
  const found = await readTables(run)
  const obstacles = commonObstacles(found, quote)
  const repairs: Repair[] = []
  for (const guide of guideTables) {
    const table = found.find(({ name }) => name === guide.name)
    if (!table || obstacles.some(line => line.includes(guide.name))) continue
    const id = columnOf(table, guide.id)
    // Only INTEGER, in full, makes it the row's own number, which SQLite gives.
    if (id?.type !== 'integer' || table.primaryKey.join() !== guide.id) {
      obstacles.push(
        `${guide.name}.${guide.id} does not number new rows by itself: make the table anew with ${guide.id} integer primary key, and copy the rows over`
      )
      continue
    }
    const [row] = await run(`select count(*), count(*), coalesce(max(${guide.id}), 0) from ${guide.name}`)
    const [rows = 0, distinct = 0, max = 0] = (row ?? []).map(Number)
    obstacles.push(...idObstacles(guide.name, guide.id, { rows, distinct, max }, true))
    for (const { name, columns, drop } of table.uniques) {
      if (columns.includes(guide.id) || drop === undefined) continue
      repairs.push({
        statement: drop,
        note: `${name} let each ${columns.join(', ')} of ${guide.name} be there once only`
      })
    }
    for (const [name, instead] of [...guide.texts.map(text => [text, "''"]), ['quantidade', '1']] as [
      string,
      string
    ][]) {
      if (!columnOf(table, name)?.nullable) continue
      const [nulls] = await run(`select count(*) from ${guide.name} where ${name} is null`)
      if (Number(nulls?.[0]) === 0) continue
      repairs.push({
        statement: `update ${guide.name} set ${name} = ${instead} where ${name} is null`,
        note: `${nulls?.[0]} row(s) of ${guide.name} had no ${name}`
      })
    }
    if (guide.name === 'clientes' && !columnOf(table, 'email_key')) {
      repairs.push(
        { statement: 'alter table clientes add column email_key text', note: 'clientes had no email_key' },
        { statement: 'create unique index clientes_email_key on clientes (email_key)' }
      )
    }
  }
  return { obstacles, rights: [], repairs }
}

async function readTables(run: RunStatement): Promise<FoundTable[]> {
  const tables = await run(
    `select name, type from sqlite_master where type in ('table', 'view') and name not like 'sqlite!_%' escape '!'`
  )
  return Promise.all(
    tables.map(async ([tableName, type]) => {
      const name = String(tableName)
      // 0 an ordinary column, 1 hidden, 2 and 3 generated.
      const columns = await run('select name, type, "notnull", dflt_value, pk, hidden from pragma_table_xinfo(?)', [
        name
      ])
      const indexes = await run('select name, origin, partial from pragma_index_list(?) where "unique" = 1', [name])
      const uniques = await Promise.all(
        indexes
          .filter(([, origin]) => origin !== 'pk')
          .map(async ([index, origin]) => ({
            name: String(index),
            columns: (await run('select name from pragma_index_info(?) order by seqno', [String(index)])).map(
              ([column]) => String(column ?? 'an expression').toLowerCase()
            ),
            // What a table was made with is a part of it.
            drop: origin === 'c' ? `drop index ${quote(String(index))}` : undefined
          }))
      )
      return {
        name,
        kind: type === 'table' ? ('table' as const) : ('other' as const),
        columns: columns.map(([column, columnType, notNull, fallback, pk, hidden]) => ({
          name: String(column).toLowerCase(),
          type: String(columnType).toLowerCase(),
          nullable: Number(notNull) === 0,
          hasDefault: fallback !== null,
          isGenerated: Number(hidden) > 1,
          isCounter: Number(pk) > 0
        })),
        primaryKey: columns
          .filter(row => Number(row[4]) > 0)
          .sort((a, b) => Number(a[4]) - Number(b[4]))
          .map(([column]) => String(column).toLowerCase()),
        // Two accounts with one e-mail have one key, too.
        uniques: uniques.filter(({ columns: of }) => !['email_key', 'email'].includes(of.join()))
      }
    })
  )
}
