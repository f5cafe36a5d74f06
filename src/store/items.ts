import { and, desc, eq, gt, lt, sql } from 'drizzle-orm'
import { affectedRows, type Dialect, type NewItem, type OperationKey } from './dialect.ts'

export interface Item {
  id: number
  type: string
  quantity: number
  shop: string
}

export type ItemStore = ReturnType<typeof itemStore>

/** `compras`: what is on the lists, and the keys under which it was put there. Every query names the owner. */
export function itemStore({ db, tables: { items, operations }, insertOnce }: Dialect) {
  const columns = { id: items.id, type: items.type, quantity: items.quantity, shop: items.shop }
  const mine = eq(items.customerId, sql.placeholder('customerId'))

  // Built once: these run on every request.
  const newest = db
    .select(columns)
    .from(items)
    .where(mine)
    .orderBy(desc(items.id))
    .limit(sql.placeholder('limit'))
    .prepare('items_newest')
  const olderThan = db
    .select(columns)
    .from(items)
    .where(and(mine, lt(items.id, sql.placeholder('before'))))
    .orderBy(desc(items.id))
    .limit(sql.placeholder('limit'))
    .prepare('items_older')
  const newerThan = db
    .select(columns)
    .from(items)
    .where(and(mine, gt(items.id, sql.placeholder('after'))))
    .orderBy(items.id)
    .limit(sql.placeholder('limit'))
    .prepare('items_newer')

  return {
    /** The newest first, at most `limit`. */
    newest: (customerId: number, limit: number): Promise<Item[]> => newest.execute({ customerId, limit }),

    /** Those added before item `before`, the newest first, at most `limit`. */
    olderThan: (customerId: number, before: number, limit: number): Promise<Item[]> =>
      olderThan.execute({ customerId, before, limit }),

    /** Those added after item `after`, the oldest first, at most `limit`. */
    newerThan: (customerId: number, after: number, limit: number): Promise<Item[]> =>
      newerThan.execute({ customerId, after, limit }),

    all: (customerId: number): Promise<Item[]> =>
      db.select(columns).from(items).where(eq(items.customerId, customerId)).orderBy(desc(items.id)),

    async add(item: NewItem): Promise<void> {
      await db.insert(items).values(item)
    },

    /** @throws an error with verdict `duplicate` when the operation is known already */
    addOnce: (operation: OperationKey, item: NewItem): Promise<void> => insertOnce(operation, item),

    /** The digest of what was asked under this key; undefined when the key is new. */
    async findOperation(customerId: number, key: string): Promise<string | undefined> {
      const [row] = await db
        .select({ digest: operations.digest })
        .from(operations)
        .where(and(eq(operations.customerId, customerId), eq(operations.key, key)))
      return row?.digest
    },

    /** True if the item was this customer's and is now gone. */
    async remove(customerId: number, id: number): Promise<boolean> {
      return affectedRows(await db.delete(items).where(and(eq(items.id, id), eq(items.customerId, customerId)))) > 0
    }
  }
}
