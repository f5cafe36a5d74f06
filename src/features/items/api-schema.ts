import Type, { type Static } from 'typebox'
import { type FieldError, fail } from '../../field-error.ts'
import type { ListId } from '../../store/steps.ts'
import { hasControl, isVisible, MAX_TEXT, withoutUnseen } from '../../text.ts'
import { picturesAsJson, picturesField } from '../pictures/api-schema.ts'
import { MAX_QUANTITY, MAX_UNIT, ONE, readUnit } from './quantity.ts'
import { MAX_NOTE } from './quick-entry/entries.ts'
import type { Edits, Item, NewItem } from './rules.ts'
import { parseId } from './schema.ts'

const QUANTITY = 'How much, with up to three decimals.'
const fields = {
  name: Type.String({ minLength: 1, maxLength: MAX_TEXT, description: 'What to buy.' }),
  quantity: Type.Number({
    exclusiveMinimum: 0,
    maximum: MAX_QUANTITY,
    description: QUANTITY
  }),
  unit: Type.String({
    maxLength: MAX_UNIT,
    description: `\`kg\`, \`g\`, \`l\`, \`ml\`, or a word of one’s own of up to ${MAX_UNIT} characters; empty for pieces.`
  }),
  shop: Type.String({ maxLength: MAX_TEXT, description: 'Where to buy it; may be empty.' }),
  note: Type.String({ maxLength: MAX_NOTE, description: 'What else to know of it, in any number of lines.' })
}
export const itemIdRules = {
  maxLength: 43,
  pattern: '^[0-9]*[A-Za-z_-][A-Za-z0-9_-]*$',
  examples: ['0f8fad5b-d9cb-469f-a165-70867728950e']
}

export const EXAMPLE = {
  id: '0f8fad5b-d9cb-469f-a165-70867728950e',
  name: 'Laranjas',
  quantity: 1.5,
  unit: 'kg',
  shop: 'Mercado',
  note: 'sem caroço'
}

export const itemSchema = Type.Object(
  {
    id: Type.String({ description: 'Chosen by the program that added it, or else made here.' }),
    ...fields,
    done: Type.Boolean({ description: 'Whether it is ticked off.' }),
    doneAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'When it was ticked off; null while it is to buy.'
    }),
    pictures: picturesField,
    version: Type.Integer({ description: 'The number of the change of its list that last touched it.' })
  },
  {
    $id: 'Item',
    description: 'An item of a list.',
    examples: [{ ...EXAMPLE, done: false, doneAt: null, pictures: [], version: 12 }]
  }
)

export const newItemSchema = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        ...itemIdRules,
        description: 'Of the program’s own choice, such as a UUID; not a whole number. Without one it is made here.'
      })
    ),
    name: fields.name,
    quantity: Type.Optional({ ...fields.quantity, description: `${QUANTITY} Without it: 1.` }),
    unit: Type.Optional(fields.unit),
    shop: Type.Optional(fields.shop),
    note: Type.Optional(fields.note)
  },
  { $id: 'NewItem', additionalProperties: false, description: 'An item to add.', examples: [EXAMPLE] }
)

export const itemChangesSchema = Type.Object(
  {
    name: Type.Optional(fields.name),
    quantity: Type.Optional(fields.quantity),
    unit: Type.Optional(fields.unit),
    shop: Type.Optional(fields.shop),
    note: Type.Optional(fields.note),
    done: Type.Optional(Type.Boolean({ description: 'Whether it is ticked off: what it shall be, whatever it is.' }))
  },
  {
    $id: 'ItemChanges',
    additionalProperties: false,
    minProperties: 1,
    description: 'Fields of an item to set; the others stay.',
    examples: [{ done: true }]
  }
)

export const adjustmentSchema = Type.Object(
  {
    by: Type.Number({
      minimum: -MAX_QUANTITY,
      maximum: MAX_QUANTITY,
      description: 'What to add to the quantity, or with a minus to take away, with up to three decimals.'
    })
  },
  {
    $id: 'Adjustment',
    additionalProperties: false,
    description: 'More or less of an item: two programs that both add one make two.',
    examples: [{ by: 1 }]
  }
)

export type ItemJson = Static<typeof itemSchema>
export type NewItemBody = Static<typeof newItemSchema>
export type ItemChangesBody = Static<typeof itemChangesSchema>
export type AdjustmentBody = Static<typeof adjustmentSchema>

/** By which an item is found: its number, or the name that a program gave it; undefined for what can be neither. */
export function parseItemRef(text: string): number | string | undefined {
  if (/^\d+$/.test(text)) return parseId(text)
  return text.length <= itemIdRules.maxLength && new RegExp(itemIdRules.pattern).test(text) ? text : undefined
}

export const itemIdOf = ({ id: number, uid }: { id: number; uid: string | null }): string => uid ?? String(number)

/** `list`: by which it is named where its pictures are. */
export const itemAsJson = (item: Omit<Item, 'quantity'>, list: ListId): ItemJson => ({
  id: itemIdOf(item),
  name: item.type,
  quantity: item.thousandths / ONE,
  unit: item.unit,
  shop: item.shop,
  note: item.note,
  done: item.doneAt !== null,
  doneAt: item.doneAt === null ? null : new Date(item.doneAt).toISOString(),
  pictures: picturesAsJson(item.pictures, list, itemIdOf(item)),
  version: item.version
})

/** Whole thousandths; undefined where the number has more decimals than these. */
export function toThousandths(quantity: number): number | undefined {
  const whole = Math.round(quantity * ONE)
  return Math.abs(quantity * ONE - whole) < 1e-6 ? whole : undefined
}

type Content = Omit<ItemChangesBody, 'done'>
export type Wrong = { field: keyof Content; error: FieldError }

/** What its schema cannot say of an item's fields; those that are there, as they are stored. */
export function readContent(body: Content): { value: Partial<NewItem>; wrong: Wrong[] } {
  const wrong: Wrong[] = []
  const value: Partial<NewItem> = {}
  const line = (field: 'name' | 'shop', isRequired: boolean) => {
    const given = body[field]
    if (given === undefined) return undefined
    const text = hasControl(given) ? given : withoutUnseen(given).trim()
    if (hasControl(text)) wrong.push({ field, ...fail('field.controlCharacters') })
    else if (!isVisible(text) && (isRequired || text !== '')) wrong.push({ field, ...fail('field.required') })
    return text
  }
  const type = line('name', true)
  if (type !== undefined) value.type = type
  const shop = line('shop', false)
  if (shop !== undefined) value.shop = shop
  if (body.note !== undefined) {
    value.note = withoutUnseen(body.note.replace(/\r\n?/g, '\n')).trim()
    if (hasControl(value.note.replaceAll('\n', ''))) wrong.push({ field: 'note', ...fail('field.controlCharacters') })
  }
  if (body.unit !== undefined) {
    const unit = readUnit(body.unit)
    if (unit.error) wrong.push({ field: 'unit', error: unit.error })
    else value.unit = unit.value
  }
  if (body.quantity !== undefined) {
    const thousandths = toThousandths(body.quantity)
    if (!thousandths) wrong.push({ field: 'quantity', ...fail('field.amount', { max: MAX_QUANTITY }) })
    else value.thousandths = thousandths
  }
  return { value, wrong }
}

/** As the rule that edits wants it: what each field shall be. */
export const editsOf = ({ type, thousandths, unit, shop, note }: Partial<NewItem>, done?: boolean): Edits => ({
  ...(type !== undefined && { type: { value: type } }),
  ...(thousandths !== undefined && { thousandths: { value: thousandths } }),
  ...(unit !== undefined && { unit: { value: unit } }),
  ...(shop !== undefined && { shop: { value: shop } }),
  ...(note !== undefined && { note: { value: note } }),
  ...(done !== undefined && { done: { value: done } })
})
