import { and, eq, isNotNull, isNull, notLike, sql } from 'drizzle-orm'
import { affectedRows, type Db, type Dialect } from './dialect.ts'

export interface Account {
  id: number
  name: string
  email: string
  /** As stored: argon2id, Werkzeug's pbkdf2 or scrypt, or a plaintext of the lab guide's. */
  password: string
}

export type AccountStore = ReturnType<typeof accountStore>

/** `clientes`: who has a list. */
export function accountStore({ db, tables: { customers } }: Dialect) {
  const columns = { id: customers.id, name: customers.name, email: customers.email, password: customers.password }

  return {
    /** By the e-mail's login key; undefined if nobody has it. */
    async findByEmailKey(emailKey: string): Promise<Account | undefined> {
      const [account] = await db.select(columns).from(customers).where(eq(customers.emailKey, emailKey))
      return account
    },

    /** Rows put there by other means have no login key yet; the oldest with that e-mail. Reads the whole table. */
    async findUnadopted(emailKey: string): Promise<Account | undefined> {
      const [account] = await db
        .select(columns)
        .from(customers)
        .where(and(isNull(customers.emailKey), eq(sql`lower(trim(${customers.email}))`, emailKey)))
        .orderBy(customers.id)
        .limit(1)
      return account
    },

    async findPassword(id: number): Promise<string | undefined> {
      const [account] = await db.select({ password: customers.password }).from(customers).where(eq(customers.id, id))
      return account?.password
    },

    /** @throws an error with verdict `duplicate` when the e-mail is taken */
    async add(account: { name: string; email: string; emailKey: string; password: string }): Promise<void> {
      await db.insert(customers).values(account)
    },

    async setPassword(tx: Db, id: number, password: string): Promise<void> {
      await tx.update(customers).set({ password }).where(eq(customers.id, id))
    },

    /** Replaces a hash only if it is still the one that was verified, so that a change made meanwhile stands. */
    async upgradePassword(id: number, from: string, to: string): Promise<boolean> {
      const write = db
        .update(customers)
        .set({ password: to })
        .where(and(eq(customers.id, id), eq(customers.password, from)))
      return affectedRows(await write) > 0
    },

    async setEmailKey(tx: Db, id: number, emailKey: string): Promise<void> {
      await tx.update(customers).set({ emailKey }).where(eq(customers.id, id))
    },

    /** How many there are, how many cannot log in as their password is no hash, how many for want of a login key. */
    async count(): Promise<{ accounts: number; plaintext: number; withoutKey: number }> {
      const total = sql<number>`count(*)`
      const [all] = await db.select({ n: total }).from(customers)
      const [plaintext] = await db
        .select({ n: total })
        .from(customers)
        .where(
          and(
            isNotNull(customers.password),
            notLike(customers.password, '$argon2id$%'),
            notLike(customers.password, 'pbkdf2:%$%$%'),
            notLike(customers.password, 'scrypt:%$%$%')
          )
        )
      const [withoutKey] = await db.select({ n: total }).from(customers).where(isNull(customers.emailKey))
      return { accounts: Number(all?.n), plaintext: Number(plaintext?.n), withoutKey: Number(withoutKey?.n) }
    }
  }
}
