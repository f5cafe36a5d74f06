import type { Files } from '../../files/files.ts'
import type { NotTaken } from '../../files/jobs.ts'
import type { Store } from '../../open-store.ts'
import { CalledOff } from '../../store/failures.ts'
import { contentOf, type Item } from '../../store/steps.ts'
import type { Work } from '../../store/work.ts'
import { askedBy, type Done, type Refused, told } from '../items/outcomes.ts'
import type { Where } from '../items/rules.ts'
import { hashesIn, isHash, joined, MAX_OF_ACCOUNT, MAX_OF_ITEM } from './schema.ts'

/** Of the database, once the file is kept. */
const WRITE_MS = 8000
/** Read of the database at a time. */
const PART = 100

/** `notTaken`: what was sent is none, and why. `tooMany`: the item has three. `accountFull`: the account has too many. */
export type NotAdded =
  | { status: 'notThere' }
  | { status: 'notTaken'; why: NotTaken }
  | { status: 'tooMany' }
  | { status: 'accountFull' }

export type Pictures = ReturnType<typeof pictureRules>

export function pictureRules({ changes, items, pictures }: Store, files: Files) {
  const { steps } = changes
  const none = { before: {}, after: {} }

  return {
    files,

    /**
     * Adds a picture to an item. Its files are on the disk before any row names them; what then comes to nothing is swept
     * away. The same picture again is there once.
     * @throws FilesError when it could not be kept
     */
    async add(
      work: Work,
      where: Where,
      id: number,
      sent: Uint8Array,
      key?: string
    ): Promise<Done<{ hash: string | undefined; isNew: boolean }> | Refused | NotAdded> {
      if (!(await items.find(work, where, id))) return { status: 'notThere' }
      const scaled = await files.scale(sent)
      if ('refused' in scaled) return { status: 'notTaken', why: scaled.refused }
      const { picture, small, width, height, of } = scaled
      const [hash, smallHash] = (await files.keep([picture, small])) as [string, string]
      const asked = askedBy(where.accountId, key, 'picture', where.list, id, of)
      const writing = work.next(WRITE_MS)
      const outcome = await changes.decide<NotAdded>(writing, asked, where.list, async (tx, list) => {
        const item = (await steps.some(tx, list, [id])).get(id)
        if (!item) throw new CalledOff<NotAdded>({ status: 'notThere' })
        const had = hashesIn(item.pictures)
        if (had.includes(hash)) return { kind: 'picture', detail: { items: [{ id, ...none }] } }
        if (had.length >= MAX_OF_ITEM) throw new CalledOff<NotAdded>({ status: 'tooMany' })
        const { ownerId: accountId } = list
        if (!(await pictures.touch(tx, accountId, hash))) {
          if ((await pictures.count(tx, accountId)) >= MAX_OF_ACCOUNT) {
            throw new CalledOff<NotAdded>({ status: 'accountFull' })
          }
          const bytes = picture.length + small.length
          await pictures.add(tx, { accountId, hash, smallHash, bytes, width, height, addedAt: asked.at })
        }
        const now = joined([...had, hash])
        await steps.set(tx, list, id, { ...contentOf(item), pictures: now })
        return {
          kind: 'picture',
          detail: { items: [{ id, before: { pictures: item.pictures }, after: { pictures: now } }] }
        }
      })
      return told(outcome, ({ detail }) => {
        const after = hashesIn(detail.items[0]?.after?.pictures)
        return { hash: after.at(-1) ?? hash, isNew: after.length > 0 }
      })
    },

    /** Takes a picture off an item, which can be undone. */
    async remove(
      work: Work,
      where: Where,
      id: number,
      hash: string,
      key?: string
    ): Promise<Done<{ found: boolean }> | Refused | { status: 'notThere' }> {
      const asked = askedBy(where.accountId, key, 'no picture', where.list, id, hash)
      const outcome = await changes.decide<{ status: 'notThere' }>(work, asked, where.list, async (tx, list) => {
        const item = (await steps.some(tx, list, [id])).get(id)
        if (!item) throw new CalledOff({ status: 'notThere' as const })
        const had = hashesIn(item.pictures)
        if (!had.includes(hash)) return { kind: 'picture', detail: { items: [{ id, ...none }] } }
        const now = joined(had.filter(other => other !== hash))
        await steps.set(tx, list, id, { ...contentOf(item), pictures: now })
        return {
          kind: 'picture',
          detail: { items: [{ id, before: { pictures: item.pictures }, after: { pictures: now } }] }
        }
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

    /** Those of an item, in the order in which they were added. */
    hashesOf: ({ pictures: named }: Pick<Item, 'pictures'>): string[] => hashesIn(named)
  }
}
