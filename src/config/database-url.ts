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

/** No message repeats what stands after the scheme: where the value is malformed, any part of it may be the password's. */
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
  const match = /^([a-z][a-z0-9]*)(?:\+[a-z0-9_]+)?:\/\/(.*)$/is.exec(raw)
  const scheme = match?.[1]?.toLowerCase() ?? ''
  const engine = ENGINES.get(scheme)
  if (!match || engine === undefined) {
    const got = match ? `got the scheme ${quote(scheme)}` : 'begins with no scheme'
    reader.fail(`DB_HOST: ${got}, expects mysql, mariadb, postgres or postgresql, each also with a +driver`)
    return nowhere
  }
  // URL takes these for its own, and would cut a password short, or leave a part of it out, without a word.
  const rest = (match[2] ?? '').replace(/[#\\\t\r\n]/g, encodeURIComponent)
  const [, authority = '', path = '', query = ''] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? []
  if (`${path}${query}`.includes('@')) {
    reader.fail('DB_HOST: has a / or ? before an @, expects special characters as %XX (/ is %2F, ? is %3F, @ is %40)')
    return nowhere
  }
  let url: URL
  try {
    // A scheme of the web's own makes URL check the host.
    url = new URL(`http://${authority}`)
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
  const password = decoded(url.password, 'password')
  const name = decoded(path, 'database name') || (reader.text('DB_NAME') ?? 'carrinho')
  // URL leaves out the web's own default port, 80.
  const defaultPort = authority.endsWith(':80') ? 80 : DEFAULT_PORTS[engine]
  const port = url.port === '' ? defaultPort : Number(url.port)
  if (host === '') reader.fail(`DB_HOST: names no host, expects ${SHAPE}`)
  if (user === '') reader.fail(`DB_HOST: names no user, expects ${SHAPE}`)
  if (port === 0) reader.fail('DB_HOST: got port 0, expects 1 to 65535')
  if (name.includes('/')) reader.fail('DB_HOST: has a slash in its database name, expects one name without')
  return { engine, host, port, user, password, name, tls: readTls(reader, new URLSearchParams(query)) }
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
  let position = 0
  for (const [name, value] of params) {
    position++
    const plain = name.toLowerCase().replaceAll('_', '-')
    const lower = value.toLowerCase()
    if (['ssl', 'tls', 'ssl-mode', 'sslmode'].includes(plain)) {
      mode = TLS_MODES.get(lower)
      if (mode === undefined) {
        reader.fail(
          `DB_HOST: its ${plain} is not known, expects disable, require, verify-ca or verify-full (or MySQL's DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY)`
        )
      }
    } else if (['ssl-ca', 'sslrootcert'].includes(plain)) files.ca = value
    else if (['ssl-cert', 'sslcert'].includes(plain)) files.cert = value
    else if (['ssl-key', 'sslkey'].includes(plain)) files.key = value
    else if (plain === 'charset') {
      if (lower !== 'utf8mb4') reader.fail('DB_HOST: has another charset, expects utf8mb4 or nothing')
    } else {
      reader.fail(
        `DB_HOST: its parameter number ${position} after the ? is not known, expects ssl-mode, ssl-ca, ssl-cert or ssl-key`
      )
    }
  }
  for (const [what, file] of Object.entries(files)) {
    if (file === undefined) continue
    try {
      readFileSync(file)
    } catch (error) {
      reader.fail(`DB_HOST: its ssl-${what} file cannot be read (${(error as NodeJS.ErrnoException).code})`)
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
