import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import type { FieldError } from '../../field-error.ts'
import { FilesError } from '../../files/errors.ts'
import { answers, answersUnlessKnown, CONTENT_RANGE, OF_WRITES, ref } from '../../http/api/answers.ts'
import { getCaller } from '../../http/api/bearer.ts'
import { Problem, type ProblemCode } from '../../http/api/problem.ts'
import { namedBy, refusal } from '../../http/api/refusals.ts'
import {
  etagOf,
  ifMatchHeaders,
  keyOf,
  noQuery,
  readHeaders,
  replayed,
  seenBy,
  sendVersion
} from '../../http/api/request.ts'
import { isKnown } from '../../http/known.ts'
import { sendJpeg, sendKnown, tagOf } from '../../http/send-file.ts'
import { rawUploads, type Upload, type UploadRoom } from '../../http/uploads.ts'
import type { History } from '../history/rules.ts'
import { asChange, ITEM, itemOf, itemParams, LOCATION, listOf, notThere } from '../items/api-parts.ts'
import { itemAsJson, itemIdOf } from '../items/api-schema.ts'
import type { Carts, Item } from '../items/rules.ts'
import { pictureAsJson, pictureSchemas, picturesAsJson } from './api-schema.ts'
import { failureOf } from './problems.ts'
import type { NotAdded, Pictures } from './rules.ts'
import { MAX_OF_ACCOUNT, MAX_OF_ITEM, MAX_SENT_MB } from './schema.ts'

const PICTURES = `${ITEM}/pictures`
const PICTURE = `${PICTURES}/:picture`

/** What a picture may be said to be. It is what its bytes are. */
const SAID = /^\s*(?:image\/[\w.+-]+|application\/octet-stream)\s*(?:;|$)/i
const SAID_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'application/octet-stream']
const JPEG = 'image/jpeg'

const bytes = (description: string) => Type.Unsafe<unknown>({ type: 'string', format: 'binary', description })

const ACCEPT_RANGES = { 'Accept-Ranges': { type: 'string', const: 'bytes' } }
const fileHeaders = Type.Object({
  ...readHeaders.properties,
  Range: Type.Optional(
    Type.String({
      description: 'The bytes that are wanted, as one range; several, or what is none, are answered with all.',
      examples: ['bytes=0-1023']
    })
  ),
  'If-Range': Type.Optional(
    Type.String({
      description: 'The ETag of what there is the rest of: of another file all is sent.',
      examples: [`"${'3b8f'.repeat(16)}"`]
    })
  )
})

const pictureParams = Type.Object({
  ...itemParams.properties,
  picture: Type.String({ description: 'The id of a picture of the item.' })
})

interface Parts {
  carts: Carts
  pictures: Pictures
  history: History
  room: UploadRoom
}

/** What is wrong with the picture that was sent, as one field: the body is nothing else. */
const refused = (code: ProblemCode, error: FieldError): Problem =>
  new Problem(code, { fields: [{ field: 'body', in: 'body', pointer: '', error }], params: namedBy(code) })

function notAdded(outcome: Exclude<NotAdded, { status: 'notThere' | 'stale' }>): Problem {
  if (outcome.status === 'tooMany') {
    return refused('item_pictures_full', { key: 'picture.tooMany', params: { max: MAX_OF_ITEM } })
  }
  if (outcome.status === 'accountFull') {
    return refused('account_pictures_full', { key: 'picture.accountFull' })
  }
  switch (outcome.why) {
    case 'empty':
      return refused('invalid', { key: 'field.required' })
    case 'broken':
      return refused('invalid', { key: 'picture.broken' })
    case 'pixels':
      return refused('too_large', { key: 'picture.pixels' })
    default:
      return refused('not_a_picture', { key: `picture.${outcome.why}` })
  }
}

/** The pictures of an item. */
export function picturesApi(api: FastifyInstance, { carts, pictures, history, room }: Parts): void {
  for (const schema of pictureSchemas) api.addSchema(schema)
  const about = { tags: ['pictures'], querystring: noQuery }

  const find = async (request: FastifyRequest): Promise<Item> => {
    const found = await carts.find(request.work, listOf(request), itemOf(request))
    if (!found) throw await notThere(request, carts, [itemOf(request)])
    return found
  }

  const stale = (reply: FastifyReply, { list }: ReturnType<typeof listOf>, item: Item): Problem => {
    reply.header('etag', etagOf(item.version))
    return refusal('stale', itemAsJson(item, list))
  }

  api.get(
    PICTURES,
    {
      schema: {
        ...about,
        operationId: 'listPictures',
        summary: 'The pictures of an item',
        params: itemParams,
        headers: readHeaders,
        response: answersUnlessKnown(
          { description: 'The pictures; the ETag is the item’s.', body: ref('Pictures') },
          404
        )
      }
    },
    async (request, reply) => {
      const item = await find(request)
      const { list } = listOf(request)
      const shown = picturesAsJson(item.pictures, list, itemIdOf(item))
      return sendVersion(request, reply, item.version, { version: item.version, pictures: shown })
    }
  )

  for (const [path, operationId, summary, isSmall] of [
    [PICTURE, 'getPicture', 'A picture, as a JPEG', false],
    [`${PICTURE}/thumbnail`, 'getThumbnail', 'A small square of a picture, as a JPEG', true]
  ] as const) {
    api.get(
      path,
      {
        schema: {
          ...about,
          operationId,
          summary,
          params: pictureParams,
          headers: fileHeaders,
          response: answersUnlessKnown(
            [
              { description: 'The file.', body: bytes('A JPEG.'), type: JPEG, headers: ACCEPT_RANGES },
              {
                status: 206,
                description: 'The part of it that was asked for.',
                body: bytes('A part of a JPEG.'),
                type: JPEG,
                headers: { ...ACCEPT_RANGES, ...CONTENT_RANGE }
              }
            ],
            404,
            416
          )
        }
      },
      async (request, reply) => {
        const { picture } = request.params as Static<typeof pictureParams>
        const item = await find(request)
        if (!pictures.hashesOf(item).includes(picture)) throw new Problem('not_found')
        const file = await pictures.fileOf(request.work, listOf(request), picture, isSmall)
        if (file === undefined) throw new Problem('not_found')
        if (isKnown(request, tagOf(file))) return sendKnown(reply, file)
        const content = await pictures.files.read(file).catch(error => {
          throw error instanceof FilesError ? failureOf(error) : error
        })
        if (!content) throw new Problem('not_found')
        return sendJpeg(request, reply, file, content, contentRange => {
          throw new Problem('range_not_satisfiable', { headers: { 'content-range': contentRange } })
        })
      }
    )
  }

  api.delete(
    PICTURE,
    {
      schema: {
        ...about,
        operationId: 'removePicture',
        summary: 'Take a picture off an item',
        params: pictureParams,
        headers: ifMatchHeaders,
        response: answers(
          { description: 'It is off the item, whose ETag this is.', body: ref('Change'), hasEtag: true },
          ...OF_WRITES,
          404,
          412
        )
      }
    },
    async (request, reply) => {
      const where = listOf(request)
      const { picture } = request.params as Static<typeof pictureParams>
      const asked = { ...seenBy(request), strict: true }
      const outcome = await pictures.remove(request.work, where, itemOf(request), picture, keyOf(request), asked)
      if (outcome.status === 'stale') throw stale(reply, where, outcome.item)
      if (outcome.status === 'notThere' || outcome.status === 'noList') {
        throw await notThere(request, carts, [itemOf(request)])
      }
      if (!('listId' in outcome)) throw refusal(outcome.status)
      reply.header('etag', etagOf(outcome.version))
      return replayed(reply, outcome.status).send(asChange(outcome))
    }
  )

  api.register(async senders => {
    rawUploads(senders, room, SAID)

    senders.post<{ Body: Upload | undefined }>(
      PICTURES,
      {
        schema: {
          ...about,
          operationId: 'addPicture',
          summary: 'Add a picture to an item',
          description: `The body is the picture itself: JPEG, PNG or WebP of up to ${MAX_SENT_MB} MB and 20 million pixels. What it is is decided by what is in it. Kept is a JPEG made of it: upright, at most 1,600 pixels on each side, without place and time. The same picture again is there once. An item has up to ${MAX_OF_ITEM}, an account up to ${MAX_OF_ACCOUNT}.`,
          params: itemParams,
          headers: ifMatchHeaders,
          body: { content: Object.fromEntries(SAID_TYPES.map(type => [type, { schema: bytes('The picture.') }])) },
          response: answers(
            [
              {
                status: 200,
                description: 'The item had this very picture; the ETag is the item’s.',
                body: ref('AddedPicture'),
                hasEtag: true,
                headers: LOCATION
              },
              {
                status: 201,
                description: 'The picture, as it was added; the ETag is the item’s.',
                body: ref('AddedPicture'),
                hasEtag: true,
                headers: LOCATION
              }
            ],
            ...OF_WRITES,
            404,
            412
          )
        }
      },
      async (request, reply) => {
        const where = listOf(request)
        const { bytes: sent, refused: why } = request.body ?? {}
        if (why === 'tooLarge') {
          throw refused('too_large', { key: 'picture.tooLarge', params: { max: MAX_SENT_MB } })
        }
        if (why === 'busy') throw failureOf(new FilesError('busy'))
        if (!sent || sent.length === 0) throw refused('invalid', { key: 'field.required' })
        const seen = seenBy(request)
        const outcome = await pictures
          .add(request.work, where, itemOf(request), sent, keyOf(request), seen)
          .catch(error => {
            throw error instanceof FilesError ? failureOf(error) : error
          })
        switch (outcome.status) {
          case 'notThere':
          case 'noList':
            throw await notThere(request, carts, [itemOf(request)])
          case 'stale':
            throw stale(reply, where, outcome.item)
          case 'reused':
            throw refusal(outcome.status)
          case 'notTaken':
          case 'tooMany':
          case 'accountFull':
            throw notAdded(outcome)
        }
        const { id, hash, isNew } = outcome
        const of = { ...outcome, accountId: getCaller(request).account.id }
        const item = (await history.itemsAfter(request.work, of, [id])).get(id)
        if (!item) throw new Problem('not_found')
        const added = { ...pictureAsJson(hash, where.list, itemIdOf(item)), ...asChange(outcome) }
        reply.header('etag', etagOf(item.version)).header('location', added.url)
        return replayed(reply, outcome.status)
          .status(isNew ? 201 : 200)
          .send(added)
      }
    )
  })
}
