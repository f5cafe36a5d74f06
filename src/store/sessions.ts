import { and, desc, eq, gt, ne, sql } from 'drizzle-orm'
import { affectedRows, type Db, type Dialect } from './dialect.ts'

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
  madeOn: string
}

export type SessionStore = ReturnType<typeof sessionStore>

/** `sessions`: who is signed in, under a hash of the id in the cookie. */
export function sessionStore({ db, tables: { sessions, customers } }: Dialect) {
  // Built once: this runs on every request of someone signed in, and brings the account along.
  const live = db
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
    .where(and(eq(sessions.idHash, sql.placeholder('idHash')), gt(sessions.expiresAt, sql.placeholder('now'))))
    .prepare('session_live')

  return {
    /** Undefined when there is none, or it has expired. */
    async findLive(idHash: string, now: number): Promise<LiveSession | undefined> {
      const [session] = await live.execute({ idHash, now })
      return session
    },

    /** @throws an error with verdict `duplicate` when it was added already */
    async add(session: SessionRow): Promise<void> {
      await db.insert(sessions).values(session)
    },

    async touch(idHash: string, lastSeenAt: number, expiresAt: number): Promise<void> {
      await db.update(sessions).set({ lastSeenAt, expiresAt }).where(eq(sessions.idHash, idHash))
    },

    async remove(idHash: string): Promise<void> {
      await db.delete(sessions).where(eq(sessions.idHash, idHash))
    },

    /** Ends a customer's sessions, all or all but one; how many. */
    async removeAll(tx: Db, customerId: number, exceptHash?: string): Promise<number> {
      const mine = eq(sessions.customerId, customerId)
      const which = exceptHash === undefined ? mine : and(mine, ne(sessions.idHash, exceptHash))
      return affectedRows(await tx.delete(sessions).where(which))
    },

    /** A customer's live sessions, the one seen last first, at most 100. */
    list: (customerId: number, now: number): Promise<SessionRow[]> =>
      db
        .select()
        .from(sessions)
        .where(and(eq(sessions.customerId, customerId), gt(sessions.expiresAt, now)))
        .orderBy(desc(sessions.lastSeenAt))
        .limit(100)
  }
}
