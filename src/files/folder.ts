import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync
} from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Files under the hash of what is in them, in 256 folders by its first two digits. All of it waits for the disk: it runs in a
 * process of its own, which may wait for ever.
 */

const HASH = /^[0-9a-f]{64}$/
/** A file that is being swept, and is put back where somebody turns out to need it. */
const ASIDE = '.aside'
const DRAFT = '.draft'
const MARKS = '.servers'
const FORGET_MARKS_MS = 24 * 60 * 60_000
const PARTS = 256

export const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

function pathOf(folder: string, hash: string): string {
  // Never a path: what comes from outside is a hash or nothing.
  if (!HASH.test(hash)) throw new Error('not a hash')
  return join(folder, hash.slice(0, 2), hash)
}

function unlessMissing<R>(act: () => R): R | undefined {
  try {
    return act()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function flushFolder(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    throw error
  }
  flushFolder(dirname(path))
}

/** Whole and on the disk, or not there: written beside, flushed, renamed, and the name flushed, too. */
function writeWhole(path: string, content: Uint8Array): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}${DRAFT}`
  try {
    const descriptor = openSync(draft, 'wx', 0o600)
    try {
      for (let written = 0; written < content.length; ) written += writeSync(descriptor, content, written)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
  flushFolder(dirname(path))
}

/** A volume that is no longer mounted leaves an empty folder in its place, whose files nobody would see again. */
const assertMarked = (folder: string): void => void statSync(join(folder, MARKS))

/**
 * Also what is there already is written anew: so it is whole, and fresh to whoever sweeps. Two that write the same leave one
 * file.
 */
export function keep(folder: string, contents: readonly Uint8Array[], make: boolean): string[] {
  if (make) makeFolder(folder)
  else assertMarked(folder)
  return contents.map(content => {
    const hash = hashOf(content)
    const path = pathOf(folder, hash)
    makeFolder(dirname(path))
    writeWhole(path, content)
    return hash
  })
}

export function read(folder: string, hash: string, isShared: boolean): Uint8Array | undefined {
  const path = pathOf(folder, hash)
  const content =
    unlessMissing(() => readFileSync(path)) ??
    unlessMissing(() => readFileSync(path + ASIDE)) ??
    // Put back in between.
    unlessMissing(() => readFileSync(path))
  if (content === undefined) {
    if (isShared) assertMarked(folder)
    return undefined
  }
  // A disk that gives back something else must not pass for the picture.
  if (hashOf(content) !== hash) throw Object.assign(new Error('a file is not what its name says'), { code: 'EDAMAGED' })
  return content
}

/** One of the 256 parts, so that no look at the folder takes long. */
export function old(folder: string, part: number, olderThanMs: number, limit: number) {
  const hashes = new Set<string>()
  const at = join(folder, part.toString(16).padStart(2, '0'))
  for (const name of unlessMissing(() => readdirSync(at)) ?? []) {
    const path = join(at, name)
    const isOld = () => Date.now() - (unlessMissing(() => statSync(path))?.mtimeMs ?? Date.now()) >= olderThanMs
    if (name.endsWith(DRAFT)) {
      if (isOld()) rmSync(path, { force: true })
      continue
    }
    const hash = name.endsWith(ASIDE) ? name.slice(0, -ASIDE.length) : name
    if (HASH.test(hash) && isOld()) hashes.add(hash)
    if (hashes.size >= limit) break
  }
  return { hashes: [...hashes], next: part + 1 < PARTS ? part + 1 : undefined }
}

/**
 * The first half of a sweep: out of the way, where it can be put back from. Whoever writes the same meanwhile puts a fresh
 * file there, before this or after it: the fresh one stays.
 */
export function setAside(folder: string, hashes: readonly string[], olderThanMs: number): string[] {
  return hashes.filter(hash => {
    const path = pathOf(folder, hash)
    const moved = unlessMissing(() => {
      renameSync(path, path + ASIDE)
      return true
    })
    // Nothing to move: somebody else did, and died.
    const stats = unlessMissing(() => statSync(path + ASIDE))
    if (!stats) return false
    if (moved && Date.now() - stats.mtimeMs < olderThanMs) {
      renameSync(path + ASIDE, path)
      return false
    }
    return true
  })
}

export function takeAway(folder: string, hashes: readonly string[], putBack: readonly string[]): void {
  for (const hash of putBack) {
    const path = pathOf(folder, hash)
    unlessMissing(() => renameSync(path + ASIDE, path))
  }
  for (const hash of hashes) {
    rmSync(pathOf(folder, hash) + ASIDE, { force: true })
  }
}

const markOf = (folder: string, id: string): string => {
  if (!/^[\w-]{1,43}$/.test(id)) throw new Error('not a mark')
  return join(folder, MARKS, id)
}

/** Which of the others' marks are not here. `isNew`: nobody has used this folder yet, as far as this server knows. */
export function mark(folder: string, own: string, others: readonly string[], isNew: boolean): string[] {
  if (isNew) makeFolder(join(folder, MARKS))
  else assertMarked(folder)
  const path = markOf(folder, own)
  // Fresh each time: those of long ago are forgotten.
  if (unlessMissing(() => statSync(path))) utimesSync(path, new Date(), new Date())
  else writeWhole(path, new Uint8Array())
  for (const name of readdirSync(join(folder, MARKS))) {
    const other = join(folder, MARKS, name)
    const age = Date.now() - (unlessMissing(() => statSync(other))?.mtimeMs ?? Date.now())
    if (age > FORGET_MARKS_MS) rmSync(other, { force: true })
  }
  return others.filter(id => unlessMissing(() => statSync(markOf(folder, id))) === undefined)
}

export const unmark = (folder: string, own: string): void => rmSync(markOf(folder, own), { force: true })
