import { type SQL, type SQLWrapper, sql as template } from 'drizzle-orm'

/**
 * Tables described once for three databases, and statements written as SQL whose places for values have names and types:
 * `sql` puts them together, drizzle quotes names and numbers the places for the database in use.
 */

declare const VALUES: unique symbol
declare const ROW: unique symbol

/** A piece of SQL. `V` are the values that it needs, by name. */
export interface Fragment<V extends object = object> extends SQLWrapper {
  readonly [VALUES]?: (values: V) => void
}

/** A piece whose values the compiler lost sight of. */
export type Piece = Fragment<never>

/** A piece that reads rows of type `R`. */
export interface Reading<V extends object, R> extends Fragment<V> {
  readonly columns: readonly (keyof R & string)[]
  readonly [ROW]?: R
}

export interface Column<T = unknown> extends SQLWrapper {
  readonly name: string
  readonly holds: 'number' | 'text'
  /** The name of its table, once it is in one. */
  readonly table?: string
  readonly [ROW]?: T
}

type Columns = Record<string, Column>

/** What is known of any table. */
export interface AnyTable extends SQLWrapper {
  readonly tableName: string
  readonly columns: Columns
}

/** Its columns are its members. */
export type Table<C extends Columns> = SQLWrapper & { readonly tableName: string; readonly columns: C } & C

type TypeOf<C> = C extends Column<infer T> ? T : never
/** A row of a table, or of the columns given. */
export type RowOf<C extends Columns> = { [K in keyof C]: TypeOf<C[K]> }

const column = <T>(name: string, holds: Column['holds']): Column<T> => ({
  name,
  holds,
  getSQL: () => template.identifier(name).getSQL()
})

/** Whole numbers up to 2^53: ids, counts, milliseconds since 1970. */
export const number = (name: string) => column<number>(name, 'number')
export const text = (name: string) => column<string>(name, 'text')
/** One of a few words. */
export const word = <W extends string>(name: string) => column<W>(name, 'text')
export const optional = <T>({ name, holds }: Column<T>) => column<T | null>(name, holds)

export function table<C extends Columns>(tableName: string, columns: C): Table<C> {
  const placed = Object.fromEntries(Object.entries(columns).map(([key, it]) => [key, { ...it, table: tableName }])) as C
  return Object.assign({ tableName, columns: placed, getSQL: () => template.identifier(tableName).getSQL() }, placed)
}

export function pick<O extends object, K extends keyof O>(from: O, names: readonly K[]): Pick<O, K> {
  // A list of thousands goes through here: a loop takes a ninth of the time of Object.fromEntries.
  const picked = {} as Pick<O, K>
  for (const name of names) picked[name] = from[name]
  return picked
}

/** A place for a value, filled in when the statement runs. */
export interface Place<N extends string, T> extends Fragment<{ [K in N]: T }> {}

const place = <N extends string, T>(name: N): Place<N, T> => ({ getSQL: () => template`${template.placeholder(name)}` })

export const given = {
  number: <N extends string>(name: N): Place<N, number> => place(name),
  text: <N extends string>(name: N): Place<N, string> => place(name),
  /** What the column holds. */
  of: <N extends string, T>(name: N, _column: Column<T>): Place<N, T> => place(name)
}

type ValuesOf<P> = P extends Fragment<infer V> ? V : object
type AllValues<P extends readonly unknown[]> = P extends readonly [infer First, ...infer Rest]
  ? ValuesOf<First> & AllValues<Rest>
  : object

/** SQL with pieces in it; it needs the values of all of them. A plain number or text becomes a parameter. */
export function sql<const P extends readonly (SQLWrapper | number | string)[]>(
  strings: TemplateStringsArray,
  ...pieces: P
): Fragment<AllValues<P>> {
  const whole = template(strings, ...pieces.map(piece => (typeof piece === 'object' ? piece.getSQL() : piece)))
  return { getSQL: () => whole }
}

/** SQL that is text, for what a database spells its own way. Never with anything from outside in it. */
export const raw = (text: string): Fragment => ({ getSQL: () => template.raw(text) })

/** Pieces with something between them. */
export function join<V extends object>(pieces: readonly Fragment<V>[], between: string): Fragment<V> {
  const whole: SQL = template.join(
    pieces.map(piece => piece.getSQL()),
    template.raw(between)
  )
  return { getSQL: () => whole }
}

/** `select` these columns, each named with its table; the tail begins with `from`. */
export function select<C extends Columns, V extends object>(columns: C, tail: Fragment<V>): Reading<V, RowOf<C>> {
  const names = join(
    Object.values(columns).map(it => sql`${template.identifier(it.table ?? '')}.${it as SQLWrapper}`),
    ', '
  )
  const whole = sql`select ${names} ${tail}`
  return { getSQL: () => whole.getSQL(), columns: Object.keys(columns) as (keyof C & string)[] }
}

/** The same, and numbers that are worked out, by names of their own. */
export function selectAnd<C extends Columns, const N extends string, V extends object>(
  columns: C,
  numbers: Readonly<Record<N, Fragment<V>>>,
  tail: Fragment<V>
): Reading<V, RowOf<C> & Record<N, number>> {
  const worked = join(Object.values<Fragment<V>>(numbers), ', ')
  const whole = select(columns, sql`, ${worked} ${tail}`)
  return { getSQL: () => whole.getSQL(), columns: [...whole.columns, ...(Object.keys(numbers) as N[])] }
}

/** How many rows there are; the tail begins with `from`. */
export function countOf<V extends object>(tail: Fragment<V>): Reading<V, { n: number }> {
  const whole = sql`select count(*) ${tail}`
  return { getSQL: () => whole.getSQL(), columns: ['n'] }
}

type Named<C extends Columns, K extends keyof C> = { [N in K]: TypeOf<C[N]> }

/** What `insert` puts where: the columns' names in the database, and a place for the value of each. */
export function columnsAndPlaces<C extends Columns, const K extends readonly (keyof C & string)[]>(
  { columns }: Table<C>,
  names: K,
  wrap: (place: Fragment, column: Column) => Fragment = it => it
): { columns: Fragment; places: Fragment<Named<C, K[number]>> } {
  const pairs = names.map(name => ({ column: columns[name] as Column, place: place<string, never>(name) as Fragment }))
  return {
    columns: join(
      pairs.map(({ column }) => column),
      ', '
    ),
    places: join(
      pairs.map(({ column, place }) => wrap(place, column)),
      ', '
    ) as Fragment<Named<C, K[number]>>
  }
}

/** `insert into` a table the values of these columns, by the columns' names here. */
export function insert<C extends Columns, const K extends readonly (keyof C & string)[]>(
  into: Table<C>,
  names: K
): Fragment<Named<C, K[number]>> {
  const target: SQLWrapper = into
  const { columns, places } = columnsAndPlaces(into, names)
  return sql`insert into ${target} (${columns}) values (${places})`
}
