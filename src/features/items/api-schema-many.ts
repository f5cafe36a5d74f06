import Type, { type Static } from 'typebox'
import { ref } from '../../http/api/answers.ts'
import {
  adjustmentSchema,
  EXAMPLE,
  type ItemJson,
  itemChangesSchema,
  itemIdRules,
  itemSchema,
  type NewItemBody,
  newItemSchema
} from './api-schema.ts'

const MERGE =
  'Whether what is on the list already, by name, unit and shop (or without one), becomes more instead, and to buy again if it was ticked off.'

/** The most items that one request may name. */
export const MAX_NAMED = 500
/** The most that one request may add. */
export const MAX_ADDED = 200

const named = { minLength: 1, maxLength: itemIdRules.maxLength, pattern: '^[A-Za-z0-9_-]+$' }
const itemId = Type.String({ ...named, description: 'The id of an item.' })
const listId = (description: string) => Type.String({ ...named, description, examples: ['7'] })
const itemIds = Type.Array(itemId, {
  minItems: 1,
  maxItems: MAX_NAMED,
  uniqueItems: true,
  description: 'Their ids. Where one of them is not on the list, nothing is done.'
})
const strict = { additionalProperties: false } as const

export const itemToAddSchema = Type.Object(
  { ...newItemSchema.properties, merge: Type.Optional(Type.Boolean({ description: MERGE })) },
  { $id: 'ItemToAdd', ...strict, description: 'An item to add.', examples: [{ ...EXAMPLE, merge: true }] }
)

export const itemsToAddSchema = Type.Object(
  {
    items: Type.Array(Type.Unsafe<NewItemBody>(ref('NewItem')), {
      minItems: 1,
      maxItems: MAX_ADDED,
      description:
        'All of them are added, or none. Each that names no id gets one that is derived from the key of the request.'
    }),
    merge: Type.Optional(Type.Boolean({ description: MERGE }))
  },
  {
    $id: 'ItemsToAdd',
    ...strict,
    description: 'Items to add.',
    examples: [{ items: [{ name: 'Leite', quantity: 2 }, { name: 'Pão' }], merge: true }]
  }
)

const addedItemSchema = Type.Object(
  {
    ...itemSchema.properties,
    merged: Type.Optional(
      Type.Boolean({ description: 'Where `merge` was asked for: whether it was on the list before, and is more now.' })
    )
  },
  {
    $id: 'AddedItem',
    description: 'What an addition became.',
    examples: [{ ...EXAMPLE, done: false, doneAt: null, pictures: [], version: 12, merged: false }]
  }
)

const additionsSchema = Type.Object(
  {
    list: Type.String({ description: 'The id of the list that they are on now.' }),
    version: Type.Integer({ description: 'The number of the change on that list, by which it can be undone.' }),
    items: Type.Array(Type.Unsafe<AddedItemJson>(ref('AddedItem')), {
      description: 'What they became. Of items that were named, in their order: two that became one are there twice.'
    })
  },
  {
    $id: 'Additions',
    description: 'What was put on a list.',
    examples: [
      {
        list: '7',
        version: 12,
        items: [{ ...EXAMPLE, done: false, doneAt: null, pictures: [], version: 12, merged: false }]
      }
    ]
  }
)

export const moveSchema = Type.Object(
  { items: itemIds, to: listId('The id of the list that they go to, or `first`.') },
  {
    $id: 'Move',
    ...strict,
    description: 'Items to take to another list.',
    examples: [{ items: [EXAMPLE.id], to: '7' }]
  }
)

export const copySchema = Type.Object(
  {
    items: itemIds,
    to: listId('The id of the list that gets the same, or `first`.'),
    merge: Type.Optional(Type.Boolean({ description: MERGE }))
  },
  {
    $id: 'Copy',
    ...strict,
    description: 'Items to put on another list, too, to buy.',
    examples: [{ items: [EXAMPLE.id], to: '7', merge: true }]
  }
)

export const fillingSchema = Type.Object(
  {
    from: listId('The id of the list whose items are put on this one, such as a template; or `first`.'),
    merge: Type.Optional(Type.Boolean({ description: `${MERGE} Without it: yes.` }))
  },
  { $id: 'Filling', ...strict, description: 'What to fill a list with.', examples: [{ from: '9' }] }
)

export const clearingSchema = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        { id: itemId, version: Type.Integer({ minimum: 0, description: 'Its `version`, as it was seen.' }) },
        strict
      ),
      { minItems: 1, maxItems: MAX_NAMED, description: 'The items as they were seen, ticked off.' }
    )
  },
  {
    $id: 'Clearing',
    ...strict,
    description: 'Items to take off a list, if they still are as they were seen, and ticked off.',
    examples: [{ items: [{ id: EXAMPLE.id, version: 12 }] }]
  }
)

const change = {
  list: Type.String({ description: 'The id of the list.' }),
  version: Type.Integer({
    description: 'The number of the change, by which it can be undone; the list’s version by then.'
  })
}
export const changeSchema = Type.Object(change, {
  $id: 'Change',
  description: 'What a write came to.',
  examples: [{ list: '7', version: 13 }]
})

const movedSchema = Type.Object(
  { ...change, to: Type.Unsafe<Static<typeof changeSchema>>(ref('Change')) },
  {
    $id: 'Moved',
    description: 'A move: a change of each of the two lists. Undoing one of them undoes both.',
    examples: [{ list: '3', version: 13, to: { list: '7', version: 4 } }]
  }
)

const clearedSchema = Type.Object(
  {
    ...change,
    removed: Type.Array(itemId, { description: 'Those that are off the list now.' }),
    kept: Type.Array(itemId, { description: 'Those that stayed, as they are no longer as they were seen.' }),
    missing: Type.Array(itemId, { description: 'Those that were not there.' })
  },
  {
    $id: 'Cleared',
    description: 'What was cleared, and what was not.',
    examples: [{ list: '7', version: 13, removed: [EXAMPLE.id], kept: [], missing: ['17'] }]
  }
)

const itemsSchema = Type.Object(
  {
    version: Type.Integer({ description: 'The version of the list that these items are of.' }),
    items: Type.Array(Type.Unsafe<ItemJson>(ref('Item')), { description: 'The newest first.' }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'The path of the page of older ones; null on the last page.'
    })
  },
  { $id: 'Items', description: 'Items of a list, a page of them.' }
)

/** Those that the document names. */
export const itemSchemas = [
  itemSchema,
  newItemSchema,
  itemToAddSchema,
  itemsToAddSchema,
  addedItemSchema,
  additionsSchema,
  itemChangesSchema,
  adjustmentSchema,
  moveSchema,
  movedSchema,
  copySchema,
  fillingSchema,
  clearingSchema,
  clearedSchema,
  changeSchema,
  itemsSchema
]

export type AddedItemJson = Static<typeof addedItemSchema>
export type ItemToAddBody = Static<typeof itemToAddSchema>
export type ItemsToAddBody = Static<typeof itemsToAddSchema>
export type MoveBody = Static<typeof moveSchema>
export type CopyBody = Static<typeof copySchema>
export type FillingBody = Static<typeof fillingSchema>
export type ClearingBody = Static<typeof clearingSchema>
