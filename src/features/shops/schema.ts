import Type from 'typebox'
import { formOf, type RawForm } from '../../fields.ts'
import { isLonger, isVisible, MAX_TEXT } from '../../text.ts'

/** The buttons that move: which name in which shop (none: a shop among shops), and before what, or to the end. */
export const moveForm = formOf(Type.Object({}), { hidden: ['shop', 'name', 'before', 'end'] })
export const learnForm = formOf(Type.Object({}), { hidden: ['learns'] })
export const forgetForm = formOf(Type.Object({}), { hidden: ['shop', 'name'] })

const isName = (value: unknown): value is string =>
  typeof value === 'string' && isVisible(value) && !isLonger(value, MAX_TEXT)
/** Empty: anywhere. */
const isShop = (value: unknown): value is string => value === '' || isName(value)

/** Where a name goes: directly before another one, or to the end. */
export type Target = { before: string } | 'end'

export interface Move {
  shop: string
  name: string
  target: Target
}

/** Undefined for anything that no page of ours sends. */
export function parseMove({ shop = '', name, before, end }: RawForm): Move | undefined {
  if (!isShop(shop)) return undefined
  // What is moved, and before what, are shops among shops, or names in one.
  const isOne = shop === '' ? isShop : isName
  if (!isOne(name)) return undefined
  if (end !== undefined) return before === undefined ? { shop, name, target: 'end' } : undefined
  return isOne(before) ? { shop, name, target: { before } } : undefined
}

export const parseShop = (raw: unknown): string | undefined => (isName(raw) ? raw : undefined)
