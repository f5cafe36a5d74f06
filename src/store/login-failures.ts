import { and, desc, eq, gt, sql } from 'drizzle-orm'
import type { Dialect } from './dialect.ts'
import { select, write } from './statement.ts'
import type { Db } from './work.ts'

export type LoginFailureStore = ReturnType<typeof loginFailureStore>

/** `login_failures`: a row a failure and subject. */
export function loginFailureStore({ builder, tables: { loginFailures } }: Dialect) {
  const value = sql.placeholder
  const latest = select(
    builder
      .select({ failedAt: loginFailures.failedAt })
      .from(loginFailures)
      .where(and(eq(loginFailures.subject, value('subject')), gt(loginFailures.failedAt, value('since'))))
      .orderBy(desc(loginFailures.failedAt))
      .limit(value('limit'))
  )
  const insert = write(
    builder.insert(loginFailures).values({
      id: value('id'),
      subject: value('subject'),
      failedAt: value('failedAt')
    })
  )

  return {
    /** The times of a subject's failures after `since`, the latest first, at most `limit`. */
    async latest(db: Db, subject: string, since: number, limit: number): Promise<number[]> {
      const rows = await db.all(latest, { subject, since, limit })
      return rows.map(row => row.failedAt)
    },

    /** @throws an error with verdict `duplicate` when this very row was added already */
    async add(db: Db, failure: { id: string; subject: string; failedAt: number }): Promise<void> {
      await db.write(insert, failure)
    }
  }
}
