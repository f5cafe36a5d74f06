import Type from 'typebox'
import { formOf, line, lines, optionalLine, whole } from '../../fields.ts'
import { readQuantity, readUnit } from './quantity.ts'

/** Items a list may have. One that came here longer can be read and shortened. */
export const MAX_ITEMS = 10_000

/** An item, apart from where it stands. All that is said of a field is said here; tables.ts names its column. */
export const itemSchema = Type.Object({
  type: line({ field: 'product_type', json: 'tipo', label: 'label.type' }),
  quantity: whole({
    json: 'quantidade',
    label: 'label.quantity',
    minimum: 1,
    maximum: 9999,
    wrong: 'field.quantity'
  }),
  shop: line({ field: 'local', json: 'local', label: 'label.shop' }),
  note: lines({ label: 'label.note', maxLength: 500 })
})

/** The form that adds; `operation` is its idempotency key. */
export const itemForm = formOf(itemSchema, { hidden: ['operation'] })

const entrySchema = Type.Object({
  type: itemSchema.properties.type,
  /** Its limits are those of what is typed. */
  thousandths: whole({ field: 'quantity', label: 'label.quantity', minimum: 1, maximum: 9999, wrong: 'field.amount' }),
  unit: optionalLine({ label: 'label.unit' }),
  shop: itemSchema.properties.shop,
  note: itemSchema.properties.note
})
const own = { thousandths: readQuantity, unit: readUnit }

/** The form of one item in fields, with decimals and a unit. */
export const entryForm = formOf(entrySchema, { hidden: ['operation'], own })

/** Items as one writes them, a line each. */
export const quickForm = formOf(Type.Object({ entry: lines({ label: 'quick.label', maxLength: 64_000 }) }))

/** The form that changes an item; what can be bought anywhere has no shop. */
export const editForm = formOf(
  Type.Object({ ...entrySchema.properties, shop: optionalLine({ field: 'local', label: 'label.shop' }) }),
  { hidden: ['operation'], own }
)

/** An item's id as a form or JSON carries it; undefined for anything that cannot be one. */
export function parseId(raw: unknown): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string' || !/^[1-9]\d{0,9}$/.test(text)) return undefined
  const id = Number(text)
  return id <= 2_147_483_647 ? id : undefined
}
