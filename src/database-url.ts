import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EnvReader, isHost, quote } from './env-reader.ts'

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

const ENGINES = new Map<string, 'mysql' | 'postgres'>([
  ['mysql', 'mysql'],
  ['mariadb', 'mysql'],
  ['postgres', 'postgres'],
  ['postgresql', 'postgres']
])
const DEFAULT_PORTS = { mysql: 3306, postgres: 5432 }
const SHAPE = 'mysql://user:password@host:3306/database or postgres://…, or a host name with DB_USER, DB_PW, DB_NAME'

/** The database that `DB_HOST` names, the embedded one when it names none. Mistakes are told to the reader. */
export function readDatabase(reader: EnvReader, dataDir: string): Database {
  const raw = reader.text('DB_HOST')
  if (raw === undefined) return { engine: 'sqlite', file: join(dataDir, 'carrinho.db') }
  return raw.includes('://') ? readDatabaseUrl(reader, raw) : readBareHost(reader, raw)
}

function readDatabaseUrl(reader: EnvReader, raw: string): ServerDatabase {
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
  const engine = ENGINES.get(scheme)
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

function readBareHost(reader: EnvReader, host: string): ServerDatabase {
  const engine =
    ENGINES.get(reader.oneOf('DB_ENGINE', 'mysql', ['mysql', 'mariadb', 'postgres', 'postgresql'])) ?? 'mysql'
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
const TLS_MODES = new Map<string, 'off' | 'encrypt' | 'verify-ca' | 'verify-full'>([
  ['disable', 'off'],
  ['disabled', 'off'],
  ['false', 'off'],
  ['0', 'off'],
  ['require', 'encrypt'],
  ['required', 'encrypt'],
  ['verify-ca', 'verify-ca'],
  ['verify_ca', 'verify-ca'],
  ['verify-full', 'verify-full'],
  ['verify_identity', 'verify-full'],
  ['true', 'verify-full'],
  ['1', 'verify-full']
])

function readTls(reader: EnvReader, params: URLSearchParams): Tls | undefined {
  let mode: 'off' | 'encrypt' | 'verify-ca' | 'verify-full' | undefined
  const files: Record<'ca' | 'cert' | 'key', string | undefined> = { ca: undefined, cert: undefined, key: undefined }
  for (const [name, value] of params) {
    const plain = name.toLowerCase().replaceAll('_', '-')
    if (['ssl', 'tls', 'ssl-mode', 'sslmode'].includes(plain)) {
      mode = TLS_MODES.get(value.toLowerCase())
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
