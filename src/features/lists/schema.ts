import Type from 'typebox'
import { formOf, line } from '../../fields.ts'
import { parseId } from '../items/schema.ts'

/** Of a list’s name. */
export const MAX_NAME = 80

/** A list's name. `template`: which of two buttons was pressed. */
export const listForm = formOf(Type.Object({ name: line({ label: 'label.listName', maxLength: MAX_NAME }) }), {
  hidden: ['operation', 'template']
})

/** The buttons of a list. */
export const listButtons = formOf(Type.Object({}), { hidden: ['operation', 'template', 'from', 'to', 'do'] })

/** A list as forms name it: `first`, or its number; undefined for anything that cannot be one. */
export const parseListRef = (raw: unknown): 'first' | number | undefined => (raw === 'first' ? raw : parseId(raw))
