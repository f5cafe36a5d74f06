import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync
} from 'node:fs'
import { dirname } from 'node:path'
import Database from 'libsql'
import { ConfigError, Refusal } from '../../errors.ts'

const PRIVATE = 0o600

/**
 * Makes the folder and the file, the latter for this user alone, whatever the folder and the umask allow. SQLite gives its
 * -wal and -shm the mode of the file; those that are there already are tightened, too.
 */
export function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // Never opened when it exists: to close it would drop the locks that this process's own connections have on it.
  if (!existsSync(file)) createPrivate(file)
  for (const name of [file, `${file}-wal`, `${file}-shm`]) {
    const mode = statSync(name, { throwIfNoEntry: false })?.mode ?? PRIVATE
    if ((mode & 0o077) !== 0) tighten(name)
  }
}

/** SQLite opens what this user may only read without a word, and fails at each write. @throws Error of the file system */
export function assertWritable(file: string): void {
  for (const name of [file, `${file}-wal`, `${file}-shm`]) {
    try {
      accessSync(name, constants.W_OK)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
}

/**
 * Whether files that were open for writing may be no more: marked so, or on a file system that the kernel made read-only after an
 * error. Then one may look as if one could be written, and a new mode, the same as before, is refused. None is opened: see above.
 */
export function isReadOnly(file: string): boolean {
  try {
    assertWritable(file)
  } catch {
    return true
  }
  try {
    chmodSync(file, statSync(file).mode & 0o7777)
    return false
  } catch (error) {
    return codeOf(error) === 'EROFS'
  }
}

function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', PRIVATE))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error // another server made it meanwhile
  }
}

function tighten(file: string): void {
  try {
    chmodSync(file, PRIVATE)
  } catch (error) {
    // Somebody else's to decide, a file system that knows no modes, or gone by now.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'ENOENT'].includes(String(codeOf(error)))) throw error
  }
}

export interface Backup {
  bytes: number
  accounts: number
  items: number
}

/**
 * Writes the whole database into one new file, as it is at one moment, while servers go on writing. The file has its name
 * only once it is complete, on the disk, and was read back.
 * @throws ConfigError when there is no database; Refusal when the file exists or cannot be written
 */
export function backUp(file: string, target: string): Backup {
  if (!existsSync(file)) throw new ConfigError([`DATA_DIR: there is no database ${file}, expects the folder of one`])
  if (existsSync(target)) throw alreadyThere(target)
  const draft = `${target}.${randomBytes(6).toString('hex')}.part`
  try {
    // Made first, for this user alone; VACUUM INTO takes an empty file for a new one.
    closeSync(openSync(draft, 'wx', PRIVATE))
    copy(file, draft)
    flush(draft)
    const counts = readBack(draft)
    publish(draft, target)
    flush(dirname(target))
    return { bytes: statSync(target).size, ...counts }
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal(`${target}: ${error instanceof Error ? error.message : error}; no backup was made`)
  } finally {
    rmSync(draft, { force: true })
  }
}

function copy(file: string, draft: string): void {
  makePrivate(file)
  const database = new Database(file)
  try {
    database.exec('pragma busy_timeout = 30000')
    database.prepare('vacuum into ?').run([draft])
  } finally {
    database.close()
  }
}

/** A copy that cannot be read is worth nothing, and is noticed when it is too late. */
function readBack(draft: string): Pick<Backup, 'accounts' | 'items'> {
  const database = new Database(draft)
  try {
    const first = (query: string) => (database.prepare(query).raw(true).get() as unknown[] | undefined)?.[0]
    const found = first('pragma integrity_check')
    if (found !== 'ok') throw new Error(`the copy is damaged: ${found}`)
    return {
      accounts: Number(first('select count(*) from clientes')),
      items: Number(first('select count(*) from compras'))
    }
  } finally {
    database.close()
  }
}

/** Gives the draft its name, unless something has that name by now. */
function publish(draft: string, target: string): void {
  try {
    linkSync(draft, target)
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || existsSync(target)) throw alreadyThere(target)
    renameSync(draft, target) // a file system without hard links
  }
}

/** A file's bytes, or a folder's names, onto the disk. */
function flush(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

const alreadyThere = (target: string) =>
  new Refusal(`${target}: exists already, expects a new file; it was not touched`)
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code
