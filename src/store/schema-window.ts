import { isAtLeast, release } from '../release.ts'
import type { Dialect } from './dialect.ts'
import { isMissing } from './failures.ts'
import { knownMigrations, type Migration } from './migration-files.ts'
import { select, sql } from './sql.ts'
import { reading } from './statement.ts'
import { migrations } from './tables.ts'
import type { Db } from './work.ts'

export type Applied = Pick<Migration, 'version' | 'name' | 'serves'>

/** A schema as one release sees it. Several releases can serve on one: each migration says which. */
export interface SchemaVersion {
  /** 0: never migrated. */
  found: number
  known: number
  /** Why this release cannot serve on it, and what to do; undefined when it can. */
  problem: string | undefined
  /** What this release would take away, and has not yet. */
  uncontracted: string[]
}

export function judgeSchema(known: readonly Migration[], applied: readonly Applied[], own = release): SchemaVersion {
  const pending = known.filter(({ version }) => applied.every(other => other.version !== version))
  const missing = pending.filter(({ kind }) => kind === 'expand').map(({ name }) => name)
  const found = newestOf(applied)
  return {
    found,
    known: newestOf(known),
    problem:
      leftBehind(known, applied, own) ??
      (missing.length > 0
        ? `the schema is at version ${found}, and this release (${own}) needs ${missing.join(', ')}: run carrinho migrate`
        : undefined),
    uncontracted: pending.filter(({ kind }) => kind === 'contract').map(({ name }) => name)
  }
}

/** Why this release cannot serve any more, whatever it does: a newer one made steps that do not allow for it. */
export function leftBehind(
  known: readonly Migration[],
  applied: readonly Applied[],
  own = release
): string | undefined {
  const step = findNewer(known, applied).find(({ serves }) => serves === null || !isAtLeast(own, serves))
  if (!step) return undefined
  const serves = step.serves === null ? 'no older release' : `releases from ${step.serves} on`
  return `the schema is at version ${newestOf(applied)}, and ${step.name} serves ${serves}: use a newer carrinho than ${own}`
}

/** What another release applied, and this one does not know. */
export const findNewer = (known: readonly Migration[], applied: readonly Applied[]): Applied[] =>
  applied.filter(({ version }) => known.every(other => other.version !== version))

const newestOf = (steps: readonly Applied[]) => Math.max(0, ...steps.map(({ version }) => version))

/** The schema in the database, as this release sees it. */
export function schemaReader(dialect: Dialect): (db: Db) => Promise<SchemaVersion> {
  const known = knownMigrations(dialect.migrator.folder)
  const { version, name, serves } = migrations
  const all = reading(dialect, select({ version, name, serves }, sql`from ${migrations}`))
  const older = reading(dialect, select({ version, name }, sql`from ${migrations}`))
  /** @throws what the database said, unless that is what it lacks */
  const readApplied = async (db: Db): Promise<Applied[]> => {
    try {
      return await db.all(all, {})
    } catch (error) {
      if (isMissing('table', error)) return []
      if (!isMissing('column', error)) throw error
    }
    // Made before a migration said whom it serves, and not migrated since.
    return (await db.all(older, {})).map(row => ({ ...row, serves: null }))
  }
  return async db => judgeSchema(known, await readApplied(db))
}
