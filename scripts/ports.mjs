// Ports of this machine that no two processes of tests take, however many run at once.

import { createServer } from 'node:net'

/** Below the range that systems give to outgoing connections. */
const FIRST = 20_000
const LAST = 32_000
/** Whoever listens on the first port of a block has the others. The system frees it, however a process ends. */
const BLOCK = 100

function listen(port) {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

async function takeBlock() {
  const blocks = (LAST - FIRST) / BLOCK
  const begin = Math.floor(Math.random() * blocks)
  for (let n = 0; n < blocks; n++) {
    const first = FIRST + ((begin + n) % blocks) * BLOCK
    const guard = await listen(first)
    // Nobody is kept waiting by it.
    guard?.unref()
    if (guard) return first
  }
  throw new Error(`all ports from ${FIRST} to ${LAST} are taken`)
}

let next = 0
let end = 0
let last = Promise.resolve(0)

async function find() {
  while (true) {
    if (next === end) {
      next = (await takeBlock()) + 1
      end = next - 1 + BLOCK
    }
    const port = next++
    const server = await listen(port)
    if (!server) continue
    await new Promise(resolve => server.close(resolve))
    return port
  }
}

/** A port of 127.0.0.1 that nothing listens on, and that is given to nobody else while this process lives. */
export function freePort() {
  last = last.then(find)
  return last
}
