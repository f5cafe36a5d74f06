import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isFast } from './fast.ts'
import { withinMs } from './patience.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const cliFile = join(root, 'dist/cli.js')

export type Env = Record<string, string | undefined>

/** Only these come from our own environment, so that a developer's DB_HOST never reaches a test. */
export function childEnv(env: Env): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG } = process.env
  return { PATH, HOME, TMPDIR, LANG, NODE_ENV: 'production', ...env }
}

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})
// Without a listener these end the process before its 'exit' handlers run.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

export function track(child: ChildProcess): ChildProcess {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs `carrinho` to its end. Standard input is empty unless given; `program` is another build's. */
export async function cli(args: string[], env: Env = {}, stdin = '', program = cliFile): Promise<CliResult> {
  assert.ok(!isFast, 'a test that starts a command is to say so: ownProcess')
  const child = track(spawn(process.execPath, [program, ...args], { env: childEnv(env) }))
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
