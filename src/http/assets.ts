import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** The build puts the hashed assets beside the code it makes of src/. */
const FOLDER = fileURLToPath(new URL('../../dist/static', import.meta.url))

/** Of each asset's plain name its name with the hash of what is in it. */
export type AssetNames = ReadonlyMap<string, string>

export const readAssetNames = (): AssetNames =>
  new Map(Object.entries(JSON.parse(readFileSync(`${FOLDER}/manifest.json`, 'utf8')) as Record<string, string>))

/**
 * `/static/`: this release's assets for a year. During a rolling deployment a page of another release may ask here for its
 * own: it is answered with this release's of that name, which nobody is to keep, rather than with nothing.
 */
export async function assets(app: FastifyInstance, names: AssetNames): Promise<void> {
  const own = new Set(names.values())
  await app.register(fastifyStatic, { root: FOLDER, serve: false, preCompressed: true, immutable: true, maxAge: '1y' })

  app.get<{ Params: { '*': string } }>('/static/*', (request, reply) => {
    const { '*': asked } = request.params
    if (own.has(asked)) return reply.sendFile(asked)
    const plain = asked.replace(/\.\w{8}(?=\.[a-z]+$)/, '')
    const ours = plain === asked ? undefined : names.get(plain)
    if (ours === undefined) return reply.callNotFound()
    return reply.header('cache-control', 'no-store').sendFile(ours, { cacheControl: false })
  })
}
