import type { RunStatement } from '../dialect.ts'
import {
  columnOf,
  commonObstacles,
  type FoundColumn,
  type FoundTable,
  guideTables,
  idObstacles,
  isInteger,
  type Repair,
  type Survey
} from './survey.ts'

interface Found extends FoundTable {
  engine: string
  rowFormat: string
  nextId: number
  charsets: Map<string, { charset: string; collation: string }>
}

const CHARACTERS = 'character set utf8mb4 collate utf8mb4_unicode_ci'
const KEY_COLLATION = 'utf8mb4_nopad_bin'
const OWN_UNIQUE = 'clientes_email_key'
const quote = (name: string) => `\`${name.replaceAll('`', '``')}\``

/** What is there, what `migrate` mends of it, and what it cannot. Reads only. */
export async function surveyMysql(run: RunStatement): Promise<Survey> {
  const found = await readTables(run)
  const obstacles = commonObstacles(found, quote)
  const repairs: Repair[] = []
  for (const guide of guideTables) {
    const table = found.find(({ name }) => name === guide.name)
    if (!table || obstacles.some(line => line.includes(guide.name))) continue
    const mend = (note: string, change: string) =>
      repairs.push({ statement: `alter table ${guide.name} ${change}`, note })

    for (const { name, columns, drop } of table.uniques) {
      if (columns.includes(guide.id) || drop === undefined) continue
      if (guide.name === 'compras') {
        // What is dropped may be the one that a foreign key needs.
        repairs.push({ statement: 'create index if not exists compras_cliente on compras (id_cliente, id_compras)' })
      }
      repairs.push({
        statement: drop,
        note: `${name} let each ${columns.join(', ')} of ${guide.name} be there once only`
      })
    }
    if (table.engine !== 'InnoDB') {
      mend(
        `${guide.name} was a table of ${table.engine}`,
        'engine = InnoDB row_format = dynamic transactional = default'
      )
    } else if (['Compact', 'Redundant'].includes(table.rowFormat)) {
      mend(`${guide.name} had the row format ${table.rowFormat}`, 'row_format = dynamic')
    }

    const hasKey = table.primaryKey.length > 0
    const [rows, distinct, max] = (
      await run(
        `select count(*), ${hasKey ? 'count(*)' : `count(distinct ${guide.id})`}, coalesce(max(${guide.id}), 0) from ${guide.name}`
      )
    )[0] as unknown[]
    const ids = { rows: Number(rows), distinct: Number(distinct), max: Number(max) }
    obstacles.push(...idObstacles(guide.name, guide.id, ids, hasKey, table.nextId))
    const id = columnOf(table, guide.id) as FoundColumn
    const isNarrow = /^(tiny|small|medium)int/.test(id.type)
    if (!id.isCounter || isNarrow || !hasKey) {
      const type = isNarrow ? 'int' : id.type
      mend(
        `${guide.name}.${guide.id} did not number new rows by itself, with room for all`,
        `modify column ${guide.id} ${type} not null auto_increment${hasKey ? '' : `, add primary key (${guide.id})`}`
      )
    }

    for (const name of guide.texts) {
      const column = columnOf(table, name) as FoundColumn
      const nulls = await count(run, `select count(*) from ${guide.name} where ${name} is null`)
      if (nulls > 0) {
        repairs.push({
          statement: `update ${guide.name} set ${name} = '' where ${name} is null`,
          note: `${nulls} row(s) of ${guide.name} had no ${name}`
        })
      }
      if (/binary|blob/.test(column.type)) {
        obstacles.push(
          `${guide.name}.${name} holds bytes (${column.type}), expects text: alter table ${guide.name} modify column ${name} varchar(255) character set utf8mb4 not null, or latin1 if that is what was stored`
        )
      } else if (!hasRoom(column.type)) {
        mend(
          `${guide.name}.${name} had the type ${column.type}`,
          `modify column ${name} varchar(255) ${CHARACTERS}${column.nullable ? '' : ' not null'}`
        )
      }
    }
    for (const name of guide.integers) await mendInteger(run, table, name, repairs, obstacles)

    // `email_key` and `uid` are ours, and have an order of their own.
    const foreign = [...table.charsets].find(
      ([name, { charset }]) => name !== 'email_key' && name !== 'uid' && charset !== 'utf8mb4'
    )
    if (foreign) {
      mend(`${guide.name}.${foreign[0]} was in ${foreign[1].charset}`, `convert to ${CHARACTERS}`)
    }
    const key = table.charsets.get('email_key')
    if (key && (foreign || key.collation !== KEY_COLLATION)) {
      mend(
        `clientes.email_key was compared by ${foreign ? 'no fixed order' : key.collation}`,
        `modify column email_key varchar(255) character set utf8mb4 collate ${KEY_COLLATION} null`
      )
    }
    const uid = table.charsets.get('uid')
    if (uid && (foreign || uid.collation !== 'ascii_bin')) {
      mend(
        `compras.uid was compared by ${foreign ? 'no fixed order' : uid.collation}`,
        'modify column uid varchar(43) character set ascii collate ascii_bin null'
      )
    }
  }
  return { obstacles, rights: [], repairs }
}

async function mendInteger(
  run: RunStatement,
  table: Found,
  name: string,
  repairs: Repair[],
  obstacles: string[]
): Promise<void> {
  const column = columnOf(table, name) as FoundColumn
  const isQuantity = name === 'quantidade'
  if (isQuantity) {
    const nulls = await count(run, `select count(*) from compras where quantidade is null`)
    if (nulls > 0) {
      repairs.push({
        statement: 'update compras set quantidade = 1 where quantidade is null',
        note: `${nulls} row(s) of compras had no quantidade`
      })
    }
  }
  if (isInteger(column) && !/^(tiny|small|medium)int/.test(column.type)) return
  const odd = isInteger(column)
    ? 0
    : await count(
        run,
        `select count(*) from compras where ${name} is not null and trim(${name}) not regexp '^[+-]?[0-9]{1,9}([.]0*)?$'`
      )
  if (odd > 0) {
    obstacles.push(
      `compras.${name} has the type ${column.type} and ${odd} row(s) that are no whole number: select * from compras where trim(${name}) not regexp '^[+-]?[0-9]{1,9}([.]0*)?$'`
    )
    return
  }
  repairs.push({
    statement: `alter table compras modify column ${name} int${column.nullable ? '' : ' not null'}`,
    note: `compras.${name} had the type ${column.type}`
  })
}

/** For 255 characters of any script. */
function hasRoom(type: string): boolean {
  const varchar = /^varchar\((\d+)\)/.exec(type)
  return varchar ? Number(varchar[1]) >= 255 : /^(medium|long)?text/.test(type)
}

const count = async (run: RunStatement, statement: string) => Number((await run(statement))[0]?.[0] ?? 0)

async function readTables(run: RunStatement): Promise<Found[]> {
  const tables = await run(
    `select table_name, table_type, coalesce(engine, ''), coalesce(row_format, ''), coalesce(auto_increment, 0)
     from information_schema.tables where table_schema = database()`
  )
  const columns = await run(
    `select table_name, column_name, column_type, is_nullable, column_default is not null, extra, character_set_name, collation_name
     from information_schema.columns where table_schema = database() order by ordinal_position`
  )
  const indexes = await run(
    `select table_name, index_name, coalesce(column_name, '') from information_schema.statistics
     where table_schema = database() and non_unique = 0 order by seq_in_index`
  )
  // A key that another table refers to cannot go.
  const needed = await run(
    `select referenced_table_name, unique_constraint_name from information_schema.referential_constraints
     where unique_constraint_schema = database()`
  )
  return tables.map(([tableName, type, engine, rowFormat, nextId]) => {
    const name = String(tableName)
    const mine = (row: unknown[]) => row[0] === tableName
    const own = columns.filter(mine)
    const keys = new Map<string, string[]>()
    for (const [, index, column] of indexes.filter(mine)) {
      keys.set(String(index), [...(keys.get(String(index)) ?? []), String(column).toLowerCase()])
    }
    return {
      name,
      kind: ['BASE TABLE', 'SYSTEM VERSIONED'].includes(String(type)) ? 'table' : 'other',
      engine: String(engine),
      rowFormat: String(rowFormat),
      nextId: Number(nextId),
      columns: own.map(([, column, columnType, nullable, hasDefault, extra]) => ({
        name: String(column).toLowerCase(),
        type: String(columnType).toLowerCase(),
        nullable: nullable === 'YES',
        hasDefault: Number(hasDefault) === 1,
        isGenerated: /generated/i.test(String(extra)),
        isCounter: /auto_increment/i.test(String(extra))
      })),
      charsets: new Map(
        own
          .filter(([, , , , , , charset]) => charset !== null)
          .map(([, column, , , , , charset, collation]) => [
            String(column).toLowerCase(),
            { charset: String(charset), collation: String(collation) }
          ])
      ),
      primaryKey: keys.get('PRIMARY') ?? [],
      uniques: [...keys]
        .filter(([index]) => index !== 'PRIMARY' && index !== OWN_UNIQUE)
        .map(([index, of]) => ({
          name: index,
          columns: of,
          drop: needed.some(([table, key]) => table === name && key === index)
            ? undefined
            : `drop index ${quote(index)} on ${quote(name)}`
        }))
    }
  })
}
