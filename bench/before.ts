/**
 * `npm run bench -- before FOLDER`: this build beside an older one, which was built in FOLDER. Each serves a database of its own on
 * the same server, filled through its own forms. They answer by turns, and processor time of web server and database
 * counts, as other work on the machine makes it little longer.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import autocannon from 'autocannon'
// @ts-expect-error: plain JavaScript, as npm test needs it before anything is installed
import { startServers } from '../scripts/servers.mjs'
import { clockOf, usedSince } from './cpu.ts'
import { freshDatabase } from './database.ts'
import { figure, median, report } from './figures.ts'
import { PASSWORD } from './fill.ts'
import { type Running, start } from './processes.ts'
import { openMariadb } from './scale-fill.ts'
import { Visitor } from './visitor.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 20)
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 1500)
const CONNECTIONS = 16
const ITEMS = 20
const SHOPS = ['Mercearia', 'Padaria', 'Talho', 'Mercado']

interface Side {
  app: Running
  visitor: Visitor
  /** The list as it was filled: it takes 10,000 items at most. */
  empty(): Promise<unknown>
  databasePid: number | undefined
}

/** @throws Error where there is no build in the folder */
export async function measureBefore([folder = '']: string[]): Promise<void> {
  const older = resolve(folder)
  if (folder === '' || !existsSync(`${older}/dist/cli.js`)) throw new Error(`no build in ${older}: npm run build there`)
  const servers = await startServers({ wanted: ['mariadb'] })
  const undo: (() => unknown)[] = [() => servers.stop()]
  try {
    const server = servers.env.CARRINHO_TEST_MARIADB
    const sides: [Side, Side] = [
      await openSide(server, 'now', undefined, undo),
      await openSide(server, 'older', older, undo)
    ]
    for (const [what, ask] of [
      ['the list page of 20 items', page],
      ['adding an item', adding]
    ] as const)
      await compare(what, sides, ask)
  } finally {
    for (const act of undo) await act()
  }
}

async function openSide(server: string, name: string, folder: string | undefined, undo: (() => unknown)[]) {
  const { url, drop } = await freshDatabase(server, `bench_${name}`, folder)
  undo.unshift(drop)
  const db = await openMariadb(url)
  undo.unshift(() => db.end())
  const env = { DB_HOST: url, SESSION_SECRET: 'only for the bench and never elsewhere', DRAIN_MS: '0' }
  const app = await start(['carrinho', 'serve'], env, '/health/ready', folder)
  undo.unshift(() => app.stop())
  const visitor = new Visitor(app.url)
  await visitor.signUp('Ana Martins', 'bench@example.org', PASSWORD)
  for (let n = 0; n < ITEMS; n++) await visitor.add(`Produto número ${n}`, 1 + (n % 12), SHOPS[n % SHOPS.length] ?? '')
  const empty = () => db.run(`delete from compras where tipo like 'Leite %'`)
  return { app, visitor, empty, databasePid: await db.pid() }
}

type Ask = (side: Side) => autocannon.Request

const page: Ask = ({ visitor }) => ({ method: 'GET', path: '/carrinho/', headers: { cookie: visitor.cookie } })
/** What is there already would be added up, which the older one did not do. */
const adding: Ask = ({ visitor }) => ({
  method: 'POST',
  path: '/carrinho/',
  headers: { cookie: visitor.cookie, 'content-type': 'application/x-www-form-urlencoded' },
  setupRequest: request => ({
    ...request,
    body: new URLSearchParams({
      product_type: `Leite ${randomUUID()}`,
      quantity: '2',
      local: 'Mercado',
      csrf_token: visitor.csrfToken,
      operation: randomUUID()
    }).toString()
  })
})

interface Cost {
  webUs: number
  databaseUs: number
}

async function costOf(side: Side, ask: Ask, amount: number): Promise<Cost> {
  await side.empty()
  const pids = [side.app.pid, side.databasePid ?? side.app.pid] as const
  const before = pids.map(clockOf)
  const result = await autocannon({ url: side.app.url, connections: CONNECTIONS, amount, requests: [ask(side)] })
  const [web = 0, database = 0] = pids.map(
    (pid, which) => (1000 * usedSince(before[which] ?? new Map(), clockOf(pid))) / amount
  )
  const failed = result.errors + result['4xx'] + result['5xx']
  if (failed > 0) throw new Error(`${failed} of ${amount} requests failed`)
  return { webUs: web, databaseUs: side.databasePid === undefined ? 0 : database }
}

async function compare(what: string, sides: [Side, Side], ask: Ask): Promise<void> {
  for (const side of sides) await costOf(side, ask, 2 * REQUESTS)
  const ratios: { web: number; all: number }[] = []
  const costs: [Cost[], Cost[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0]
    for (const which of order as (0 | 1)[]) costs[which].push(await costOf(sides[which], ask, REQUESTS))
    const [now, older] = costs.map(each => each.at(-1) as Cost) as [Cost, Cost]
    ratios.push({
      web: now.webUs / older.webUs,
      all: (now.webUs + now.databaseUs) / (older.webUs + older.databaseUs)
    })
  }
  const [now, older] = costs.map(each => ({
    web: median(each.map(cost => cost.webUs)),
    database: median(each.map(cost => cost.databaseUs))
  })) as [{ web: number; database: number }, { web: number; database: number }]
  const ratio = median(ratios.map(({ all }) => all))
  report(
    `${what}: processor time to the older build's`,
    `${figure(ratio)} (web server alone ${figure(median(ratios.map(({ web }) => web)))}: ${figure(now.web)} to ${figure(older.web)} µs; database ${figure(now.database)} to ${figure(older.database)} µs)`,
    'at most 1.05',
    ratio <= 1.05
  )
}
