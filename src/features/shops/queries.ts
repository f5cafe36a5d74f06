import type { Dialect } from '../../store/dialect.ts'
import { given, insert, pick, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { items, shopOrders } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

export type ShopOrderRow = RowOf<typeof shopOrders.columns>

const shown = pick(shopOrders.columns, ['shop', 'name', 'ordered', 'learns', 'version'])

/** Items of an account that are looked through for names. */
const MAX_READ = 10_000

export type ShopOrderStore = ReturnType<typeof shopOrderStore>

/** `shop_orders`: in which order accounts go to shops, and through them. */
export function shopOrderStore(dialect: Dialect) {
  const mine = sql`${shopOrders.accountId} = ${given.number('accountId')}`
  const one = sql`${mine} and ${shopOrders.shop} = ${given.text('shop')}`

  const all = reading(dialect, select(shown, sql`from ${shopOrders} where ${mine}`))
  const whole = reading(dialect, select(shopOrders.columns, sql`from ${shopOrders} where ${mine}`))
  const find = reading(dialect, select(shopOrders.columns, sql`from ${shopOrders} where ${one}`))
  const add = dialect.compile(
    insert(shopOrders, ['accountId', 'shop', 'name', 'ordered', 'byHand', 'trips', 'learns', 'version'])
  )
  const replace = dialect.compile(
    sql`update ${shopOrders} set ${shopOrders.name} = ${given.text('name')}, ${shopOrders.ordered} = ${given.text('ordered')},
      ${shopOrders.byHand} = ${given.number('byHand')}, ${shopOrders.trips} = ${given.text('trips')},
      ${shopOrders.learns} = ${given.number('learns')}, ${shopOrders.version} = ${given.number('version')}
    where ${one} and ${shopOrders.version} = ${given.number('seen')}`
  )
  const remove = dialect.compile(sql`delete from ${shopOrders} where ${one}`)
  const names = reading(
    dialect,
    select(
      { type: items.type, shop: items.shop },
      sql`from ${items} where ${items.accountId} = ${given.number('accountId')} order by ${items.id} desc limit ${given.number('limit')}`
    )
  )

  return {
    /** What pages need of each of an account's orders. */
    all: (db: Db, accountId: number) => db.all(all, { accountId }),

    /** All that is kept of them. */
    whole: (db: Db, accountId: number): Promise<ShopOrderRow[]> => db.all(whole, { accountId }),

    async find(db: Db, accountId: number, shop: string): Promise<ShopOrderRow | undefined> {
      const [row] = await db.all(find, { accountId, shop })
      return row
    },

    /** @throws an error with verdict `duplicate` when somebody else was the first just now */
    async add(db: Db, row: ShopOrderRow): Promise<void> {
      await db.write(add, row)
    },

    /** Writes over the row of version `seen`; false when there is none any more. */
    replace: async (db: Db, row: ShopOrderRow, seen: number): Promise<boolean> =>
      (await db.write(replace, { ...row, seen })) > 0,

    remove: async (db: Db, accountId: number, shop: string): Promise<boolean> =>
      (await db.write(remove, { accountId, shop })) > 0,

    /** What is on any of the account's lists, and where it is bought: the newest first. */
    onLists: (db: Db, accountId: number): Promise<{ type: string; shop: string }[]> =>
      db.all(names, { accountId, limit: MAX_READ })
  }
}
