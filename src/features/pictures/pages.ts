import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound, picturesAway } from '../../errors.ts'
import { type RawForm, typed } from '../../fields.ts'
import { FilesError } from '../../files/errors.ts'
import { type Entry, zip } from '../../files/zip.ts'
import { fieldsOf } from '../../http/forms.ts'
import { isKnown } from '../../http/known.ts'
import { translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { logSecurity } from '../../http/security-log.ts'
import { sendJpeg, sendKnown, tagOf } from '../../http/send-file.ts'
import { keyOf, refuseButton } from '../../http/told.ts'
import { isUpload, type Upload, type UploadRoom, uploads } from '../../http/uploads.ts'
import { newKey } from '../../keys.ts'
import { type ListAt, places } from '../items/list-at.ts'
import type { Carts, Item } from '../items/rules.ts'
import { parseId } from '../items/schema.ts'
import { type PictureError, problemText } from './problems.ts'
import type { Pictures } from './rules.ts'
import { MAX_OF_ITEM, MAX_SENT_MB } from './schema.ts'

const FIELD = 'fotografia'
/** In the address of the page: what was chosen there did not come along. */
const CHOOSE_AGAIN = 'escolher'

interface Parts {
  carts: Carts
  pictures: Pictures
  room: UploadRoom
}

/** The pictures of an item: to look at, add and take away. And each of them as a file. */
export async function picturesPage(app: FastifyInstance, { carts, pictures, room }: Parts): Promise<void> {
  const { files } = pictures
  const whereOf = (request: FastifyRequest, { list }: ListAt) => ({ accountId: getAccount(request).id, list })

  const find = async (request: FastifyRequest, at: ListAt): Promise<Item | undefined> => {
    const id = parseId((request.params as { item: string }).item)
    return id === undefined ? undefined : carts.find(request.work, whereOf(request, at), id)
  }

  const show = async (reply: FastifyReply, at: ListAt, item: Item, wrong: Wrong, mustChoose = false) => {
    const hashes = pictures.hashesOf(item)
    const { problem } = files
    return reply.page('pictures', {
      base: at.base,
      item: { id: item.id, type: item.type },
      hashes,
      hasRoom: hashes.length < MAX_OF_ITEM,
      most: MAX_OF_ITEM,
      mostMegabytes: MAX_SENT_MB,
      problem: problem === undefined ? null : problemText(problem),
      operation: newKey(),
      field: FIELD,
      mustChoose,
      ...wrong
    })
  }

  /** @throws AppError while the folder is away; not found where the file was lost */
  const read = async (file: string) => {
    const content = await files.read(file).catch(error => {
      throw error instanceof FilesError ? picturesAway(error) : error
    })
    if (!content) throw notFound()
    return content
  }

  for (const { prefix, page, of } of places) {
    const hereOf = (request: FastifyRequest): ListAt => {
      const at = of(request.params)
      if (!at) throw notFound()
      return at
    }
    const pageOf = (at: ListAt, request: FastifyRequest) =>
      `${at.base}/artigo/${parseId((request.params as { item: string }).item) ?? ''}/fotografias`

    app.get<{ Querystring: RawForm }>(`${prefix}/artigo/:item/fotografias`, async (request, reply) => {
      const at = hereOf(request)
      const item = await find(request, at)
      if (!item) throw notFound()
      return respond(request, reply, {
        page: () => show(reply, at, item, nothingWrong, request.query[CHOOSE_AGAIN] !== undefined)
      })
    })

    app.post(
      `${prefix}/artigo/:item/fotografias/apagar`,
      { config: { form: { fields: {}, hidden: ['operation', 'hash'] }, page } },
      async (request, reply) => {
        const at = hereOf(request)
        const id = parseId((request.params as { item: string }).item)
        const fields = fieldsOf(request)
        const hash = typed(fields, 'hash')
        if (id === undefined) throw notFound()
        const key = keyOf(fields, 'no picture', id, hash)
        const result = await pictures.remove(request.work, whereOf(request, at), id, hash, key)
        if (!('listId' in result) && result.status !== 'reused') throw notFound()
        const goTo = pageOf(at, request)
        if (result.status === 'reused') {
          return refuseButton(request, reply, { goTo, error: 'operation_reused', key: 'operation.reusedAction' })
        }
        const { status, version, found } = result
        return respond(request, reply, {
          goTo,
          flash: found
            ? { kind: 'success', key: 'flash.pictureRemoved', undo: { path: `${at.base}/anular`, version } }
            : { kind: 'info', key: 'flash.pictureGone' },
          json: { status, version, removed: found }
        })
      }
    )

    for (const [size, isSmall] of [
      ['', false],
      ['/pequena', true]
    ] as const) {
      app.get<{ Params: { hash: string } }>(
        `${prefix}/fotografia/:hash${size}`,
        { compress: false },
        async (request, reply) => {
          const at = hereOf(request)
          const file = await pictures.fileOf(request.work, whereOf(request, at), request.params.hash, isSmall)
          if (file === undefined) throw notFound()
          if (isKnown(request, tagOf(file))) return sendKnown(reply, file)
          return sendJpeg(request, reply, file, await read(file))
        }
      )
    }
  }

  app.get('/conta/fotografias.zip', { compress: false }, async (request, reply) => {
    const all = pictures.allOf(request.work, getAccount(request).id)
    // Read before the answer begins: where there is nothing to read from, it is that of any picture.
    const first = await all.next().catch(error => {
      throw error instanceof FilesError ? picturesAway(error) : error
    })
    logSecurity(request, 'data.copied')
    const name = `carrinho-fotografias-${new Date().toISOString().slice(0, 10)}.zip`
    reply.headers({ 'cache-control': 'no-store', 'content-disposition': `attachment; filename="${name}"` })
    reply.type('application/zip')
    return reply.send(Readable.from(zip(entriesOf(first, all))))
  })

  await app.register(async senders => {
    uploads(senders, room)

    for (const { prefix, page, of } of places) {
      senders.post(
        `${prefix}/artigo/:item/fotografias`,
        { config: { page: `${page}artigo/:item/fotografias?${CHOOSE_AGAIN}=1`, holdsFile: true } },
        async (request, reply) => {
          const at = of(request.params)
          const item = at && (await find(request, at))
          if (!at || !item) throw notFound()
          const fields = fieldsOf(request)
          const refused = (status: number, error: string, wrong: PictureError) =>
            respond(request, reply, {
              status,
              error,
              errors: { [FIELD]: wrong },
              page: shown => show(reply, at, item, shown)
            })
          const sent = fields[FIELD]
          const upload: Upload = isUpload(sent) ? sent : {}
          if (upload.refused === 'busy') return refused(503, 'pictures_busy', { key: 'picture.busy' })
          if (upload.refused === 'tooLarge') {
            return refused(413, 'too_large', { key: 'picture.tooLarge', params: { max: MAX_SENT_MB } })
          }
          if (!upload.bytes || upload.bytes.length === 0) return refused(400, 'invalid', { key: 'picture.none' })
          const key = keyOf(fields, 'picture', item.id)
          let result: Awaited<ReturnType<Pictures['add']>>
          try {
            result = await pictures.add(request.work, whereOf(request, at), item.id, upload.bytes, key)
          } catch (error) {
            if (!(error instanceof FilesError)) throw error
            reply.header('retry-after', 5)
            return refused(503, `pictures_${error.problem}`, { key: problemText(error.problem) })
          }
          switch (result.status) {
            case 'noList':
            case 'notThere':
            case 'stale':
              throw notFound()
            case 'notTaken':
              return refused(400, 'invalid', { key: `picture.${result.why === 'empty' ? 'none' : result.why}` })
            case 'tooMany':
              return refused(409, 'too_many', { key: 'picture.tooMany', params: { max: MAX_OF_ITEM } })
            case 'accountFull':
              return refused(409, 'account_full', { key: 'picture.accountFull' })
            case 'reused':
              return refused(409, 'operation_reused', { key: 'picture.reused' })
          }
          const { status, version, isNew } = result
          return respond(request, reply, {
            goTo: `${at.base}/artigo/${item.id}/fotografias`,
            flash: isNew
              ? { kind: 'success', key: 'flash.pictureAdded', undo: { path: `${at.base}/anular`, version } }
              : { kind: 'info', key: 'flash.pictureThere' },
            json: { status: isNew ? 'added' : status, version, message: translateFor(request)('flash.pictureAdded') }
          })
        }
      )
    }
  })
}

type Copied = Awaited<ReturnType<ReturnType<Pictures['allOf']>['next']>>

/** Under the names by which the copy of all data knows them. */
async function* entriesOf({ value, done }: Copied, rest: ReturnType<Pictures['allOf']>): AsyncGenerator<Entry, void> {
  const entry = ({ hash, addedAt, content }: NonNullable<typeof value>): Entry => ({
    name: `${hash}.jpg`,
    content,
    at: new Date(addedAt)
  })
  if (done) return
  yield entry(value)
  for await (const one of rest) yield entry(one)
}
