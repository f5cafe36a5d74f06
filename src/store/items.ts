import { and, desc, eq, gt, lt, sql } from 'drizzle-orm'
import type { Dialect, NewItem, OperationKey } from './dialect.ts'
import { select, write } from './statement.ts'
import type { Db, Work } from './work.ts'

export interface Item {
  id: number
  type: string
  quantity: number
  shop: string
}

export type ItemStore = ReturnType<typeof itemStore>

/** `compras`: what is on the lists, and the keys under which it was put there. Every query names the owner, or asks for it. */
export function itemStore({ builder, tables }: Dialect) {
  const { items, operations } = tables
  const value = sql.placeholder
  const columns = { id: items.id, type: items.type, quantity: items.quantity, shop: items.shop }
  const mine = eq(items.customerId, value('customerId'))
  const of = () => builder.select(columns).from(items)

  const newest = select(of().where(mine).orderBy(desc(items.id)).limit(value('limit')))
  const older = select(
    of()
      .where(and(mine, lt(items.id, value('before'))))
      .orderBy(desc(items.id))
      .limit(value('limit'))
  )
  const newer = select(
    of()
      .where(and(mine, gt(items.id, value('after'))))
      .orderBy(items.id)
      .limit(value('limit'))
  )
  const operation = select(
    builder
      .select({ digest: operations.digest })
      .from(operations)
      .where(and(eq(operations.customerId, value('customerId')), eq(operations.key, value('key'))))
  )
  const owner = select(
    builder
      .select({ customerId: items.customerId })
      .from(items)
      .where(eq(items.id, value('id')))
  )
  const remove = write(builder.delete(items).where(and(eq(items.id, value('id')), mine)))

  return {
    /** The newest first, at most `limit`. */
    newest: (db: Db, customerId: number, limit: number): Promise<Item[]> => db.all(newest, { customerId, limit }),

    /** Those added before item `before`, the newest first, at most `limit`. */
    olderThan: (db: Db, customerId: number, before: number, limit: number): Promise<Item[]> =>
      db.all(older, { customerId, before, limit }),

    /** Those added after item `after`, the oldest first, at most `limit`. */
    newerThan: (db: Db, customerId: number, after: number, limit: number): Promise<Item[]> =>
      db.all(newer, { customerId, after, limit }),

    /** @see Dialect.insertOnce */
    addOnce: (work: Work, operation: OperationKey, item: NewItem, limit: number): Promise<unknown> =>
      work.insertOnce(operation, item, limit),

    /** The digest of what was asked under this key; undefined when the key is new. */
    async findOperation(db: Db, customerId: number, key: string): Promise<string | undefined> {
      const [row] = await db.all(operation, { customerId, key })
      return row?.digest
    },

    /** Whose it is; undefined when there is no such item, or nobody's. */
    async findOwner(db: Db, id: number): Promise<number | undefined> {
      const [row] = await db.all(owner, { id })
      return row?.customerId ?? undefined
    },

    /** True if the item was this customer's and is now gone. */
    remove: async (db: Db, customerId: number, id: number): Promise<boolean> =>
      (await db.write(remove, { customerId, id })) > 0
  }
}
