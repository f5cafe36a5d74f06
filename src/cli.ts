#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=8388608 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 node --max-semi-space-size=8 --heap-growing-percent=30
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { readConfig, readLocalAddress } from './config/config.ts'
import { ConfigError, Refusal } from './errors.ts'

// The first line: glibc otherwise keeps the 19 MB of a password hash once for each thread that ever made one. They are given
// back after each, and asked for in large pages, as in small ones that alone would make a hash take a third longer. V8 lets young
// objects take 48 MB otherwise.

// Each command loads what it needs: containers run `healthcheck` every few seconds.
const commands = () => import('./commands.ts')

// A reader that has gone (`| head`, `| grep -q`) or a full disk: what was begun is finished, a migration above all. Without
// these Node would end here with a stack. Who wanted the output is told where it is lost, but for a reader who left.
let isOutputLost = false
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || isOutputLost) return
  isOutputLost = true
  process.exitCode = 1
  process.stderr.write(`standard output cannot be written: ${error.message}\n`)
})
process.stderr.on('error', () => {})

const program = new Command('carrinho')
  .description('A shopping list that stays correct while the cluster under it falls apart')
  .showHelpAfterError()
  // Wrong input is 2, whoever finds it; by itself the library says 1, which here means refused.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))

program
  .command('serve')
  .description('the web server')
  .action(async () => {
    const config = readConfig()
    const { serve } = await import('./server.ts')
    await serve(config)
  })

program
  .command('migrate')
  .description('brings the schema of DB_HOST up to date, and adopts the tables of the lab guide')
  .action(async () => (await commands()).migrateSchema())

program
  .command('backup <file>')
  .description('writes the embedded database into one new file, also while it is in use')
  .action(async (file: string) => (await commands()).backUpDatabase(file))

const user = program.command('user').description('accounts')

user
  .command('add <email>')
  .description('creates an account; asks for the password')
  .requiredOption('--name <name>', "the account's name")
  .option('--password-stdin', 'reads the password from standard input')
  .action(async (email: string, options: { name: string; passwordStdin?: boolean }) =>
    (await commands()).addUser(email, options.name, await readPassword(options.passwordStdin))
  )

user
  .command('passwd <email>')
  .description("sets a password and ends that account's sessions")
  .option('--password-stdin', 'reads the password from standard input')
  .action(async (email: string, options: { passwordStdin?: boolean }) =>
    (await commands()).setPassword(email, await readPassword(options.passwordStdin))
  )

const token = program.command('token').description('personal tokens, with which programs use the API')

token
  .command('add <email>')
  .description('makes a token for an account and prints it, alone')
  .option('--scope <scope>', 'read, or write for both', 'read')
  .option('--name <name>', 'what its owner knows it by', 'carrinho token add')
  .option('--days <days>', 'how long it counts; 0: without end', '0')
  .action(async (email: string, options: { scope: string; name: string; days: string }) =>
    (await commands()).addToken(email, options)
  )

program
  .command('healthcheck')
  .description('exit 0 or 1 by asking the local server; for container health checks')
  .option('--ready', 'asks whether it is ready, not only alive')
  .action(async (options: { ready?: boolean }) => {
    const { checkHealth } = await import('./healthcheck.ts')
    await checkHealth(`${readLocalAddress()}/health/${options.ready ? 'ready' : 'live'}`)
  })

program
  .command('status')
  .description('what DB_HOST reaches; exit 1 if unusable')
  .action(async () => (await commands()).showStatus())

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
