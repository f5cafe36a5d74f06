import { is, Param, Placeholder, type Query } from 'drizzle-orm'

/** The values of a statement's placeholders, by name. */
export type Values = Record<string, unknown>

/**
 * A query as text, built once by drizzle, with places for its values. drizzle builds and types the queries; running them
 * is ours, since there lie the deadline, the node and the count of round trips.
 */
export interface Statement {
  readonly sql: string
  /** Constants, and placeholders to be filled in. */
  readonly params: readonly unknown[]
}

export interface Select<Row> extends Statement {
  /** The names of the columns, in the order in which the driver returns them. */
  readonly keys: readonly (keyof Row & string)[]
}

interface Built {
  toSQL(): Query
}

export function write(query: Built): Statement {
  const { sql, params } = query.toSQL()
  return { sql, params: params.map(param => (is(param, Param) ? param.value : param)) }
}

/** Rows come as the types that the query builder infers; every column is a number or a text in all three drivers. */
export function select<Row>(query: Built & PromiseLike<Row[]>): Select<Row> {
  const { getSelectedFields } = query as unknown as { getSelectedFields(): object }
  return { ...write(query), keys: Object.keys(getSelectedFields.call(query)) as (keyof Row & string)[] }
}

/** @throws Error for a placeholder without a value */
export function fill(params: readonly unknown[], values: Values): unknown[] {
  const filled = new Array(params.length)
  for (let i = 0; i < params.length; i++) {
    const param = params[i]
    if (param instanceof Placeholder) {
      const value = values[param.name as string]
      if (value === undefined) throw new Error(`no value for ${param.name}`)
      filled[i] = value
    } else filled[i] = param
  }
  return filled
}

export function toRows<Row>(keys: Select<Row>['keys'], rows: unknown[][]): Row[] {
  return rows.map(values => {
    const row = {} as Row
    for (let i = 0; i < keys.length; i++) row[keys[i] as keyof Row] = values[i] as Row[keyof Row]
    return row
  })
}
