import { ownTables } from '../tables.ts'

/** What a database holds already, before it is used: a guide's tables, a framework's, an import's. */
export interface Survey {
  /** What somebody must do first; each says what is so, and the statement that mends it. */
  obstacles: string[]
  /** The same, where it is in the way of altering tables only, and not of using them. */
  rights: string[]
  /** What `migrate` does by itself, in this order. */
  repairs: Repair[]
}

export interface Repair {
  statement: string
  /** What was wrong, for the operator; none for a step of the repair before it. */
  note?: string
}

export interface FoundColumn {
  name: string
  /** As the database writes it, in lower case: `varchar(80)`, `int(11) unsigned`. */
  type: string
  nullable: boolean
  hasDefault: boolean
  isGenerated: boolean
  /** It numbers new rows by itself. */
  isCounter: boolean
}

export interface FoundTable {
  name: string
  kind: 'table' | 'other'
  columns: FoundColumn[]
  primaryKey: string[]
  uniques: FoundUnique[]
}

export interface FoundUnique {
  name: string
  columns: string[]
  /** Drops it; undefined where something else needs it. */
  drop: string | undefined
}

interface GuideTable {
  name: 'clientes' | 'compras'
  id: string
  texts: string[]
  integers: string[]
}

export const guideTables: GuideTable[] = [
  { name: 'clientes', id: 'id_cliente', texts: ['nome', 'email', 'password'], integers: [] },
  { name: 'compras', id: 'id_compras', texts: ['tipo', 'local'], integers: ['id_cliente', 'quantidade'] }
]

/** The largest id: sessions and forms hold ids of 32 bits. */
export const MAX_ID = 2_147_483_647
const FEW_IDS = 1000

export const columnOf = (table: FoundTable, name: string): FoundColumn | undefined =>
  table.columns.find(column => column.name === name)

export const isInteger = ({ type }: FoundColumn): boolean => /^(tiny|small|medium|big)?int(eger)?\b/.test(type)

/** Obstacles that any database may have; `quote` writes a name. */
export function commonObstacles(found: FoundTable[], quote: (name: string) => string): string[] {
  const obstacles: string[] = []
  for (const guide of guideTables) {
    const table = found.find(({ name }) => name === guide.name)
    const other = table ? undefined : found.find(({ name }) => name.toLowerCase() === guide.name)
    if (other) {
      obstacles.push(
        `there is a table ${other.name}, which is another one than ${guide.name}: alter table ${quote(other.name)} rename to ${quote(guide.name)}`
      )
    }
    if (table) obstacles.push(...guideObstacles(table, guide, quote))
  }
  for (const { tableName: name, columns } of ownTables) {
    const firstColumns = Object.values(columns)
      .slice(0, 2)
      .map(column => column.name)
    const table = found.find(other => other.name === name)
    if (!table || firstColumns.every(column => columnOf(table, column))) continue
    obstacles.push(
      `there is a table ${name} of another program (without the column ${firstColumns.find(column => !columnOf(table, column))}), which carrinho needs for itself: alter table ${quote(name)} rename to ${quote(`${name}_old`)}, or give carrinho a database of its own`
    )
  }
  return obstacles
}

function guideObstacles(table: FoundTable, guide: GuideTable, quote: (name: string) => string): string[] {
  const alter = `alter table ${quote(table.name)}`
  if (table.kind !== 'table') return [`${table.name} is no table of rows (a view?), expects one that can be written to`]
  const obstacles: string[] = []
  const wanted = [guide.id, ...guide.texts, ...guide.integers]
  for (const name of wanted) {
    const column = columnOf(table, name)
    const alike = table.columns.find(other => other.name.toLowerCase() === name)
    if (!column && alike) {
      obstacles.push(
        `${table.name} has a column ${alike.name}, expects ${name}: ${alter} rename column ${quote(alike.name)} to ${quote(name)}`
      )
    } else if (!column) {
      const type = guide.texts.includes(name) ? "varchar(255) not null default ''" : 'integer'
      obstacles.push(`${table.name} has no column ${name}: ${alter} add column ${quote(name)} ${type}`)
    } else if (column.isGenerated) {
      obstacles.push(
        `${table.name}.${name} is a generated column, which nothing can be written to: ${alter} drop column ${quote(name)}, then add it as a column of its own`
      )
    }
  }
  const id = columnOf(table, guide.id)
  if (id && !isInteger(id)) {
    obstacles.push(
      `${table.name}.${guide.id} has the type ${id.type}, expects whole numbers: give the rows numbers from 1 up in a column of the type integer with that name`
    )
  }
  if (table.primaryKey.length > 0 && table.primaryKey.join() !== guide.id) {
    obstacles.push(
      `${table.name} has the primary key (${table.primaryKey.join(', ')}), expects (${guide.id}): ${alter} drop it, then ${alter} add primary key (${quote(guide.id)})`
    )
  }
  const ours = [...wanted, 'email_key']
  for (const column of table.columns) {
    if (ours.includes(column.name) || column.nullable || column.hasDefault || column.isGenerated || column.isCounter) {
      continue
    }
    obstacles.push(
      `${table.name}.${column.name} must have a value (${column.type} not null, without a default), which carrinho does not know, so that no row could be added: let it be null or give it a default`
    )
  }
  for (const { name, columns, drop } of table.uniques) {
    if (drop !== undefined || columns.includes(guide.id)) continue
    obstacles.push(
      `the unique index ${name} on ${table.name} (${columns.join(', ')}) would keep people out, and something else needs it: drop what refers to it, and the index`
    )
  }
  return obstacles
}

/** The table's own ids, and what a counter needs to know of them. */
export interface Ids {
  rows: number
  /** Rows that have an id, and different ones; counted only where no primary key says so. */
  distinct: number
  max: number
}

/** Ids that carrinho cannot use, or too few left. `next`: what the counter gives next, where the database tells. */
export function idObstacles(table: string, id: string, ids: Ids, hasKey: boolean, next = 0): string[] {
  const obstacles: string[] = []
  if (!hasKey && ids.distinct < ids.rows) {
    obstacles.push(
      `${table}.${id} has ${ids.rows - ids.distinct} row(s) with an id that is missing or there twice: give each a number of its own (select ${id}, count(*) from ${table} group by ${id} having count(*) > 1 or ${id} is null)`
    )
  }
  if (Math.max(ids.max, next - 1) > MAX_ID - FEW_IDS) {
    obstacles.push(
      `${table} has used up its ids: the highest is ${ids.max}${next - 1 > ids.max ? `, the next ${next}` : ''}, and none above ${MAX_ID} can be given. Give the rows with the highest ids lower ones that are free (in compras.id_cliente, too), then set the counter back behind the highest that is left`
    )
  }
  return obstacles
}
