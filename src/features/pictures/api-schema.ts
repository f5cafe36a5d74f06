import Type, { type Static } from 'typebox'
import { ref } from '../../http/api/answers.ts'
import { API } from '../../http/api/scope.ts'
import type { ListId } from '../../store/steps.ts'
import { hashesIn, MAX_OF_ITEM } from './schema.ts'

const hash = '3b8f0c52d6f14c0f7c1f0f3a9a1e5a2d6f0b9a7c4d2e1f8a5b6c7d8e9f001122'

const fields = {
  id: Type.String({ description: 'The SHA-256 of the JPEG that is kept, in hexadecimal digits.' }),
  type: Type.String({ const: 'image/jpeg', description: 'What is kept of each picture, whatever was sent.' }),
  url: Type.String({ format: 'uri-reference', description: 'Its path: upright, at most 1,600 pixels on each side.' }),
  thumbnailUrl: Type.String({ format: 'uri-reference', description: 'The path of a square of 240 pixels.' })
}
const EXAMPLE = {
  id: hash,
  type: 'image/jpeg',
  url: `${API}/lists/7/items/17/pictures/${hash}`,
  thumbnailUrl: `${API}/lists/7/items/17/pictures/${hash}/thumbnail`
}

const pictureSchema = Type.Object(fields, {
  $id: 'Picture',
  description: 'A picture of an item.',
  examples: [EXAMPLE]
})
export type PictureJson = Static<typeof pictureSchema>

/** As a field of what has pictures. */
export const picturesField = Type.Array(Type.Unsafe<PictureJson>(ref('Picture')), {
  maxItems: MAX_OF_ITEM,
  description: 'Its pictures, the oldest first.'
})

const picturesSchema = Type.Object(
  { version: Type.Integer({ description: 'The `version` of the item.' }), pictures: picturesField },
  { $id: 'Pictures', description: 'The pictures of an item.', examples: [{ version: 12, pictures: [EXAMPLE] }] }
)

const addedPictureSchema = Type.Object(
  {
    ...fields,
    list: Type.String({ description: 'The id of the list.' }),
    version: Type.Integer({ description: 'The number of the change, by which it can be undone.' })
  },
  {
    $id: 'AddedPicture',
    description: 'A picture, as it was added.',
    examples: [{ ...EXAMPLE, list: '7', version: 12 }]
  }
)

/** Those that the document names. */
export const pictureSchemas = [pictureSchema, picturesSchema, addedPictureSchema]

/** A picture as the API names it; `item`: the id of its item. */
export function pictureAsJson(hash: string, list: ListId, item: string): PictureJson {
  const url = `${API}/lists/${list}/items/${item}/pictures/${hash}`
  return { id: hash, type: 'image/jpeg', url, thumbnailUrl: `${url}/thumbnail` }
}

export const picturesAsJson = (pictures: string | null, list: ListId, item: string): PictureJson[] =>
  hashesIn(pictures).map(hash => pictureAsJson(hash, list, item))
