import sharp from 'sharp'
import { hashOf } from './folder.ts'
import type { NotTaken, Scaled } from './jobs.ts'

/** What a camera of today takes, and no bomb. */
const MAX_PIXELS = 20_000_000
const SIDE = 1600
const SMALL_SIDE = 240

// Of all that the library can read, SVG and PDF among it, three kinds.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer']
})
sharp.cache(false)
sharp.concurrency(1)

const startsWith = (sent: Uint8Array, at: number, text: string) =>
  Buffer.from(sent.buffer, sent.byteOffset + at, Math.max(0, Math.min(text.length, sent.length - at))).toString(
    'latin1'
  ) === text

/** By what is in it: names and what browsers call it are anybody's to choose. */
function kindOf(sent: Uint8Array): 'taken' | NotTaken {
  if (sent.length === 0) return 'empty'
  if (startsWith(sent, 0, '\xff\xd8\xff') || startsWith(sent, 0, '\x89PNG\r\n\x1a\n')) return 'taken'
  if (startsWith(sent, 0, 'RIFF') && startsWith(sent, 8, 'WEBP')) return 'taken'
  const isHeic = startsWith(sent, 4, 'ftyp') && /^(hei[cmsx]|hev[cmsx]|mif1|msf1)/.test(brandOf(sent))
  return isHeic ? 'heic' : 'kind'
}
const brandOf = (sent: Uint8Array) => Buffer.from(sent.subarray(8, 12)).toString('latin1')

/** Upright, at most 1,600 px on each side, and a square to show beside it; all else that a file may carry stays behind. */
export async function scale(sent: Uint8Array): Promise<Scaled | { refused: NotTaken }> {
  const kind = kindOf(sent)
  if (kind !== 'taken') return { refused: kind }
  const open = (from: Uint8Array) =>
    sharp(from, { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true })
  let pixels: number
  try {
    const { width, height } = await sharp(sent, { limitInputPixels: false }).metadata()
    pixels = width * height
  } catch {
    return { refused: 'broken' }
  }
  if (!(pixels > 0 && pixels <= MAX_PIXELS)) return { refused: pixels > 0 ? 'pixels' : 'broken' }
  try {
    const { data, info } = await open(sent)
      .autoOrient()
      .resize({ width: SIDE, height: SIDE, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#fff' })
      .jpeg({ quality: 80 })
      .toBuffer({ resolveWithObject: true })
    const small = await open(data)
      .resize({ width: SMALL_SIDE, height: SMALL_SIDE, fit: 'cover' })
      .jpeg({ quality: 75 })
      .toBuffer()
    return { picture: data, small, width: info.width, height: info.height, of: hashOf(sent) }
  } catch {
    return { refused: 'broken' }
  }
}
