import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from './engines.ts'
import { visibleText } from './html.ts'
import type { Reply } from './requests.ts'
import type { Scope } from './scope.ts'
import { sharedSite } from './servers.ts'
import { type Client, signedIn } from './visitors.ts'

/** The size that a phone gives a picture, for where it matters: such a one takes ten times as long. */
export const ofPhone = { width: 2400, height: 1800 }

/** A picture as a phone takes it, but smaller: lying on its side, with where and when, and no other like it. */
export async function photo({ width = 480, height = 360 } = {}): Promise<Buffer> {
  // Loaded here: it takes a tenth of a second, and few tests need it.
  const { default: sharp } = await import('sharp')
  const [red, green, blue] = randomBytes(3) as unknown as [number, number, number]
  const left = { create: { width: width / 2, height, channels: 3 as const, background: { r: red, g: green, b: blue } } }
  return sharp({ create: { width, height, channels: 3, background: '#fff' } })
    .composite([{ input: left, left: 0, top: 0 }])
    .withExif({
      IFD0: { Make: 'Telefone', Model: 'Um', DateTime: '2026:11:27 10:00:00' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '41/1 9/1 0/1', GPSLongitudeRef: 'W', GPSLongitude: '8/1 37/1 0/1' }
    })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()
}

export interface SentFile {
  bytes: Buffer
  /** What the browser says it is called, and is. */
  name?: string
  type?: string
  field?: string
}

/** A form with files, as browsers send it. */
export function formWith(fields: Record<string, string>, files: SentFile[]): { type: string; body: Buffer } {
  const boundary = `----${randomBytes(12).toString('hex')}`
  const parts: Buffer[] = []
  for (const [name, value] of Object.entries(fields)) {
    parts.push(Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`))
  }
  for (const { bytes, name = 'foto.jpg', type = 'image/jpeg', field = 'fotografia' } of files) {
    const head = `content-disposition: form-data; name="${field}"; filename="${name}"\r\ncontent-type: ${type}`
    parts.push(Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), bytes, Buffer.from('\r\n'))
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`))
  return { type: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(parts) }
}

/** The form of the page of an item's pictures, sent as a browser without scripts does. */
export async function sendPhoto(
  client: Client,
  item: number | string,
  file: Buffer | SentFile,
  { fields = {}, headers = {} }: { fields?: Record<string, string>; headers?: Record<string, string> } = {}
): Promise<Reply> {
  const path = `/carrinho/artigo/${item}/fotografias`
  await client.get(path)
  const hidden = { csrf_token: client.csrf() ?? '', operation: client.hidden('operation') ?? '' }
  const { type, body } = formWith({ ...hidden, ...fields }, [Buffer.isBuffer(file) ? { bytes: file } : file])
  return client.send('POST', path, { headers: { 'content-type': type, ...headers }, body })
}

/** The same, done. */
export async function addPhoto(client: Client, item: number, file: Buffer | SentFile): Promise<void> {
  const reply = await sendPhoto(client, item, file)
  assert.equal(reply.status, 303, visibleText(reply.text).slice(0, 600))
}

/** What a picture is called by. */
export const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The paths of the pictures that the last page shows, large. */
export const photosOn = (page: string): string[] =>
  [...page.matchAll(/href="([^"]*\/fotografia\/[0-9a-f]{64})"/g)].map(([, path = '']) => path)

/** The names of the pictures in a folder of files. */
export const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true })).filter(name => /^..\/.{64}/.test(name)).map(name => name.slice(3))

/** Empty, and of its own. */
export const folderOfFiles = (): string => mkdtempSync(join(tmpdir(), 'carrinho-'))

/** A site that keeps pictures in a folder of its own. */
export function siteWithFiles(engine: Engine) {
  const folder = folderOfFiles()
  const site = sharedSite(engine, { FILES_DIR: folder, FILES_MS: '60000' })
  return { site, folder }
}

/** Somebody with one item. */
export async function withItem(t: Scope, site: { url: string }) {
  const client = await signedIn(t, site)
  await client.addItem({ tipo: 'iogurte' })
  const [item] = await client.items()
  assert.ok(item)
  return { client, id: Number(item.id), page: `/carrinho/artigo/${item.id}/fotografias` }
}
