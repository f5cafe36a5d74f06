import Type from 'typebox'
import { formOf, line, lines, optionalLine, ownText, whole } from '../../fields.ts'
import { MAX_QUANTITY, MAX_UNIT, ONE, readQuantity, readUnit } from './quantity.ts'
import { MAX_NOTE } from './quick-entry/entries.ts'

/** Items a list may have. One that came here longer can be read and shortened. */
export const MAX_ITEMS = 10_000

/** An item, apart from where it stands. All that is said of a field is said here; tables.ts names its column. */
export const itemSchema = Type.Object({
  type: line({ field: 'product_type', json: 'tipo', label: 'label.type' }),
  quantity: whole({
    json: 'quantidade',
    label: 'label.quantity',
    minimum: 1,
    maximum: MAX_QUANTITY,
    wrong: 'field.quantity'
  }),
  shop: line({ field: 'local', json: 'local', label: 'label.shop' }),
  note: lines({ label: 'label.note', maxLength: MAX_NOTE })
})

/** The form that adds; `operation` is its idempotency key. */
export const itemForm = formOf(itemSchema, { hidden: ['operation'] })

const entrySchema = Type.Object({
  type: itemSchema.properties.type,
  /** Its limits are those of what is typed. */
  thousandths: whole({
    field: 'quantity',
    label: 'label.quantity',
    minimum: 1 / ONE,
    maximum: MAX_QUANTITY,
    wrong: 'field.amount'
  }),
  unit: optionalLine({ label: 'label.unit', maxLength: MAX_UNIT }),
  shop: itemSchema.properties.shop,
  note: itemSchema.properties.note
})
const own = { thousandths: readQuantity, unit: readUnit }

/** The form of one item in fields, with decimals and a unit. */
export const entryForm = formOf(entrySchema, { hidden: ['operation'], own })

/** Items as one writes them, a line each; quick-entry/ reads them, and has its limits for each line. */
export const quickForm = formOf(Type.Object({ entry: ownText({ label: 'quick.label', multiline: true }) }))

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
