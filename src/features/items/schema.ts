import { type Checked, checkText, type Field, fail, gather, type RawForm } from '../../fields.ts'

export const MIN_QUANTITY = 1
export const MAX_QUANTITY = 9999

export interface ItemInput {
  type: string
  quantity: number
  shop: string
}

export function checkItem(form: RawForm): Checked<ItemInput, 'product_type' | 'quantity' | 'local'> {
  const type = checkText(form.product_type)
  const quantity = checkQuantity(form.quantity)
  const shop = checkText(form.local)
  return gather({ product_type: type, quantity, local: shop }, () => ({
    type: type.value ?? '',
    quantity: quantity.value ?? 0,
    shop: shop.value ?? ''
  }))
}

/** An item's id as a form or JSON carries it; undefined for anything that cannot be one. */
export function parseId(raw: unknown): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string' || !/^[1-9]\d{0,9}$/.test(text)) return undefined
  const id = Number(text)
  return id <= 2_147_483_647 ? id : undefined
}

function checkQuantity(raw: unknown): Field<number> {
  const range = { min: MIN_QUANTITY, max: MAX_QUANTITY }
  if (Array.isArray(raw)) return fail('field.repeated')
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string' || text.trim() === '') return fail('field.required')
  if (!/^0{0,20}\d{1,4}$/.test(text.trim())) return fail('field.quantity', range)
  const quantity = Number(text)
  return quantity >= MIN_QUANTITY && quantity <= MAX_QUANTITY ? { value: quantity } : fail('field.quantity', range)
}
