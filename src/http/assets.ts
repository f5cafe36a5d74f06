import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Negotiator } from '@fastify/accept-negotiator'
import type { FastifyInstance } from 'fastify'
import { isKnown } from './known.ts'

/** The build puts the hashed assets beside the code it makes of src/. */
const FOLDER = fileURLToPath(new URL('../../dist/static', import.meta.url))

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8'
}
/** What the build compressed, by the end of its name; the best first. */
const ENCODINGS = { br: '.br', gzip: '.gz' } as const
type Encoding = keyof typeof ENCODINGS

/** Of each asset's plain name its name with the hash of what is in it. */
export type AssetNames = ReadonlyMap<string, string>

export const readAssetNames = (): AssetNames =>
  new Map(Object.entries(JSON.parse(readFileSync(`${FOLDER}/manifest.json`, 'utf8')) as Record<string, string>))

/** What is in it, as this release's pages name it. */
export function readAssetText(names: AssetNames, plain: string): string {
  return readFileSync(`${FOLDER}/${names.get(plain)}`, 'utf8')
}

interface Asset {
  type: string
  plain: Buffer
  encoded: ReadonlyMap<string, Buffer>
}

function readAsset(name: string, there: ReadonlySet<string>): Asset {
  const type = TYPES[extname(name)]
  if (type === undefined) throw new Error(`no content type for ${name}`)
  const encodings = (Object.keys(ENCODINGS) as Encoding[]).filter(encoding => there.has(name + ENCODINGS[encoding]))
  const read = (file: string) => readFileSync(`${FOLDER}/${file}`)
  return {
    type,
    plain: read(name),
    encoded: new Map(encodings.map(encoding => [encoding, read(name + ENCODINGS[encoding])]))
  }
}

/**
 * `/static/`: this release's assets for a year. During a rolling deployment a page of another release may ask here for its
 * own: it is answered with this release's of that name, which nobody is to keep, rather than with nothing.
 *
 * They are a few hundred KB, and sent from memory: the folder may be on a storage that stands still, and what waits for it
 * would be in the way of everything else that reads files or hashes passwords.
 */
export async function assets(app: FastifyInstance, names: AssetNames): Promise<void> {
  const there = new Set(readdirSync(FOLDER))
  const own = new Map([...names.values()].map(name => [name, readAsset(name, there)]))
  const negotiator = new Negotiator({ supportedValues: Object.keys(ENCODINGS) })

  app.get<{ Params: { '*': string } }>('/static/*', (request, reply) => {
    const { '*': asked } = request.params
    const plain = asked.replace(/\.\w{8}(?=\.[a-z]+$)/, '')
    const name = own.has(asked) || plain === asked ? asked : names.get(plain)
    const asset = name === undefined ? undefined : own.get(name)
    if (name === undefined || asset === undefined) return reply.callNotFound()
    const encoding = negotiator.negotiate(request.headers['accept-encoding'] ?? '')
    const content = encoding === null ? undefined : asset.encoded.get(encoding)
    const tag = `"${name}${content ? `-${encoding}` : ''}"`
    reply.headers({
      'cache-control': name === asked ? 'public, max-age=31536000, immutable' : 'no-store',
      etag: tag,
      vary: 'accept-encoding'
    })
    if (isKnown(request, tag)) return reply.status(304).send()
    if (content) reply.header('content-encoding', encoding)
    return reply.type(asset.type).send(content ?? asset.plain)
  })
}
