import { bigint, index, integer, pgTable, primaryKey, varchar } from 'drizzle-orm/pg-core'

// `clientes` and `compras` are the lab guide's own tables and columns (guide, 2.1.3); the rest is ours.
// Times are milliseconds since 1970, so that they mean the same in all three databases.

export const customers = pgTable('clientes', {
  id: integer('id_cliente').primaryKey().generatedByDefaultAsIdentity(),
  name: varchar('nome', { length: 255 }).notNull(),
  email: varchar('email', { length: 255 }).notNull(),
  password: varchar('password', { length: 255 }).notNull(),
  /** What a person logs in with: the e-mail trimmed and in lower case. Null for a later account with a taken e-mail. */
  emailKey: varchar('email_key', { length: 255 }).unique()
})

export const items = pgTable(
  'compras',
  {
    id: integer('id_compras').primaryKey().generatedByDefaultAsIdentity(),
    customerId: integer('id_cliente').references(() => customers.id),
    type: varchar('tipo', { length: 255 }).notNull(),
    quantity: integer('quantidade').notNull(),
    shop: varchar('local', { length: 255 }).notNull()
  },
  t => [index('compras_cliente').on(t.customerId, t.id)]
)

/** Idempotency keys; each stands in the same transaction as its effect and outlives it. */
export const operations = pgTable(
  'operations',
  {
    customerId: integer('customer_id').notNull(),
    key: varchar('operation_key', { length: 43 }).notNull(),
    /** Digest of what was asked, to tell a repetition from a second use of the key. */
    digest: varchar('digest', { length: 43 }).notNull(),
    createdAt: bigint('created_at', { mode: 'number' }).notNull()
  },
  t => [primaryKey({ columns: [t.customerId, t.key] }), index('operations_created').on(t.createdAt)]
)

export const sessions = pgTable(
  'sessions',
  {
    /** A hash: whoever reads the table cannot sign in with it. */
    idHash: varchar('id_hash', { length: 43 }).primaryKey(),
    customerId: integer('customer_id').notNull(),
    createdAt: bigint('created_at', { mode: 'number' }).notNull(),
    lastSeenAt: bigint('last_seen_at', { mode: 'number' }).notNull(),
    /** The earlier of its idle and its absolute end, as of the last time it was seen. */
    expiresAt: bigint('expires_at', { mode: 'number' }).notNull(),
    madeOn: varchar('made_on', { length: 64 }).notNull(),
    userAgent: varchar('user_agent', { length: 255 }).notNull(),
    address: varchar('address', { length: 64 }).notNull()
  },
  t => [index('sessions_customer').on(t.customerId), index('sessions_expires').on(t.expiresAt)]
)

/** One row a failed login and subject: rows are only added, so that servers never collide on a counter. */
export const loginFailures = pgTable(
  'login_failures',
  {
    id: varchar('id', { length: 22 }).primaryKey(),
    /** Digest of an account's e-mail or of an address. */
    subject: varchar('subject', { length: 43 }).notNull(),
    failedAt: bigint('failed_at', { mode: 'number' }).notNull()
  },
  t => [index('login_failures_subject').on(t.subject, t.failedAt), index('login_failures_at').on(t.failedAt)]
)

/** The web servers on this database, each process under an id of its own: a row that is kept fresh while it serves. */
export const servers = pgTable('servers', {
  id: varchar('id', { length: 22 }).primaryKey(),
  name: varchar('name', { length: 64 }).notNull(),
  /** Where the others reach it, as in 172.30.1.180:5000; empty while it does not know. */
  address: varchar('address', { length: 300 }).notNull(),
  release: varchar('release_version', { length: 64 }).notNull(),
  /** By that server's own clock. */
  seenAt: bigint('seen_at', { mode: 'number' }).notNull()
})

export const migrations = pgTable('schema_migrations', {
  version: integer('version').primaryKey(),
  name: varchar('name', { length: 100 }).notNull(),
  appliedAt: bigint('applied_at', { mode: 'number' }).notNull()
})
