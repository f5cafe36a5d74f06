import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import type { Database } from './database-url.ts'
import type { EnvReader } from './env-reader.ts'

export const MIN_SECRET = 16

/** The first signs, all verify; none for an embedded database that is to make its own. */
export function readSecrets(reader: EnvReader, database: Database): string[] {
  const raw = reader.text('SESSION_SECRET')
  if (raw === undefined) {
    if (database.engine !== 'sqlite') {
      reader.fail(
        'SESSION_SECRET: missing, expects a long random text, the same on every web server (several separated by commas: the first signs, all verify)'
      )
    }
    return []
  }
  const secrets = raw.split(',').map(secret => secret.trim())
  if (secrets.some(secret => secret.length < MIN_SECRET)) {
    reader.fail(
      `SESSION_SECRET: one of its ${secrets.length} comma-separated secrets is too short, expects at least ${MIN_SECRET} characters each`
    )
  }
  return secrets
}

/**
 * The secret of an embedded installation, made at its first start. Two servers that start on one folder at the same
 * moment get the same one: whoever links the file first wins.
 */
export function embeddedSecret(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, 'session-secret')
  const read = () => {
    const secret = readFileSync(file, 'utf8').trim()
    if (secret.length < MIN_SECRET)
      throw new ConfigError([
        `DATA_DIR: its file session-secret is damaged, expects one line of ${MIN_SECRET} characters or more`
      ])
    return secret
  }
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true })
  try {
    linkSync(draft, file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // Some file systems have no hard links; there the last of two simultaneous first starts wins.
    if (code !== 'EEXIST') renameSync(draft, file)
  }
  rmSync(draft, { force: true })
  return read()
}
