import { partsFor, type Target } from '../../store/change.ts'
import type { Dialect } from '../../store/dialect.ts'
import {
  columnsAndPlaces,
  given,
  join,
  type Piece,
  pick,
  type Reading,
  type RowOf,
  select,
  sql
} from '../../store/sql.ts'
import { needing, reading } from '../../store/statement.ts'
import { type ListId, targetOf } from '../../store/steps.ts'
import { accounts, changes, fileFolders, items, lists, pictures } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

export type PictureRow = RowOf<typeof pictures.columns>
export type FolderRow = RowOf<typeof fileFolders.columns>

const files = pick(pictures.columns, ['hash', 'smallHash'])
const checked = pick(pictures.columns, ['accountId', 'hash', 'unnamedSince'])
const owned = pick(pictures.columns, ['hash', 'addedAt'])
export type CheckedPicture = RowOf<typeof checked>

/** Hashes that one statement asks for. */
export const SLOTS = 50
const slots = Array.from({ length: SLOTS }, (_, n) => `hash${n}`)

export type PictureStore = ReturnType<typeof pictureStore>

/** `pictures`, and in which folders servers keep their files. */
export function pictureStore(dialect: Dialect) {
  const readingOf = <V extends object, R>(fragment: Reading<never, R>) =>
    reading(dialect, fragment as unknown as Reading<V, R>)
  const here = sql`${pictures.accountId} = ${given.number('accountId')} and ${pictures.hash} = ${given.text('hash')}`

  /** Of the owner of a list: whoever may see it sees its pictures, nobody else. */
  const ofList = (target: Target) =>
    readingOf<{ accountId: number; listId: number; hash: string }, RowOf<typeof files>>(
      select(
        files,
        sql`from ${pictures} where ${pictures.hash} = ${given.text('hash')}
        and ${pictures.accountId} = (select ${lists.ownerId} from ${lists} where ${partsFor(target).ofList})`
      )
    )
  const found = { first: ofList('first'), other: ofList('other') }

  const alone = reading(
    dialect,
    select(
      { id: accounts.id },
      sql`from ${accounts} where ${accounts.id} = ${given.number('accountId')} ${dialect.forUpdate}`
    )
  )
  const count = reading(dialect, {
    ...sql`select count(*) from ${pictures} where ${pictures.accountId} = ${given.number('accountId')}`,
    columns: ['n']
  } as Reading<{ accountId: number }, { n: number }>)
  const touch = dialect.compile(sql`update ${pictures} set ${pictures.unnamedSince} = null where ${here}`)
  const placed = columnsAndPlaces(pictures, ['accountId', 'hash', 'smallHash', 'bytes', 'width', 'height', 'addedAt'])
  const add = needing<Omit<PictureRow, 'unnamedSince'>>(
    dialect.compile(dialect.insertNew(sql`${pictures} (${placed.columns}) values (${placed.places})`))
  )

  const after = reading(
    dialect,
    select(
      checked,
      sql`from ${pictures} where ${pictures.hash} > ${given.text('after')} order by ${pictures.hash} limit ${given.number('limit')}`
    )
  )
  const ofAccount = reading(
    dialect,
    select(
      owned,
      sql`from ${pictures} where ${pictures.accountId} = ${given.number('accountId')} and ${pictures.hash} > ${given.text('after')}
      order by ${pictures.hash} limit ${given.number('limit')}`
    )
  )
  const pattern = given.text('pattern')
  const ofItem = reading(
    dialect,
    select(
      { id: items.id },
      sql`from ${items} where ${items.accountId} = ${given.number('accountId')} and ${items.pictures} like ${pattern} limit 1`
    )
  )
  const ofChange = reading(
    dialect,
    select(
      { listId: changes.listId },
      sql`from ${changes} where ${changes.listId} in (select ${lists.id} from ${lists} where ${lists.ownerId} = ${given.number('accountId')})
      and ${changes.at} >= ${given.number('since')} and ${changes.detail} like ${pattern} limit 1`
    )
  )
  const setUnnamed = dialect.compile(
    sql`update ${pictures} set ${pictures.unnamedSince} = ${given.of('unnamedSince', pictures.unnamedSince)} where ${here}`
  )
  const remove = dialect.compile(
    sql`delete from ${pictures} where ${here} and ${pictures.unnamedSince} = ${given.number('unnamedSince')}`
  )
  const among = (column: Piece) =>
    sql`${column} in (${join(
      slots.map(name => given.text(name)),
      ', '
    )})`
  const named = readingOf<Record<string, string>, RowOf<typeof files>>(
    select(files, sql`from ${pictures} where ${among(pictures.hash)} or ${among(pictures.smallHash)}`)
  )

  const folderHere = sql`${fileFolders.id} = ${given.text('id')}`
  const updateFolder = dialect.compile(
    sql`update ${fileFolders} set ${fileFolders.unseen} = ${given.text('unseen')}, ${fileFolders.seenAt} = ${given.number('seenAt')} where ${folderHere}`
  )
  const folderPlaces = columnsAndPlaces(fileFolders, ['id', 'name', 'unseen', 'seenAt'])
  const addFolder = needing<FolderRow>(
    dialect.compile(dialect.insertNew(sql`${fileFolders} (${folderPlaces.columns}) values (${folderPlaces.places})`))
  )
  const removeFolder = dialect.compile(sql`delete from ${fileFolders} where ${folderHere}`)
  const folders = reading(
    dialect,
    select(
      fileFolders.columns,
      sql`from ${fileFolders} where ${fileFolders.seenAt} >= ${given.number('since')} order by ${fileFolders.name}, ${fileFolders.id} limit 100`
    )
  )

  return {
    /** The files of a picture, for whoever may see a list. */
    async ofList(
      db: Db,
      { accountId, list }: { accountId: number; list: ListId },
      hash: string
    ): Promise<RowOf<typeof files> | undefined> {
      const listId = list === 'first' ? 0 : list
      return (await db.all(found[targetOf(list)], { accountId, listId, hash }))[0]
    },

    /** How many an account has, which stays so until the transaction ends. */
    async count(tx: Db, accountId: number): Promise<number> {
      await tx.all(alone, { accountId })
      const [row] = await tx.all(count, { accountId })
      return Number(row?.n)
    },

    /** It is named again, if it is there. */
    touch: async (tx: Db, accountId: number, hash: string): Promise<boolean> =>
      (await tx.write(touch, { accountId, hash })) > 0,

    async add(tx: Db, row: Omit<PictureRow, 'unnamedSince'>): Promise<void> {
      await tx.write(add, row)
    },

    /** In the order of their hashes, at most `limit`. */
    after: (db: Db, hash: string, limit: number): Promise<CheckedPicture[]> => db.all(after, { after: hash, limit }),

    /** What an account has, in the order of their hashes, at most `limit`. */
    ofAccount: (db: Db, accountId: number, hash: string, limit: number) =>
      db.all(ofAccount, { accountId, after: hash, limit }),

    isNamedByItem: async (db: Db, accountId: number, hash: string): Promise<boolean> =>
      (await db.all(ofItem, { accountId, pattern: `%${hash}%` })).length > 0,

    /** Whether a change since then speaks of it, and could be taken back. */
    isNamedByChange: async (db: Db, accountId: number, hash: string, since: number): Promise<boolean> =>
      (await db.all(ofChange, { accountId, pattern: `%${hash}%`, since })).length > 0,

    async setUnnamed(db: Db, { accountId, hash }: CheckedPicture, unnamedSince: number | null): Promise<void> {
      await db.write(setUnnamed, { accountId, hash, unnamedSince })
    },

    /** Unless it was named again meanwhile. */
    remove: async (db: Db, { accountId, hash, unnamedSince }: CheckedPicture): Promise<number> =>
      unnamedSince === null ? 0 : db.write(remove, { accountId, hash, unnamedSince }),

    /** Those of these files that some account has, at most SLOTS. */
    async named(db: Db, hashes: readonly string[]): Promise<Set<string>> {
      const rows = await db.all(named, Object.fromEntries(slots.map((name, n) => [name, hashes[n] ?? ''])))
      const all = new Set(rows.flatMap(({ hash, smallHash }) => [hash, smallHash]))
      return new Set(hashes.filter(hash => all.has(hash)))
    },

    /** Keeps the row of a server's folder fresh. */
    async beat(db: Db, row: FolderRow): Promise<void> {
      if ((await db.write(updateFolder, row)) === 0) await db.write(addFolder, row)
    },

    /** Those of servers that were seen since a moment, at most 100. */
    folders: (db: Db, since: number): Promise<FolderRow[]> => db.all(folders, { since }),

    async removeFolder(db: Db, id: string): Promise<void> {
      await db.write(removeFolder, { id })
    }
  }
}
