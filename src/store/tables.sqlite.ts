import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

// What the columns mean is told in tables.postgres.ts; the dialect proves that the rows have the same types.

export const customers = sqliteTable('clientes', {
  id: integer('id_cliente').primaryKey({ autoIncrement: true }),
  name: text('nome', { length: 255 }).notNull(),
  email: text('email', { length: 255 }).notNull(),
  password: text('password', { length: 255 }).notNull(),
  emailKey: text('email_key', { length: 255 }).unique()
})

export const items = sqliteTable(
  'compras',
  {
    id: integer('id_compras').primaryKey({ autoIncrement: true }),
    customerId: integer('id_cliente').references(() => customers.id),
    type: text('tipo', { length: 255 }).notNull(),
    quantity: integer('quantidade').notNull(),
    shop: text('local', { length: 255 }).notNull()
  },
  t => [index('compras_cliente').on(t.customerId, t.id)]
)

export const operations = sqliteTable(
  'operations',
  {
    customerId: integer('customer_id').notNull(),
    key: text('operation_key', { length: 43 }).notNull(),
    digest: text('digest', { length: 43 }).notNull(),
    createdAt: integer('created_at').notNull()
  },
  t => [primaryKey({ columns: [t.customerId, t.key] }), index('operations_created').on(t.createdAt)]
)

export const sessions = sqliteTable(
  'sessions',
  {
    idHash: text('id_hash', { length: 43 }).primaryKey(),
    customerId: integer('customer_id').notNull(),
    createdAt: integer('created_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    madeOn: text('made_on', { length: 64 }).notNull(),
    userAgent: text('user_agent', { length: 255 }).notNull(),
    address: text('address', { length: 64 }).notNull()
  },
  t => [index('sessions_customer').on(t.customerId), index('sessions_expires').on(t.expiresAt)]
)

export const loginFailures = sqliteTable(
  'login_failures',
  {
    id: text('id', { length: 22 }).primaryKey(),
    subject: text('subject', { length: 43 }).notNull(),
    failedAt: integer('failed_at').notNull()
  },
  t => [index('login_failures_subject').on(t.subject, t.failedAt), index('login_failures_at').on(t.failedAt)]
)

export const servers = sqliteTable('servers', {
  id: text('id', { length: 22 }).primaryKey(),
  name: text('name', { length: 64 }).notNull(),
  address: text('address', { length: 300 }).notNull(),
  release: text('release_version', { length: 64 }).notNull(),
  seenAt: integer('seen_at').notNull()
})

export const migrations = sqliteTable('schema_migrations', {
  version: integer('version').notNull(),
  name: text('name', { length: 100 }).notNull(),
  appliedAt: integer('applied_at').notNull()
})
