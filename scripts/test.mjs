// `npm test`: builds, sets the servers up, runs the tests, stops everything.
//
//   npm test                              everything
//   npm test -- --fast                    what is quick, and web servers on the embedded database alone; for while one works
//   npm test -- test/http/items.test.ts   these files (or folders) only
//   npm test -- --test-name-pattern=sign  options of node's test runner
//   npm test -- --servers                 only the servers, until Ctrl-C, for running single tests by hand

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, constants, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServers } from './servers.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const isCi = Boolean(process.env.CI)
const given = process.argv.slice(2)
const isFast = given.includes('--fast')
const options = given.filter(arg => arg.startsWith('-') && arg !== '--fast')
const paths = given.filter(arg => !arg.startsWith('-'))
/** Folders that --fast leaves out; what takes long goes into one of them. */
const SLOW = ['test/browser', 'test/cluster', 'test/long']

/**
 * In CI, where one test of thousands may be late on a machine that does other work: as many files as these that failed are
 * run again, each this often by itself. What fails one time in two passes that one time in eight.
 */
const AGAIN_FILES = 2
const AGAIN_TIMES = 3
/** What fails here once may have lost a write: that is no matter of being late. */
const NEVER_AGAIN = ['test/cluster/', 'test/store/']

/** What runs for a second or two is done before faster code of it would be. */
const UNHURRIED = ['--no-opt']

const REPORTERS = ['spec', join(root, 'scripts/files-reporter.mjs')].flatMap(reporter => [
  `--test-reporter=${reporter}`,
  '--test-reporter-destination=stdout'
])

function testFiles(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap(name => {
      const full = join(path, name)
      if (statSync(full).isDirectory()) return testFiles(full)
      return name.endsWith('.test.ts') ? [full] : []
    })
}

/** Within this a second signal is the first one again: npm hands on what the terminal has already sent to everyone. */
const SAME_SIGNAL_MS = 1000

let interrupted
let interruptedAt = 0
let onInterrupt = () => {}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (interrupted) {
      // The second one does not wait for anything.
      if (performance.now() - interruptedAt > SAME_SIGNAL_MS) process.exit(128 + constants.signals[signal])
      return
    }
    interrupted = signal
    interruptedAt = performance.now()
    onInterrupt()
  })
}

function runTests(files, env, failedTo) {
  return new Promise(resolve => {
    const reporter = options.some(option => option.startsWith('--test-reporter')) ? [] : REPORTERS
    // The tests wait a lot, for servers that start and stop, so more files than cores keep the cores busy.
    const concurrency = `--test-concurrency=${availableParallelism() + 1}`
    const own = [...(isFast ? UNHURRIED : []), '--import', './scripts/typescript.mjs']
    const args = [...own, '--test', concurrency, ...reporter, ...options, ...files]
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env, CARRINHO_TEST_FAILED: failedTo, ...(isFast ? { CARRINHO_TEST_FAST: '1' } : {}) },
      stdio: 'inherit'
    })
    onInterrupt = () => child.kill('SIGTERM')
    if (interrupted) onInterrupt()
    child.once('error', error => {
      console.error(error.message)
      resolve(1)
    })
    child.once('exit', code => resolve(code ?? 1))
  })
}

/** Runs them; in CI those that failed once more, by themselves. Resolves with the exit code. */
async function runOrAgain(files, env) {
  const folder = mkdtempSync(join(tmpdir(), 'carrinho-tests-'))
  const list = join(folder, 'failed')
  const failedIn = async some => {
    const code = await runTests(some, env, list)
    return { code, failed: existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean) : [] }
  }
  try {
    const { code, failed } = await failedIn(files)
    if (code === 0 || !isCi || failed.length === 0 || failed.length > AGAIN_FILES || interrupted) return code
    if (failed.some(file => NEVER_AGAIN.some(folder => file.startsWith(folder)))) return code
    for (const file of failed) {
      for (let time = 1; time <= AGAIN_TIMES; time++) {
        console.error(`\nFAILED, and is run by itself, ${time} of ${AGAIN_TIMES}: ${file}`)
        const again = await failedIn([file])
        if (again.code !== 0) return again.code
      }
    }
    for (const file of failed) {
      console.error(
        `\nFAILED ONCE, and passed ${AGAIN_TIMES} times by itself: ${file}. What failed is told above, and is to be mended.`
      )
    }
    return 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A second time after the tests' own output, where it is seen. */
function reportMissing(missing) {
  for (const { name, reason } of missing) console.error(`${isCi ? 'MISSING' : 'skipped'}: ${name}: ${reason}`)
}

async function main() {
  const onlyServers = options.includes('--servers')
  if (!onlyServers) {
    const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' })
    if (built.status !== 0) return built.status ?? 1
  }
  const startedAt = Date.now()
  // HAProxy and Chromium are for the others.
  const { env, missing, memory, stop } = await startServers({
    inMemory: true,
    ...(isFast ? { wanted: ['mariadb', 'postgres'] } : {})
  })
  try {
    console.error(`The servers are up after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
    reportMissing(missing)
    if (isCi && missing.length > 0) return 1
    if (onlyServers) {
      for (const [key, value] of Object.entries(env)) console.log(`export ${key}=${value}`)
      await new Promise(resolve => {
        onInterrupt = resolve
        const keepAlive = setInterval(() => interrupted && resolve(clearInterval(keepAlive)), 1000)
      })
      return 0
    }
    if (interrupted) return 1
    // What the embedded database writes: none of the fast tests takes the power away, or fills a disk.
    if (isFast && memory) env.TMPDIR = memory
    const files = (paths.length > 0 ? paths : [join(root, 'test')])
      .flatMap(path => testFiles(path))
      .map(path => relative(root, path))
      .filter(path => !isFast || !SLOW.some(folder => path.startsWith(`${folder}/`)))
    const code = await runOrAgain(files, env)
    reportMissing(missing)
    return code
  } finally {
    await stop()
  }
}

const code = await main()
process.exit(interrupted ? 128 + constants.signals[interrupted] : code)
