import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { fileURLToPath } from 'node:url'
import mysql from 'mysql2/promise'
import pg from 'pg'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const cliFile = join(root, 'dist/cli.js')

/** Every patience in one place; a slow machine sets the multiplier. */
const patience = Number(process.env.CARRINHO_TEST_PATIENCE ?? 1)
export const withinMs = {
  start: 60_000 * patience,
  stop: 30_000 * patience,
  command: 60_000 * patience,
  answer: 30_000 * patience,
  recovery: 30_000 * patience
}

export type Env = Record<string, string | undefined>

/** A test's context, or a suite's (see `suiteScope`): what is begun in it ends with it. */
export interface Scope {
  after(fn: () => unknown): void
}

const cleanups = new WeakMap<Scope, (() => unknown)[]>()

/** Runs last things first, so that a server is stopped before its database goes. */
function defer(scope: Scope, fn: () => unknown): void {
  const known = cleanups.get(scope)
  if (known) {
    known.push(fn)
    return
  }
  const list = [fn]
  cleanups.set(scope, list)
  scope.after(async () => {
    const failures: unknown[] = []
    for (const cleanup of list.reverse()) {
      try {
        await cleanup()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  })
}

/** To be called in the body of a `describe`, for what all of its tests share. */
export function suiteScope(): Scope {
  const fns: (() => unknown)[] = []
  after(async () => {
    for (const fn of fns) await fn()
  })
  return { after: fn => fns.push(fn) }
}

export type Engine = 'sqlite' | 'mariadb' | 'postgres'

const adminUrls: Record<Engine, string | undefined> = {
  sqlite: 'embedded',
  mariadb: process.env.CARRINHO_TEST_MARIADB,
  postgres: process.env.CARRINHO_TEST_POSTGRES
}

export interface EngineInfo {
  engine: Engine
  /** Why it cannot be tested here; undefined when it can. */
  skip: string | undefined
}

const names: Engine[] = ['sqlite', 'mariadb', 'postgres']

export const engines: EngineInfo[] = names.map(engine => ({
  engine,
  skip: required(adminUrls[engine], `CARRINHO_TEST_${engine.toUpperCase()}`)
}))

function required(value: string | undefined, variable: string): string | undefined {
  if (value) return undefined
  const reason = `${variable} is not set: run it with \`npm test\`, which starts the servers`
  if (process.env.CI) throw new Error(reason)
  return reason
}

export const skipWithoutHaproxy = () => required(process.env.CARRINHO_TEST_HAPROXY, 'CARRINHO_TEST_HAPROXY')

/** One suite per engine, skipped with its reason where the engine is not at hand. */
export function forEachEngine(title: string, suite: (engine: Engine) => void, only: Engine[] = names): void {
  for (const { engine, skip } of engines) {
    if (!only.includes(engine)) continue
    describe(`${title} (${engine})`, { skip: skip ?? false }, () => suite(engine))
  }
}

export const wait = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

/** Tries until `fn` returns without throwing; at the deadline throws what it threw last. */
export async function eventually<T>(
  fn: () => T | Promise<T>,
  options: { withinMs?: number; everyMs?: number } = {}
): Promise<T> {
  const deadline = Date.now() + (options.withinMs ?? withinMs.recovery)
  while (true) {
    try {
      return await fn()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await wait(options.everyMs ?? 25)
  }
}

/** A port that nothing listens on, below the range that the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
  while (true) {
    const port = randomInt(20_000, 32_000)
    const server = net.createServer()
    const isFree = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

export async function tempFolder(t: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'carrinho-t-'))
  defer(t, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

export interface TestDatabase {
  engine: Engine
  /** What makes `carrinho` use it. */
  env: Env
  /** undefined for the embedded one. */
  url: string | undefined
  /** The same settings, reaching the database at another port of 127.0.0.1. */
  envThrough(port: number): Env
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>
}

async function adminQuery(engine: Engine, url: string, sql: string, values: unknown[] = []) {
  if (engine === 'mariadb') {
    const connection = await mysql.createConnection({ uri: url, supportBigNumbers: true, dateStrings: true })
    try {
      const [rows] = await connection.query(sql, values)
      return rows as Record<string, unknown>[]
    } finally {
      await connection.end()
    }
  }
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql, values)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

async function embeddedQuery(file: string, sql: string, values: unknown[] = []) {
  const { default: Database } = await import('libsql')
  const db = new Database(file)
  try {
    db.exec('pragma busy_timeout = 5000')
    const statement = db.prepare(sql)
    return (/^\s*select/i.test(sql) ? statement.all(values) : [statement.run(values)]) as Record<string, unknown>[]
  } finally {
    db.close()
  }
}

/** The one secret of all test servers: any of them may be asked to verify what another signed. */
export const sessionSecret = 'a secret that only the tests know 0123456789'

/**
 * A database of the test's own, gone when the test ends.
 * `options.migrate: false` leaves it empty; `options.create` adds to CREATE DATABASE, as in `character set latin1`.
 */
export async function freshDatabase(
  t: Scope,
  engine: Engine,
  options: { migrate?: boolean; create?: string } = {}
): Promise<TestDatabase> {
  if (engine === 'sqlite') {
    const folder = await tempFolder(t)
    const file = join(folder, 'data', 'carrinho.db')
    const env = { DATA_DIR: join(folder, 'data') }
    return {
      engine,
      env,
      url: undefined,
      envThrough: () => assert.fail('the embedded database has no port'),
      query: (sql, values) => embeddedQuery(file, sql, values)
    }
  }
  const adminUrl = adminUrls[engine]
  assert.ok(adminUrl, `no ${engine} to test with`)
  const name = `t_${Date.now().toString(36)}_${randomBytes(5).toString('hex')}`
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  await adminQuery(engine, adminUrl, `create database ${name} ${options.create ?? ''}`)
  defer(t, () => adminQuery(engine, adminUrl, `drop database ${name}${engine === 'postgres' ? ' with (force)' : ''}`))
  const envThrough = (port: number) => {
    const other = new URL(url)
    other.port = String(port)
    return { DB_HOST: other.href, SESSION_SECRET: sessionSecret }
  }
  const database: TestDatabase = {
    engine,
    env: envThrough(Number(url.port)),
    url: url.href,
    envThrough,
    query: (sql, values) => adminQuery(engine, url.href, sql, values)
  }
  if (options.migrate !== false) await migrate(database.env)
  return database
}

/** What `carrinho migrate` does, without starting a process for it: tests make many databases. */
export async function migrate(env: Env): Promise<void> {
  const [{ readDatabaseConfig }, { noEvents }, { openDialect }, migrations] = await Promise.all([
    import('../src/config.ts'),
    import('../src/store/events.ts'),
    import('../src/store/index.ts'),
    import('../src/store/migrate.ts')
  ])
  const dialect = await openDialect(readDatabaseConfig(env), noEvents)
  try {
    await migrations.migrate(dialect)
  } finally {
    await dialect.close(0)
  }
}

export interface Site {
  scope: Scope
  database: TestDatabase
  server: TestServer
}

/** In the body of a `describe`: one database and one server for all of its tests, there once they run. */
export function sharedSite(engine: Engine, env: Env = {}): Site {
  const scope = suiteScope()
  const site = { scope } as Site
  before(async () => {
    site.database = await freshDatabase(scope, engine)
    site.server = await startServer(scope, { ...site.database.env, ...env })
  })
  return site
}

/** Only these come from our own environment, so that a developer's DB_HOST never reaches a test. */
function childEnv(env: Env): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG } = process.env
  return { PATH, HOME, TMPDIR, LANG, NODE_ENV: 'production', ...env }
}

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})
// Without a listener these end the process before its 'exit' handlers run.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

function track(child: ChildProcess): ChildProcess {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs `carrinho` to its end. Standard input is empty unless given. */
export async function cli(args: string[], env: Env = {}, stdin = ''): Promise<CliResult> {
  const child = track(spawn(process.execPath, [cliFile, ...args], { env: childEnv(env) }))
  const result: CliResult = { code: null, stdout: '', stderr: '' }
  child.stdout?.on('data', chunk => {
    result.stdout += chunk
  })
  child.stderr?.on('data', chunk => {
    result.stderr += chunk
  })
  // A command that reads nothing may be gone before it is written to.
  child.stdin?.on('error', () => {})
  child.stdin?.end(stdin)
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs.command)
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  result.code = code
  return result
}

export interface TestServer {
  url: string
  port: number
  name: string
  process: ChildProcess
  /** Lines of standard output and standard error, as they came. */
  logs: string[]
  /** Resolves with the exit code, null when a signal ended it. */
  ended: Promise<number | null>
  /** SIGTERM unless said otherwise; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  kill(): Promise<void>
}

export interface ServerOptions {
  /** `none`: returns as soon as the process runs. */
  waitFor?: 'ready' | 'live' | 'none'
}

/** A running `carrinho serve`, which believes X-Forwarded-For from 127.0.0.1 so that clients have addresses of their own. */
export async function startServer(t: Scope, env: Env, options: ServerOptions = {}): Promise<TestServer> {
  const port = env.PORT ? Number(env.PORT) : await freePort()
  const name = env.SERVER_NAME ?? `web-${port}`
  const child = track(
    spawn(process.execPath, [cliFile, 'serve'], {
      env: childEnv({
        HOST: '127.0.0.1',
        TRUST_PROXY: '127.0.0.1',
        DRAIN_MS: '0',
        ...env,
        PORT: String(port),
        SERVER_NAME: name
      }),
      stdio: ['ignore', 'pipe', 'pipe']
    })
  )
  const logs: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      logs.push(...lines)
    })
  }
  const ended = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))
  const server: TestServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    name,
    process: child,
    logs,
    ended,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs.stop)
      const code = await ended
      clearTimeout(timer)
      return code
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    }
  }
  defer(t, () => server.kill())
  const waitFor = options.waitFor ?? 'ready'
  if (waitFor === 'none') return server
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const isUp = async () => {
    if (hasEnded()) return
    const { status } = await request(`${server.url}/health/${waitFor}`)
    assert.equal(status, 200, `the server is not ${waitFor}:\n${logs.slice(-20).join('\n')}`)
  }
  await eventually(isUp, { withinMs: withinMs.start })
  assert.ok(!hasEnded(), `the server ended:\n${logs.slice(-20).join('\n')}`)
  return server
}

export interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  /** As sent over the wire, compressed or not. */
  bytes: number
  json(): unknown
}

export interface RequestOptions {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  agent?: http.Agent
}

/** One request, redirects not followed. */
export function request(url: string, options: RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers, body, agent } = options
    const outgoing = http.request(url, { method, headers, agent }, incoming => {
      const chunks: Buffer[] = []
      incoming.on('data', chunk => chunks.push(chunk))
      incoming.once('error', reject)
      incoming.once('end', () => {
        const body = Buffer.concat(chunks)
        const text = body.toString('utf8')
        const status = incoming.statusCode ?? 0
        resolve({ status, headers: incoming.headers, text, bytes: body.length, json: () => JSON.parse(text) })
      })
    })
    outgoing.setTimeout(withinMs.answer, () =>
      outgoing.destroy(new Error(`${method} ${url}: no answer in ${withinMs.answer} ms`))
    )
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

export const sessionCookie = 'carrinho_session'

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

export function decodeHtml(html: string): string {
  return html.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (/^#x/i.test(name)) return String.fromCodePoint(Number.parseInt(name.slice(2), 16))
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)))
    return entities[name] ?? whole
  })
}

export type Attributes = Record<string, string>

/** The start tags of one kind, each as its decoded attributes. */
export function findTags(html: string, tag: string): Attributes[] {
  return [...html.matchAll(new RegExp(`<${tag}\\b((?:[^>"']|"[^"]*"|'[^']*')*)>`, 'gi'))].map(([, inside = '']) => {
    const found: Attributes = {}
    for (const [, name = '', double, single, bare] of inside.matchAll(
      /([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g
    )) {
      found[name.toLowerCase()] = decodeHtml(double ?? single ?? bare ?? '')
    }
    return found
  })
}

/** The first input of that name, as its attributes. */
export function findInput(html: string, name: string): Attributes | undefined {
  return findTags(html, 'input').find(input => input.name === name)
}

/** What a person reads: the page without its tags. */
export function visibleText(html: string): string {
  const body = html.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ')
  return decodeHtml(body).replace(/\s+/g, ' ')
}

export interface Item {
  id: string | number
  tipo: string
  quantidade: number
  local: string
}

export interface Account {
  email: string
  password: string
  name: string
}

export type Form = Record<string, string> | [string, string][]

let accountNumber = 0

/** An account nobody else uses; nothing is created. */
export function newAccount(): Account {
  accountNumber += 1
  const unique = `${process.pid}-${accountNumber}-${randomBytes(3).toString('hex')}`
  return { email: `ana-${unique}@example.org`, password: `palavra-passe ${unique}`, name: 'Ana Sousa' }
}

/** What a browser without scripts does: keeps cookies, sends forms with the page's hidden fields, has one address. */
export class Client {
  url: string
  readonly cookies = new Map<string, string>()
  readonly address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`
  /** The last HTML page it saw, where the hidden fields come from. */
  page = ''
  readonly #agent = new http.Agent({ keepAlive: true })
  #usedOperation: string | undefined

  constructor(t: Scope, server: { url: string }) {
    this.url = server.url
    defer(t, () => this.#agent.destroy())
  }

  /** The same person's browser, now served by another web server. */
  moveTo(server: { url: string }): void {
    this.url = server.url
  }

  async send(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const headers: Record<string, string> = {
      accept: 'text/html,application/xhtml+xml',
      'x-forwarded-for': this.address,
      ...options.headers
    }
    if (this.cookies.size > 0) headers.cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    if (method !== 'GET') headers.origin ??= this.url
    const reply = await request(`${this.url}${path}`, { ...options, method, headers, agent: this.#agent })
    for (const line of reply.headers['set-cookie'] ?? []) this.#keepCookie(line)
    if (reply.headers['content-type']?.includes('text/html')) this.page = reply.text
    return reply
  }

  #keepCookie(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map(part => part.trim())
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    const isGone = attributes.some(attribute => {
      const [key = '', setting = ''] = attribute.toLowerCase().split('=')
      return (key === 'max-age' && Number(setting) <= 0) || (key === 'expires' && Date.parse(setting) <= Date.now())
    })
    if (isGone || value === '') this.cookies.delete(name)
    else this.cookies.set(name, value)
  }

  get(path: string, headers?: Record<string, string>): Promise<Reply> {
    return this.send('GET', path, { headers })
  }

  getJson(path: string): Promise<Reply> {
    return this.get(path, { accept: 'application/json' })
  }

  /** Exactly these fields, nothing added. */
  postRaw(path: string, form: Form, headers: Record<string, string> = {}): Promise<Reply> {
    return this.send('POST', path, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(form).toString()
    })
  }

  /** These fields with the last page's CSRF token, as the form on it would send them. */
  post(path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Reply> {
    const csrf_token = this.csrf()
    return this.postRaw(path, { ...(csrf_token ? { csrf_token } : {}), ...form }, headers)
  }

  postJson(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.send('POST', path, {
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-csrf-token': this.csrf() ?? '',
        ...headers
      },
      body: typeof body === 'string' ? body : JSON.stringify(body)
    })
  }

  /** A hidden field of the last page. */
  hidden(name: string): string | undefined {
    return findInput(this.page, name)?.value
  }

  csrf(): string | undefined {
    return this.hidden('csrf_token') ?? findTags(this.page, 'meta').find(meta => meta.name === 'csrf-token')?.content
  }

  async signup(account: Account = newAccount()): Promise<Account> {
    await this.get('/signup')
    const reply = await this.post('/signup', { ...account })
    assert.equal(reply.status, 303, `signing up: ${visibleText(reply.text)}`)
    return account
  }

  /** Sends the login form and returns its answer, whatever it is. */
  async tryLogin({ email, password }: { email: string; password: string }, next?: string): Promise<Reply> {
    const path = next === undefined ? '/login' : `/login?next=${encodeURIComponent(next)}`
    await this.get(path)
    const field = this.hidden('next')
    return this.post(path, { email, password, ...(field === undefined ? {} : { next: field }) })
  }

  async login(account: { email: string; password: string }): Promise<void> {
    const reply = await this.tryLogin(account)
    assert.equal(reply.status, 303, `logging in: ${visibleText(reply.text)}`)
  }

  async logout(): Promise<void> {
    await this.get('/logout')
    const reply = await this.post('/logout')
    assert.equal(reply.status, 303)
  }

  async isSignedIn(): Promise<boolean> {
    const reply = await this.get('/carrinho/')
    assert.ok([200, 302].includes(reply.status), `the list answered ${reply.status}`)
    return reply.status === 200
  }

  /** The add form of the list page, sent; `operation` is the page's own unless given. */
  async addItem(item: Partial<Item> = {}, extra: Record<string, string> = {}): Promise<Reply> {
    const shown = this.hidden('operation')
    if (!shown || shown === this.#usedOperation) await this.get('/carrinho/')
    const operation = this.hidden('operation') ?? ''
    const reply = await this.post('/carrinho/', {
      product_type: item.tipo ?? 'Laranjas',
      quantity: String(item.quantidade ?? 5),
      local: item.local ?? 'Mercado',
      operation,
      ...extra
    })
    if (reply.status === 303) this.#usedOperation = operation
    return reply
  }

  async items(): Promise<Item[]> {
    const reply = await this.getJson('/carrinho/')
    assert.equal(reply.status, 200, `the list answered ${reply.status}: ${reply.text}`)
    return (reply.json() as { items: Item[] }).items
  }
}

/** A client with an account of its own, signed in. */
export async function signedIn(t: Scope, server: { url: string }): Promise<Client & { account: Account }> {
  const client = new Client(t, server)
  const account = await client.signup()
  await client.get('/carrinho/')
  return Object.assign(client, { account })
}

export interface TcpProxy {
  port: number
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>
  /** Keeps every connection and passes nothing on, as when a host vanishes without a word. */
  freeze(): void
  restore(): Promise<void>
}

/** What a proxy does after a chunk: by default nothing; `lose` passes it on, and breaks the connection in place of the answer. */
export type ProxyVerdict = 'lose' | undefined

/**
 * Stands between a server and its database, so that the way to it can be lost with the database itself unharmed.
 * `onClientData` sees what the client sends, connection by connection.
 */
export async function tcpProxy(
  t: Scope,
  targetPort: number,
  onClientData?: (chunk: Buffer, connection: object) => ProxyVerdict
): Promise<TcpProxy> {
  const sockets = new Set<net.Socket>()
  const port = await freePort()
  let isFrozen = false

  const server = net.createServer(client => {
    const target = net.connect(targetPort, '127.0.0.1')
    const connection = {}
    let isLosing = false
    for (const [from, to] of [
      [client, target],
      [target, client]
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      if (isFrozen) from.pause()
      from.on('data', chunk => {
        if (from === client) isLosing ||= onClientData?.(chunk, connection) === 'lose'
        else if (isLosing) return client.destroy()
        return to.write(chunk)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })

  const listen = () => {
    server.listen(port, '127.0.0.1')
    return once(server, 'listening')
  }
  const cut = async () => {
    const closed = server.listening ? new Promise(resolve => server.close(resolve)) : undefined
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await listen()
  defer(t, cut)
  return {
    port,
    cut,
    freeze() {
      isFrozen = true
      for (const socket of sockets) socket.pause()
    },
    async restore() {
      isFrozen = false
      for (const socket of sockets) socket.resume()
      if (!server.listening) await listen()
    }
  }
}

/**
 * Counts what a web server asks of its database and waits for: commands of MySQL's protocol,
 * simple queries and syncs of PostgreSQL's.
 */
export async function roundTripCounter(t: Scope, database: TestDatabase): Promise<{ env: Env; take(): number }> {
  assert.ok(database.url)
  let count = 0
  const isQuery = database.engine === 'mariadb' ? isMysqlCommand : isPostgresRequest
  const readers = new WeakMap<object, (chunk: Buffer) => void>()
  const proxy = await tcpProxy(t, Number(new URL(database.url).port), (chunk, connection) => {
    let reader = readers.get(connection)
    if (!reader) {
      reader = database.engine === 'mariadb' ? mysqlPackets(onPacket) : postgresMessages(onPacket)
      readers.set(connection, reader)
    }
    reader(chunk)
    return undefined
  })
  function onPacket(packet: Buffer): void {
    if (isQuery(packet)) count += 1
  }
  return {
    env: database.envThrough(proxy.port),
    take() {
      const taken = count
      count = 0
      return taken
    }
  }
}

/** Cuts a byte stream into packets whose whole length `lengthOf` tells, undefined while it cannot yet. */
function splitPackets(lengthOf: (pending: Buffer) => number | undefined, onPacket: (packet: Buffer) => void) {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (true) {
      const length = lengthOf(pending)
      if (length === undefined || pending.length < length) return
      onPacket(pending.subarray(0, length))
      pending = pending.subarray(length)
    }
  }
}

function mysqlPackets(onPacket: (packet: Buffer) => void) {
  return splitPackets(pending => (pending.length < 4 ? undefined : 4 + pending.readUIntLE(0, 3)), onPacket)
}

const comStmtClose = 0x19

/** The first packet of a command has sequence number 0. Closing a statement is not answered. */
function isMysqlCommand(packet: Buffer): boolean {
  return packet[3] === 0 && packet[4] !== comStmtClose
}

function postgresMessages(onPacket: (packet: Buffer) => void) {
  let isStarted = false
  return splitPackets(
    pending => {
      // The start-up message has no type byte.
      const offset = isStarted ? 1 : 0
      return pending.length < offset + 4 ? undefined : offset + pending.readUInt32BE(offset)
    },
    packet => {
      if (isStarted) onPacket(packet)
      isStarted = true
    }
  )
}

function isPostgresRequest(packet: Buffer): boolean {
  return ['Q', 'S'].includes(String.fromCharCode(packet[0] ?? 0))
}

export interface Haproxy {
  url: string
  port: number
  logs: string[]
}

/** A real HAProxy. `config` gets the port to bind on 127.0.0.1, and one for statistics. */
export async function startHaproxy(t: Scope, config: (ports: { port: number }) => string): Promise<Haproxy> {
  const program = process.env.CARRINHO_TEST_HAPROXY
  assert.ok(program, 'no HAProxy to test with')
  const port = await freePort()
  const folder = await tempFolder(t)
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, config({ port }))
  const child = track(spawn(program, ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] }))
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const logs: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => logs.push(chunk))
  }
  defer(t, async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs.stop)
    await ended
    clearTimeout(timer)
  })
  await eventually(async () => {
    assert.equal(child.exitCode, null, `HAProxy ended:\n${logs.join('')}`)
    const socket = net.connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
    } finally {
      socket.destroy()
    }
  })
  return { url: `http://127.0.0.1:${port}`, port, logs }
}
