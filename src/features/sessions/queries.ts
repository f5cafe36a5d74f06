import type { Dialect } from '../../store/dialect.ts'
import { given, insert, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { accounts, sessions } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

/** Times are milliseconds since 1970. */
export type SessionRow = RowOf<typeof sessions.columns>

const liveColumns = {
  accountId: sessions.accountId,
  name: accounts.name,
  email: accounts.email,
  createdAt: sessions.createdAt,
  lastSeenAt: sessions.lastSeenAt,
  madeOn: sessions.madeOn
}

/** A session, and whose it is. */
export type LiveSession = RowOf<typeof liveColumns>

export type SessionStore = ReturnType<typeof sessionStore>

/** `sessions`: who is signed in, under a hash of the id in the cookie. */
export function sessionStore(dialect: Dialect) {
  const here = sql`${sessions.idHash} = ${given.text('idHash')}`
  const ofAccount = sql`${sessions.accountId} = ${given.number('accountId')}`
  const isLive = sql`${sessions.expiresAt} > ${given.number('now')}`

  // On every request of someone signed in; it brings the account along.
  const live = reading(
    dialect,
    select(
      liveColumns,
      sql`from ${sessions} join ${accounts} on ${accounts.id} = ${sessions.accountId} where ${here} and ${isLive}`
    )
  )
  const list = reading(
    dialect,
    select(
      sessions.columns,
      sql`from ${sessions} where ${ofAccount} and ${isLive} order by ${sessions.lastSeenAt} desc limit 100`
    )
  )
  const add = dialect.compile(
    insert(sessions, ['idHash', 'accountId', 'createdAt', 'lastSeenAt', 'expiresAt', 'madeOn', 'userAgent', 'address'])
  )
  const touch = dialect.compile(
    sql`update ${sessions} set ${sessions.lastSeenAt} = ${given.number('lastSeenAt')}, ${sessions.expiresAt} = ${given.number('expiresAt')} where ${here}`
  )
  const remove = dialect.compile(sql`delete from ${sessions} where ${here}`)
  const removeAll = dialect.compile(sql`delete from ${sessions} where ${ofAccount}`)
  const removeOthers = dialect.compile(
    sql`delete from ${sessions} where ${ofAccount} and ${sessions.idHash} <> ${given.text('idHash')}`
  )

  return {
    /** Undefined when there is none, or it has expired. */
    async findLive(db: Db, idHash: string, now: number): Promise<LiveSession | undefined> {
      const [session] = await db.all(live, { idHash, now })
      return session
    },

    /** @throws an error with verdict `duplicate` when it was added already */
    async add(db: Db, session: SessionRow): Promise<void> {
      await db.write(add, session)
    },

    async touch(db: Db, idHash: string, lastSeenAt: number, expiresAt: number): Promise<void> {
      await db.write(touch, { idHash, lastSeenAt, expiresAt })
    },

    async remove(db: Db, idHash: string): Promise<void> {
      await db.write(remove, { idHash })
    },

    /** Ends an account's sessions, all or all but one; how many. */
    removeAll: (db: Db, accountId: number, exceptHash?: string): Promise<number> =>
      exceptHash === undefined
        ? db.write(removeAll, { accountId })
        : db.write(removeOthers, { accountId, idHash: exceptHash }),

    /** An account's live sessions, the one seen last first, at most 100. */
    list: (db: Db, accountId: number, now: number): Promise<SessionRow[]> => db.all(list, { accountId, now })
  }
}
