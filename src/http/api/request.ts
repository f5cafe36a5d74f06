import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { isKnown } from '../known.ts'

const key = Type.String({
  pattern: '^("[!#-~]{1,200}"|[!#-~]{1,200})$',
  description:
    'A key chosen before the request is sent, such as a UUID. With the same key the same request is done once, however often it is sent; another request with it is refused.',
  examples: ['8a7d4c0e-3f5b-4c3a-9a57-0c5f0a1f7d11']
})
const ifMatch = (description: string) => Type.String({ description, examples: ['"12"'] })

/** What every write carries. */
export const writeHeaders = Type.Object({ 'Idempotency-Key': key })

export const ifMatchHeaders = Type.Object({
  'Idempotency-Key': key,
  'If-Match': Type.Optional(ifMatch('Does it only if the ETag is still this one.'))
})

/** For what would overwrite what somebody else may have changed: whoever wants that says so, with `*`. */
export const mustMatchHeaders = Type.Object({
  'Idempotency-Key': key,
  'If-Match': ifMatch('The ETag of what was seen, or `*` to do it whatever it is now.')
})

export const readHeaders = Type.Object({
  'If-None-Match': Type.Optional(ifMatch('An ETag: what still has it is not sent again.'))
})

export const noQuery = Type.Object({}, { additionalProperties: false })

/** The key of a write, without the quotes that it may come in. */
export function keyOf({ headers }: FastifyRequest): string {
  const given = String(headers['idempotency-key'])
  return given.startsWith('"') ? given.slice(1, -1) : given
}

export const etagOf = (version: number): string => `"${version}"`

/** As rules have it: nothing where whatever is there will do, a version that never was where the ETag is none of ours. */
export function seenBy({ headers }: FastifyRequest): { ifVersion?: number } {
  const given = headers['if-match']?.trim()
  if (given === undefined || given === '*') return {}
  const [, version] = /^"(\d{1,15})"$/.exec(given) ?? []
  return { ifVersion: version === undefined ? -1 : Number(version) }
}

/** Sends what is at this version, or that it still is what the program has. */
export function sendVersion(request: FastifyRequest, reply: FastifyReply, version: number, body: object): FastifyReply {
  const etag = etagOf(version)
  reply.header('etag', etag)
  return isKnown(request, etag) ? reply.status(304).send() : reply.send(body)
}

/** That the change was made before, and this is its answer again. */
export function replayed(reply: FastifyReply, status: 'done' | 'already'): FastifyReply {
  return status === 'already' ? reply.header('idempotency-replayed', 'true') : reply
}
