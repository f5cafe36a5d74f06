import { resolve } from 'node:path'
import { liveMs } from './beats.ts'
import { readDatabaseConfig } from './config/config.ts'
import { AppError, ConfigError, Refusal } from './errors.ts'
import { loginThrottle } from './features/accounts/login-throttle.ts'
import { createPasswords } from './features/accounts/passwords.ts'
import { accountRules } from './features/accounts/rules.ts'
import { signupForm } from './features/accounts/schema.ts'
import { liveFolders } from './features/pictures/folder-watch.ts'
import { MAX_TOKENS, tokenRules } from './features/tokens/rules.ts'
import { isScope, MAX_DAYS, parseDays, scopes } from './features/tokens/schema.ts'
import type { FieldErrors } from './fields.ts'
import { translator } from './i18n/index.ts'
import { openStore, type Store } from './open-store.ts'
import { release } from './release.ts'
import { noEvents } from './store/events.ts'
import { driverCode, isMissing, rootError } from './store/failures.ts'
import { inspect, migrate } from './store/migrate.ts'
import { hasControl, isLonger, isVisible, MAX_TEXT } from './text.ts'

const print = (line: string) => process.stdout.write(`${line}\n`)
const warn = (line: string) => process.stderr.write(`${line}\n`)

export const migrateSchema = () =>
  withStore(async store => {
    const { mended, applied, heldBack, newer, version, adopted, renewed, keyless } = await migrate(store.dialect, warn)
    for (const note of mended) print(`mended: ${note}`)
    for (const name of applied) print(`applied ${name}`)
    if (adopted > 0) print(`adopted ${adopted} account(s)`)
    if (renewed > 0) print(`renewed the login key of ${renewed} account(s)`)
    if (keyless.length > 0) {
      const shown = keyless.slice(0, 20).join(', ')
      print(
        `cannot log in, as an older account has their e-mail or they have none: ${keyless.length} account(s), id_cliente ${shown}${keyless.length > 20 ? ', …' : ''}`
      )
    }
    for (const { name, serves, servers } of heldBack) {
      print(
        `held back ${name}, which serves releases from ${serves} on: ${servers.join(', ')} still serving; run carrinho migrate again when there is none (one that died counts for ${liveMs(store.dialect.engine) / 1000} s)`
      )
    }
    if (newer.length > 0) {
      print(
        `a newer release brought ${newer.join(', ')}, on which this one (${release}) can serve: the rest is left to it`
      )
    }
    print(`the schema is at version ${version}`)
  })

const DUMPS = { mysql: 'mariadb-dump --single-transaction', postgres: 'pg_dump --format=custom' }

/** Does not bring the schema up to date first: whoever is about to do that wants it as it is. */
export async function backUpDatabase(target: string): Promise<void> {
  const { database } = readDatabaseConfig()
  if (database.engine !== 'sqlite') {
    throw new Refusal(
      `backup is for the embedded database, and DB_HOST names a server: use ${DUMPS[database.engine]} (see docs/operating.md)`,
      2
    )
  }
  const { backUp } = await import('./store/drivers/embedded-file.ts')
  const path = resolve(target)
  const { bytes, accounts, items } = backUp(database.file, path)
  print(`wrote ${path}: ${bytes} bytes, ${accounts} account(s), ${items} item(s)`)
}

export const addUser = (email: string, name: string, password: string) =>
  withStore(async store => {
    const value = checked({ name, email, password })
    const created = await rulesOf(store).create(store.begin(), value)
    if (!created) throw new Refusal(`there is an account with the e-mail ${value.email} already`)
    print(`created account ${created.account.id}`)
  })

export const setPassword = (email: string, password: string) =>
  withStore(async store => {
    const value = checked({ name: 'unchanged', email, password })
    const result = await rulesOf(store).setPassword(store.begin(), email, value.password)
    if (result === 'unknown') throw new Refusal(`there is no account with the e-mail ${value.email}`)
    if (result !== 'set') throw mistakes({ password: result })
    print('the password is set, and the sessions of that account have ended')
  })

/** Prints nothing but the token, for scripts. */
export const addToken = (email: string, { scope, name, days }: { scope: string; name: string; days: string }) =>
  withStore(async store => {
    const term = parseDays(days)
    const wrong = [
      ...(isScope(scope) ? [] : [`--scope: expects ${scopes.join(' or ')}`]),
      ...(term === undefined ? [`--days: expects a whole number from 0 (without end) to ${MAX_DAYS}`] : []),
      ...(isVisible(name) && !hasControl(name) && !isLonger(name, MAX_TEXT)
        ? []
        : [`--name: expects 1 to ${MAX_TEXT} characters`])
    ]
    if (wrong.length > 0 || !isScope(scope) || term === undefined) throw new Refusal(wrong.join('\n'), 2)
    const account = await rulesOf(store).find(store.begin(), email)
    if (!account) throw new Refusal(`there is no account with the e-mail ${email}`)
    const made = await tokenRules(store).make(store.begin(), account.id, { name: name.trim(), scope, days: term })
    if (typeof made === 'string') throw new Refusal(`that account has ${MAX_TOKENS} tokens: revoke some on its page`)
    print(made.token)
  })

export const showStatus = () =>
  withStore(async store => {
    const info = await store.dialect.nodeInfo(3000)
    print(`engine: ${store.dialect.engine} ${info.version}`)
    print(`node: ${info.node}`)
    print(`role: ${info.role}`)
    print(`cluster size: ${info.clusterSize}`)
    const { obstacles } = await inspect(store.dialect)
    if (obstacles.length > 0) throw new Refusal(obstacles.join('\n'))
    const { found, known, problem, uncontracted } = await store.schema(store.begin())
    print(`schema version: ${found} (this release, ${release}, knows ${known})`)
    const now = Date.now()
    for (const server of await findServers(store, now)) {
      const seconds = Math.max(0, Math.round((now - server.seenAt) / 1000))
      const address = server.address || 'an address not known yet'
      print(`server: ${server.name}, release ${server.release}, at ${address}, seen ${seconds} s ago`)
    }
    for (const line of await folderLines(store)) print(line)
    if (problem !== undefined) throw new Refusal(problem)
    for (const name of uncontracted) print(`to be taken away by carrinho migrate, after older servers: ${name}`)
    const { accounts, plaintext, withoutKey } = await store.accounts.count(store.begin())
    print(`accounts: ${accounts}`)
    if (plaintext > 0) {
      print(`accounts with a plaintext password, which cannot log in: ${plaintext} (carrinho user passwd EMAIL)`)
    }
    if (withoutKey > 0) {
      print(
        `accounts that cannot log in, as an older one has their e-mail or they are not adopted: ${withoutKey} (carrinho migrate)`
      )
    }
  })

/** Those that were seen of late, by name; none where a schema is so old that it has no place for them. */
const findServers = async (store: Store, now: number) => {
  const servers = await store.servers.seenSince(store.begin(), now - liveMs(store.dialect.engine)).catch(error => {
    if (isMissing('table', error)) return []
    throw error
  })
  return servers.toSorted((a, b) => a.name.localeCompare(b.name))
}

/** Where pictures are kept: which servers have a folder for them, and which of them not the same one. */
async function folderLines(store: Store): Promise<string[]> {
  const { files, database } = readDatabaseConfig()
  if (database.engine === 'sqlite') return [`pictures: in ${files?.path}`]
  const folders = await liveFolders(store, store.begin()).catch(error => {
    if (isMissing('table', error)) return []
    throw error
  })
  if (folders.length === 0) return ['pictures: no server keeps any (FILES_DIR)']
  return folders.map(({ name, unseen }) =>
    unseen === ''
      ? `pictures: ${name} has the folder of the others`
      : `pictures: ${name} has not the folder of ${unseen.replaceAll(',', ', ')}: FILES_DIR has to be the same`
  )
}

async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
  const config = readDatabaseConfig()
  const store = await openStore(config, noEvents)
  try {
    // The embedded database has no release to wait for: it is brought up to date by whoever opens it.
    if (store.dialect.engine === 'sqlite') await migrate(store.dialect)
    await work(store)
  } catch (error) {
    if (error instanceof Refusal || error instanceof ConfigError) throw error
    const cause = rootError(error)
    const reason = cause instanceof Error ? cause.message : String(cause)
    const place =
      config.database.engine === 'sqlite' ? config.database.file : `${config.database.host}:${config.database.port}`
    if (error instanceof AppError || driverCode(cause) !== undefined) throw new Refusal(`${place}: ${reason}`)
    throw new Refusal(reason)
  } finally {
    await store.dialect.close(0)
  }
}

const rulesOf = (store: Store) => accountRules(store, createPasswords(), loginThrottle(store), readDatabaseConfig())

function checked(form: { name: string; email: string; password: string }) {
  const result = signupForm.check(form)
  if (result.ok) return result.value
  throw mistakes(result.errors)
}

function mistakes(errors: FieldErrors): Refusal {
  const t = translator('en')
  const lines = Object.entries(errors).map(([field, error]) => (error ? `${field}: ${t(error.key, error.params)}` : ''))
  return new Refusal(lines.join('\n'), 2)
}
