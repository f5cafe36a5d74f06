import type { FastifyRequest } from 'fastify'

/** Whether the client has this very thing already: `tag` is its ETag, with its quotes. */
export const isKnown = ({ headers }: FastifyRequest, tag: string): boolean =>
  headers['if-none-match']?.split(',').some(one => ['*', tag, `W/${tag}`].includes(one.trim())) ?? false
