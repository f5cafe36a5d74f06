// A writer and a reader of files on shared storage, from one host; or a reader of a page's assets, from the client's machine. One JSON
// line for each to standard output. What another host's writer was told is done comes by standard input, a JSON line each, and is
// read here. Ends when standard input does.

import { execFile } from 'node:child_process'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { open, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Browser } from './browser.ts'

/** One file, or one asset, written or read. */
export interface FileLine {
  /** Unix time in milliseconds at which it began. */
  at: number
  ms: number
  /** `replica`, `arbiter` or `nfs`; of an asset `site`, of a customer's picture `pictures`. */
  storage: string
  /** The host whose mount it went through; of an asset and a picture the web server that answered. */
  host: string
  what: 'write' | 'read' | 'asset' | 'final'
  /** `missing`: not there, although its writer was told that it is. `wrong`: other bytes than those that were written. */
  outcome: 'ok' | 'fail' | 'missing' | 'wrong'
  /** The hash of its content. */
  name?: string
  error?: string
}

export interface StorageOptions {
  storage: string
  host: string
  /** A folder that the host has mounted, a folder on an NFS server, which libnfs reaches without a mount, or the site's address. */
  where: string
  everyMs: number
}

/** Where files are. `write` returns when they are there to stay; `read` throws an error with the code ENOENT for what is not there. */
interface Storage {
  write(name: string, content: Buffer): Promise<void>
  read(name: string): Promise<Buffer>
}

/** As the application keeps its pictures: written beside, flushed, renamed. */
const mounted = (folder: string): Storage => ({
  async write(name, content) {
    const beside = `${folder}/.${name}.new`
    const file = await open(beside, 'w')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, `${folder}/${name}`)
  },
  read: name => readFile(`${folder}/${name}`)
})

const run = promisify(execFile)
/** A kernel's hard mount would wait for ever; this is a soft one. */
const GIVEN_UP_AFTER_MS = 2_000

const throughLibnfs = (url: string): Storage => {
  const options = { timeout: GIVEN_UP_AFTER_MS, killSignal: 'SIGKILL', encoding: 'buffer', maxBuffer: 2 ** 24 } as const
  const urlOf = (name: string) => `${url}/${name}?version=4`
  const explain = (error: unknown): never => {
    const said = String((error as { stderr?: Buffer }).stderr ?? '')
    const code = /NOENT/.test(said) ? 'ENOENT' : (/NFS4?ERR_\w+|E[A-Z]{4,}/.exec(said)?.[0] ?? 'no answer')
    throw Object.assign(new Error(said), { code })
  }
  return {
    async write(name, content) {
      const local = `/tmp/${name}`
      await writeFile(local, content)
      await run('nfs-cp', [local, urlOf(name)], options)
        .catch(explain)
        .finally(() => unlink(local))
    },
    read: async name => (await run('nfs-cat', [urlOf(name)], options).catch(explain)).stdout
  }
}

const hashOf = (content: Buffer | string) => createHash('sha256').update(content).digest('hex')

const options = JSON.parse(process.argv[2] ?? '{}') as StorageOptions
let isOver = false
const known: string[] = []
const input = createInterface({ input: process.stdin })
let rests = false
input.on('line', text => {
  const told = JSON.parse(text) as { name: string } | { rests: boolean }
  if ('name' in told) known.push(told.name)
  else rests = told.rests
})
input.on('close', () => {
  isOver = true
})

async function record(
  what: FileLine['what'],
  name: string | undefined,
  act: () => Promise<Partial<FileLine>>
): Promise<void> {
  const at = performance.timeOrigin + performance.now()
  let result: Partial<FileLine>
  try {
    result = await act()
  } catch (error) {
    const { code } = error as { code?: string }
    result = { outcome: code === 'ENOENT' ? 'missing' : 'fail', error: code ?? String(error) }
  }
  const ms = performance.timeOrigin + performance.now() - at
  const line = {
    at: round(at),
    ms: round(ms),
    storage: options.storage,
    host: options.host,
    what,
    outcome: 'ok',
    name,
    ...result
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const round = (ms: number) => Math.round(ms * 10) / 10

/** By turns, one at a time: what hangs is a gap, and no queue behind it. */
async function repeat(act: () => Promise<void>): Promise<void> {
  while (!isOver) {
    const nextAt = performance.now() + options.everyMs
    if (!rests) await act()
    await sleep(Math.max(0, nextAt - performance.now()))
  }
}

/** From a thumbnail to a small picture. */
const LEAST_BYTES = 2_000
const MOST_BYTES = 60_000

async function useFiles(storage: Storage): Promise<void> {
  const writeOne = () => {
    const content = randomBytes(randomInt(LEAST_BYTES, MOST_BYTES))
    const name = hashOf(content)
    return record('write', name, async () => {
      await storage.write(name, content)
      return {}
    })
  }
  let newest: string | undefined
  const readOne = async () => {
    // Once each as soon as it is known of, and old ones between.
    const name = known.at(-1) === newest ? known[randomInt(known.length || 1)] : known.at(-1)
    newest = known.at(-1)
    if (name === undefined) return
    await record('read', name, async () => ({ outcome: hashOf(await storage.read(name)) === name ? 'ok' : 'wrong' }))
  }
  await Promise.all([repeat(writeOne), repeat(readOne)])
}

/** The web content, as browsers get it: the style sheet that the login page names. */
async function readAssets(site: string): Promise<void> {
  const browser = new Browser(site, false)
  // The first page has its styles in itself.
  await browser.get('/login')
  const findAsset = async () => /\/static\/main\.\w+\.css/.exec((await browser.get('/login')).body)?.[0]
  const asset = await findAsset()
  if (asset === undefined) throw new Error('the login page names no style sheet')
  const whole = hashOf((await browser.get(asset)).body)
  await repeat(() =>
    record('asset', undefined, async () => {
      const { status, headers, body } = await browser.get(asset)
      const host = String(headers['x-served-by'] ?? options.host)
      if (status !== 200) return { host, outcome: 'fail', error: String(status) }
      return { host, outcome: hashOf(body) === whole ? 'ok' : 'wrong' }
    })
  )
}

if (options.where.startsWith('http:')) await readAssets(options.where)
else await useFiles(options.where.startsWith('nfs:') ? throughLibnfs(options.where) : mounted(options.where))
process.exit()
