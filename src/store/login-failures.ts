import { and, desc, eq, gt } from 'drizzle-orm'
import type { Dialect } from './dialect.ts'

export type LoginFailureStore = ReturnType<typeof loginFailureStore>

/** `login_failures`: a row a failure and subject. */
export function loginFailureStore({ db, tables: { loginFailures } }: Dialect) {
  return {
    /** The times of a subject's failures after `since`, the latest first, at most `limit`. */
    async latest(subject: string, since: number, limit: number): Promise<number[]> {
      const rows = await db
        .select({ failedAt: loginFailures.failedAt })
        .from(loginFailures)
        .where(and(eq(loginFailures.subject, subject), gt(loginFailures.failedAt, since)))
        .orderBy(desc(loginFailures.failedAt))
        .limit(limit)
      return rows.map(row => row.failedAt)
    },

    /** @throws an error with verdict `duplicate` when this very row was added already */
    async add(failure: { id: string; subject: string; failedAt: number }): Promise<void> {
      await db.insert(loginFailures).values(failure)
    }
  }
}
