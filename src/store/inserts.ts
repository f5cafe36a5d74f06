import { eq, sql } from 'drizzle-orm'
import type { Builder, Tables } from './dialect.ts'
import { type Statement, write } from './statement.ts'

const value = sql.placeholder

/** A new item; its values are a `NewItem`. */
export const insertItem = (builder: Builder, { items }: Tables): Statement =>
  write(
    builder.insert(items).values({
      customerId: value('customerId'),
      type: value('type'),
      quantity: value('quantity'),
      shop: value('shop')
    })
  )

/** How many items a customer has. */
export const countItems = (builder: Builder, { items }: Tables): Statement =>
  write(
    builder
      .select({ n: sql`count(*)` })
      .from(items)
      .where(eq(items.customerId, value('customerId')))
  )

/** A key that was used; its values are an `OperationKey`. */
export const insertOperation = (builder: Builder, { operations }: Tables): Statement =>
  write(
    builder.insert(operations).values({
      customerId: value('customerId'),
      key: value('key'),
      digest: value('digest'),
      createdAt: value('createdAt')
    })
  )
