import { liveMs } from '../beats.ts'
import { Refusal } from '../errors.ts'
import { isAtLeast, release } from '../release.ts'
import { type Adoption, adoptAccounts } from './adoption/adopt.ts'
import type { Repair, Survey } from './adoption/survey.ts'
import type { Dialect, RunStatement } from './dialect.ts'
import { knownMigrations, type Migration } from './migration-files.ts'
import { type Applied, findNewer, judgeSchema, leftBehind } from './schema-window.ts'

export interface HeldBack {
  name: string
  serves: string
  /** Who could not serve after it, as in `web01 (0.1.0)`. */
  servers: string[]
}

export interface MigrationReport extends Adoption {
  /** What was mended before and after, as found. */
  mended: string[]
  applied: string[]
  /** Contract steps left for the next time, as servers of older releases were seen. */
  heldBack: HeldBack[]
  /** What a newer release applied before, and what serves this one too. */
  newer: string[]
  version: number
}

/**
 * Brings the schema up to date, mends what is in the way of tables that were there before, and adopts accounts that were
 * put into `clientes` by other means. Takes nothing away that a server which was seen of late still needs. Safe to run from
 * several places at once, and again after being killed halfway.
 * @param say is told what it waits for, and who stops serving
 * @throws the database's error; Refusal, with nothing changed, when the schema has left this release behind or when something
 *   has to be done by hand first
 */
export async function migrate(dialect: Dialect, say: (line: string) => void = () => {}): Promise<MigrationReport> {
  const { migrator } = dialect
  const known = knownMigrations(migrator.folder)
  // Before the lock, which takes a table in some databases.
  await migrator.inspect(run => refuseObstacles(dialect, run))
  return migrator.exclusively(say, async run => {
    const found = await readApplied(dialect, run)
    const problem = leftBehind(known, found)
    if (problem !== undefined) throw new Refusal(problem)
    const newer = findNewer(known, found).map(({ name }) => name)
    // What was there before, and how accounts are found, is the newer release's to put right, by its own rules.
    const isOurs = newer.length === 0
    const mended = isOurs ? await mend(dialect, run) : []
    const { applied, heldBack } = await applySteps(dialect, run, known, found, say)
    // A migration that was killed halfway and run again may have changed what it made the first time.
    if (isOurs && applied.length > 0) mended.push(...(await mend(dialect, run)))
    const adoption = isOurs ? await adoptAccounts(dialect, run) : { adopted: 0, renewed: 0, keyless: [] }
    const { found: version } = judgeSchema(known, await readApplied(dialect, run))
    return { mended, applied, heldBack, newer, version, ...adoption }
  })
}

/** What was applied so far, by whichever release; makes the table that holds it, or what it lacks. */
async function readApplied({ migrator }: Dialect, run: RunStatement): Promise<Applied[]> {
  await run(
    'create table if not exists schema_migrations (version integer not null primary key, name varchar(100) not null, applied_at bigint not null, serves varchar(64) null)'
  )
  if (!(await migrator.columnsOf(run, 'schema_migrations')).includes('serves')) {
    await run('alter table schema_migrations add column serves varchar(64) null')
  }
  const rows = await run('select version, name, serves from schema_migrations order by version')
  return rows.map(([version, name, serves]) => ({
    version: Number(version),
    name: String(name),
    serves: serves === null ? null : String(serves)
  }))
}

/**
 * In order, but for contract steps that must wait: those are passed over. A later step can do without them, as the release that
 * has it serves without them.
 */
async function applySteps(
  dialect: Dialect,
  run: RunStatement,
  known: readonly Migration[],
  found: readonly Applied[],
  say: (line: string) => void
): Promise<Pick<MigrationReport, 'applied' | 'heldBack'>> {
  const applied: string[] = []
  const heldBack: HeldBack[] = []
  for (const { version, name, kind, serves, statements } of known) {
    const text = serves === null ? 'null' : `'${serves}'`
    const done = found.find(other => other.version === version)
    if (done) {
      // Applied before a migration said whom it serves, or by a release that said it wrongly.
      if (done.serves !== serves) await run(`update schema_migrations set serves = ${text} where version = ${version}`)
      continue
    }
    const servers = await findOlderServers(dialect, run, serves ?? release)
    if (kind === 'contract' && servers.length > 0) {
      heldBack.push({ name, serves: String(serves), servers })
      continue
    }
    if (servers.length > 0) {
      say(`${name} serves releases from ${serves ?? release} on: ${servers.join(', ')} can serve no more`)
    }
    for (const statement of statements) await run(statement)
    // Every part is ours: a number, a name and a release from a file, and the clock.
    await run(
      `insert into schema_migrations (version, name, applied_at, serves) values (${version}, '${name}', ${Date.now()}, ${text})`
    )
    applied.push(name)
  }
  return { applied, heldBack }
}

/** The servers that were seen of late and are older than a release, as in `web01 (0.1.0)`. */
async function findOlderServers({ engine, migrator }: Dialect, run: RunStatement, oldest: string): Promise<string[]> {
  // The first steps of all come before there are servers.
  if ((await migrator.columnsOf(run, 'servers')).length === 0) return []
  const rows = await run(
    `select name, release_version from servers where seen_at >= ${Date.now() - liveMs(engine)} order by name, id`
  )
  return rows.filter(([, its]) => !isAtLeast(String(its), oldest)).map(([name, its]) => `${name} (${its})`)
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
