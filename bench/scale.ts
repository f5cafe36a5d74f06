/**
 * `npm run bench -- scale`, or `scale mariadb`, `scale postgres`: what a page, a write and a login cost in processor time, on the web server and in the database,
 * beside few other people's data and beside much; and the bytes of an account, an item and a change. Processor time, as other
 * work on the machine makes it little longer, while it makes everything else wait.
 */
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
// @ts-expect-error: plain JavaScript, as npm test needs it before anything is installed
import { startServers } from '../scripts/servers.mjs'
import { cpuMs } from './cpu.ts'
import { PASSWORD } from './fill.ts'
import { type Running, runCli, start } from './processes.ts'
import { emailOf, type Filled, openMariadb, openPostgres } from './scale-fill.ts'
import { Visitor } from './visitor.ts'

const ACCOUNTS = Number(process.env.SCALE_ACCOUNTS ?? 100_000)
const ITEMS = Number(process.env.SCALE_ITEMS ?? 2_000_000)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const WARM_UP = 2
const PAGES = 800
const WRITES = 400
const LOGINS = 4
/** Half of them read lists of 20 items, the others write, so that the pages stay the same. */
const VISITORS = 16
const ITEMS_OF_A_VISITOR = 20

/** What is supposed of a shopper; docs/scale.md says why. */
const WEEK = { pages: 10, adds: 15, removes: 15, logins: 0.25 }
/** The part of a week's requests that comes in its busiest hour, and how busy a processor may be then. */
const BUSIEST_HOUR = 0.05
const BUSY = 0.5

interface Cost {
  webMs: number
  /** NaN where the database is on another machine. */
  databaseMs: number
}
type What = 'page' | 'write' | 'login'
type Costs = Record<What, Cost>

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** @param engines `mariadb`, `postgres`; none: both */
export async function measureScale(engines: string[]): Promise<void> {
  const wanted = ['mariadb', 'postgres'].filter(name => engines.length === 0 || engines.includes(name))
  const servers = await startServers({ wanted })
  try {
    if (wanted.includes('mariadb')) await measureEngine('MariaDB', servers.env.CARRINHO_TEST_MARIADB, openMariadb)
    if (wanted.includes('postgres')) await measureEngine('PostgreSQL', servers.env.CARRINHO_TEST_POSTGRES, openPostgres)
  } finally {
    await servers.stop()
  }
}

/** A database with some visitors in it, and a web server on it. */
interface Side {
  db: Filled
  /** Of the database's first process. */
  pid: number | undefined
  app: Running
  visitors: Visitor[]
}

async function measureEngine(engine: string, server: string, open: (url: string) => Promise<Filled>): Promise<void> {
  const admin = await open(server)
  const undo: (() => Promise<unknown>)[] = [() => admin.end()]
  const side = async (name: string): Promise<Side> => {
    await admin.run(`drop database if exists ${name}`)
    await admin.run(`create database ${name}`)
    undo.unshift(() => admin.run(`drop database ${name}`))
    const url = new URL(server)
    url.pathname = `/${name}`
    await runCli(['migrate'], { DB_HOST: url.href })
    const db = await open(url.href)
    undo.unshift(() => db.end())
    const env = { DB_HOST: url.href, SESSION_SECRET: 'only for the bench and never elsewhere', DRAIN_MS: '0' }
    const app = await start(['carrinho', 'serve'], env, '/health/ready')
    undo.unshift(() => app.stop())
    await db.addAccounts(1, VISITORS)
    await db.addItems(1, VISITORS, VISITORS * ITEMS_OF_A_VISITOR)
    return { db, pid: await db.pid(), app, visitors: Array.from({ length: VISITORS }, () => new Visitor(app.url)) }
  }
  try {
    const [small, filled] = [await side('bench_scale_small'), await side('bench_scale')]
    const empty = await filled.db.sizes()
    const startedAt = performance.now()
    await filled.db.addAccounts(1000, ACCOUNTS)
    await filled.db.addItems(1000, ACCOUNTS, ITEMS)
    const full = await filled.db.sizes()
    console.error(`${engine}: filled in ${Math.round((performance.now() - startedAt) / 1000)} s`)
    await untilIdle(filled.pid)
    const costs = await sideBySide(small, filled)
    printCosts(engine, costs)
    printSizes(engine, empty, full)
    printShoppers(engine, costs[1])
  } finally {
    for (const act of undo) await act()
  }
}

/** One after the other: who waits too long for a turn at the processors is sent away. */
async function logIn(visitors: Visitor[]): Promise<void> {
  for (const [n, visitor] of visitors.entries()) await visitor.logIn(emailOf(n + 1), PASSWORD)
}

const acts: Record<What, (side: Side) => Promise<Cost>> = {
  login: side => costOf(side, LOGINS, () => logIn(side.visitors.slice(0, LOGINS))),
  page: side => costOf(side, PAGES, () => shared(side.visitors.slice(0, VISITORS / 2), PAGES, openList)),
  write: side => costOf(side, WRITES, () => shared(side.visitors.slice(VISITORS / 2), WRITES, addItem))
}

/** Rounds alternate between the two, so that what else the machine does befalls both; the medians, after some rounds that warm up. */
async function sideBySide(...sides: [Side, Side]): Promise<[Costs, Costs]> {
  const seen = sides.map((): Record<What, Cost[]> => ({ login: [], page: [], write: [] }))
  for (const side of sides) await logIn(side.visitors)
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const what of ['login', 'page', 'write'] as const) {
      for (const [n, side] of sides.entries()) {
        const cost = await acts[what](side)
        if (round >= WARM_UP) seen[n]?.[what].push(cost)
      }
    }
  }
  const middle = (costs: Cost[]): Cost => ({
    webMs: median(costs.map(cost => cost.webMs)),
    databaseMs: median(costs.map(cost => cost.databaseMs))
  })
  return seen.map(({ login, page, write }) => ({
    login: middle(login),
    page: middle(page),
    write: middle(write)
  })) as [Costs, Costs]
}

async function costOf({ app, pid }: Side, count: number, act: () => Promise<unknown>): Promise<Cost> {
  const now = () => ({ web: cpuMs(app.pid), database: pid === undefined ? Number.NaN : cpuMs(pid) })
  const start = now()
  await act()
  const end = now()
  return { webMs: (end.web - start.web) / count, databaseMs: (end.database - start.database) / count }
}

/** Until the database has done what a fill leaves it to do later; at most a minute. */
async function untilIdle(pid: number | undefined): Promise<void> {
  if (pid === undefined) return
  for (let second = 0; second < 60; second++) {
    const before = cpuMs(pid)
    await sleep(1000)
    if (cpuMs(pid) - before <= 20) return
  }
}

/** `count` requests, which the visitors make one after the other, all visitors at once. */
const shared = (visitors: Visitor[], count: number, act: (visitor: Visitor) => Promise<void>): Promise<unknown> =>
  Promise.all(
    visitors.map(async visitor => {
      for (let n = 0; n < count / visitors.length; n++) await act(visitor)
    })
  )

const openList = (visitor: Visitor) => send(visitor, 'GET', 200, { accept: 'text/html' })

/** As the page's script does. */
const addItem = (visitor: Visitor) =>
  send(
    visitor,
    'POST',
    201,
    {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin'
    },
    new URLSearchParams({
      product_type: 'Leite meio-gordo',
      quantity: '2',
      local: 'Mercearia',
      operation: randomUUID(),
      csrf_token: visitor.csrfToken
    }).toString()
  )

const agent = new Agent({ keepAlive: true })

/** Takes the answer compressed, as a browser does, and throws it away. */
function send(
  visitor: Visitor,
  method: string,
  expected: number,
  headers: Record<string, string>,
  body?: string
): Promise<void> {
  return new Promise((resolve, reject) => {
    const all = { cookie: visitor.cookie, 'accept-encoding': 'gzip, deflate, br', ...headers }
    const asked = request(`${visitor.url}/carrinho/`, { method, headers: all, agent }, answer => {
      answer.on('end', () =>
        answer.statusCode === expected ? resolve() : reject(new Error(`${method} answered ${answer.statusCode}`))
      )
      answer.on('error', reject)
      answer.resume()
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

const ms = (value: number) => (Number.isNaN(value) ? '–' : value.toFixed(2))
const thousands = (value: number) => Math.round(value).toLocaleString('en')

function printCosts(engine: string, [small, filled]: [Costs, Costs]): void {
  console.log(
    `\n| ${engine}, CPU ms | web, small | web, filled | database, small | database, filled |\n|---|---|---|---|---|`
  )
  for (const what of ['page', 'write', 'login'] as const) {
    const figures = [small[what].webMs, filled[what].webMs, small[what].databaseMs, filled[what].databaseMs]
    console.log(`| ${what} | ${figures.map(ms).join(' | ')} |`)
  }
}

function printSizes(engine: string, empty: Record<string, number>, full: Record<string, number>): void {
  const grown = (...tables: string[]) => tables.reduce((sum, name) => sum + (full[name] ?? 0) - (empty[name] ?? 0), 0)
  console.log(`\n| ${engine} | bytes each |\n|---|---|`)
  console.log(`| account with its list | ${thousands(grown('clientes', 'lists') / ACCOUNTS)} |`)
  console.log(`| session | ${thousands(grown('sessions') / ACCOUNTS)} |`)
  console.log(`| item | ${thousands(grown('compras') / ITEMS)} |`)
  console.log(`| change | ${thousands(grown('changes') / ITEMS)} |`)
}

/** How many shoppers one processor of the web servers, and of the database, carries in the busiest hour. */
function printShoppers(engine: string, costs: Costs): void {
  const weekMs = (of: keyof Cost) =>
    // After each addition the page fetches the list.
    (WEEK.pages + WEEK.adds) * costs.page[of] +
    (WEEK.adds + WEEK.removes) * costs.write[of] +
    WEEK.logins * costs.login[of]
  const carried = (of: keyof Cost) => (BUSY * 3_600_000) / (BUSIEST_HOUR * weekMs(of))
  console.log(`\n| ${engine} | CPU ms a shopper and week | shoppers a processor |\n|---|---|---|`)
  for (const [name, of] of [
    ['web server', 'webMs'],
    ['database', 'databaseMs']
  ] as const) {
    console.log(`| ${name} | ${ms(weekMs(of))} | ${Number.isNaN(carried(of)) ? '–' : thousands(carried(of))} |`)
  }
}
