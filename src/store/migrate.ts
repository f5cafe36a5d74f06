import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { desc } from 'drizzle-orm'
import type { Dialect, RunStatement } from './dialect.ts'
import { driverCode } from './failures.ts'
import { select } from './statement.ts'
import type { Db } from './work.ts'

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url))

export interface Migration {
  version: number
  name: string
  statements: string[]
}

/** The migrations that this release knows for a database, in order: files named `0001-what-it-does.sql`. */
export function knownMigrations(folder: string): Migration[] {
  return readdirSync(join(MIGRATIONS, folder))
    .filter(file => file.endsWith('.sql'))
    .sort()
    .map(file => ({
      version: Number.parseInt(file, 10),
      name: file.replace(/\.sql$/, ''),
      statements: readFileSync(join(MIGRATIONS, folder, file), 'utf8')
        .replace(/^--.*$/gm, '')
        .split(/;[ \t]*$/m)
        .map(statement => statement.trim())
        .filter(Boolean)
    }))
}

export interface SchemaVersion {
  /** 0: never migrated. */
  found: number
  known: number
}

/** The schema's version in the database, and the one this release was written for. */
export function schemaReader(dialect: Dialect): (db: Db) => Promise<SchemaVersion> {
  const known = knownMigrations(dialect.migrator.folder).at(-1)?.version ?? 0
  const { migrations } = dialect.tables
  const newest = select(
    dialect.builder.select({ version: migrations.version }).from(migrations).orderBy(desc(migrations.version)).limit(1)
  )
  return async db => {
    try {
      const [row] = await db.all(newest, {})
      return { found: row?.version ?? 0, known }
    } catch (error) {
      if (isMissingTable(error)) return { found: 0, known }
      throw error
    }
  }
}

/** No such table: 1146 in MariaDB, 42P01 in PostgreSQL; SQLite says it in words. */
function isMissingTable(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    const code = driverCode(e)
    if (code === 1146 || code === '42P01' || /no such table/.test(e.message)) return true
  }
  return false
}

export interface MigrationReport {
  applied: string[]
  version: number
  /** Accounts that can now log in and could not before, as their rows came from elsewhere (the guide's INSERTs). */
  adoptedAccounts: number
}

/**
 * Brings the schema up to date and adopts accounts that were put into `clientes` by other means. Safe to run from
 * several places at once, and again after being killed halfway.
 * @throws the database's error; Error when the schema is newer than this release
 */
export async function migrate(dialect: Dialect): Promise<MigrationReport> {
  const known = knownMigrations(dialect.migrator.folder)
  const newest = known.at(-1)?.version ?? 0
  return dialect.migrator.exclusively(async run => {
    await run(
      'create table if not exists schema_migrations (version integer not null primary key, name varchar(100) not null, applied_at bigint not null)'
    )
    const rows = await run('select version from schema_migrations')
    const done = new Set(rows.map(([version]) => Number(version)))
    const ahead = Math.max(0, ...done)
    if (ahead > newest) {
      throw new Error(`the schema is at version ${ahead}, this release knows ${newest}: use a newer carrinho`)
    }
    const applied: string[] = []
    for (const { version, name, statements } of known) {
      if (done.has(version)) continue
      for (const statement of statements) await run(statement)
      // All three parts are ours: a number and a name from a file, and the clock.
      await run(
        `insert into schema_migrations (version, name, applied_at) values (${version}, '${name}', ${Date.now()})`
      )
      applied.push(name)
    }
    return { applied, version: newest, adoptedAccounts: await adoptAccounts(run) }
  })
}

/**
 * Gives a login key to each account without one, unless an older account has the same e-mail: as in the guide's
 * application, where the first row with that e-mail is who logs in.
 */
async function adoptAccounts(run: RunStatement): Promise<number> {
  const before = await countWithoutKey(run)
  await run(`update clientes set email_key = lower(trim(email))
    where email_key is null and trim(email) <> ''
      and id_cliente in (select id from (select min(id_cliente) as id from clientes group by lower(trim(email))) as firsts)
      and lower(trim(email)) not in (select email_key from (select email_key from clientes where email_key is not null) as taken)`)
  return before - (await countWithoutKey(run))
}

async function countWithoutKey(run: RunStatement): Promise<number> {
  const rows = await run('select count(*) from clientes where email_key is null')
  return Number(rows[0]?.[0] ?? 0)
}
