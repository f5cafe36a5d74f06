import { FilesError, type FilesProblem } from './errors.ts'
import { createHands, type Hands } from './hands.ts'
import type { Answer, Ask, JobName, NotTaken, Scaled } from './jobs.ts'

/** What writes, or looks at much, may take so many times as long as what reads. */
const LONG = 3
const SCALE_MS = 30_000
/** While the folder is away, somebody tries it this often; all others are told at once. */
const TRY_AGAIN_MS = 2000
const IDLE_MS = 30_000

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

export interface FilesFolder {
  path: string
  /** It is this program's own, and made where it is not there. */
  isOwn: boolean
  /** Longest that it may take to read a file. */
  limitMs: number
}

export interface FilesEvents {
  /** The folder went away, or is back. */
  changed(problem: FilesProblem | undefined, code: string | undefined): void
  /** A file is not what was put there. */
  damaged(hash: string): void
}

export type Files = ReturnType<typeof openFiles>

type FolderAsk<J extends JobName> = Omit<Ask<J>, 'folder'>

/** Files in a folder that may be on another machine: whatever happens to it, an answer comes by its deadline. */
export function openFiles(folder: FilesFolder | undefined, { changed, damaged }: FilesEvents) {
  // Two kinds, so that nobody waits to see a picture until another one is scaled down.
  const scalers: Hands = createHands({ count: 1, idleMs: IDLE_MS })
  const keepers: Hands = createHands({ count: 2, idleMs: IDLE_MS })
  let away: { code: string | undefined; tryAt: number; isTried: boolean } | undefined
  let isForeign = false
  const readMs = folder?.limitMs ?? 0
  const longMs = LONG * readMs

  const wentAway = (code: string | undefined) => {
    if (!away) changed('away', code)
    away = { code, tryAt: performance.now() + TRY_AGAIN_MS, isTried: false }
  }

  const isBack = () => {
    if (away) changed(undefined, undefined)
    away = undefined
  }

  const inFolder = async <J extends Exclude<JobName, 'scale'>>(
    job: J,
    ask: FolderAsk<J>,
    limitMs: number
  ): Promise<Answer<J>> => {
    if (!folder) throw new FilesError('off')
    if (isForeign && job !== 'mark' && job !== 'unmark') throw new FilesError('foreign')
    if (away) {
      if (away.isTried || performance.now() < away.tryAt) throw new FilesError('away', away.code)
      away.isTried = true
    }
    try {
      const answer = await keepers.ask(job, { folder: folder.path, ...ask } as Ask<J>, limitMs)
      isBack()
      return answer
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (error instanceof FilesError) {
        if (error.problem === 'away') wentAway(error.code)
        else if (away) away.isTried = false
        throw error
      }
      // One file's trouble, not the folder's.
      if (code === 'EDAMAGED') {
        isBack()
        throw error
      }
      if (code !== undefined && NO_ROOM.has(code)) {
        isBack()
        throw new FilesError('full', code)
      }
      wentAway(code)
      throw new FilesError('away', code)
    }
  }

  return {
    folder,

    /** Why no file can be had just now; undefined where they can, as far as is known. Asks nobody. */
    get problem(): FilesProblem | undefined {
      return !folder ? 'off' : isForeign ? 'foreign' : away ? 'away' : undefined
    },

    /** Processes that wait for the folder and could not be ended. */
    get stuck(): number {
      return keepers.stuck + scalers.stuck
    },

    /** Makes of what somebody sent what is kept of it. Needs no folder. @throws FilesError */
    scale: (sent: Uint8Array): Promise<Scaled | { refused: NotTaken }> =>
      scalers.ask('scale', { sent }, SCALE_MS).catch(error => {
        // What ends a process is no picture.
        if (error instanceof FilesError && error.code === 'EENDED') return { refused: 'broken' as const }
        throw error instanceof FilesError ? new FilesError('busy', error.code) : error
      }),

    /** Whole and on the disk when it returns their hashes. @throws FilesError */
    keep: (contents: Uint8Array[]): Promise<string[]> =>
      inFolder('keep', { contents, make: folder?.isOwn === true }, longMs),

    /** Undefined where there is no such file, or it is damaged. @throws FilesError */
    read: (hash: string): Promise<Uint8Array | undefined> =>
      inFolder('read', { hash, isShared: folder?.isOwn === false }, readMs).catch(error => {
        if ((error as NodeJS.ErrnoException).code !== 'EDAMAGED') throw error
        damaged(hash)
        return undefined
      }),

    /** @see Jobs.old @throws FilesError */
    old: (part: number, olderThanMs: number, limit: number) => inFolder('old', { part, olderThanMs, limit }, longMs),
    setAside: (hashes: string[], olderThanMs: number) => inFolder('setAside', { hashes, olderThanMs }, longMs),
    takeAway: (hashes: string[], putBack: string[]) => inFolder('takeAway', { hashes, putBack }, longMs),

    /** Leaves a mark, and says whose it does not find. `isNew`: also where none was ever left. @throws FilesError */
    mark: (own: string, others: string[], isNew: boolean): Promise<string[]> =>
      inFolder('mark', { own, others, isNew }, longMs),
    unmark: (own: string) => inFolder('unmark', { own }, readMs),

    /** It turned out not to be the folder of the others, or to be that after all. */
    foreign(is: boolean): void {
      if (is !== isForeign) changed(is ? 'foreign' : undefined, undefined)
      isForeign = is
    },

    close(): void {
      scalers.close()
      keepers.close()
    }
  }
}
