import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { adminUrls, type Engine } from './engines.ts'
import type { Env } from './processes.ts'
import { defer, type Scope, tempFolder } from './scope.ts'

export interface TestDatabase {
  engine: Engine
  /** What makes `carrinho` use it. */
  env: Env
  /** undefined for the embedded one. */
  url: string | undefined
  /** The same settings, reaching the database at another port of 127.0.0.1. */
  envThrough(port: number): Env
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>
}

async function adminQuery(engine: Engine, url: string, sql: string, values: unknown[] = []) {
  if (engine === 'mariadb') {
    const { createConnection } = await import('mysql2/promise')
    const connection = await createConnection({ uri: url, supportBigNumbers: true, dateStrings: true })
    try {
      const [rows] = await connection.query(sql, values)
      return rows as Record<string, unknown>[]
    } finally {
      await connection.end()
    }
  }
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql, values)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

async function embeddedQuery(file: string, sql: string, values: unknown[] = []) {
  const { default: Database } = await import('libsql')
  const db = new Database(file)
  try {
    db.exec('pragma busy_timeout = 5000')
    const statement = db.prepare(sql)
    return (/^\s*select/i.test(sql) ? statement.all(values) : [statement.run(values)]) as Record<string, unknown>[]
  } finally {
    db.close()
  }
}

/** The one secret of all test servers: any of them may be asked to verify what another signed. */
export const sessionSecret = 'a secret that only the tests know 0123456789'

/**
 * A database of the test's own, gone when the test ends.
 * `options.migrate: false` leaves it empty; `options.create` adds to CREATE DATABASE, as in `character set latin1`;
 * `options.server` is the URL of a server of the test's own, with which it goes; `options.name` its name there.
 */
export async function freshDatabase(
  t: Scope,
  engine: Engine,
  options: { migrate?: boolean; create?: string; server?: string; name?: string } = {}
): Promise<TestDatabase> {
  if (engine === 'sqlite') {
    const folder = await tempFolder(t)
    const file = join(folder, 'data', 'carrinho.db')
    const env = { DATA_DIR: join(folder, 'data') }
    return {
      engine,
      env,
      url: undefined,
      envThrough: () => assert.fail('the embedded database has no port'),
      query: (sql, values) => embeddedQuery(file, sql, values)
    }
  }
  const adminUrl = options.server ?? adminUrls[engine]
  assert.ok(adminUrl, `no ${engine} to test with`)
  const name = options.name ?? `t_${Date.now().toString(36)}_${randomBytes(5).toString('hex')}`
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  await adminQuery(engine, adminUrl, `create database ${name} ${options.create ?? ''}`)
  if (!options.server)
    defer(t, () => adminQuery(engine, adminUrl, `drop database ${name}${engine === 'postgres' ? ' with (force)' : ''}`))
  const envThrough = (port: number) => {
    const other = new URL(url)
    other.port = String(port)
    return { DB_HOST: other.href, SESSION_SECRET: sessionSecret }
  }
  const database: TestDatabase = {
    engine,
    env: envThrough(Number(url.port)),
    url: url.href,
    envThrough,
    query: (sql, values) => adminQuery(engine, url.href, sql, values)
  }
  if (options.migrate !== false) await migrate(database.env)
  return database
}

/** What `carrinho migrate` does, without starting a process for it: tests make many databases. */
export async function migrate(env: Env): Promise<void> {
  const [{ readDatabaseConfig }, { noEvents }, { openDialect }, migrations] = await Promise.all([
    import('../../src/config/config.ts'),
    import('../../src/store/events.ts'),
    import('../../src/open-store.ts'),
    import('../../src/store/migrate.ts')
  ])
  const dialect = await openDialect(readDatabaseConfig(env), noEvents)
  try {
    await migrations.migrate(dialect)
  } finally {
    await dialect.close(0)
  }
}
