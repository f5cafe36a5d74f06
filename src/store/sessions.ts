import { and, desc, eq, gt, ne, sql } from 'drizzle-orm'
import type { Dialect } from './dialect.ts'
import { select, write } from './statement.ts'
import type { Db } from './work.ts'

/** Times are milliseconds since 1970. */
export interface SessionRow {
  idHash: string
  customerId: number
  createdAt: number
  lastSeenAt: number
  expiresAt: number
  /** The web server that made it. */
  madeOn: string
  userAgent: string
  address: string
}

export interface LiveSession {
  customerId: number
  name: string
  email: string
  createdAt: number
  lastSeenAt: number
  /** The web server that made it. */
  madeOn: string
}

export type SessionStore = ReturnType<typeof sessionStore>

/** `sessions`: who is signed in, under a hash of the id in the cookie. */
export function sessionStore({ builder, tables: { sessions, customers } }: Dialect) {
  const value = sql.placeholder
  const here = eq(sessions.idHash, value('idHash'))
  const mine = eq(sessions.customerId, value('customerId'))

  // On every request of someone signed in; it brings the account along.
  const live = select(
    builder
      .select({
        customerId: sessions.customerId,
        name: customers.name,
        email: customers.email,
        createdAt: sessions.createdAt,
        lastSeenAt: sessions.lastSeenAt,
        madeOn: sessions.madeOn
      })
      .from(sessions)
      .innerJoin(customers, eq(customers.id, sessions.customerId))
      .where(and(here, gt(sessions.expiresAt, value('now'))))
  )
  const list = select(
    builder
      .select()
      .from(sessions)
      .where(and(mine, gt(sessions.expiresAt, value('now'))))
      .orderBy(desc(sessions.lastSeenAt))
      .limit(100)
  )
  const insert = write(
    builder.insert(sessions).values({
      idHash: value('idHash'),
      customerId: value('customerId'),
      createdAt: value('createdAt'),
      lastSeenAt: value('lastSeenAt'),
      expiresAt: value('expiresAt'),
      madeOn: value('madeOn'),
      userAgent: value('userAgent'),
      address: value('address')
    })
  )
  const touch = write(
    builder
      .update(sessions)
      .set({ lastSeenAt: sql`${value('lastSeenAt')}`, expiresAt: sql`${value('expiresAt')}` })
      .where(here)
  )
  const remove = write(builder.delete(sessions).where(here))
  const removeAll = write(builder.delete(sessions).where(mine))
  const removeOthers = write(builder.delete(sessions).where(and(mine, ne(sessions.idHash, value('idHash')))))

  return {
    /** Undefined when there is none, or it has expired. */
    async findLive(db: Db, idHash: string, now: number): Promise<LiveSession | undefined> {
      const [session] = await db.all(live, { idHash, now })
      return session
    },

    /** @throws an error with verdict `duplicate` when it was added already */
    async add(db: Db, session: SessionRow): Promise<void> {
      await db.write(insert, { ...session })
    },

    async touch(db: Db, idHash: string, lastSeenAt: number, expiresAt: number): Promise<void> {
      await db.write(touch, { idHash, lastSeenAt, expiresAt })
    },

    async remove(db: Db, idHash: string): Promise<void> {
      await db.write(remove, { idHash })
    },

    /** Ends a customer's sessions, all or all but one; how many. */
    removeAll: (db: Db, customerId: number, exceptHash?: string): Promise<number> =>
      exceptHash === undefined
        ? db.write(removeAll, { customerId })
        : db.write(removeOthers, { customerId, idHash: exceptHash }),

    /** A customer's live sessions, the one seen last first, at most 100. */
    list: (db: Db, customerId: number, now: number): Promise<SessionRow[]> => db.all(list, { customerId, now })
  }
}
