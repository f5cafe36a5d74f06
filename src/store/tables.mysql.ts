import { bigint, index, int, mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core'

// What the columns mean is told in tables.postgres.ts; the dialect proves that the rows have the same types.

export const customers = mysqlTable('clientes', {
  id: int('id_cliente').primaryKey().autoincrement(),
  name: varchar('nome', { length: 255 }).notNull(),
  email: varchar('email', { length: 255 }).notNull(),
  password: varchar('password', { length: 255 }).notNull(),
  emailKey: varchar('email_key', { length: 255 }).unique()
})

export const items = mysqlTable(
  'compras',
  {
    id: int('id_compras').primaryKey().autoincrement(),
    customerId: int('id_cliente').references(() => customers.id),
    type: varchar('tipo', { length: 255 }).notNull(),
    quantity: int('quantidade').notNull(),
    shop: varchar('local', { length: 255 }).notNull()
  },
  t => [index('compras_cliente').on(t.customerId, t.id)]
)

export const operations = mysqlTable(
  'operations',
  {
    customerId: int('customer_id').notNull(),
    key: varchar('operation_key', { length: 43 }).notNull(),
    digest: varchar('digest', { length: 43 }).notNull(),
    createdAt: bigint('created_at', { mode: 'number' }).notNull()
  },
  t => [primaryKey({ columns: [t.customerId, t.key] }), index('operations_created').on(t.createdAt)]
)

export const sessions = mysqlTable(
  'sessions',
  {
    idHash: varchar('id_hash', { length: 43 }).primaryKey(),
    customerId: int('customer_id').notNull(),
    createdAt: bigint('created_at', { mode: 'number' }).notNull(),
    lastSeenAt: bigint('last_seen_at', { mode: 'number' }).notNull(),
    expiresAt: bigint('expires_at', { mode: 'number' }).notNull(),
    madeOn: varchar('made_on', { length: 64 }).notNull(),
    userAgent: varchar('user_agent', { length: 255 }).notNull(),
    address: varchar('address', { length: 64 }).notNull()
  },
  t => [index('sessions_customer').on(t.customerId), index('sessions_expires').on(t.expiresAt)]
)

export const loginFailures = mysqlTable(
  'login_failures',
  {
    id: varchar('id', { length: 22 }).primaryKey(),
    subject: varchar('subject', { length: 43 }).notNull(),
    failedAt: bigint('failed_at', { mode: 'number' }).notNull()
  },
  t => [index('login_failures_subject').on(t.subject, t.failedAt), index('login_failures_at').on(t.failedAt)]
)

export const servers = mysqlTable('servers', {
  id: varchar('id', { length: 22 }).primaryKey(),
  name: varchar('name', { length: 64 }).notNull(),
  address: varchar('address', { length: 300 }).notNull(),
  release: varchar('release_version', { length: 64 }).notNull(),
  seenAt: bigint('seen_at', { mode: 'number' }).notNull()
})

export const migrations = mysqlTable('schema_migrations', {
  version: int('version').primaryKey(),
  name: varchar('name', { length: 100 }).notNull(),
  appliedAt: bigint('applied_at', { mode: 'number' }).notNull()
})
