import { emailKey } from '../../login-key.ts'
import type { Dialect } from '../../store/dialect.ts'
import { type Fragment, given, insert, type Reading, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { accounts } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

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

/** What an account is called. */
export interface Identity {
  name: string
  email: string
}

/** Instead of a password: whose account it was has deleted it, and what it had is being taken away. No password makes it. */
const LEAVING = '*deleted: carrinho takes away what is left'

/** Accounts without a login key that are looked through at once. */
const UNADOPTED = 1000

export type AccountStore = ReturnType<typeof accountStore>

/** `clientes`: who has lists. */
export function accountStore(dialect: Dialect) {
  const columns = { id: accounts.id, name: accounts.name, email: accounts.email, password: accounts.password }
  const here = sql`${accounts.id} = ${given.number('id')}`
  const count = (tail: Fragment) =>
    reading(dialect, { ...sql`select count(*) from ${accounts} ${tail}`, columns: ['n'] } as Reading<
      object,
      { n: number }
    >)

  const byEmailKey = reading(
    dialect,
    select(
      { ...columns, emailKey: accounts.emailKey },
      sql`from ${accounts} where ${accounts.emailKey} = ${given.text('emailKey')}`
    )
  )
  const unadopted = reading(
    dialect,
    select(
      columns,
      sql`from ${accounts} where ${accounts.emailKey} is null order by ${accounts.id} desc limit ${given.number('limit')}`
    )
  )
  const password = reading(dialect, select({ password: accounts.password }, sql`from ${accounts} where ${here}`))
  const add = dialect.compile(insert(accounts, ['name', 'email', 'emailKey', 'password']))
  const setPassword = dialect.compile(
    sql`update ${accounts} set ${accounts.password} = ${given.text('password')} where ${here}`
  )
  const replacePassword = dialect.compile(
    sql`update ${accounts} set ${accounts.password} = ${given.text('to')} where ${here} and ${accounts.password} = ${given.text('from')}`
  )
  const setEmailKey = dialect.compile(
    sql`update ${accounts} set ${accounts.emailKey} = ${given.text('emailKey')} where ${here} and ${accounts.emailKey} is null`
  )
  const identity = reading(
    dialect,
    select({ name: accounts.name, email: accounts.email }, sql`from ${accounts} where ${here}`)
  )
  const setName = dialect.compile(sql`update ${accounts} set ${accounts.name} = ${given.text('name')} where ${here}`)
  const setEmail = dialect.compile(sql`update ${accounts} set ${accounts.email} = ${given.text('email')} where ${here}`)
  const moveEmailKey = dialect.compile(
    sql`update ${accounts} set ${accounts.emailKey} = ${given.text('emailKey')} where ${here}`
  )
  const blank = dialect.compile(
    sql`update ${accounts} set ${accounts.name} = ${given.text('nobody')}, ${accounts.email} = ${given.text('nobody')}, ${accounts.emailKey} = null, ${accounts.password} = ${LEAVING} where ${here}`
  )
  const leaving = reading(
    dialect,
    select({ id: accounts.id }, sql`from ${accounts} where ${accounts.password} = ${LEAVING} limit 100`)
  )
  const removeLeaving = dialect.compile(
    sql`delete from ${accounts} where ${here} and ${accounts.password} = ${LEAVING}`
  )
  const countAll = count(sql``)
  const countPlaintext = count(sql`where ${accounts.password} not like '$argon2id$%'
    and ${accounts.password} not like 'pbkdf2:%$%$%' and ${accounts.password} not like 'scrypt:%$%$%'`)
  const countWithoutKey = count(sql`where ${accounts.emailKey} is null`)

  return {
    /** By the e-mail's login key, byte for byte, whatever the database takes for the same; undefined if nobody has it. */
    async findByEmailKey(db: Db, emailKey: string): Promise<Account | undefined> {
      const rows = await db.all(byEmailKey, { emailKey })
      const account = rows.find(row => row.emailKey === emailKey)
      if (!account) return undefined
      const { id, name, email, password } = account
      return { id, name, email, password }
    },

    /**
     * Rows put there by other means have no login key yet; the oldest whose e-mail makes this one. `migrate` gives keys to
     * all that can have one, so only what came since is looked through, and of that no more than the newest `UNADOPTED`.
     */
    async findUnadopted(db: Db, key: string): Promise<Account | undefined> {
      const rows = await db.all(unadopted, { limit: UNADOPTED })
      return rows.findLast(row => emailKey(row.email ?? '') === key)
    },

    async findPassword(db: Db, id: number): Promise<string | undefined> {
      const [account] = await db.all(password, { id })
      return account?.password
    },

    /** @throws an error with verdict `duplicate` when the e-mail is taken */
    async add(db: Db, account: NewAccount): Promise<void> {
      await db.write(add, account)
    },

    async setPassword(db: Db, id: number, password: string): Promise<void> {
      await db.write(setPassword, { id, password })
    },

    /** Replaces a hash only if it is still the one that was verified, so that a change made meanwhile stands. */
    upgradePassword: async (db: Db, id: number, from: string, to: string): Promise<boolean> =>
      (await db.write(replacePassword, { id, from, to })) > 0,

    /** Unless it has one; whether it had none. @throws an error with verdict `duplicate` when the e-mail is taken */
    setEmailKey: async (db: Db, id: number, emailKey: string): Promise<boolean> =>
      (await db.write(setEmailKey, { id, emailKey })) > 0,

    async findIdentity(db: Db, id: number): Promise<Identity | undefined> {
      const [found] = await db.all(identity, { id })
      return found
    },

    async setName(db: Db, id: number, name: string): Promise<void> {
      await db.write(setName, { id, name })
    },

    /** Another spelling of the same e-mail. */
    async setEmail(db: Db, id: number, email: string): Promise<void> {
      await db.write(setEmail, { id, email })
    },

    /** Another e-mail. @throws an error with verdict `duplicate` when it is taken */
    async moveTo(db: Db, id: number, email: string, emailKey: string): Promise<void> {
      await db.write(moveEmailKey, { id, emailKey })
      await db.write(setEmail, { id, email })
    },

    /** From now on nobody can log in to it, and its e-mail is free. What it has is still there. */
    async blank(db: Db, id: number): Promise<void> {
      await db.write(blank, { id, nobody: `deleted ${id}` })
    },

    /** Those that `blank` was done to, at most 100. */
    findLeaving: async (db: Db): Promise<number[]> => (await db.all(leaving, {})).map(({ id }) => id),

    /** The row itself, of an account that `blank` was done to. @throws an error while it still has items */
    async removeLeaving(db: Db, id: number): Promise<void> {
      await db.write(removeLeaving, { id })
    },

    /** How many there are, how many cannot log in as their password is no hash, how many for want of a login key. */
    async count(db: Db): Promise<{ accounts: number; plaintext: number; withoutKey: number }> {
      const [all] = await db.all(countAll, {})
      const [plaintext] = await db.all(countPlaintext, {})
      const [withoutKey] = await db.all(countWithoutKey, {})
      return { accounts: Number(all?.n), plaintext: Number(plaintext?.n), withoutKey: Number(withoutKey?.n) }
    }
  }
}
