import { randomBytes } from 'node:crypto'

const mark = randomBytes(12).toString('hex')
const PLACE = new RegExp(`~${mark}:(\\d+)~`)

/**
 * Parts of a page that are ready, as the bytes that are sent. Where one belongs there stands a mark, which nobody can guess, until
 * the page is rendered: to encode a list's rows anew for each page would take longer than to render what is around them.
 */
export class ReadyParts {
  readonly #parts: (readonly Buffer[])[] = []

  /** What stands for it meanwhile. */
  put(...bytes: readonly Buffer[]): string {
    return `~${mark}:${this.#parts.push(bytes) - 1}~`
  }

  /** @throws Error where a part that was put is not on the page, or twice */
  fill(html: string): Buffer {
    // At odd places are the parts' numbers, as a split by a group leaves them.
    const pieces = html.split(PLACE)
    const used = new Set<string>()
    const bytes = pieces.flatMap((piece, n) => {
      if (n % 2 === 0) return Buffer.from(piece)
      used.add(piece)
      return this.#parts[Number(piece)] ?? []
    })
    if (used.size !== this.#parts.length || pieces.length !== 2 * this.#parts.length + 1) {
      throw new Error('a part of a page is not on it once')
    }
    return Buffer.concat(bytes)
  }
}
