import { and, eq, isNull, notLike, sql } from 'drizzle-orm'
import type { Dialect } from './dialect.ts'
import { emailKey } from './login-key.ts'
import { select, write } from './statement.ts'
import type { Db } from './work.ts'

export interface Account {
  id: number
  name: string
  email: string
  /** As stored: argon2id, Werkzeug's pbkdf2 or scrypt, or a plaintext of the lab guide's. */
  password: string
}

export interface NewAccount {
  name: string
  email: string
  emailKey: string
  password: string
}

export type AccountStore = ReturnType<typeof accountStore>

/** `clientes`: who has a list. */
export function accountStore({ builder, tables: { customers } }: Dialect) {
  const value = sql.placeholder
  const columns = { id: customers.id, name: customers.name, email: customers.email, password: customers.password }
  const withKey = { ...columns, emailKey: customers.emailKey }
  const byId = eq(customers.id, value('id'))
  const counted = { n: sql<number>`count(*)` }

  const byEmailKey = select(
    builder
      .select(withKey)
      .from(customers)
      .where(eq(customers.emailKey, value('emailKey')))
  )
  const unadopted = select(
    builder.select(columns).from(customers).where(isNull(customers.emailKey)).orderBy(customers.id)
  )
  const password = select(builder.select({ password: customers.password }).from(customers).where(byId))
  const insert = write(
    builder.insert(customers).values({
      name: value('name'),
      email: value('email'),
      emailKey: value('emailKey'),
      password: value('password')
    })
  )
  const setPassword = write(
    builder
      .update(customers)
      .set({ password: sql`${value('password')}` })
      .where(byId)
  )
  const replacePassword = write(
    builder
      .update(customers)
      .set({ password: sql`${value('to')}` })
      .where(and(byId, eq(customers.password, value('from'))))
  )
  const setEmailKey = write(
    builder
      .update(customers)
      .set({ emailKey: sql`${value('emailKey')}` })
      .where(byId)
  )
  const countAll = select(builder.select(counted).from(customers))
  const countPlaintext = select(
    builder
      .select(counted)
      .from(customers)
      .where(
        and(
          notLike(customers.password, '$argon2id$%'),
          notLike(customers.password, 'pbkdf2:%$%$%'),
          notLike(customers.password, 'scrypt:%$%$%')
        )
      )
  )
  const countWithoutKey = select(builder.select(counted).from(customers).where(isNull(customers.emailKey)))

  return {
    /** By the e-mail's login key, byte for byte, whatever the database takes for the same; undefined if nobody has it. */
    async findByEmailKey(db: Db, emailKey: string): Promise<Account | undefined> {
      const rows = await db.all(byEmailKey, { emailKey })
      const account = rows.find(row => row.emailKey === emailKey)
      if (!account) return undefined
      const { id, name, email, password } = account
      return { id, name, email, password }
    },

    /** Rows put there by other means have no login key yet; the oldest whose e-mail makes this one. Reads all of them. */
    async findUnadopted(db: Db, key: string): Promise<Account | undefined> {
      const rows = await db.all(unadopted)
      return rows.find(row => emailKey(row.email ?? '') === key)
    },

    async findPassword(db: Db, id: number): Promise<string | undefined> {
      const [account] = await db.all(password, { id })
      return account?.password
    },

    /** @throws an error with verdict `duplicate` when the e-mail is taken */
    async add(db: Db, account: NewAccount): Promise<void> {
      await db.write(insert, { ...account })
    },

    async setPassword(db: Db, id: number, password: string): Promise<void> {
      await db.write(setPassword, { id, password })
    },

    /** Replaces a hash only if it is still the one that was verified, so that a change made meanwhile stands. */
    upgradePassword: async (db: Db, id: number, from: string, to: string): Promise<boolean> =>
      (await db.write(replacePassword, { id, from, to })) > 0,

    async setEmailKey(db: Db, id: number, emailKey: string): Promise<void> {
      await db.write(setEmailKey, { id, emailKey })
    },

    /** How many there are, how many cannot log in as their password is no hash, how many for want of a login key. */
    async count(db: Db): Promise<{ accounts: number; plaintext: number; withoutKey: number }> {
      const [all] = await db.all(countAll)
      const [plaintext] = await db.all(countPlaintext)
      const [withoutKey] = await db.all(countWithoutKey)
      return { accounts: Number(all?.n), plaintext: Number(plaintext?.n), withoutKey: Number(withoutKey?.n) }
    }
  }
}
