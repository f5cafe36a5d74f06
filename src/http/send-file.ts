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

/**
 * A picture that its owner asked for, or the part of it that is wanted. Where it has nothing of that, `tooFar` may throw; it
 * is told the Content-Range.
 */
export function sendJpeg(
  request: FastifyRequest,
  reply: FastifyReply,
  hash: string,
  content: Uint8Array,
  tooFar?: (contentRange: string) => never
): FastifyReply {
  const tag = tagOf(hash)
  const { range, 'if-range': ifRange } = request.headers
  const part =
    range === undefined || (ifRange !== undefined && ifRange !== tag) ? undefined : parseRange(range, content.length)
  if (part === 'none') {
    const all = `bytes */${content.length}`
    tooFar?.(all)
    const headers = { ...HEADERS, etag: tag, 'content-range': all, 'content-length': 0 }
    return reply.status(416).headers(headers).send()
  }
  reply.headers({ ...HEADERS, etag: tag })
  if (part === undefined) return reply.send(asBuffer(content))
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
