#!/usr/bin/env node
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { readConfig, readDatabaseConfig, readLocalAddress } from './config.ts'
import { AppError, ConfigError } from './errors.ts'
import { translator } from './i18n/index.ts'
import { serve } from './server.ts'
import { accountRules } from './shop/accounts.ts'
import { loginThrottle } from './shop/login-throttle.ts'
import { createPasswords } from './shop/passwords.ts'
import { checkSignup } from './shop/validation.ts'
import { noEvents } from './store/events.ts'
import { driverCode, rootError } from './store/failures.ts'
import { openStore, type Store } from './store/index.ts'
import { migrate } from './store/migrate.ts'

/** A refusal with its exit code: 1 for what did not work, 2 for what was asked wrongly. */
class Refusal extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

const print = (line: string) => process.stdout.write(`${line}\n`)

const program = new Command('carrinho')
  .description('A shopping list that stays correct while the cluster under it falls apart')
  .showHelpAfterError()

program
  .command('serve')
  .description('the web server')
  .action(() => serve(readConfig()))

program
  .command('migrate')
  .description('brings the schema of DB_HOST up to date, and adopts the tables of the lab guide')
  .action(() =>
    withStore(async store => {
      const { applied, version, adoptedAccounts } = await migrate(store.dialect)
      for (const name of applied) print(`applied ${name}`)
      if (adoptedAccounts > 0) print(`adopted ${adoptedAccounts} account(s)`)
      print(`the schema is at version ${version}`)
    })
  )

const user = program.command('user').description('accounts')

user
  .command('add <email>')
  .description('creates an account; asks for the password')
  .requiredOption('--name <name>', "the account's name")
  .option('--password-stdin', 'reads the password from standard input')
  .action((email: string, options: { name: string; passwordStdin?: boolean }) =>
    withStore(async store => {
      const password = await readPassword(options.passwordStdin)
      const value = checked({ name: options.name, email, password })
      const customer = await rulesOf(store).signUp(store.begin(), value)
      if (!customer) throw new Refusal(`there is an account with the e-mail ${value.email} already`)
      print(`created account ${customer.id}`)
    })
  )

user
  .command('passwd <email>')
  .description("sets a password and ends that account's sessions")
  .option('--password-stdin', 'reads the password from standard input')
  .action((email: string, options: { passwordStdin?: boolean }) =>
    withStore(async store => {
      const password = await readPassword(options.passwordStdin)
      const value = checked({ name: 'unchanged', email, password })
      if (!(await rulesOf(store).setPassword(store.begin(), value.email, value.password))) {
        throw new Refusal(`there is no account with the e-mail ${value.email}`)
      }
      print('the password is set, and the sessions of that account have ended')
    })
  )

program
  .command('healthcheck')
  .description('exit 0 or 1 by asking the local server; for container health checks')
  .option('--ready', 'asks whether it is ready, not only alive')
  .action(async (options: { ready?: boolean }) => {
    const url = `${readLocalAddress()}/health/${options.ready ? 'ready' : 'live'}`
    const answer = await fetch(url, { signal: AbortSignal.timeout(3000) }).catch(error => {
      throw new Refusal(`no answer from ${url}: ${driverCode(rootError(error)) ?? 'timeout'}`)
    })
    const { status, reasons } = (await answer.json()) as { status: string; reasons: string[] }
    print([status, ...reasons].join(': '))
    if (!answer.ok) throw new Refusal('')
  })

program
  .command('status')
  .description('what DB_HOST reaches; exit 1 if unusable')
  .action(() =>
    withStore(async store => {
      const info = await store.dialect.nodeInfo(3000)
      print(`engine: ${store.dialect.engine} ${info.version}`)
      print(`node: ${info.node}`)
      print(`role: ${info.role}`)
      print(`cluster size: ${info.clusterSize}`)
      const { found, known } = await store.schema(store.begin())
      print(`schema version: ${found} (this release knows ${known})`)
      if (found !== known) {
        throw new Refusal(
          found < known ? 'the schema is out of date: run carrinho migrate' : 'the schema is newer than this release'
        )
      }
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
  )

async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
  const config = readDatabaseConfig()
  const store = openStore(config, noEvents)
  try {
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

const rulesOf = (store: Store) => accountRules(store, createPasswords(), loginThrottle(store))

function checked(form: { name: string; email: string; password: string }) {
  const result = checkSignup(form)
  if (result.ok) return result.value
  const t = translator('en')
  const lines = Object.entries(result.errors).map(([field, error]) => `${field}: ${t(error.key, error.params)}`)
  throw new Refusal(lines.join('\n'), 2)
}

/** From standard input its first line; from a terminal without showing it. */
async function readPassword(fromStdin = false): Promise<string> {
  if (fromStdin) return (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? ''
  if (!process.stdin.isTTY) throw new Refusal('there is no terminal to ask for the password: use --password-stdin', 2)
  const first = await askHidden('password: ')
  if (first !== (await askHidden('again: '))) throw new Refusal('the two are not the same', 2)
  return first
}

function askHidden(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  const answer = new Promise<string>((resolve, reject) => {
    lines.once('SIGINT', () => reject(new Refusal('', 130)))
    lines.question(question, typed => {
      process.stderr.write('\n')
      resolve(typed)
    })
  })
  // What readline echoes from here on is what is typed.
  Object.assign(lines, { _writeToOutput: () => {} })
  return answer.finally(() => lines.close())
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof ConfigError) {
    for (const mistake of error.mistakes) process.stderr.write(`${mistake}\n`)
    process.exit(2)
  }
  if (error instanceof Refusal) {
    if (error.message) process.stderr.write(`${error.message}\n`)
    process.exit(error.exitCode)
  }
  throw error
}
