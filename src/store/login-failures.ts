import { and, desc, gt, inArray, lte, sql } from 'drizzle-orm'
import type { Dialect } from './dialect.ts'
import { select, write } from './statement.ts'
import type { Db } from './work.ts'

export interface LoginFailure {
  id: string
  subject: string
  /** Milliseconds since 1970. */
  failedAt: number
}

export type LoginFailureStore = ReturnType<typeof loginFailureStore>

/** `login_failures`: a row a failure and subject. */
export function loginFailureStore({ builder, tables: { loginFailures } }: Dialect) {
  const value = sql.placeholder
  const latest = select(
    builder
      .select({ id: loginFailures.id, subject: loginFailures.subject, failedAt: loginFailures.failedAt })
      .from(loginFailures)
      .where(
        and(
          inArray(loginFailures.subject, [value('first'), value('second')]),
          gt(loginFailures.failedAt, value('since')),
          lte(loginFailures.failedAt, value('until'))
        )
      )
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
    /** The failures of one or two subjects in a span of time, the latest first, at most `limit` in all. */
    latest: (
      db: Db,
      subjects: readonly [string, string?],
      { since, until }: { since: number; until: number },
      limit: number
    ): Promise<LoginFailure[]> =>
      db.all(latest, { first: subjects[0], second: subjects[1] ?? subjects[0], since, until, limit }),

    /** @throws an error with verdict `duplicate` when this very row was added already */
    async add(db: Db, failure: LoginFailure): Promise<void> {
      await db.write(insert, { ...failure })
    }
  }
}
