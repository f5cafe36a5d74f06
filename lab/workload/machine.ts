// How well the machine itself does, which all the lab's hosts share: one JSON line for each moment at which it stood still.
// `disk`: a write of 4 KB waited for the disk; `processor`: a timer of this process fired late. Ends when standard input does.

import { open, unlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** One such moment. Unix time, and milliseconds. */
export interface Standstill {
  at: number
  ms: number
  what: 'disk' | 'processor'
}

/** Shorter ones are no news on any machine. */
const WORTH_TELLING_MS = 20
const TIMER_MS = 20
/** Rarely enough not to be a load of its own. */
const WRITE_EVERY_MS = 50
const FILE = '/var/tmp/standstill'

const tell = (standstill: Standstill) => {
  if (standstill.ms >= WORTH_TELLING_MS) process.stdout.write(`${JSON.stringify(standstill)}\n`)
}

let isOver = false
process.stdin.resume()
for (const end of ['end', 'error']) process.stdin.on(end, () => (isOver = true))

async function watchProcessor(): Promise<void> {
  while (!isOver) {
    const at = Date.now()
    const before = performance.now()
    await sleep(TIMER_MS)
    tell({ at, ms: Math.round(performance.now() - before - TIMER_MS), what: 'processor' })
  }
}

async function watchDisk(): Promise<void> {
  const file = await open(FILE, 'w')
  const block = Buffer.alloc(4096, 1)
  while (!isOver) {
    const at = Date.now()
    const before = performance.now()
    await file.write(block, 0, block.length, 0)
    await file.datasync()
    tell({ at, ms: Math.round(performance.now() - before), what: 'disk' })
    await sleep(WRITE_EVERY_MS)
  }
  await file.close()
  await unlink(FILE)
}

await Promise.all([watchProcessor(), watchDisk()])
