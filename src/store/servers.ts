import { asc, eq, gte, sql } from 'drizzle-orm'
import type { Dialect } from './dialect.ts'
import { select, write } from './statement.ts'
import type { Db } from './work.ts'

export interface ServerRow {
  /** Of this one process: two servers may have one name. */
  id: string
  name: string
  /** Where the others reach it, as in 172.30.1.180:5000; empty while it does not know. */
  address: string
  release: string
  /** Milliseconds since 1970, by that server's own clock. */
  seenAt: number
}

export type ServerStore = ReturnType<typeof serverStore>

/** `servers`: who serves on this database. */
export function serverStore({ builder, tables: { servers } }: Dialect) {
  const value = sql.placeholder
  const here = eq(servers.id, value('id'))
  const seen = select(
    builder
      .select()
      .from(servers)
      .where(gte(servers.seenAt, value('since')))
      .orderBy(asc(servers.name), asc(servers.id))
      .limit(100)
  )
  const insert = write(
    builder.insert(servers).values({
      id: value('id'),
      name: value('name'),
      address: value('address'),
      release: value('release'),
      seenAt: value('seenAt')
    })
  )
  const update = write(
    builder
      .update(servers)
      .set({ address: sql`${value('address')}`, seenAt: sql`${value('seenAt')}` })
      .where(here)
  )
  const remove = write(builder.delete(servers).where(here))

  return {
    /** Keeps a server's row fresh. @throws an error with verdict `duplicate` when another try of the same made it */
    async beat(db: Db, row: ServerRow): Promise<void> {
      if ((await db.write(update, { ...row })) === 0) await db.write(insert, { ...row })
    },

    /** Those seen since a moment, by name, at most 100. */
    seenSince: (db: Db, since: number): Promise<ServerRow[]> => db.all(seen, { since }),

    async remove(db: Db, id: string): Promise<void> {
      await db.write(remove, { id })
    }
  }
}
