// A customer who sends pictures of items through the site, one after the other, and looks at each through every web server. One JSON
// line for each to standard output, as of other files. When standard input ends, all that were acknowledged are looked at once more.

import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32, deflateSync } from 'node:zlib'
import { type Answer, Browser, findForm, NoAnswer } from './browser.ts'
import type { FileLine } from './storage.ts'

export interface PicturesOptions {
  site: string
  run: string
  /** The web servers, past the balancers: name and address. */
  servers: Record<string, string>
  everyMs: number
}

const PASSWORD = 'uma palavra-passe de laboratório'
/** An account may have 500, and an item three. */
const OF_ACCOUNT = 400
const OF_ITEM = 3
/** As the site's script does. */
const TRIES = 6
const TRY_AGAIN_MS = 500

const { site, run, servers, everyMs } = JSON.parse(process.argv[2] ?? '{}') as PicturesOptions
let isOver = false
process.stdin.resume()
for (const end of ['end', 'error']) process.stdin.on(end, () => (isOver = true))

const SIDE = 64
/** A PNG of 64 × 64 pixels like no other. */
function paint(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(SIDE, 0)
  header.writeUInt32BE(SIDE, 4)
  // Eight bits of red, green and blue each.
  header.set([8, 2], 8)
  const rows = Array.from({ length: SIDE }, () => Buffer.concat([Buffer.alloc(1), randomBytes(3 * SIDE)]))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0))
  ])
}

const now = () => performance.timeOrigin + performance.now()
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

function tell(line: Omit<FileLine, 'ms' | 'storage'>, endedAt = now()): void {
  const ms = endedAt - line.at
  process.stdout.write(`${JSON.stringify({ ...line, ms: Math.round(ms), storage: 'pictures' })}\n`)
}

const serverOf = (answer: Answer) => String(answer.headers['x-served-by'] ?? 'client')

/** Again where no answer came, or one that says nothing of what was done. @param isAnswer also of 5xx */
async function persist(send: () => Promise<Answer>, isAnswer = (_: Answer) => false): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await send().catch(error => {
      if (error instanceof NoAnswer && tries < TRIES) return undefined
      throw error
    })
    if (answer && (answer.status < 500 || isAnswer(answer) || tries === TRIES)) return answer
    await sleep(TRY_AGAIN_MS)
  }
}

interface Known {
  browser: Browser
  hash: string
}
const known: Known[] = []
/** Acknowledged, and of which no page could be seen yet that names them. */
const unseen: Acknowledged[] = []
interface Acknowledged {
  browser: Browser
  path: string
  at: number
  endedAt: number
  host: string
  before: ReadonlySet<string>
}
/** Distinguishes its accounts from those of one that ended early. */
const began = Date.now().toString(36)
let accounts = 0
let items = 0

async function signUp(): Promise<Browser> {
  accounts += 1
  const browser = new Browser(site)
  const form = findForm((await persist(() => browser.get('/signup'))).body, '/signup')
  // Not among the run's shoppers, whose lists are compared with their history.
  const email = `photos${accounts}.${run}.${began}@example.net`
  const fields = { ...form, name: `Photos ${accounts}`, email, password: PASSWORD }
  const { status } = await persist(() => browser.post('/signup', fields))
  if (status !== 303) throw new Error(`no account for pictures: ${status}`)
  return browser
}

/** The path of a new item's pictures. */
async function newItem(browser: Browser): Promise<string> {
  items += 1
  const type = `photographed ${run} ${items}`
  const form = findForm((await persist(() => browser.get('/carrinho/'))).body, '/carrinho/')
  await persist(() =>
    browser.post('/carrinho/', { ...form, product_type: type, quantity: '1', local: 'Mercado da Ribeira' })
  )
  const listed = JSON.parse((await persist(() => browser.get('/carrinho/', { accept: 'application/json' }))).body)
  const item = (listed.items as { id: number; tipo: string }[]).find(({ tipo }) => tipo === type)
  if (!item) throw new Error(`the item ${type} is not on its list`)
  return `/carrinho/artigo/${item.id}/fotografias`
}

const hashesOn = (page: string) =>
  [...page.matchAll(/\/fotografia\/([0-9a-f]{64})"/g)].map(([, hash]) => hash as string)

/** @returns the hash under which it is kept; undefined where it may not be, or its page does not come */
async function send(browser: Browser, path: string): Promise<string | undefined> {
  const page = await persist(() => browser.get(path))
  const form = findForm(page.body, path)
  if (!form) throw new Error(`the page of pictures has no form: ${page.status}`)
  const file = { field: 'fotografia', type: 'image/png', bytes: paint() }
  const at = now()
  let answer: Answer
  try {
    // 503 is the site's own word: no pictures just now.
    answer = await persist(
      () => browser.post(path, form, { file }),
      ({ status }) => status === 503
    )
  } catch (error) {
    tell({ at, host: 'client', what: 'write', outcome: 'fail', error: (error as Error).message })
    return undefined
  }
  const host = serverOf(answer)
  if (answer.status !== 303) {
    tell({ at, host, what: 'write', outcome: 'fail', error: String(answer.status) })
    return undefined
  }
  const sent = { browser, path, at, endedAt: now(), host, before: new Set(hashesOn(page.body)) }
  const name = await findName(sent).catch(() => undefined)
  if (name === undefined) unseen.push(sent)
  return name
}

/** What its item's page calls it; empty where it is not on it, undefined where that does not come. */
async function findName({ browser, path, at, endedAt, host, before }: Acknowledged): Promise<string | undefined> {
  const page = await persist(() => browser.get(path))
  if (page.status !== 200) return undefined
  const hash = hashesOn(page.body).find(each => !before.has(each))
  // Told that it is there, and not named on the page: what the ledger is for.
  tell({ at, host, what: 'write', outcome: 'ok', name: hash ?? 'not on the page' }, endedAt)
  if (hash !== undefined) known.push({ browser, hash })
  return hash ?? ''
}

async function look({ browser, hash }: Known, server: string, what: 'read' | 'final'): Promise<boolean> {
  const at = now()
  const about = { at, host: server, what, name: hash }
  try {
    const { status, bytes } = await browser.get(`/carrinho/fotografia/${hash}`, { at: servers[server] as string })
    if (status === 200) tell({ ...about, outcome: hashOf(bytes) === hash ? 'ok' : 'wrong' })
    else tell({ ...about, outcome: status === 404 ? 'missing' : 'fail', error: String(status) })
    return status === 200
  } catch (error) {
    tell({ ...about, outcome: 'fail', error: (error as Error).message })
    return false
  }
}

let browser: Browser | undefined
let path = ''
for (let count = 0; !isOver; count += 1) {
  const nextAt = performance.now() + everyMs
  const at = now()
  try {
    if (!browser || count % OF_ACCOUNT === 0) {
      browser = await signUp()
      path = ''
    }
    if (path === '' || count % OF_ITEM === 0) path = await newItem(browser)
    const hash = await send(browser, path)
    // Of two that came to one item it could not be told later which is which.
    if (unseen.at(-1)?.path === path) path = ''
    if (hash) for (const server of Object.keys(servers)) await look({ browser, hash }, server, 'read')
  } catch (error) {
    // What came before the picture failed: another item is tried, and all that is known stays known.
    tell({ at, host: 'client', what: 'write', outcome: 'fail', error: (error as Error).message })
    path = ''
  }
  await sleep(Math.max(0, nextAt - performance.now()))
}
for (const one of unseen) {
  if ((await findName(one).catch(() => undefined)) === undefined) {
    const { at, host, endedAt } = one
    tell({ at, host, what: 'write', outcome: 'ok', name: 'its page never came' }, endedAt)
  }
}
for (const one of known) {
  for (const server of Object.keys(servers)) {
    for (let tries = 0; tries < TRIES && !(await look(one, server, 'final')); tries += 1) await sleep(TRY_AGAIN_MS)
  }
}
process.exit()
