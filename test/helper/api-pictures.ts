import assert from 'node:assert/strict'
import type { Call, Program } from './api.ts'
import type { ApiPicture } from './api-site.ts'
import type { Reply } from './requests.ts'

/** A picture by the API. */
export const sendPicture = (
  program: Program,
  path: string,
  raw: Buffer | undefined,
  { headers, ...call }: Call = {}
): Promise<Reply> =>
  program.post(path, undefined, { ...call, ...(raw && { raw }), headers: { 'content-type': 'image/jpeg', ...headers } })

export const addedIn = (reply: Reply): ApiPicture & { list: string; version: number } => {
  assert.ok([200, 201].includes(reply.status), reply.text)
  return reply.json() as ApiPicture & { list: string; version: number }
}

/** The path of what an answer names. */
export const pathOf = (url: string): string => url.replace('/api/v1', '')
