import type { Dialect } from '../../store/dialect.ts'
import { given, insert, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { servers } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

/** Times are milliseconds since 1970. */
export type ServerRow = RowOf<typeof servers.columns>

export type ServerStore = ReturnType<typeof serverStore>

/** `servers`: who serves on this database. */
export function serverStore(dialect: Dialect) {
  const here = sql`${servers.id} = ${given.text('id')}`
  const seen = reading(
    dialect,
    select(
      servers.columns,
      sql`from ${servers} where ${servers.seenAt} >= ${given.number('since')} order by ${servers.seenAt} desc, ${servers.id} limit 100`
    )
  )
  const add = dialect.compile(insert(servers, ['id', 'name', 'address', 'release', 'seenAt']))
  const update = dialect.compile(
    sql`update ${servers} set ${servers.address} = ${given.text('address')}, ${servers.seenAt} = ${given.number('seenAt')} where ${here}`
  )
  const remove = dialect.compile(sql`delete from ${servers} where ${here}`)

  return {
    /** Keeps a server's row fresh. @throws an error with verdict `duplicate` when another try of the same made it */
    async beat(db: Db, row: ServerRow): Promise<void> {
      if ((await db.write(update, row)) === 0) await db.write(add, row)
    },

    /** Those seen since a moment, the latest first, at most 100. */
    seenSince: (db: Db, since: number): Promise<ServerRow[]> => db.all(seen, { since }),

    async remove(db: Db, id: string): Promise<void> {
      await db.write(remove, { id })
    }
  }
}
