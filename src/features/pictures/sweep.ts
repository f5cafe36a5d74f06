import { randomBytes, randomInt } from 'node:crypto'
import type { Files } from '../../files/files.ts'
import type { Store } from '../../open-store.ts'
import { SLOTS } from './queries.ts'

const DAY_MS = 24 * 60 * 60_000
/** Longer than any change can be taken back: until then it may be named again. */
const KEEP_UNNAMED_MS = 31 * DAY_MS
/** A file that is about to be named is never that old: whoever names it has just written it. */
const KEEP_FILES_MS = DAY_MS
const ROWS = 200
/** Of the 256 parts of the folder. */
const PARTS = 16
const FILES_OF_PART = 1000

export interface SweepOptions {
  now?: number
  keepFilesMs?: number
  /** All of it, not only what a round looks at. */
  whole?: boolean
}

/**
 * One round, on any server: forgets pictures that no item has named for a month, and takes away files that no row names. A
 * round looks at some of them, from a place of its own, so that all are looked at within hours. How many rows and files went.
 */
export async function sweep(store: Store, files: Files, options: SweepOptions = {}): Promise<number> {
  if (files.problem !== undefined) return 0
  return (await forget(store, options)) + (await takeAway(store, files, options))
}

async function forget(
  { beginJob, pictures }: Store,
  { now = Date.now(), whole = false }: SweepOptions
): Promise<number> {
  let gone = 0
  let place = whole ? '' : randomBytes(32).toString('hex')
  while (true) {
    const rows = await pictures.after(beginJob('sweeping pictures'), place, ROWS)
    for (const row of rows) {
      const work = beginJob('sweeping pictures')
      const { accountId, hash, unnamedSince } = row
      if (await pictures.isNamedByItem(work, accountId, hash)) {
        if (unnamedSince !== null) await work.repeatable(() => pictures.setUnnamed(work, row, null))
      } else if (unnamedSince === null) await work.repeatable(() => pictures.setUnnamed(work, row, now))
      else if (unnamedSince < now - KEEP_UNNAMED_MS) {
        // Put back and taken away again since: then it counts from there.
        if (await pictures.isNamedByChange(work, accountId, hash, now - KEEP_UNNAMED_MS)) {
          await work.repeatable(() => pictures.setUnnamed(work, row, now))
        } else gone += await work.repeatable(() => pictures.remove(work, row))
      }
    }
    if (!whole || rows.length < ROWS) return gone
    place = rows.at(-1)?.hash ?? ''
  }
}

async function takeAway(store: Store, files: Files, options: SweepOptions): Promise<number> {
  const { keepFilesMs = KEEP_FILES_MS, whole = false } = options
  let gone = 0
  const parts = whole ? 256 : PARTS
  const first = whole ? 0 : randomInt(256)
  for (let n = 0; n < parts; n++) {
    const { hashes } = await files.old((first + n) % 256, keepFilesMs, FILES_OF_PART)
    for (let start = 0; start < hashes.length; start += SLOTS) {
      const some = hashes.slice(start, start + SLOTS)
      const named = await namedOf(store, some)
      const aside = await files.setAside(
        some.filter(hash => !named.has(hash)),
        keepFilesMs
      )
      // Who named one while it was still in its place wrote it anew, or is seen now.
      const late = await namedOf(store, aside)
      await files.takeAway(
        aside.filter(hash => !late.has(hash)),
        [...late]
      )
      gone += aside.length - late.size
    }
  }
  return gone
}

async function namedOf({ beginJob, pictures }: Store, hashes: string[]): Promise<Set<string>> {
  if (hashes.length === 0) return new Set()
  return pictures.named(beginJob('sweeping pictures'), hashes)
}
