/**
 * `npm run bench -- lists`, or `lists mariadb`: on each database, in one run,
 * - a page, a tick and an addition beside a million items and 100,000 accounts of others, to the same without them;
 * - a list with 100,000 changes in its history, to a new one;
 * - a list of 2,000 items.
 * Requests go one after the other, and rounds alternate between the two that are compared. Processor time of web server and
 * database counts, as other work on the machine makes it little longer, while it makes everything else wait.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
// @ts-expect-error: plain JavaScript, as npm test needs it before anything is installed
import { startServers } from '../scripts/servers.mjs'
import { type Clock, clockOf, usedSince } from './cpu.ts'
import { figure, median, quantile, report } from './figures.ts'
import { PASSWORD } from './fill.ts'
import { type Running, runCli, start } from './processes.ts'
import { emailOf, type Filled, openMariadb, openPostgres, openSqlite } from './scale-fill.ts'
import { Visitor } from './visitor.ts'

const ACCOUNTS = Number(process.env.LISTS_ACCOUNTS ?? 100_000)
const ITEMS = Number(process.env.LISTS_ITEMS ?? 1_000_000)
const CHANGES = Number(process.env.LISTS_CHANGES ?? 100_000)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 40)
const WARM_UP = 5
const REQUESTS = 12
const LONG = 2000

const ENGINES = ['sqlite', 'mariadb', 'postgres'] as const
type Engine = (typeof ENGINES)[number]
const names: Record<Engine, string> = { sqlite: 'SQLite', mariadb: 'MariaDB', postgres: 'PostgreSQL' }

/** The accounts that are measured, by id. Numbers of items that are given leave room for the others'. */
const SHORT = 1
const LONG_LIST = 2
const OLD = 3
const NEW = 4
const FIRST_ITEM = 500_000_000
const SHOPS = ['Mercearia', 'Padaria', 'Talho', 'Mercado']

/** A web server and its database. */
interface Side {
  app: Running
  db: Filled
  /** Of the database's first process, where it has one. */
  databasePid: number | undefined
}

/** @param engines none: all */
export async function measureLists(engines: string[]): Promise<void> {
  const wanted = ENGINES.filter(name => engines.length === 0 || engines.includes(name))
  const servers = await startServers({ wanted: wanted.filter(name => name !== 'sqlite') })
  try {
    for (const engine of wanted) await measureEngine(engine, servers.env[`CARRINHO_TEST_${engine.toUpperCase()}`])
  } finally {
    await servers.stop()
  }
}

async function measureEngine(engine: Engine, server: string | undefined): Promise<void> {
  const undo: (() => unknown)[] = []
  try {
    const [alone, crowded] = [await side(engine, server, 'alone', undo), await side(engine, server, 'crowded', undo)]
    await crowded.db.addAccounts(1000, ACCOUNTS)
    await crowded.db.addItems(1000, ACCOUNTS, ITEMS)
    for (const { db } of [alone, crowded]) await db.sizes()
    await untilIdle(crowded.databasePid)
    await compareCrowd(engine, alone, crowded)
    await compareHistories(engine, crowded)
    await measureLong(engine, crowded)
  } finally {
    for (const act of undo) await act()
  }
}

async function side(engine: Engine, server: string | undefined, name: string, undo: (() => unknown)[]): Promise<Side> {
  const env: Record<string, string> = { SESSION_SECRET: 'only for the bench and never elsewhere', DRAIN_MS: '0' }
  const open = async (): Promise<Filled> => {
    if (server === undefined) {
      const folder = mkdtempSync(join(tmpdir(), `carrinho-bench-${name}-`))
      undo.unshift(() => rmSync(folder, { recursive: true }))
      env.DATA_DIR = folder
      await runCli(['migrate'], env)
      return openSqlite(folder)
    }
    const openOn = engine === 'mariadb' ? openMariadb : openPostgres
    const admin = await openOn(server)
    await admin.run(`drop database if exists bench_${name}`)
    await admin.run(`create database bench_${name}`)
    undo.unshift(async () => {
      await admin.run(`drop database bench_${name}`)
      await admin.end()
    })
    const url = new URL(server)
    url.pathname = `/bench_${name}`
    env.DB_HOST = url.href
    await runCli(['migrate'], env)
    return openOn(url.href)
  }
  const db = await open()
  undo.unshift(() => db.end())
  await db.addAccounts(SHORT, NEW - SHORT + 1)
  await fillList(db, SHORT, 20, 20)
  await fillList(db, LONG_LIST, LONG, LONG)
  await fillList(db, OLD, 30, CHANGES)
  await fillList(db, NEW, 30, 60)
  // Somewhere to move items to.
  await db.run(`insert into lists (id, owner_id, name, version, created_at) values (900, ${LONG_LIST}, 'Festa', 0, 0)`)
  const app = await start(['carrinho', 'serve'], env, '/health/ready')
  undo.unshift(() => app.stop())
  return { app, db, databasePid: await db.pid() }
}

/** So many items by shops, and a history that is longer: they are ticked and unticked. */
async function fillList(db: Filled, account: number, items: number, changes: number): Promise<void> {
  const first = FIRST_ITEM + account * 1_000_000
  const now = Date.now()
  const contents = Array.from({ length: items }, (_, n) => ({
    uid: null,
    type: `Produto número ${n}`,
    thousandths: (1 + (n % 12)) * 1000,
    unit: n % 3 === 0 ? 'kg' : '',
    shop: SHOPS[n % SHOPS.length],
    note: '',
    doneAt: null
  }))
  await inBatches(
    items,
    n => {
      const { type, thousandths, unit, shop } = contents[n] as (typeof contents)[number]
      return `(${first + n}, ${account}, '${type}', ${thousandths / 1000}, '${shop}', '${unit}', ${thousandths})`
    },
    values =>
      db.run(
        `insert into compras (id_compras, id_cliente, tipo, quantidade, local, unit, thousandths) values ${values}`
      )
  )
  await inBatches(
    changes,
    n => {
      const id = first + (n % items)
      const at = now - (changes - n) * 1000
      const isTick = Math.floor(n / items) % 2 === 1
      const [before, after] = isTick ? [{ doneAt: null }, { doneAt: at }] : [{ doneAt: at - 1000 }, { doneAt: null }]
      const change = n < items ? { id, before: null, after: contents[n] } : { id, before, after }
      const detail = JSON.stringify({ items: [change] })
      return `(${account}, ${n + 1}, ${account}, '${randomUUID()}', '-', '${n < items ? 'add' : 'tick'}', ${id}, '${detail}', ${at})`
    },
    values =>
      db.run(
        `insert into changes (list_id, version, account_id, change_key, digest, kind, item_id, detail, at) values ${values}`
      )
  )
  await db.run(`update lists set version = ${changes} where id = ${account}`)
}

async function inBatches(count: number, row: (n: number) => string, insert: (values: string) => Promise<unknown>) {
  for (let from = 0; from < count; from += 1000) {
    const rows = Array.from({ length: Math.min(1000, count - from) }, (_, n) => row(from + n))
    await insert(rows.join(', '))
  }
}

async function untilIdle(pid: number | undefined): Promise<void> {
  if (pid === undefined) return
  for (let second = 0; second < 60; second++) {
    const before = clockOf(pid)
    await sleep(1000)
    if (usedSince(before, clockOf(pid)) <= 20) return
  }
}

interface Cost {
  /** Processor time of web server and database, a request. */
  cpuMs: number
  /** From question to answer, the median. */
  waitMs: number
}
type Act = () => Promise<unknown>

async function costOf({ app, databasePid }: Side, act: Act, count: number): Promise<Cost> {
  const pids = databasePid === undefined ? [app.pid] : [app.pid, databasePid]
  const waits: number[] = []
  const before = pids.map(clockOf)
  for (let n = 0; n < count; n++) {
    const startedAt = performance.now()
    await act()
    waits.push(performance.now() - startedAt)
  }
  const used = pids.reduce((sum, pid, n) => sum + usedSince(before[n] as Clock, clockOf(pid)), 0)
  return { cpuMs: used / count, waitMs: median(waits) }
}

/** What the second costs to what the first does, round by round. */
async function compare(what: string, [a, b]: [Side, Side], [first, second]: [Act, Act], count = REQUESTS) {
  const seen: [Cost[], Cost[]] = [[], []]
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const order = [
      [a, first, 0],
      [b, second, 1]
    ] as const
    for (const [side, act, which] of round % 2 === 0 ? order : order.toReversed()) {
      const cost = await costOf(side, act, count)
      if (round >= WARM_UP) seen[which].push(cost)
    }
  }
  const ratios = (of: keyof Cost) => seen[0].map((cost, n) => (seen[1][n]?.[of] ?? Number.NaN) / cost[of])
  const cpu = ratios('cpuMs')
  const spread = `${figure(quantile(cpu, 0.25))} to ${figure(quantile(cpu, 0.75))}`
  const middle = (which: 0 | 1, of: keyof Cost) => figure(median(seen[which].map(cost => cost[of])))
  report(
    what,
    `${figure(median(cpu))} (half of the rounds: ${spread}; ${middle(0, 'cpuMs')} and ${middle(1, 'cpuMs')} ms; waiting: ${figure(median(ratios('waitMs')))}, ${middle(0, 'waitMs')} and ${middle(1, 'waitMs')} ms)`,
    'at most 1.10',
    median(cpu) <= 1.1
  )
}

async function visitorOf({ app }: Side, account: number): Promise<Visitor> {
  const visitor = new Visitor(app.url)
  await visitor.logIn(emailOf(account), PASSWORD)
  return visitor
}

const open = (visitor: Visitor, path: string): Act => {
  return () => send(visitor, path, 'text/html')
}
const tick = (visitor: Visitor): Act => {
  let isDone = false
  return () => {
    isDone = !isDone
    return send(visitor, '/carrinho/marcar', 'application/json', {
      [isDone ? 'done' : 'open']: String(FIRST_ITEM + SHORT * 1_000_000)
    })
  }
}
const add =
  (visitor: Visitor): Act =>
  () =>
    send(visitor, '/carrinho/', 'application/json', { product_type: 'Leite', quantity: '2', local: 'Mercado' })

async function compareCrowd(engine: Engine, alone: Side, crowded: Side): Promise<void> {
  const sides: [Side, Side] = [alone, crowded]
  const [one, other] = [await visitorOf(alone, SHORT), await visitorOf(crowded, SHORT)]
  const beside = `${names[engine]}, beside ${figure(ITEMS)} items and ${figure(ACCOUNTS)} accounts of others`
  const page = '/carrinho/'
  await compare(`${beside}: the list page`, sides, [open(one, page), open(other, page)])
  await compare(`${beside}: a tick`, sides, [tick(one), tick(other)])
  await compare(`${beside}: an addition`, sides, [add(one), add(other)])
}

async function compareHistories(engine: Engine, side: Side): Promise<void> {
  const [fresh, old] = [await visitorOf(side, NEW), await visitorOf(side, OLD)]
  const after = `${names[engine]}, ${figure(CHANGES)} changes in the history`
  const pair = (path: (changes: number) => string): [Act, Act] => [open(fresh, path(60)), open(old, path(CHANGES))]
  const sides: [Side, Side] = [side, side]
  await compare(
    `${after}: the list page`,
    sides,
    pair(() => '/carrinho/')
  )
  await compare(
    `${after}: its history`,
    sides,
    pair(() => '/carrinho/historico')
  )
  await compare(
    `${after}: as it was ten changes ago`,
    sides,
    pair(changes => `/carrinho/historico/${changes - 10}`)
  )
  for (const ago of [1000, 10_000, CHANGES - 1]) {
    if (ago >= CHANGES) continue
    const { cpuMs, waitMs } = await costOf(side, open(old, `/carrinho/historico/${CHANGES - ago}`), 3)
    report(
      `${after}: as it was ${figure(ago)} changes ago`,
      `${figure(cpuMs)} ms (waiting: ${figure(waitMs)} ms)`,
      'told, no aim',
      true
    )
  }
}

async function measureLong(engine: Engine, side: Side): Promise<void> {
  const visitor = await visitorOf(side, LONG_LIST)
  for (const [what, path] of [
    ['the list page', '/carrinho/'],
    ['its last page', '/carrinho/?pagina=4'],
    ['as text', '/carrinho/texto'],
    ['to print', '/carrinho/imprimir'],
    ['to move items', '/carrinho/mover'],
    ['a search with one hit', '/procurar?q=1999'],
    ['a search with 100', '/procurar?q=produto'],
    ['a search without', '/procurar?q=abacate']
  ] as const) {
    const act = open(visitor, path)
    await costOf(side, act, 10)
    const costs: Cost[] = []
    for (let round = 0; round < ROUNDS; round++) costs.push(await costOf(side, act, 3))
    const waits = costs.map(cost => cost.waitMs)
    const cpuMs = median(costs.map(cost => cost.cpuMs))
    report(
      `${names[engine]}, ${figure(LONG)} items: ${what}`,
      `${figure(cpuMs)} ms (waiting: ${figure(median(waits))}, the slowest tenth from ${figure(quantile(waits, 0.9))} ms)`,
      'under 100 ms',
      cpuMs < 100
    )
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

/** Takes the answer compressed, as a browser does, and throws it away. */
function send(visitor: Visitor, path: string, accept: string, form?: Record<string, string>): Promise<void> {
  const body =
    form && new URLSearchParams({ ...form, operation: randomUUID(), csrf_token: visitor.csrfToken }).toString()
  return new Promise((resolve, reject) => {
    const headers = {
      cookie: visitor.cookie,
      accept,
      'accept-encoding': 'gzip, deflate, br',
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' })
    }
    const asked = request(visitor.url + path, { method: form ? 'POST' : 'GET', headers, agent }, answer => {
      const isGood = answer.statusCode === 200 || answer.statusCode === 201
      answer.on('end', () => (isGood ? resolve() : reject(new Error(`${path} answered ${answer.statusCode}`))))
      answer.on('error', reject)
      answer.resume()
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
