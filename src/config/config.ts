import { availableParallelism, hostname } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { ConfigError } from '../errors.ts'
import { type Database, readDatabase } from './database-url.ts'
import { type Env, EnvReader, isAddress, isHost, quote } from './env-reader.ts'
import { MIN_SECRET, readSecrets } from './session-secret.ts'

/** Every wait for the database, in milliseconds. */
export interface DatabaseLimits {
  /** Connections a web server opens at most. */
  poolSize: number
  connectMs: number
  /** One statement; also the longest wait on a node that no longer answers before another is tried. */
  statementMs: number
  /** One request, with all its retries. Balancers must wait longer than this. */
  requestMs: number
}

/** How long a client may take, in milliseconds: balancers have limits of their own, but not everybody has a balancer. */
export interface ClientLimits {
  /** To send a request's headers. */
  headersMs: number
  /** To send all of a request. */
  requestMs: number
  /** To read anything of its answer. */
  readMs: number
}

export interface Config {
  host: string
  port: number
  database: Database
  limits: DatabaseLimits
  clientLimits: ClientLimits
  /** False only to measure what stale reads would cost: a list may then lack what was just added on another node. */
  causalReads: boolean
  dataDir: string
  /** Where pictures are kept; undefined: the site goes without. `isOwn`: in DATA_DIR, made where it is not there. */
  files: { path: string; isOwn: boolean; limitMs: number } | undefined
  /** The first signs, all verify. */
  sessionSecrets: string[]
  sessionMaxAgeMs: number
  sessionIdleMs: number
  serverName: string
  serverRoute: string | undefined
  trustProxy: string[]
  /** Whether browsers that came over TLS shall come by nothing else, and to its subdomains neither. */
  hsts: 'on' | 'off' | 'subdomains'
  signup: 'open' | 'closed'
  /** Sign-ups from one address within an hour; after them it has to wait. */
  signupLimit: number
  /** Failed logins from one address within an hour; after them it has to wait. */
  loginLimit: number
  /** Requests that a token may make of this server within a minute. */
  apiLimit: number
  /** Whether there is `/cluster`, the page for demonstrations. */
  clusterPage: boolean
  drainMs: number
  /** How long a database that no longer answers leaves this server ready: a short outage must not take all servers out of the balancer. */
  readyGraceMs: number
  logLevel: string
  /** What `/metrics` asks for; undefined where anybody may see it. */
  metricsToken: string | undefined
}

/** How many passwords are hashed at a time: all processors but the one that answers requests. */
export const hashLanes = Math.max(1, availableParallelism() - 1)

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
const DAY_MS = 86_400_000

/**
 * The configuration that `env` describes. Creates nothing.
 * @throws ConfigError with one line per mistake; no line holds a secret
 */
export function readConfig(env: Env = process.env): Config {
  const reader = new EnvReader(env)
  const dataDir = resolve(reader.text('DATA_DIR') ?? './data')
  const database = readDatabase(reader, dataDir)
  const config: Config = {
    host: readHost(reader),
    port: reader.integer('PORT', 5000, 0, 65_535),
    database,
    limits: {
      poolSize: reader.integer('DB_POOL', 10, 1, 500),
      connectMs: reader.integer('DB_CONNECT_MS', 1000, 50, 60_000),
      statementMs: reader.integer('DB_STATEMENT_MS', 2000, 50, 60_000),
      requestMs: reader.integer('DB_REQUEST_MS', 8000, 100, 60_000)
    },
    clientLimits: {
      headersMs: reader.integer('CLIENT_HEADERS_MS', 10_000, 100, 300_000),
      requestMs: reader.integer('CLIENT_REQUEST_MS', 30_000, 100, 3_600_000),
      readMs: reader.integer('CLIENT_READ_MS', 120_000, 100, 3_600_000)
    },
    causalReads: reader.oneOf('CAUSAL_READS', 'on', ['on', 'off']) === 'on',
    dataDir,
    files: readFilesDir(reader, database, dataDir),
    sessionSecrets: readSecrets(reader, database),
    sessionMaxAgeMs: reader.integer('SESSION_MAX_AGE_MS', 60 * DAY_MS, 1000, 400 * DAY_MS),
    sessionIdleMs: reader.integer('SESSION_IDLE_MS', 14 * DAY_MS, 1000, 400 * DAY_MS),
    serverName: readServerName(reader),
    serverRoute: readServerRoute(reader),
    trustProxy: readTrustProxy(reader),
    hsts: reader.oneOf('HSTS', 'on', ['on', 'off', 'subdomains']),
    signup: reader.oneOf('SIGNUP', 'open', ['open', 'closed']),
    signupLimit: reader.integer('SIGNUP_LIMIT', 100, 1, 10_000),
    loginLimit: reader.integer('LOGIN_LIMIT', 50, 1, 10_000),
    apiLimit: reader.integer('API_LIMIT', 600, 1, 1_000_000),
    clusterPage: reader.oneOf('CLUSTER_PAGE', 'on', ['on', 'off']) === 'on',
    drainMs: reader.integer('DRAIN_MS', 3000, 0, 600_000),
    readyGraceMs: reader.integer('READY_GRACE_MS', 10_000, 0, 600_000),
    logLevel: reader.oneOf('LOG_LEVEL', 'info', LOG_LEVELS),
    metricsToken: readMetricsToken(reader)
  }
  if (reader.mistakes.length > 0) throw new ConfigError(reader.mistakes)
  return config
}

/** Only what reaches the database, for commands that serve nothing: they need no SESSION_SECRET. */
export function readDatabaseConfig(env: Env = process.env): Config {
  return readConfig({ ...env, SESSION_SECRET: env.SESSION_SECRET || 'x'.repeat(MIN_SECRET) })
}

/** Where `carrinho healthcheck` asks; not `HOST` when that means every address. */
export function readLocalAddress(env: Env = process.env): string {
  const reader = new EnvReader(env)
  const port = reader.integer('PORT', 5000, 0, 65_535)
  const host = readHost(reader)
  if (reader.mistakes.length > 0) throw new ConfigError(reader.mistakes)
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${local.includes(':') ? `[${local}]` : local}:${port}`
}

function readHost(reader: EnvReader): string {
  const host = reader.text('HOST') ?? '0.0.0.0'
  if (!isHost(host)) reader.fail(`HOST: got ${quote(host)}, expects an address or a host name to listen on`)
  return host
}

function readFilesDir(reader: EnvReader, { engine }: Database, dataDir: string): Config['files'] {
  const limitMs = reader.integer('FILES_MS', 1500, 100, 60_000)
  const path = reader.text('FILES_DIR')
  if (path === undefined) {
    return engine === 'sqlite' ? { path: join(dataDir, 'files'), isOwn: true, limitMs } : undefined
  }
  // Where a process was started says nothing of where all servers have their folder.
  if (engine !== 'sqlite' && !isAbsolute(path)) {
    reader.fail(`FILES_DIR: got ${quote(path)}, expects an absolute path, of a folder that all web servers share`)
  }
  return { path: resolve(path), isOwn: false, limitMs }
}

function readServerName(reader: EnvReader): string {
  const name = reader.text('SERVER_NAME') ?? hostname()
  if (!/^[\w.-]{1,64}$/.test(name)) {
    reader.fail(`SERVER_NAME: got ${quote(name)}, expects 1 to 64 letters, digits, dots, dashes or underscores`)
  }
  return name
}

function readServerRoute(reader: EnvReader): string | undefined {
  const route = reader.text('SERVER_ROUTE')
  if (route !== undefined && !/^[\w-]{1,64}$/.test(route)) {
    reader.fail(`SERVER_ROUTE: got ${quote(route)}, expects 1 to 64 letters, digits, dashes or underscores`)
  }
  return route
}

function readMetricsToken(reader: EnvReader): string | undefined {
  const token = reader.text('METRICS_TOKEN')
  // As RFC 6750 writes bearer tokens.
  if (token !== undefined && !(token.length >= MIN_SECRET && /^[\w.~+/-]+=*$/.test(token))) {
    reader.fail(
      `METRICS_TOKEN: got one of ${token.length} characters, expects at least ${MIN_SECRET}, of letters, digits and -._~+/=`
    )
  }
  return token
}

function readTrustProxy(reader: EnvReader): string[] {
  const list = (reader.text('TRUST_PROXY') ?? '').split(/[\s,]+/).filter(Boolean)
  for (const item of list) {
    const [address, prefix, ...rest] = item.split('/')
    const named = ['loopback', 'linklocal', 'uniquelocal'].includes(item)
    const valid =
      address !== undefined &&
      isAddress(address) &&
      (prefix === undefined || /^\d{1,3}$/.test(prefix)) &&
      rest.length === 0
    const bits = address?.includes(':') ? 128 : 32
    if (!named && !(valid && Number(prefix ?? 0) <= bits)) {
      reader.fail(
        `TRUST_PROXY: got ${quote(item)}, expects addresses or networks of balancers, as in 172.30.1.183 or 172.30.1.0/24`
      )
    }
  }
  return list
}
