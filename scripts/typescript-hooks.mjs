// Types become blanks and nothing else is touched, so that every line and column is the one in the file. That is not for looks:
// a loader that joins lines sends `assert.ok`, which reads the failed line for its message, through the file for minutes.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const cache = new URL('../node_modules/.cache/carrinho-typescript/', import.meta.url)
mkdirSync(cache, { recursive: true })

export async function load(url, context, nextLoad) {
  if (!/^file:.*\.ts$/.test(url)) return nextLoad(url, context)
  return { format: 'module', source: withoutTypes(fileURLToPath(url)), shortCircuit: true }
}

function withoutTypes(path) {
  const source = readFileSync(path, 'utf8')
  const kept = new URL(`${createHash('sha256').update(source).digest('hex')}.js`, cache)
  try {
    return readFileSync(kept, 'utf8')
  } catch {
    // Loaded only when there is something to do: it is 3 MB.
    const { code } = require('@swc/wasm-typescript').transformSync(source, { mode: 'strip-only', filename: path })
    // Others write it, too, and read it.
    const part = new URL(`${kept.href}.${process.pid}`)
    writeFileSync(part, code)
    renameSync(part, kept)
    return code
  }
}
