import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { ConfigError } from './errors.ts'

export interface Tls {
  /** False: encrypted, but the server's certificate is not checked (`ssl-mode=REQUIRED`, `sslmode=require`). */
  verify: boolean
  /** False with `verify`: the chain is checked, the host name in it is not (`VERIFY_CA`, `verify-ca`). */
  verifyHost: boolean
  /** PEM files. */
  caFile: string | undefined
  certFile: string | undefined
  keyFile: string | undefined
}

export interface ServerDatabase {
  engine: 'mysql' | 'postgres'
  host: string
  port: number
  user: string
  password: string
  name: string
  tls: Tls | undefined
}

export interface EmbeddedDatabase {
  engine: 'sqlite'
  file: string
}

export type Database = ServerDatabase | EmbeddedDatabase

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

export interface Config {
  host: string
  port: number
  database: Database
  limits: DatabaseLimits
  /** False only to measure what stale reads would cost; see architecture rule 7. */
  causalReads: boolean
  dataDir: string
  /** The first signs, all verify. */
  sessionSecrets: string[]
  sessionMaxAgeMs: number
  sessionIdleMs: number
  serverName: string
  serverRoute: string | undefined
  trustProxy: string[]
  signup: 'open' | 'closed'
  /** Whether there is `/cluster`, the page for demonstrations. */
  clusterPage: boolean
  drainMs: number
  /** How long a database that no longer answers leaves this server ready; see architecture rule 9. */
  readyGraceMs: number
  logLevel: string
}

/** How many passwords are hashed at a time: all processors but the one that answers requests. */
export const hashLanes = Math.max(1, availableParallelism() - 1)

type Env = Record<string, string | undefined>

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
const MIN_SECRET = 16
const DAY_MS = 86_400_000

/** Collects mistakes, so that all of them are told at once. */
class Reader {
  readonly mistakes: string[] = []
  readonly env: Env

  constructor(env: Env) {
    this.env = env
  }

  fail(line: string): void {
    this.mistakes.push(line)
  }

  text(name: string): string | undefined {
    const value = this.env[name]?.trim()
    return value === '' ? undefined : value
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const value = this.text(name)
    if (value === undefined) return fallback
    if (/^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value)
    this.fail(`${name}: got ${quote(value)}, expects a whole number from ${min} to ${max}`)
    return fallback
  }

  oneOf<T extends string>(name: string, fallback: T, allowed: readonly T[]): T {
    const value = this.text(name)
    if (value === undefined) return fallback
    const found = allowed.find(item => item === value.toLowerCase())
    if (found) return found
    this.fail(`${name}: got ${quote(value)}, expects ${allowed.join(', ')}`)
    return fallback
  }
}

const quote = (value: string) => JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)

/**
 * The configuration that `env` describes. Creates nothing.
 * @throws ConfigError with one line per mistake; no line holds a secret
 */
export function readConfig(env: Env = process.env): Config {
  const reader = new Reader(env)
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
    causalReads: reader.oneOf('CAUSAL_READS', 'on', ['on', 'off']) === 'on',
    dataDir,
    sessionSecrets: readSecrets(reader, database),
    sessionMaxAgeMs: reader.integer('SESSION_MAX_AGE_MS', 60 * DAY_MS, 1000, 400 * DAY_MS),
    sessionIdleMs: reader.integer('SESSION_IDLE_MS', 14 * DAY_MS, 1000, 400 * DAY_MS),
    serverName: readServerName(reader),
    serverRoute: readServerRoute(reader),
    trustProxy: readTrustProxy(reader),
    signup: reader.oneOf('SIGNUP', 'open', ['open', 'closed']),
    clusterPage: reader.oneOf('CLUSTER_PAGE', 'on', ['on', 'off']) === 'on',
    drainMs: reader.integer('DRAIN_MS', 3000, 0, 600_000),
    readyGraceMs: reader.integer('READY_GRACE_MS', 10_000, 0, 600_000),
    logLevel: reader.oneOf('LOG_LEVEL', 'info', LOG_LEVELS)
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
  const reader = new Reader(env)
  const port = reader.integer('PORT', 5000, 0, 65_535)
  const host = readHost(reader)
  if (reader.mistakes.length > 0) throw new ConfigError(reader.mistakes)
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${local.includes(':') ? `[${local}]` : local}:${port}`
}

function readHost(reader: Reader): string {
  const host = reader.text('HOST') ?? '0.0.0.0'
  if (!isHost(host)) reader.fail(`HOST: got ${quote(host)}, expects an address or a host name to listen on`)
  return host
}

function readServerName(reader: Reader): string {
  const name = reader.text('SERVER_NAME') ?? hostname()
  if (!/^[\w.-]{1,64}$/.test(name)) {
    reader.fail(`SERVER_NAME: got ${quote(name)}, expects 1 to 64 letters, digits, dots, dashes or underscores`)
  }
  return name
}

function readServerRoute(reader: Reader): string | undefined {
  const route = reader.text('SERVER_ROUTE')
  if (route !== undefined && !/^[\w-]{1,64}$/.test(route)) {
    reader.fail(`SERVER_ROUTE: got ${quote(route)}, expects 1 to 64 letters, digits, dashes or underscores`)
  }
  return route
}

function readTrustProxy(reader: Reader): string[] {
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

function readSecrets(reader: Reader, database: Database): string[] {
  const raw = reader.text('SESSION_SECRET')
  if (raw === undefined) {
    if (database.engine !== 'sqlite') {
      reader.fail(
        'SESSION_SECRET: missing, expects a long random text, the same on every web server (several separated by commas: the first signs, all verify)'
      )
    }
    return []
  }
  const secrets = raw.split(',').map(secret => secret.trim())
  if (secrets.some(secret => secret.length < MIN_SECRET)) {
    reader.fail(
      `SESSION_SECRET: one of its ${secrets.length} comma-separated secrets is too short, expects at least ${MIN_SECRET} characters each`
    )
  }
  return secrets
}

const ENGINES: Record<string, 'mysql' | 'postgres'> = {
  mysql: 'mysql',
  mariadb: 'mysql',
  postgres: 'postgres',
  postgresql: 'postgres'
}
const DEFAULT_PORTS = { mysql: 3306, postgres: 5432 }
const SHAPE = 'mysql://user:password@host:3306/database or postgres://…, or a host name with DB_USER, DB_PW, DB_NAME'

function readDatabase(reader: Reader, dataDir: string): Database {
  const raw = reader.text('DB_HOST')
  if (raw === undefined) return { engine: 'sqlite', file: join(dataDir, 'carrinho.db') }
  return raw.includes('://') ? readDatabaseUrl(reader, raw) : readBareHost(reader, raw)
}

function readDatabaseUrl(reader: Reader, raw: string): ServerDatabase {
  const nowhere: ServerDatabase = {
    engine: 'mysql',
    host: '',
    port: 0,
    user: '',
    password: '',
    name: '',
    tls: undefined
  }
  // The value may hold a password, also where it is malformed, so no message repeats more of it than the scheme.
  const match = /^([a-z][a-z0-9]*)(\+[a-z0-9_]+)?:\/\/(.*)$/is.exec(raw)
  const scheme = match?.[1]?.toLowerCase() ?? raw.slice(0, raw.indexOf('://')).replace(/[^\w+.-]/g, '?')
  const engine = ENGINES[scheme]
  if (!match || engine === undefined) {
    reader.fail(
      `DB_HOST: got the scheme ${quote(scheme)}, expects mysql, mariadb, postgres or postgresql, each also with a +driver`
    )
    return nowhere
  }
  let url: URL
  try {
    // A scheme of the web's own makes URL check the host; `#` would otherwise cut a password short without a word.
    url = new URL(`http://${match[3]?.replaceAll('#', '%23')}`)
  } catch {
    reader.fail(`DB_HOST: is not a valid ${scheme} URL, expects ${SHAPE} (special characters in a password as %XX)`)
    return nowhere
  }
  const decoded = (part: string, what: string): string => {
    try {
      return decodeURIComponent(part)
    } catch {
      reader.fail(`DB_HOST: its ${what} holds a % that is not an escape, expects special characters as %XX`)
      return ''
    }
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const user = decoded(url.username, 'user')
  // Not url.pathname: it folds the names `.` and `..` away, and another database would be used without a word.
  const path = /^[^/?]*\/([^?]*)/.exec(match[3] ?? '')?.[1] ?? ''
  const name = decoded(path, 'database name') || (reader.text('DB_NAME') ?? 'carrinho')
  // URL leaves out the web's own default port, 80.
  const defaultPort = /:80(?:[/?]|$)/.test(raw) ? 80 : DEFAULT_PORTS[engine]
  const port = url.port === '' ? defaultPort : Number(url.port)
  if (host === '') reader.fail(`DB_HOST: names no host, expects ${SHAPE}`)
  if (user === '') reader.fail(`DB_HOST: names no user, expects ${SHAPE}`)
  if (port === 0) reader.fail('DB_HOST: got port 0, expects 1 to 65535')
  if (name.includes('/')) reader.fail(`DB_HOST: got the database name ${quote(name)}, expects one name without a slash`)
  return {
    engine,
    host,
    port,
    user,
    password: decoded(url.password, 'password'),
    name,
    tls: readTls(reader, url.searchParams)
  }
}

function readBareHost(reader: Reader, host: string): ServerDatabase {
  const engine = ENGINES[reader.oneOf('DB_ENGINE', 'mysql', ['mysql', 'mariadb', 'postgres', 'postgresql'])] ?? 'mysql'
  const bare = host.replace(/^\[|\]$/g, '')
  const user = reader.text('DB_USER') ?? ''
  if (!isHost(bare)) reader.fail(`DB_HOST: is neither a URL nor a host name or address, expects ${SHAPE}`)
  if (user === '') reader.fail('DB_USER: missing, expects the database user, as DB_HOST is a bare host')
  if (reader.env.DB_PW === undefined)
    reader.fail('DB_PW: missing, expects the database password, as DB_HOST is a bare host')
  return {
    engine,
    host: bare,
    port: reader.integer('DB_PORT', DEFAULT_PORTS[engine], 1, 65_535),
    user,
    password: reader.env.DB_PW ?? '',
    name: reader.text('DB_NAME') ?? 'carrinho',
    tls: undefined
  }
}

/** MySQL's and libpq's spellings mean the same here, for either engine. */
const TLS_MODES: Record<string, 'off' | 'encrypt' | 'verify-ca' | 'verify-full'> = {
  disable: 'off',
  disabled: 'off',
  false: 'off',
  '0': 'off',
  require: 'encrypt',
  required: 'encrypt',
  'verify-ca': 'verify-ca',
  verify_ca: 'verify-ca',
  'verify-full': 'verify-full',
  verify_identity: 'verify-full',
  true: 'verify-full',
  '1': 'verify-full'
}

function readTls(reader: Reader, params: URLSearchParams): Tls | undefined {
  let mode: 'off' | 'encrypt' | 'verify-ca' | 'verify-full' | undefined
  const files: Record<'ca' | 'cert' | 'key', string | undefined> = { ca: undefined, cert: undefined, key: undefined }
  for (const [name, value] of params) {
    const plain = name.toLowerCase().replaceAll('_', '-')
    if (['ssl', 'tls', 'ssl-mode', 'sslmode'].includes(plain)) {
      mode = TLS_MODES[value.toLowerCase()]
      if (mode === undefined) {
        reader.fail(
          `DB_HOST: got ${name}=${quote(value)}, expects disable, require, verify-ca or verify-full (or MySQL's DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY)`
        )
      }
    } else if (['ssl-ca', 'sslrootcert'].includes(plain)) files.ca = value
    else if (['ssl-cert', 'sslcert'].includes(plain)) files.cert = value
    else if (['ssl-key', 'sslkey'].includes(plain)) files.key = value
    else if (plain === 'charset') {
      if (value.toLowerCase() !== 'utf8mb4')
        reader.fail(`DB_HOST: got charset=${quote(value)}, expects utf8mb4 or nothing`)
    } else
      reader.fail(`DB_HOST: does not know the parameter ${quote(name)}, expects ssl-mode, ssl-ca, ssl-cert or ssl-key`)
  }
  for (const [what, file] of Object.entries(files)) {
    if (file === undefined) continue
    try {
      readFileSync(file)
    } catch {
      reader.fail(`DB_HOST: got the ssl-${what} file ${quote(file)}, which cannot be read`)
    }
  }
  mode ??= files.ca ? 'verify-full' : undefined
  if (mode === undefined || mode === 'off') return undefined
  return {
    verify: mode !== 'encrypt',
    verifyHost: mode === 'verify-full',
    caFile: files.ca,
    certFile: files.cert,
    keyFile: files.key
  }
}

const isAddress = (text: string) =>
  /^(\d{1,3}\.){3}\d{1,3}$/.test(text) || (/^[0-9a-f:.]+$/i.test(text) && text.includes(':'))
const isHost = (text: string) => isAddress(text) || /^[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?$/i.test(text)

/**
 * The secret of an embedded installation, made at its first start. Two servers that start on one folder at the same
 * moment get the same one: whoever links the file first wins.
 */
export function embeddedSecret(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, 'session-secret')
  const read = () => {
    const secret = readFileSync(file, 'utf8').trim()
    if (secret.length < MIN_SECRET)
      throw new ConfigError([
        `DATA_DIR: its file session-secret is damaged, expects one line of ${MIN_SECRET} characters or more`
      ])
    return secret
  }
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true })
  try {
    linkSync(draft, file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // Some file systems have no hard links; there the last of two simultaneous first starts wins.
    if (code !== 'EEXIST') renameSync(draft, file)
  }
  rmSync(draft, { force: true })
  return read()
}
