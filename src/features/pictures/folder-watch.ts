import { ConfigError } from '../../errors.ts'
import { FilesError } from '../../files/errors.ts'
import type { Files } from '../../files/files.ts'
import type { Lifecycle } from '../../lifecycle.ts'
import type { Store } from '../../open-store.ts'
import type { Work } from '../../store/work.ts'

const EVERY_MS = 15_000
/** A server that missed so many looks is not expected to have left a mark. */
const LIVE_MS = 5 * EVERY_MS
const LOOK_MS = 2000
const LAST_MS = 500

/** The folders of servers that were seen of late. */
export const liveFolders = ({ pictures }: Store, work: Work, now = Date.now()) => pictures.folders(work, now - LIVE_MS)

export interface FolderWatch {
  stop(): Promise<void>
}

interface Options {
  store: Store
  files: Files
  lifecycle: Lifecycle
  report: (told: { unseen: string[] } | { error: unknown }) => void
}

/**
 * Each server leaves a mark in its folder and looks for those of the others: they are one folder, or pictures that one was
 * given the other does not have. A mark is there before its row and after it, so a row without one is another folder's; and
 * a server has its row before it looks: of two that start at one moment one sees the other.
 * @throws ConfigError when the folder cannot be used, or is not that of the servers that run
 */
export async function watchFolder({ store, files, lifecycle, report }: Options): Promise<FolderWatch | undefined> {
  const { folder } = files
  // In DATA_DIR it is wherever the database is.
  if (!folder || folder.isOwn) return undefined
  const { instance: id, serverName: name } = lifecycle
  let isKnown = false
  let unseen: string[] = []

  const look = async (): Promise<void> => {
    const now = Date.now()
    await files.mark(id, [], !isKnown)
    const work = store.beginJob('looking for files', LOOK_MS)
    await work.repeatable(() => store.pictures.beat(work, { id, name, unseen: toldOf(unseen), seenAt: now }))
    const others = (await liveFolders(store, work, now)).filter(other => other.id !== id)
    let missing = await files.mark(
      id,
      others.map(other => other.id),
      !isKnown
    )
    if (missing.length > 0) {
      // Who left meanwhile took its mark along.
      const still = new Set((await liveFolders(store, work, now)).map(other => other.id))
      missing = missing.filter(other => still.has(other))
    }
    const was = unseen
    unseen = others.filter(other => missing.includes(other.id)).map(other => other.name)
    if (toldOf(was) !== toldOf(unseen)) {
      await work.repeatable(() => store.pictures.beat(work, { id, name, unseen: toldOf(unseen), seenAt: now }))
    }
  }

  try {
    await look()
    isKnown = true
  } catch (error) {
    if (error instanceof FilesError && error.code !== undefined && WRONG.has(error.code)) {
      throw new ConfigError([
        `FILES_DIR: cannot write into ${folder.path} (${error.code}), expects a folder that this server may write into, the same for all servers`
      ])
    }
    // A disk or a database that is away is no mistake: the list is served, and this is looked at again.
    report({ error })
  }
  if (unseen.length > 0) {
    await store.pictures.removeFolder(store.beginJob('looking for files', LAST_MS), id).catch(() => {})
    await files.unmark(id).catch(() => {})
    throw new ConfigError([
      `FILES_DIR: ${folder.path} is not the folder that ${unseen.join(', ')} keeps pictures in (its mark is not there), expects the same for all servers`
    ])
  }

  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let underWay: Promise<void> = Promise.resolve()
  let told = ''
  const plan = () => {
    timer = setTimeout(
      () => {
        underWay = look()
          .then(() => {
            // One that started while its folder was away was not looked at: better no pictures than some that only it has.
            if (!isKnown) files.foreign(unseen.length > 0)
            isKnown ||= unseen.length === 0
            if (toldOf(unseen) !== told) report({ unseen })
            told = toldOf(unseen)
          })
          .catch(error => report({ error }))
          .then(() => {
            if (!isStopped) plan()
          })
      },
      EVERY_MS * (0.75 + Math.random() / 2)
    ).unref()
  }
  plan()

  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await underWay
      await store.pictures.removeFolder(store.beginJob('looking for files', LAST_MS), id).catch(() => {})
      await files.unmark(id).catch(() => {})
    }
  }
}

/** What no waiting mends. */
const WRONG = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG'])

const MAX_TOLD = 400
/** As it is stored: cut off between names. */
function toldOf(names: readonly string[]): string {
  let told = ''
  for (const name of names) if (told.length + name.length < MAX_TOLD) told += told === '' ? name : `,${name}`
  return told
}
