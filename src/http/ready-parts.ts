import { randomBytes } from 'node:crypto'

const mark = randomBytes(12).toString('hex')
const PLACE = new RegExp(`~${mark}:\\d+~`)

/**
 * Parts of a page that are ready, as the bytes that are sent. Where one belongs there stands a mark, which nobody can guess, until
 * the page is rendered: to encode a list's rows anew for each page would take longer than to render what is around them.
 */
export class ReadyParts {
  readonly #parts: Buffer[] = []

  /** What stands for it meanwhile. A page has them in the order in which they were put there, each once. */
  put(bytes: Buffer): string {
    return `~${mark}:${this.#parts.push(bytes) - 1}~`
  }

  /** @throws Error where the page has others than were put there */
  fill(html: string): Buffer {
    const around = html.split(PLACE)
    if (around.length !== this.#parts.length + 1) throw new Error('a part of a page is not on it once')
    return Buffer.concat(around.flatMap((text, n) => [Buffer.from(text), this.#parts[n] ?? Buffer.alloc(0)]))
  }
}
