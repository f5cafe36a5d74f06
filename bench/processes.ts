import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../scripts/ports.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const START_MS = 60_000

export interface Running {
  pid: number
  url: string
  /** Milliseconds from the start of the process to the first answer that said ready. */
  readyMs: number
  /** Resident memory in MB, now. */
  residentMb(): number
  stop(): Promise<void>
}

/**
 * Starts a Node program that serves on PORT and waits until `path` answers without a server error. `carrinho` is the one built in
 * `folder`, as npm start and npx start it, with the settings of its first line.
 */
export async function start(
  args: string[],
  env: Record<string, string>,
  path: string,
  folder = root
): Promise<Running> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const startedAt = performance.now()
  const [command, ...rest] = args
  const child: ChildProcess = spawn(
    command === 'carrinho' ? join(folder, 'dist/cli.js') : process.execPath,
    command === 'carrinho' ? rest : args,
    {
      cwd: folder,
      env: { ...process.env, ...env, PORT: String(port), HOST: '127.0.0.1' },
      stdio: ['ignore', 'ignore', 'inherit']
    }
  )
  for (;;) {
    const answer = await fetch(url + path).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer && answer.status < 500) break
    if (child.exitCode !== null || performance.now() - startedAt > START_MS) {
      child.kill('SIGKILL')
      throw new Error(`${args.join(' ')} did not start`)
    }
    await sleep(5)
  }
  return {
    pid: child.pid ?? 0,
    url,
    readyMs: performance.now() - startedAt,
    residentMb() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
    },
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    }
  }
}

export async function runCli(args: string[], env: Record<string, string>, folder = root): Promise<void> {
  const child = spawn(process.execPath, ['dist/cli.js', ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit']
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`carrinho ${args.join(' ')} ended with ${code}`)
}
