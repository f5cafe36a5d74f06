import type { Files } from '../../files/files.ts'
import { hashOf } from '../../files/folder.ts'
import type { NotTaken } from '../../files/jobs.ts'
import type { Store } from '../../open-store.ts'
import type { Asked, Made, Outcome } from '../../store/changes.ts'
import { CalledOff } from '../../store/failures.ts'
import { contentOf, type Item, type ItemRef, type OpenList } from '../../store/steps.ts'
import type { Db, Work } from '../../store/work.ts'
import type { NotThere, Stale } from '../items/one-item.ts'
import { askedBy, type Done, idIn, type Refused, told } from '../items/outcomes.ts'
import type { Where } from '../items/rules.ts'
import { hashesIn, isHash, joined, MAX_OF_ACCOUNT, MAX_OF_ITEM } from './schema.ts'

/** Of the database, once the file is kept. */
const WRITE_MS = 8000
/** Read of the database at a time. */
const PART = 100

/** `notTaken`: what was sent is none, and why. `tooMany`: the item has three. `accountFull`: the account has too many. */
export type NotAdded =
  | NotThere
  | Stale
  | { status: 'notTaken'; why: NotTaken }
  | { status: 'tooMany' }
  | { status: 'accountFull' }

interface AddedPicture {
  /** Of the item. */
  id: number
  hash: string
  /** False: the item had it. */
  isNew: boolean
}

export type Pictures = ReturnType<typeof pictureRules>

/** Done only if the item still is at this version. */
interface Seen {
  ifVersion?: number | undefined
}

export function pictureRules({ changes, items, pictures }: Store, files: Files) {
  const { steps } = changes
  const asSeen = ({ ifVersion }: Seen) => (ifVersion === undefined ? [] : [ifVersion])

  /** A change of an item's pictures: `next` says which they shall be; undefined: those that they are. */
  const change = <R extends { status: string } = never>(
    work: Work,
    asked: Asked,
    { list }: Where,
    ref: ItemRef,
    { ifVersion }: Seen,
    next: (tx: Db, list: OpenList, had: string[]) => Promise<string[] | undefined>
  ) =>
    changes.decide<R | NotThere | Stale>(work, asked, list, async (tx, open) => {
      const item = (await steps.find(tx, open, [ref])).get(ref)
      if (!item) throw new CalledOff<NotThere>({ status: 'notThere' })
      if (ifVersion !== undefined && item.version !== ifVersion) throw new CalledOff<Stale>({ status: 'stale', item })
      const { id } = item
      const hashes = await next(tx, open, hashesIn(item.pictures))
      if (!hashes) return { kind: 'picture', detail: { items: [{ id, before: {}, after: {} }] } }
      const now = joined(hashes)
      await steps.set(tx, open, id, { ...contentOf(item), pictures: now })
      return {
        kind: 'picture',
        detail: { items: [{ id, before: { pictures: item.pictures }, after: { pictures: now } }] }
      }
    })

  return {
    files,

    /**
     * Adds a picture to an item. Its files are on the disk before any row names them; what then comes to nothing is swept
     * away. The same picture again is there once. What was done with this key before is told without the item and the folder.
     * @throws FilesError when it could not be kept
     */
    async add(
      work: Work,
      where: Where,
      ref: ItemRef,
      sent: Uint8Array,
      key?: string,
      seen: Seen = {}
    ): Promise<Done<AddedPicture> | Refused | NotAdded> {
      const { accountId } = where
      const askedFor = (of: string) => askedBy(accountId, key, 'picture', where.list, ref, of, ...asSeen(seen))
      const before =
        key === undefined ? undefined : await changes.earlier(work, askedFor(''), () => askedFor(hashOf(sent)).digest)
      if (before?.status === 'reused') return before
      const known = before && addedIn(before)
      if (before && known) return told(before as Outcome, () => known)
      if (!before) {
        const item = await items.find(work, where, ref)
        if (!item) return { status: 'notThere' }
        if (seen.ifVersion !== undefined && item.version !== seen.ifVersion) return { status: 'stale', item }
      }
      const scaled = await files.scale(sent)
      if ('refused' in scaled) return { status: 'notTaken', why: scaled.refused }
      const { picture, small, width, height, of } = scaled
      const [hash, smallHash] = (await files.keep([picture, small])) as [string, string]
      const asked = askedFor(of)
      const outcome = await change<NotAdded>(work.next(WRITE_MS), asked, where, ref, seen, async (tx, list, had) => {
        if (had.includes(hash)) return undefined
        if (had.length >= MAX_OF_ITEM) throw new CalledOff<NotAdded>({ status: 'tooMany' })
        const { ownerId } = list
        if (!(await pictures.touch(tx, ownerId, hash))) {
          if ((await pictures.count(tx, ownerId)) >= MAX_OF_ACCOUNT) {
            throw new CalledOff<NotAdded>({ status: 'accountFull' })
          }
          const bytes = picture.length + small.length
          await pictures.add(tx, { accountId: ownerId, hash, smallHash, bytes, width, height, addedAt: asked.at })
        }
        return [...had, hash]
      })
      return told(outcome, made => addedIn(made) ?? { id: idIn(made), hash, isNew: false })
    },

    /**
     * Takes a picture off an item, which can be undone. `strict`: where the item has no such picture, that is said, and no change
     * is made.
     */
    async remove(
      work: Work,
      where: Where,
      ref: ItemRef,
      hash: string,
      key?: string,
      { strict = false, ...seen }: Seen & { strict?: boolean } = {}
    ): Promise<Done<{ found: boolean }> | Refused | NotThere | Stale> {
      const asked = askedBy(where.accountId, key, 'no picture', where.list, ref, hash, ...asSeen(seen))
      const outcome = await change(work, asked, where, ref, seen, async (_tx, _list, had) => {
        if (had.includes(hash)) return had.filter(other => other !== hash)
        if (strict) throw new CalledOff<NotThere>({ status: 'notThere' })
        return undefined
      })
      return told(outcome, ({ detail }) => ({ found: detail.items[0]?.before?.pictures !== undefined }))
    },

    /** The name of a picture's file, large or small, for whoever may see the list; undefined for all others. */
    async fileOf(work: Work, where: Where, hash: unknown, isSmall: boolean): Promise<string | undefined> {
      if (!isHash(hash)) return undefined
      const found = await pictures.ofList(work, where, hash)
      return found && (isSmall ? found.smallHash : found.hash)
    },

    /**
     * All pictures of an account, large, one read when the one before was taken. One whose file was lost is not among them.
     * @throws FilesError
     */
    async *allOf(
      work: Work,
      accountId: number
    ): AsyncGenerator<{ hash: string; addedAt: number; content: Uint8Array }> {
      let place = ''
      while (true) {
        const some = await pictures.ofAccount(work.next(WRITE_MS), accountId, place, PART)
        for (const { hash, addedAt } of some) {
          const content = await files.read(hash)
          if (content) yield { hash, addedAt, content }
        }
        if (some.length < PART) return
        place = some.at(-1)?.hash ?? ''
      }
    },

    /** All hashes that the account still has: one that no item has named for a month is not among them. */
    async kept(work: Work, accountId: number): Promise<Set<string>> {
      // Two servers may together let an account have a few more.
      const all = await pictures.ofAccount(work, accountId, '', MAX_OF_ACCOUNT + PART)
      return new Set(all.map(({ hash }) => hash))
    },

    /** Those of an item, in the order in which they were added. */
    hashesOf: ({ pictures: named }: Pick<Item, 'pictures'>): string[] => hashesIn(named)
  }
}

/** What a change added; undefined where the item had it. */
function addedIn(made: Made): AddedPicture | undefined {
  const hash = hashesIn(made.detail.items[0]?.after?.pictures).at(-1)
  return hash === undefined ? undefined : { id: idIn(made), hash, isNew: true }
}
