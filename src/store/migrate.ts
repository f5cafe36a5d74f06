import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Refusal } from '../errors.ts'
import { type Adoption, adoptAccounts } from './adoption/adopt.ts'
import type { Repair, Survey } from './adoption/survey.ts'
import type { Dialect, RunStatement } from './dialect.ts'
import { driverCode } from './failures.ts'
import { select, sql } from './sql.ts'
import { reading } from './statement.ts'
import { migrations } from './tables.ts'
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
  const newest = reading(
    dialect,
    select({ version: migrations.version }, sql`from ${migrations} order by ${migrations.version} desc limit 1`)
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

export interface MigrationReport extends Adoption {
  /** What was mended before and after, as found. */
  mended: string[]
  applied: string[]
  version: number
}

/**
 * Brings the schema up to date, mends what is in the way of tables that were there before, and adopts accounts that were
 * put into `clientes` by other means. Safe to run from several places at once, and again after being killed halfway.
 * @param say is told what it waits for
 * @throws the database's error; Refusal, with nothing changed, when the schema is newer than this release or when something
 *   has to be done by hand first
 */
export async function migrate(dialect: Dialect, say: (line: string) => void = () => {}): Promise<MigrationReport> {
  const { migrator } = dialect
  const known = knownMigrations(migrator.folder)
  const newest = known.at(-1)?.version ?? 0
  // Before the lock, which takes a table in some databases.
  await migrator.inspect(run => refuseObstacles(dialect, run))
  return migrator.exclusively(say, async run => {
    const mended = await mend(dialect, run)
    await run(
      'create table if not exists schema_migrations (version integer not null primary key, name varchar(100) not null, applied_at bigint not null)'
    )
    const rows = await run('select version from schema_migrations')
    const done = new Set(rows.map(([version]) => Number(version)))
    const ahead = Math.max(0, ...done)
    if (ahead > newest) {
      throw new Refusal(`the schema is at version ${ahead}, this release knows ${newest}: use a newer carrinho`)
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
    // A migration that was killed halfway and run again may have changed what it made the first time.
    if (applied.length > 0) mended.push(...(await mend(dialect, run)))
    return { mended, applied, version: newest, ...(await adoptAccounts(dialect, run)) }
  })
}

/** What is in the way of using this database, and what `migrate` would mend; reads only. */
export const inspect = (dialect: Dialect): Promise<Survey> =>
  dialect.migrator.inspect(run => dialect.migrator.survey(run))

async function refuseObstacles({ migrator }: Dialect, run: RunStatement): Promise<Repair[]> {
  const { obstacles, rights, repairs } = await migrator.survey(run)
  const lines = [...obstacles, ...rights]
  if (lines.length > 0) throw new Refusal([...lines, 'nothing was changed'].join('\n'))
  return repairs
}

async function mend(dialect: Dialect, run: RunStatement): Promise<string[]> {
  const repairs = await refuseObstacles(dialect, run)
  for (const { statement } of repairs) await run(statement)
  return repairs.flatMap(({ note }) => note ?? [])
}
