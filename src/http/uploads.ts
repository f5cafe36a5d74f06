import type { ServerResponse } from 'node:http'
import { Busboy } from '@fastify/busboy'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError, badRequest, foreignOrigin } from '../errors.ts'
import type { RawForm } from '../fields.ts'
import { sendToLogin } from './members.ts'
import { isForeign } from './origin.ts'

/** A file in a form; its bytes, or why they were not kept. Its name and type are what somebody says, and are not read. */
export interface Upload {
  bytes?: Buffer
  refused?: 'tooLarge' | 'busy'
}

export interface UploadLimits {
  /** Of one file. */
  bytes: number
  /** Held in memory at a time. */
  atATime: number
  /** Of these, of one account. */
  ofAccount: number
}

/** Room in memory for files that arrive, whichever way they come. */
export type UploadRoom = ReturnType<typeof uploadRoom>

export function uploadRoom({ bytes, atATime, ofAccount }: UploadLimits) {
  let held = 0
  const heldBy = new Map<number, number>()
  return {
    /** Of one file. */
    bytes,

    /** Room for one more file, until this answer is sent; false where there is none. */
    hold(accountId: number, answer: ServerResponse): boolean {
      const own = heldBy.get(accountId) ?? 0
      if (held >= atATime || own >= ofAccount) return false
      held += 1
      heldBy.set(accountId, own + 1)
      answer.once('close', () => {
        held -= 1
        const left = (heldBy.get(accountId) ?? 1) - 1
        if (left > 0) heldBy.set(accountId, left)
        else heldBy.delete(accountId)
      })
      return true
    }
  }
}

/** What a larger file is still read to, so that it can be refused at its field. More than that ends the connection. */
const MOST_READ_BYTES = 64 * 1024 * 1024
/** Hidden fields: keys and tokens. */
const MAX_FIELDS = 10
const MAX_FIELD_BYTES = 500

export const isUpload = (value: unknown): value is Upload =>
  typeof value === 'object' && value !== null && ('bytes' in value || 'refused' in value)

/**
 * Forms with one file, on the routes of this scope alone. Who may not send one is refused before it is read: strangers, and
 * other sites' pages. Form tokens are looked at as everywhere, with nothing done before.
 */
export function uploads(app: FastifyInstance, room: UploadRoom): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST') return
    if (isForeign(request)) throw foreignOrigin()
    // Where that cannot be known the site says so, once the form is read.
    if (!request.account && !request.outage) return sendToLogin(request, reply)
  })

  const hold = holding(app, room)
  app.addContentTypeParser(
    'multipart/form-data',
    { bodyLimit: MOST_READ_BYTES },
    (request, payload, done: (error: Error | null, body?: RawForm) => void) => {
      let busboy: InstanceType<typeof Busboy>
      try {
        busboy = new Busboy({
          headers: { 'content-type': String(request.headers['content-type']) },
          limits: {
            fileSize: room.bytes,
            files: 1,
            fields: MAX_FIELDS,
            fieldSize: MAX_FIELD_BYTES,
            fieldNameSize: 50,
            headerPairs: 10,
            headerSize: 2000
          }
        })
      } catch {
        return done(badRequest())
      }
      const form: RawForm = Object.create(null)
      let isOver = false
      let read = 0
      const end = (error: Error | null) => {
        if (isOver) return
        isOver = true
        payload.unpipe(busboy)
        payload.resume()
        if (error) return done(error)
        request.work.renew()
        done(null, form)
      }
      const count = (chunk: Buffer) => {
        read += chunk.length
        if (read > MOST_READ_BYTES) end(tooMuch())
      }
      payload.on('data', count)
      payload.once('error', () => end(badRequest()))
      busboy.on('field', (name: string, value: string, isNameCut: boolean, isCut: boolean) => {
        if (isNameCut || isCut || name in form || name === '__proto__') end(badRequest('bad_field'))
        else form[name] = value
      })
      busboy.on('file', (name, file) => {
        // Without a listener a form that is cut off in its file would end the process.
        file.on('error', () => end(badRequest()))
        if (name === undefined || name in form) {
          file.resume()
          return end(badRequest('bad_field'))
        }
        const upload: Upload = {}
        form[name] = upload
        const chunks: Buffer[] = []
        if (!hold(request)) {
          upload.refused = 'busy'
          file.resume()
          return
        }
        file.on('data', (chunk: Buffer) => chunks.push(chunk))
        file.on('limit', () => {
          upload.refused = 'tooLarge'
          chunks.length = 0
        })
        file.on('end', () => {
          if (upload.refused === undefined) upload.bytes = Buffer.concat(chunks)
          chunks.length = 0
        })
      })
      for (const event of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) {
        busboy.on(event, () => end(badRequest('bad_field')))
      }
      // Cut off half-way, or no form at all.
      busboy.on('error', () => end(badRequest()))
      busboy.on('finish', () => end(null))
      payload.pipe(busboy)
    }
  )
}

/**
 * Bodies that are one file and nothing else, on the routes of this scope alone, which take no others. `types`: what they may be said
 * to be; what they are is looked at by who takes them.
 */
export function rawUploads(app: FastifyInstance, room: UploadRoom, types: RegExp): void {
  const hold = holding(app, room)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    types,
    { bodyLimit: MOST_READ_BYTES },
    (request, payload, done: (error: Error | null, body?: Upload) => void) => {
      const upload: Upload = hold(request) ? {} : { refused: 'busy' }
      const chunks: Buffer[] = []
      let isOver = false
      let read = 0
      const end = (error: Error | null) => {
        if (isOver) return
        isOver = true
        payload.resume()
        if (error) return done(error)
        if (upload.refused === undefined) upload.bytes = Buffer.concat(chunks)
        chunks.length = 0
        request.work.renew()
        done(null, upload)
      }
      payload.on('data', (chunk: Buffer) => {
        read += chunk.length
        if (read > MOST_READ_BYTES) return end(tooMuch())
        if (read > room.bytes) {
          upload.refused ??= 'tooLarge'
          chunks.length = 0
        }
        if (upload.refused === undefined && !isOver) chunks.push(chunk)
      })
      payload.once('error', () => end(badRequest()))
      payload.once('end', () => end(null))
    }
  )
}

const tooMuch = () => new AppError('too_large', 413, 'tooLarge', { headers: { connection: 'close' } })

/** Room for a request's file, until it is answered. */
function holding(app: FastifyInstance, room: UploadRoom): (request: FastifyRequest) => boolean {
  const answers = new WeakMap<FastifyRequest, ServerResponse>()
  app.addHook('preParsing', (request, reply, payload, done) => {
    answers.set(request, reply.raw)
    done(null, payload)
  })
  return request => {
    const answer = answers.get(request)
    return answer !== undefined && room.hold(request.account?.id ?? 0, answer)
  }
}
