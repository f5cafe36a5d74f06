import { crc32 } from 'node:zlib'

export interface Entry {
  /** With slashes, and no more than letters, digits, dots and dashes. */
  name: string
  content: Uint8Array
  at: Date
}

/** A zip, one entry after the other, nothing compressed: pictures are already. Below 4 GB and 65,535 entries. */
export async function* zip(entries: AsyncIterable<Entry>): AsyncGenerator<Buffer, void> {
  const directory: Buffer[] = []
  let offset = 0
  for await (const { name, content, at } of entries) {
    const path = Buffer.from(name)
    // From the version needed to the length of what is extra: the same in both headers.
    const about = Buffer.alloc(26)
    about.writeUInt16LE(20, 0)
    about.writeUInt16LE(timeOf(at), 6)
    about.writeUInt16LE(dateOf(at), 8)
    about.writeUInt32LE(crc32(content), 10)
    about.writeUInt32LE(content.length, 14)
    about.writeUInt32LE(content.length, 18)
    about.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), about, path])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), about, rest, path]))
    offset += local.length + content.length
    yield local
    yield Buffer.from(content.buffer, content.byteOffset, content.length)
  }
  const all = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(directory.length, 8)
  end.writeUInt16LE(directory.length, 10)
  end.writeUInt32LE(all.length, 12)
  end.writeUInt32LE(offset, 16)
  yield all
  yield end
}

const timeOf = (at: Date) => (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)
const dateOf = (at: Date) =>
  ((Math.max(1980, at.getUTCFullYear()) - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()
