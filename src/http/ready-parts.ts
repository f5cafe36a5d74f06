import { randomBytes } from 'node:crypto'

const MARK = `~${randomBytes(12).toString('hex')}:`
const END = '~'

/**
 * Parts of a page that are ready, as the bytes that are sent. Where one belongs there stands a mark, which nobody can guess, until
 * the page is rendered: to encode a list's rows anew for each page would take longer than to render what is around them.
 */
export class ReadyParts {
  readonly #parts: (readonly Buffer[])[] = []

  /** What stands for it meanwhile. */
  put(...bytes: readonly Buffer[]): string {
    return `${MARK}${this.#parts.push(bytes) - 1}${END}`
  }

  /** @throws Error where a part that was put is not on the page, or twice */
  fill(html: string): Buffer {
    const [start = '', ...pieces] = html.split(MARK)
    const bytes: Buffer[] = [Buffer.from(start)]
    const used = new Set<number>()
    for (const piece of pieces) {
      const end = piece.indexOf(END)
      const number = Number(piece.slice(0, end))
      used.add(number)
      bytes.push(...(this.#parts[number] ?? []), Buffer.from(piece.slice(end + END.length)))
    }
    if (used.size !== this.#parts.length || pieces.length !== this.#parts.length) {
      throw new Error('a part of a page is not on it once')
    }
    return Buffer.concat(bytes)
  }
}
