import type { RunStatement } from '../dialect.ts'
import { ownTables } from '../tables.ts'
import {
  columnOf,
  commonObstacles,
  type FoundColumn,
  type FoundTable,
  guideTables,
  idObstacles,
  isInteger,
  MAX_ID,
  type Repair,
  type Survey
} from './survey.ts'

interface Found extends FoundTable {
  oid: number
  owner: string
  isMine: boolean
  uncertain: string[]
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

/** What is there, what `migrate` mends of it, and what it cannot. Reads only. */
export async function surveyPostgres(run: RunStatement): Promise<Survey> {
  const { obstacles: nowhere, rights } = await surveyPlace(run)
  if (nowhere.length > 0) return { obstacles: nowhere, rights, repairs: [] }
  const found = await readTables(run)
  const obstacles = commonObstacles(found, quote)
  const repairs: Repair[] = []
  const names = [...guideTables.map(({ name }) => name as string), ...ownTables.map(({ tableName }) => tableName)]
  for (const { name, isMine, owner } of found) {
    if (isMine || !names.includes(name)) continue
    rights.push(
      `${name} belongs to ${owner}, and only its owner may alter it: alter table ${quote(name)} owner to current_user, as ${owner} or a superuser, with the name of carrinho's account for current_user`
    )
  }
  for (const guide of guideTables) {
    const table = found.find(({ name }) => name === guide.name)
    if (!table || obstacles.some(line => line.includes(guide.name))) continue
    const alter = `alter table ${guide.name}`
    for (const { name, columns, drop } of table.uniques) {
      if (columns.includes(guide.id) || drop === undefined) continue
      repairs.push({
        statement: drop,
        note: `${name} let each ${columns.join(', ')} of ${guide.name} be there once only`
      })
    }
    for (const name of table.uncertain) {
      if (name !== 'email_key') continue
      repairs.push({
        statement: `${alter} alter column ${name} type varchar(255) collate "C"`,
        note: `${guide.name}.${name} was compared by a collation for which different texts are the same`
      })
    }
    await mendId(run, table, guide.id, repairs, obstacles, rights)
    for (const name of guide.texts) {
      const column = columnOf(table, name) as FoundColumn
      const [row] = await run(`select count(*) from ${guide.name} where ${name} is null`)
      if (Number(row?.[0]) > 0) {
        repairs.push({
          statement: `update ${guide.name} set ${name} = '' where ${name} is null`,
          note: `${row?.[0]} row(s) of ${guide.name} had no ${name}`
        })
      }
      const length = /^character varying\((\d+)\)/.exec(column.type)
      if (column.type === 'bytea') {
        obstacles.push(
          `${guide.name}.${name} holds bytes (bytea), expects text: ${alter} alter column ${name} type varchar(255) using convert_from(${name}, 'UTF8')`
        )
      } else if (length ? Number(length[1]) < 255 : !/^(text|character varying|citext)$/.test(column.type)) {
        repairs.push({
          statement: `${alter} alter column ${name} type varchar(255)`,
          note: `${guide.name}.${name} had the type ${column.type}`
        })
      }
    }
    for (const name of guide.integers) {
      const column = columnOf(table, name) as FoundColumn
      if (name === 'quantidade') {
        const [row] = await run('select count(*) from compras where quantidade is null')
        if (Number(row?.[0]) > 0) {
          repairs.push({
            statement: 'update compras set quantidade = 1 where quantidade is null',
            note: `${row?.[0]} row(s) of compras had no quantidade`
          })
        }
      }
      if (isInteger(column) && column.type !== 'smallint') continue
      const whole = `${name}::text ~ '^\\s*[+-]?[0-9]{1,9}([.]0*)?\\s*$'`
      const [odd] = await run(`select count(*) from compras where not (${whole})`)
      if (Number(odd?.[0]) > 0) {
        obstacles.push(
          `compras.${name} has the type ${column.type} and ${odd?.[0]} row(s) that are no whole number: select * from compras where not (${whole})`
        )
        continue
      }
      if (column.hasDefault) repairs.push({ statement: `${alter} alter column ${name} drop default` })
      repairs.push({
        statement: `${alter} alter column ${name} type integer using ${name}::text::numeric::integer`,
        note: `compras.${name} had the type ${column.type}`
      })
    }
  }
  return { obstacles, rights, repairs }
}

/** Whether this database can hold all text, and where in it carrinho's tables are or will be. */
async function surveyPlace(run: RunStatement): Promise<{ obstacles: string[]; rights: string[] }> {
  const [place] = await run(
    `select current_setting('server_encoding'), current_database(), current_user, coalesce(current_schema(), ''),
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
       (select source from pg_settings where name = 'search_path')`
  )
  const [encoding, database, user, schema, mayCreate, source] = (place ?? []).map(String)
  const obstacles: string[] = []
  const rights: string[] = []
  if (encoding !== 'UTF8') {
    obstacles.push(
      `the database ${database} is in ${encoding} and cannot store all text, not even €: create database … encoding 'UTF8' template template0, and move what is in this one over with pg_dump and psql`
    )
  }
  const hidden = await run(
    `select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relname = 'clientes' and c.relkind in ('r', 'p') and n.nspname not like 'pg_temp%' and to_regclass('clientes') is null`
  )
  if (schema === '') {
    obstacles.push(
      `no schema of the account's search_path is there: alter role ${quote(String(user))} in database ${quote(String(database))} set search_path = …`
    )
  } else if (mayCreate !== 'true') {
    rights.push(
      `${user} may not make tables in the schema ${schema}: grant create on schema ${quote(String(schema))} to ${quote(String(user))}`
    )
  }
  // Whoever chose a search_path meant it.
  if (hidden.length > 0 && ['default', 'configuration file'].includes(String(source))) {
    obstacles.push(
      `the table clientes is in the schema ${hidden.map(([name]) => name).join(', ')}, where it is not looked for: alter role ${quote(String(user))} in database ${quote(String(database))} set search_path = ${quote(String(hidden[0]?.[0]))} (or = ${schema || 'public'}, to begin there without it)`
    )
  }
  return { obstacles, rights }
}

/** The primary key, what numbers new rows, and where that stands: a copy with ids of its own leaves it at 1. */
async function mendId(
  run: RunStatement,
  table: Found,
  id: string,
  repairs: Repair[],
  obstacles: string[],
  rights: string[]
): Promise<void> {
  const { name } = table
  const alter = `alter table ${name}`
  const hasKey = table.primaryKey.length > 0
  const [row] = await run(
    `select count(*), ${hasKey ? 'count(*)' : `count(distinct ${id})`}, coalesce(max(${id}), 0) from ${name}`
  )
  const [rows = 0, distinct = 0, max = 0] = (row ?? []).map(Number)
  const column = columnOf(table, id) as FoundColumn
  const [sequence] = await run(
    `select s.oid::regclass::text, has_sequence_privilege(s.oid, 'USAGE, UPDATE'), has_sequence_privilege(s.oid, 'SELECT'), has_sequence_privilege(s.oid, 'UPDATE'), q.seqincrement, q.seqmax
     from pg_class s join pg_sequence q on q.seqrelid = s.oid join pg_depend d
       on d.refobjid = s.oid and d.deptype = 'n' or d.objid = s.oid and d.deptype = 'i'
     where d.deptype = 'n' and d.objid in (select ad.oid from pg_attrdef ad join pg_attribute a on a.attrelid = ad.adrelid and a.attnum = ad.adnum where ad.adrelid = ${table.oid} and a.attname = '${id}')
        or d.deptype = 'i' and d.refobjid = ${table.oid} and d.refobjsubid = (select attnum from pg_attribute where attrelid = ${table.oid} and attname = '${id}')
     limit 1`
  )
  let next = 0
  if (sequence) {
    const [of, isUsable, isReadable, isSettable, increment, limit] = sequence
    if (isUsable !== true) {
      obstacles.push(
        `the sequence ${of}, which numbers ${name}, may not be used: grant usage, select, update on sequence ${of} to carrinho's account`
      )
      return
    }
    if (isReadable !== true || isSettable !== true) {
      rights.push(
        `the sequence ${of}, which numbers ${name}, may not be set: grant usage, select, update on sequence ${of} to carrinho's account`
      )
      return
    }
    const [state] = await run(`select last_value, is_called from ${of}`)
    next = Number(state?.[0]) + (state?.[1] === true ? Number(increment) : 0)
    if (Number(limit) < MAX_ID) {
      repairs.push({
        statement: `alter sequence ${of} as integer maxvalue ${MAX_ID}`,
        note: `the counter of ${name} ended at ${limit}`
      })
    }
  }
  obstacles.push(...idObstacles(name, id, { rows, distinct, max }, hasKey, next))
  if (!hasKey) {
    repairs.push({ statement: `${alter} add primary key (${id})`, note: `${name} had no primary key` })
  }
  if (column.type === 'smallint') {
    repairs.push({ statement: `${alter} alter column ${id} type integer`, note: `${name}.${id} was a smallint` })
  }
  if (!sequence) {
    if (column.hasDefault) repairs.push({ statement: `${alter} alter column ${id} drop default` })
    repairs.push({
      statement: `${alter} alter column ${id} add generated by default as identity (start with ${max + 1})`,
      note: `${name}.${id} did not number new rows by itself`
    })
  } else if (next <= max) {
    repairs.push(
      // Nobody adds a row meanwhile, so that the counter is not set back behind one.
      { statement: `lock table ${name} in share row exclusive mode` },
      {
        statement: `select setval('${String(sequence[0]).replaceAll("'", "''")}', (select max(${id}) from ${name}))`,
        note: `the counter of ${name} was at ${next}, behind its highest id ${max}`
      }
    )
  }
}

async function readTables(run: RunStatement): Promise<Found[]> {
  const tables = await run(
    `select c.oid, c.relname, c.relkind, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE')
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and pg_table_is_visible(c.oid) and n.nspname not in ('pg_catalog', 'information_schema')`
  )
  const columns = await run(
    `select a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef, a.attgenerated, a.attidentity,
       pg_get_expr(d.adbin, d.adrelid), coalesce(not l.collisdeterministic, false)
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       left join pg_collation l on l.oid = a.attcollation
     where a.attrelid = any ($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [tables.map(([oid]) => Number(oid))]
  )
  const indexes = await run(
    `select i.indrelid, x.relname, i.indisprimary, k.conname,
       array(select coalesce(a.attname::text, 'an expression') from unnest(i.indkey) as n left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = n and n > 0),
       exists (select from pg_constraint f where f.contype = 'f' and f.conindid = i.indexrelid), i.indexrelid::regclass::text
     from pg_index i join pg_class x on x.oid = i.indexrelid
       left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u')
     where i.indisunique and i.indrelid = any ($1)`,
    [tables.map(([oid]) => Number(oid))]
  )
  return tables.map(([oid, tableName, kind, owner, isMine]) => {
    const name = String(tableName)
    const own = columns.filter(row => row[0] === oid)
    const keys = indexes.filter(row => row[0] === oid)
    return {
      oid: Number(oid),
      name,
      kind: kind === 'r' || kind === 'p' ? 'table' : 'other',
      owner: String(owner),
      isMine: isMine === true,
      columns: own.map(([, column, type, notNull, hasDefault, generated, identity, expression]) => ({
        name: String(column),
        type: String(type),
        nullable: notNull !== true,
        hasDefault: hasDefault === true && generated === '',
        isGenerated: generated !== '',
        isCounter: identity !== '' || /^nextval\(/.test(String(expression))
      })),
      uncertain: own.filter(row => row[8] === true).map(row => String(row[1])),
      primaryKey: keys.filter(row => row[2] === true).flatMap(row => row[4] as string[]),
      uniques: keys
        .filter(([, index, isPrimary, , of]) => isPrimary !== true && !isOwnUnique(String(index), of as string[]))
        .map(([, index, , constraint, of, isNeeded, path]) => ({
          name: String(index),
          columns: of as string[],
          drop:
            isNeeded === true
              ? undefined
              : constraint === null
                ? `drop index ${path}`
                : `alter table ${quote(name)} drop constraint ${quote(String(constraint))}`
        }))
    }
  })
}

const isOwnUnique = (index: string, columns: string[]) =>
  index.startsWith('clientes_email_key') && columns.join() === 'email_key'
