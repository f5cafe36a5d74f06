// Types become blanks and nothing else is touched, so that every line and column is the one in the file. That is not for looks:
// a loader that joins lines sends `assert.ok`, which reads the failed line for its message, through the file for minutes.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const cache = new URL('../node_modules/.cache/carrinho-typescript/', import.meta.url)
mkdirSync(cache, { recursive: true })

/** Packages of hundreds of files each, which every file of tests would read one by one: like the build, this makes a few of them. */
const MERGED = ['typebox', 'drizzle-orm', 'drizzle-orm/mysql-core', 'drizzle-orm/pg-core', 'drizzle-orm/sqlite-core']
let merged

export async function resolve(specifier, context, nextResolve) {
  if (!MERGED.includes(specifier) || context.parentURL?.includes('/node_modules/'))
    return nextResolve(specifier, context)
  merged ??= mergedPackages()
  return { url: new URL(`${MERGED.indexOf(specifier)}.js`, await merged).href, format: 'module', shortCircuit: true }
}

/** The folder that they are in, of the versions that are installed. */
async function mergedPackages() {
  const versions = ['typebox', 'drizzle-orm'].map(name => {
    const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
    return JSON.parse(readFileSync(file, 'utf8')).version
  })
  const folder = new URL(`packages-${hashOf(JSON.stringify([MERGED, versions]))}/`, cache)
  if (existsSync(folder)) return folder
  const { build } = await import('esbuild')
  const part = new URL(`${folder.href.slice(0, -1)}.${process.pid}/`)
  await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: MERGED.map((name, n) => ({ in: name, out: String(n) })),
    outdir: fileURLToPath(part),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    packages: 'bundle',
    logLevel: 'warning'
  })
  try {
    renameSync(part, folder)
  } catch {
    // Another process was first.
    rmSync(part, { recursive: true, force: true })
  }
  return folder
}

const hashOf = text => createHash('sha256').update(text).digest('hex')

export async function load(url, context, nextLoad) {
  if (!/^file:.*\.ts$/.test(url)) return nextLoad(url, context)
  return { format: 'module', source: withoutTypes(fileURLToPath(url)), shortCircuit: true }
}

function withoutTypes(path) {
  const source = readFileSync(path, 'utf8')
  const kept = new URL(`${hashOf(source)}.js`, cache)
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
