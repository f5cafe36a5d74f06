import { is, Param, Placeholder, type Query } from 'drizzle-orm'
import { rowMaker } from './shapes.ts'
import type { Fragment, Reading } from './sql.ts'

/** The values of a statement's placeholders, by name. */
export type Values = Record<string, unknown>

/**
 * A statement as text, put together once, with places for its values. `Work` runs it: there are the deadline, the node and
 * the count of round trips.
 */
export interface Statement<V extends object = Values> {
  readonly sql: string
  /** Constants, and places to be filled in. */
  readonly params: readonly (Place | Constant)[]
  /** What it needs, for the compiler alone. */
  readonly [NEEDS]?: (values: V) => void
}

declare const NEEDS: unique symbol

interface Place {
  readonly name: string
}

interface Constant {
  readonly name: undefined
  readonly value: unknown
}

export interface Select<Row, V extends object = Values> extends Statement<V> {
  /** The names of the columns, in the order in which the driver returns them. */
  readonly keys: readonly (keyof Row & string)[]
}

/** Put together when it is first asked for: a server has more than a hundred of them, and its start needs few. */
export function statement<V extends object = Values>(query: () => Pick<Query, 'sql' | 'params'>): Statement<V> {
  let made: Pick<Statement, 'sql' | 'params'> | undefined
  const make = () => {
    const { sql, params } = query()
    const places = params.map(param => {
      const value = is(param, Param) ? param.value : param
      return is(value, Placeholder) ? { name: String(value.name) } : { name: undefined, value }
    })
    made = { sql, params: places }
    return made
  }
  return {
    get sql() {
      return (made ?? make()).sql
    },
    get params() {
      return (made ?? make()).params
    }
  }
}

export interface Compiler {
  /** SQL in this database's spelling, ready to run. */
  compile<V extends object>(fragment: Fragment<V>): Statement<V>
}

/** A statement put together of pieces whose values the compiler lost sight of: they are in `V`. */
export const needing = <V extends object>(statement: Statement<never>): Statement<V> => statement as Statement<V>

/** The same for one that reads. */
export const readingWith = <V extends object, Row>(compiler: Compiler, fragment: Reading<never, Row>): Select<Row, V> =>
  reading(compiler, fragment) as Select<Row, V>

/** A statement that reads, ready to run. */
export function reading<V extends object, Row>({ compile }: Compiler, fragment: Reading<V, Row>): Select<Row, V> {
  return Object.assign(compile(fragment), { keys: fragment.columns })
}

/** @throws Error for a placeholder without a value */
export function fill<V extends object>({ params }: Statement<V>, values: V): unknown[] {
  const filled = new Array(params.length)
  for (let i = 0; i < params.length; i++) {
    const param = params[i] as Place | Constant
    const value = param.name === undefined ? (param as Constant).value : (values as Values)[param.name]
    if (value === undefined) throw new Error(`no value for ${param.name}`)
    filled[i] = value
  }
  return filled
}

/** By the names of their columns. */
const makers = new WeakMap<readonly string[], (values: unknown[]) => unknown>()

export function toRows<Row>(keys: Select<Row>['keys'], rows: unknown[][]): Row[] {
  const make = (makers.get(keys) as ((values: unknown[]) => Row) | undefined) ?? rowMaker<Row>(keys)
  makers.set(keys, make)
  return rows.map(values => make(values))
}
