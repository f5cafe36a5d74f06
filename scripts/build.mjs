// Builds dist/ from src/, web/ and static/. Does nothing, quickly, when nothing changed since the last build.

import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const stampFile = join(dist, '.stamp')
const lockFile = join(dist, '.lock')
const compiler = join(root, 'node_modules/typescript/bin/tsc')
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const hasTypes = Object.keys(devDependencies).every(
  name => !name.startsWith('@types/') || existsSync(join(root, 'node_modules', name))
)

const inputs = [
  'src',
  'web',
  'static',
  'tsconfig.json',
  'package.json',
  'scripts/build.mjs',
  'scripts/bundle.mjs',
  'node_modules/typescript/package.json',
  'node_modules/esbuild/package.json',
  'node_modules/idiomorph/package.json',
  'node_modules/typebox/package.json',
  'node_modules/drizzle-orm/package.json'
]

/** Every file under `path`, relative to `base`. Names that start with a dot are ours, not output. */
function filesUnder(path, base = path) {
  const found = []
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue
    const full = join(path, entry.name)
    if (entry.isDirectory()) found.push(...filesUnder(full, base))
    else found.push(relative(base, full))
  }
  return found
}

/** One line per input with size and time of change, so that a removed file changes it as well. */
function describeInputs() {
  const lines = []
  const add = path => {
    const { size, mtimeMs } = statSync(join(root, path))
    lines.push(`${path} ${size} ${mtimeMs}`)
  }
  for (const input of inputs) {
    const stats = statSync(join(root, input), { throwIfNoEntry: false })
    if (stats?.isDirectory()) for (const file of filesUnder(join(root, input))) add(join(input, file))
    else if (stats) add(input)
  }
  return lines.sort().join('\n')
}

function isUpToDate(stamp) {
  try {
    return readFileSync(stampFile, 'utf8') === stamp && existsSync(join(dist, 'cli.js'))
  } catch {
    return false
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Waits while another build runs. The lock of a build that died is taken over. */
async function takeLock() {
  mkdirSync(dist, { recursive: true })
  const deadline = Date.now() + 120_000
  while (true) {
    try {
      const file = openSync(lockFile, 'wx')
      writeFileSync(file, String(process.pid))
      closeSync(file)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    let owner = 0
    let ageMs = 0
    try {
      owner = Number(readFileSync(lockFile, 'utf8'))
      ageMs = Date.now() - statSync(lockFile).mtimeMs
    } catch {
      continue
    }
    // Without a number the owner is between creating and writing: give it a second.
    if (owner ? !isRunning(owner) : ageMs > 1000) rmSync(lockFile, { force: true })
    else if (Date.now() > deadline) throw new Error(`another build (process ${owner}) holds ${lockFile}`)
    else await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** Moves the new files into dist one by one, so that a server running from it never sees a gap. */
function publish(fresh) {
  const wanted = filesUnder(fresh)
  for (const file of wanted) {
    mkdirSync(dirname(join(dist, file)), { recursive: true })
    renameSync(join(fresh, file), join(dist, file))
  }
  const keep = new Set(wanted)
  for (const file of filesUnder(dist)) if (!keep.has(file)) rmSync(join(dist, file))
}

async function build() {
  const { spawnSync } = await import('node:child_process')
  const fresh = join(dist, `.next-${process.pid}`)
  try {
    const project = ['-p', join(root, 'src/tsconfig.json'), '--outDir', fresh, '--pretty', 'false']
    // Without the development packages (`NODE_ENV=production npm install`) the same comes out, its types unchecked.
    const args = [compiler, ...project, ...(hasTypes ? [] : ['--noCheck', '--types', ''])]
    const compiled = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] })
    if (compiled.status !== 0) return compiled.status ?? 1
    const { bundle, mergePackages } = await import('./bundle.mjs')
    await mergePackages(
      filesUnder(fresh).map(file => join(fresh, file)),
      fresh
    )
    chmodSync(join(fresh, 'cli.js'), 0o755)
    await bundle(root, join(fresh, 'static'))
    publish(fresh)
    return 0
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

async function main() {
  let stamp = describeInputs()
  if (isUpToDate(stamp)) return 0
  if (!existsSync(compiler)) {
    // An image holds what was built elsewhere.
    if (existsSync(join(dist, 'cli.js'))) return 0
    console.error('There is no dist/ and no TypeScript to build it with. Run `npm install` first.')
    return 1
  }
  await takeLock()
  try {
    stamp = describeInputs()
    if (isUpToDate(stamp)) return 0
    rmSync(stampFile, { force: true })
    for (const name of readdirSync(dist)) {
      if (name.startsWith('.next-')) rmSync(join(dist, name), { recursive: true, force: true })
    }
    const status = await build()
    // The inputs as they were before: a file saved during the build makes the next run build again.
    if (status === 0) writeFileSync(stampFile, stamp)
    return status
  } finally {
    rmSync(lockFile, { force: true })
  }
}

process.exitCode = await main()
