import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isRelease } from '../release.ts'

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url))

export interface Migration {
  version: number
  name: string
  /** `expand`: this release needs it. `contract`: it takes away what this release, with or without it, does not use. */
  kind: 'expand' | 'contract'
  /** The oldest release that can serve on the schema after it; null: none that does not know it. */
  serves: string | null
  statements: string[]
}

/**
 * The migrations that this release knows for a database, in order: files named `0001-what-it-does.sql`, whose first comment
 * may hold the lines `-- contract` and `-- serves: 0.2.0`.
 * @throws Error for a file that says it wrongly
 */
export function knownMigrations(folder: string): Migration[] {
  return readdirSync(join(MIGRATIONS, folder))
    .filter(file => file.endsWith('.sql'))
    .sort()
    .map(file => readMigration(file, readFileSync(join(MIGRATIONS, folder, file), 'utf8')))
}

export function readMigration(file: string, text: string): Migration {
  const header = /^(?:--.*\r?\n)*/.exec(text)?.[0] ?? ''
  const kind = /^-- (expand|contract)[ \t]*$/m.exec(header)?.[1] === 'contract' ? 'contract' : 'expand'
  const serves = /^-- serves: (\S+)[ \t]*$/m.exec(header)?.[1] ?? null
  if (serves === null ? /^--\s*serves\b/im.test(header) : !isRelease(serves)) {
    throw new Error(`${file}: expects "-- serves: " and a release, as in 0.2.0`)
  }
  if (kind === 'contract' && serves === null) {
    throw new Error(`${file}: a contract step says with "-- serves: " which releases do without what it takes away`)
  }
  return {
    version: Number.parseInt(file, 10),
    name: file.replace(/\.sql$/, ''),
    kind,
    serves,
    statements: text
      .replace(/^--.*$/gm, '')
      .split(/;[ \t]*$/m)
      .map(statement => statement.trim())
      .filter(Boolean)
  }
}
