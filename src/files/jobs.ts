/** What a hand is asked to do, and what it answers. Both processes read this; it holds no code. */

/** Why what was sent is no picture that is taken. */
export type NotTaken = 'empty' | 'kind' | 'heic' | 'broken' | 'pixels'

export interface Scaled {
  /** Both are JPEG, upright, and say nothing of where and when. */
  picture: Uint8Array
  small: Uint8Array
  width: number
  height: number
  /** The hash of what was sent. */
  of: string
}

export interface Jobs {
  /** Makes what is kept of a picture that somebody sent. */
  scale: { ask: { sent: Uint8Array }; answer: Scaled | { refused: NotTaken } }
  /** Keeps files under the hashes of what is in them; on the disk when it answers. */
  keep: { ask: { folder: string; contents: Uint8Array[]; make: boolean }; answer: string[] }
  /** A file; undefined where there is none. */
  read: { ask: { folder: string; hash: string; isShared: boolean }; answer: Uint8Array | undefined }
  /** Hashes of files that nobody touched for `olderThanMs`, at most `limit` of a part of the folder; the next part, or none. */
  old: {
    ask: { folder: string; part: number; olderThanMs: number; limit: number }
    answer: { hashes: string[]; next: number | undefined }
  }
  /** Puts files out of the way that nobody touched for so long. Those that it did. */
  setAside: { ask: { folder: string; hashes: string[]; olderThanMs: number }; answer: string[] }
  /** Takes those away for good, but for those that are to be put back. */
  takeAway: { ask: { folder: string; hashes: string[]; putBack: string[] }; answer: undefined }
  /** Leaves this server's mark, tells which of the others' it does not find, and forgets those of long ago. */
  mark: { ask: { folder: string; own: string; others: string[]; isNew: boolean }; answer: string[] }
  /** Takes the mark along. */
  unmark: { ask: { folder: string; own: string }; answer: undefined }
}

export type JobName = keyof Jobs
export type Ask<J extends JobName> = Jobs[J]['ask']
export type Answer<J extends JobName> = Jobs[J]['answer']

export interface Order {
  id: number
  job: JobName
  ask: unknown
}

/** A hand first says that it has begun: until then it was being started, or waited for a processor. */
export type Report =
  | { id: number; begun: true }
  | { id: number; answer: unknown }
  | { id: number; failure: { code: string; message: string } }
