import type { FastifyReply, FastifyRequest } from 'fastify'

/** Whatever it is, it runs nothing and is nothing but a picture. */
const HEADERS = {
  'content-type': 'image/jpeg',
  'content-security-policy': "default-src 'none'; sandbox",
  'content-disposition': 'inline; filename="carrinho.jpg"',
  // Asked for again each time, so that who may no longer see it does not; with the tag that costs no file.
  'cache-control': 'private, no-cache',
  'accept-ranges': 'bytes'
}

export const tagOf = (hash: string): string => `"${hash}"`

/** A picture that its owner asked for, whole. */
export function sendWhole(reply: FastifyReply, hash: string, content: Uint8Array): FastifyReply {
  const { 'accept-ranges': _, ...headers } = HEADERS
  return reply.headers({ ...headers, etag: tagOf(hash) }).send(asBuffer(content))
}

/** A picture that its owner asked for, or the part of it that is wanted. */
export function sendJpeg(
  request: FastifyRequest,
  reply: FastifyReply,
  hash: string,
  content: Uint8Array
): FastifyReply {
  const tag = tagOf(hash)
  const { range, 'if-range': ifRange } = request.headers
  reply.headers({ ...HEADERS, etag: tag })
  const part =
    range === undefined || (ifRange !== undefined && ifRange !== tag) ? undefined : parseRange(range, content.length)
  if (part === undefined) return reply.send(asBuffer(content))
  if (part === 'none') {
    return reply.status(416).header('content-range', `bytes */${content.length}`).header('content-length', 0).send()
  }
  reply.status(206).header('content-range', `bytes ${part.from}-${part.to}/${content.length}`)
  return reply.send(asBuffer(content.subarray(part.from, part.to + 1)))
}

/** It is what the browser has. */
export const sendKnown = (reply: FastifyReply, hash: string): FastifyReply => {
  const { 'content-type': _, ...headers } = HEADERS
  return reply
    .status(304)
    .headers({ ...headers, etag: tagOf(hash) })
    .send()
}

const asBuffer = ({ buffer, byteOffset, length }: Uint8Array) => Buffer.from(buffer, byteOffset, length)

/** One range, both ends included; `none`: it has nothing of that. Undefined, for several or for what is none: send it whole. */
export function parseRange(header: string, size: number): { from: number; to: number } | 'none' | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') {
    const count = Math.min(Number(last), size)
    return count === 0 ? 'none' : { from: size - count, to: size - 1 }
  }
  const from = Number(first)
  const to = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < from) return undefined
  return from >= size ? 'none' : { from, to }
}
