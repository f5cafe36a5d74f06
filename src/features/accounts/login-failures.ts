import type { Dialect } from '../../store/dialect.ts'
import { given, insert, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { loginFailures } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

/** Times are milliseconds since 1970. */
export type LoginFailure = RowOf<typeof loginFailures.columns>

export type LoginFailureStore = ReturnType<typeof loginFailureStore>

/** `login_failures`: a row a failure and subject. */
export function loginFailureStore(dialect: Dialect) {
  const { subject, failedAt } = loginFailures
  const latest = reading(
    dialect,
    select(
      loginFailures.columns,
      sql`from ${loginFailures}
      where ${subject} in (${given.text('first')}, ${given.text('second')})
        and ${failedAt} > ${given.number('since')} and ${failedAt} <= ${given.number('until')}
      order by ${failedAt} desc limit ${given.number('limit')}`
    )
  )
  const forget = dialect.compile(sql`delete from ${loginFailures} where ${subject} = ${given.text('subject')}`)
  const add = dialect.compile(insert(loginFailures, ['id', 'subject', 'failedAt']))

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
      await db.write(add, failure)
    },

    async forget(db: Db, subject: string): Promise<void> {
      await db.write(forget, { subject })
    }
  }
}
