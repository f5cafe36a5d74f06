/**
 * `npm run bench`: the figures of docs/performance.md, each as a ratio to what it is compared with in the same run, as the
 * machine is shared. Rounds alternate between the two, and the median of the rounds counts.
 */
import { brotliDecompressSync } from 'node:zlib'
import argon2 from 'argon2'
import autocannon from 'autocannon'
import mysql from 'mysql2/promise'
// @ts-expect-error: plain JavaScript, as npm test needs it before anything is installed
import { startServers } from '../scripts/servers.mjs'
import { hashLanes } from '../src/config/config.ts'
import { freshDatabase } from './database.ts'
import { allHold, figure, median, printTable, report } from './figures.ts'
import { EMAIL, FLOOR_ID_HASH, fillOwn, fillPostgres, GUESTS, PASSWORD, PHONE_EMAIL } from './fill.ts'
import { measurePhone } from './phone.ts'
import { type Running, start } from './processes.ts'
import { Visitor } from './visitor.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4)
const CONNECTIONS = 16
/** `npm run bench -- adding login` measures these parts only. */
const PARTS = ['list', 'adding', 'login', 'memory', 'visit', 'phone', 'postgres'] as const
const asked = process.argv.slice(2)
// On their own: they fill databases for minutes.
if (asked[0] === 'scale') {
  const { measureScale } = await import('./scale.ts')
  await measureScale(asked.slice(1))
  process.exit()
}
if (asked[0] === 'lists') {
  const { measureLists } = await import('./lists.ts')
  await measureLists(asked.slice(1))
  printTable()
  process.exit(allHold() ? 0 : 1)
}
if (asked[0] === 'before') {
  const { measureBefore } = await import('./before.ts')
  await measureBefore(asked.slice(1))
  printTable()
  process.exit(allHold() ? 0 : 1)
}
for (const name of asked) {
  if (!PARTS.some(part => part === name))
    throw new Error(`no part ${name}: there are ${PARTS.join(', ')}, lists, before, scale`)
}
const isAsked = (part: (typeof PARTS)[number]) => asked.length === 0 || asked.includes(part)
const SECRET = 'only for the bench and never elsewhere'

interface Load {
  perSecond: number
  p99Ms: number
}

async function load(options: autocannon.Options): Promise<Load> {
  const result = await autocannon({ connections: CONNECTIONS, duration: SECONDS, ...options })
  if (result.non2xx > 0 && options.method !== 'POST') throw new Error(`${result.non2xx} answers were not 200`)
  if (result.errors > 0 || result['4xx'] + result['5xx'] > 0) throw new Error(`errors under load at ${options.url}`)
  return { perSecond: result.requests.average, p99Ms: result.latency.p99 }
}

/** Takes turns, and gives the medians of each. */
async function compare<const M extends readonly (() => Promise<Load>)[]>(
  measures: M,
  before: () => Promise<void> = async () => {}
): Promise<{ [K in keyof M]: Load }> {
  const seen = measures.map((): Load[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [which, measure] of measures.entries()) {
      await before()
      seen[which]?.push(await measure())
    }
  }
  return seen.map(loads => ({
    perSecond: median(loads.map(load => load.perSecond)),
    p99Ms: median(loads.map(load => load.p99Ms))
  })) as { [K in keyof M]: Load }
}

async function main() {
  const servers = await startServers({ wanted: ['mariadb', 'postgres', 'chromium'] })
  const running: Running[] = []
  const cleanups: (() => Promise<unknown>)[] = []
  try {
    const { url: mariadb, drop } = await freshDatabase(servers.env.CARRINHO_TEST_MARIADB, 'bench')
    cleanups.push(drop)
    const serve = async (url: string) => {
      const env = { DB_HOST: url, SESSION_SECRET: SECRET, DRAIN_MS: '0' }
      const app = await start(['carrinho', 'serve'], env, '/health/ready')
      running.push(app)
      return app
    }
    await fillOwn(mariadb)

    const app = await serve(mariadb)
    report('start to ready, schema in place', `${figure(app.readyMs)} ms`, 'at most 800 ms', app.readyMs <= 800)
    const floorOn = async (url: string) => {
      const floor = await start(['--import', './scripts/typescript.mjs', 'bench/floor.ts'], { DB_HOST: url }, '/list')
      running.push(floor)
      return floor
    }
    const floor = await floorOn(mariadb)

    const visitor = new Visitor(app.url)
    await visitor.logIn(EMAIL, PASSWORD)
    if (isAsked('list')) await measureList(app, floor, visitor)
    if (isAsked('adding')) await measureAdding(app, floor, mariadb)
    if (isAsked('login')) await measureLogin(app, visitor)
    if (isAsked('memory')) {
      const mb = app.residentMb()
      report('resident memory after this load, MariaDB', `${figure(mb)} MB`, 'at most 140 MB', mb <= 140)
    }

    if (isAsked('visit')) await measureFirstVisit(app, visitor)
    if (isAsked('phone')) {
      const phone = new Visitor(app.url)
      await phone.logIn(PHONE_EMAIL, PASSWORD)
      await measurePhone(phone, servers.env.CARRINHO_TEST_CHROMIUM)
    }
    if (isAsked('postgres')) {
      const postgres = await freshDatabase(servers.env.CARRINHO_TEST_POSTGRES, 'bench')
      cleanups.push(postgres.drop)
      await measurePostgres(postgres.url, serve, floorOn)
    }
  } finally {
    await Promise.all(running.map(process => process.stop()))
    for (const cleanup of cleanups) await cleanup()
    await servers.stop()
  }
  printTable()
  process.exitCode = allHold() ? 0 : 1
}

/** The floor must render the same page, or the comparison says nothing. */
async function comparePages(visitor: Visitor, floor: Running): Promise<void> {
  const html = await visitor.open('/carrinho/')
  const bare = await (await fetch(`${floor.url}/list`, { headers: { cookie: `id=${FLOOR_ID_HASH}` } })).text()
  const difference = Math.abs(html.length - bare.length)
  if (!bare.includes('Produto número 19') || difference > 60)
    throw new Error(`the two pages differ by ${difference} bytes`)
}

async function measureList(app: Running, floor: Running, visitor: Visitor, engine = ''): Promise<void> {
  const listOf = (url: string, cookie: string) => () => load({ url, headers: { cookie } })
  const appList = listOf(`${app.url}/carrinho/`, visitor.cookie)
  const floorList = listOf(`${floor.url}/list`, `id=${FLOOR_ID_HASH}`)
  await appList()
  await floorList()
  await comparePages(visitor, floor)

  const [list, bare] = await compare([appList, floorList])
  const share = list.perSecond / bare.perSecond
  report(
    `list of 20, ${CONNECTIONS} connections${engine}: throughput to the floor's`,
    `${figure(share)} (${figure(list.perSecond)} to ${figure(bare.perSecond)} requests/s)`,
    'at least 0.95',
    share >= 0.95
  )
  const p99 = list.p99Ms / bare.p99Ms
  report(
    "the same: p99 to the floor's",
    `${figure(p99)} (${list.p99Ms} to ${bare.p99Ms} ms)`,
    'at most 1.5',
    p99 <= 1.5
  )
}

/**
 * As many people as connections: a list has 10,000 items at most, and what is written on one list waits for one another. Beside the
 * bare INSERT there is a bare numbered change, which tells what of the difference that alone is.
 */
async function measureAdding(app: Running, floor: Running, url: string): Promise<void> {
  const people = Array.from({ length: CONNECTIONS }, () => new Visitor(app.url))
  const emailOf = (n: number) => `adding-${n}@example.org`
  for (const [n, person] of people.entries()) await person.signUp('bench', emailOf(n), PASSWORD)
  const floorIds = await openFloorSessions(
    url,
    people.map((_, n) => emailOf(n))
  )
  const post = (url: string, next: () => { cookie: string; body: string }) => () =>
    load({
      url,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      requests: [
        {
          method: 'POST',
          setupRequest: request => {
            const { cookie, body } = next()
            return { ...request, headers: { ...request.headers, cookie }, body }
          }
        }
      ]
    })
  let key = 0
  const form = 'product_type=Leite&quantity=2&local=Mercado'
  const nextAdd = () => {
    const { cookie, csrfToken } = people[key % people.length] as Visitor
    return { cookie, body: `${form}&csrf_token=${encodeURIComponent(csrfToken)}&operation=bench-${key++}` }
  }
  const nextBare = () => ({ cookie: `id=${floorIds[key++ % floorIds.length]}`, body: form })
  const [add, insert, change] = await compare(
    [
      post(`${app.url}/carrinho/`, nextAdd),
      post(`${floor.url}/insert`, nextBare),
      post(`${floor.url}/change`, nextBare)
    ],
    () => emptyLists(url)
  )
  await emptyLists(url)
  const told = (share: number, bare: Load) =>
    `${figure(share)} (${figure(add.perSecond)} to ${figure(bare.perSecond)} requests/s)`
  const ofInsert = add.perSecond / insert.perSecond
  report(
    'adding an item: throughput to a bare handler that finds the customer and INSERTs',
    told(ofInsert, insert),
    'at least 0.7',
    ofInsert >= 0.7
  )
  const ofChange = add.perSecond / change.perSecond
  // No aims: they tell how much of the row above can be the application's.
  report('the same, to a bare handler that makes a numbered change', told(ofChange, change), 'none', true)
  report('that handler, to the one that INSERTs', figure(change.perSecond / insert.perSecond), 'none', true)
}

/** The floor's, one for each account: its cookies' ids. */
async function openFloorSessions(url: string, emails: readonly string[]): Promise<string[]> {
  const db = await mysql.createConnection(url)
  const now = Date.now()
  const ids = emails.map((_, n) => `floor-${n}`)
  for (const [n, email] of emails.entries()) {
    await db.execute(
      `insert into sessions (id_hash, customer_id, created_at, last_seen_at, expires_at, made_on, user_agent, address)
       select ?, id_cliente, ?, ?, ?, 'floor', 'floor', '127.0.0.1' from clientes where email = ?`,
      [ids[n] ?? '', now, now, now + 86_400_000, email]
    )
    // Its first list has a row once it was written to.
    await db.execute(
      `insert ignore into lists (owner_id, first_of, name, version, created_at)
       select id_cliente, id_cliente, '', 0, ? from clientes where email = ?`,
      [now, email]
    )
  }
  await db.end()
  return ids
}

async function measureLogin(app: Running, signedIn: Visitor): Promise<void> {
  const hash = await argon2.hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  // Capacity, not latency: one login after the other would measure the client's round trips as well. The guests keep the
  // server's one lane for hashing filled, and the comparison hashes one at a time, too.
  const guests = GUESTS.slice(0, 4).map(email => ({ email, visitor: new Visitor(app.url) }))
  const perSecond = async (work: () => Promise<unknown>, lanes: number) => {
    const end = performance.now() + 1000 * SECONDS
    let count = 0
    const lane = async () => {
      for (; performance.now() < end; count++) await work()
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    return count / SECONDS
  }
  const logins: number[] = []
  const hashes: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    hashes.push(await perSecond(() => argon2.verify(hash, PASSWORD), hashLanes))
    const idle = [...guests]
    logins.push(
      await perSecond(async () => {
        const guest = idle.pop() as (typeof guests)[number]
        await guest.visitor.reset()
        await guest.visitor.timeLogin(guest.email, PASSWORD)
        idle.push(guest)
      }, guests.length)
    )
  }
  const cost = median(hashes) / median(logins)
  report(
    "what a login costs, to argon2's own cost",
    `${figure(cost)} (${figure(median(logins))} logins to ${figure(median(hashes))} hashes/s)`,
    'at most 1.15',
    cost <= 1.15
  )

  let busy = true
  const crowd = GUESTS.map(async email => {
    const one = new Visitor(app.url)
    while (busy) {
      await one.reset()
      await one.timeLogin(email, PASSWORD)
    }
  })
  // A person's pace, not a flood: what is asked is how long a page waits for other people's logins.
  const { p99Ms } = await load({
    url: `${app.url}/carrinho/`,
    headers: { cookie: signedIn.cookie },
    connections: 4,
    overallRate: 100,
    duration: 3 * SECONDS
  })
  busy = false
  await Promise.all(crowd)
  report('other requests while 8 logins run at once: p99', `${p99Ms} ms`, 'under 50 ms', p99Ms < 50)
}

/** As before the adding. */
async function emptyLists(url: string): Promise<void> {
  const db = await mysql.createConnection(url)
  await db.query('delete from compras where id_cliente <> 2 and id_compras > 20')
  await db.query('delete from changes')
  await db.query('optimize table compras, changes')
  await db.end()
}

async function measureFirstVisit(app: Running, visitor: Visitor): Promise<void> {
  const headers = { cookie: visitor.cookieOfFirstVisit, 'accept-encoding': 'br' }
  const transferred = async (path: string) => {
    const answer = await rawFetch(app.url + path, headers)
    return answer
  }
  const page = await transferred('/carrinho/')
  const html = page.encoding === 'br' ? brotliDecompressSync(page.body).toString() : page.body.toString()
  // But for what is fetched when somebody begins to write.
  const assets = new Set(html.match(/\/static\/(?!hints\.)[\w.]+/g))
  let bytes = page.body.length
  for (const asset of assets) bytes += (await transferred(asset)).body.length
  const kb = bytes / 1024
  report('first visit of the list, all it loads, brotli', `${figure(kb)} KB`, 'under 30 KB', kb < 30)
}

async function rawFetch(url: string, headers: Record<string, string>): Promise<{ body: Buffer; encoding: string }> {
  const { get } = await import('node:http')
  return new Promise((resolve, reject) => {
    get(url, { headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () =>
        resolve({ body: Buffer.concat(chunks), encoding: String(response.headers['content-encoding']) })
      )
    }).on('error', reject)
  })
}

async function measurePostgres(
  url: string,
  serve: (url: string) => Promise<Running>,
  floorOn: (url: string) => Promise<Running>
): Promise<void> {
  const app = await serve(url)
  const visitor = new Visitor(app.url)
  await visitor.signUp('Ana Martins', EMAIL, PASSWORD)
  await fillPostgres(url)
  await measureList(app, await floorOn(url), visitor, ', PostgreSQL')
  const mb = app.residentMb()
  report('resident memory after list load, PostgreSQL', `${figure(mb)} MB`, 'at most 140 MB', mb <= 140)
}

await main()
