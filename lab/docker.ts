import { spawn } from 'node:child_process'
import { COMMAND } from './budgets.ts'

export interface CommandOptions {
  timeoutMs?: number
  env?: Record<string, string>
  /** Shown line by line as it comes, instead of kept. */
  onLine?: (line: string) => void
  /** What it says on standard error is part of the answer, as the logs of a host are. */
  withStderr?: boolean
  /** Interrupts the command, as Ctrl-C would. */
  signal?: AbortSignal | undefined
}

export class CommandError extends Error {
  readonly output: string

  constructor(command: string, output: string) {
    super(`${command}\n${output.trim().split('\n').slice(-8).join('\n')}`)
    this.output = output
  }
}

/** Runs `docker …` and gives its standard output. @throws CommandError when it fails or takes too long */
export function docker(args: string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C must reach the runner, which heals, and not the commands it heals with.
    const child = spawn('docker', args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env }
    })
    let stdout = ''
    let stderr = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? COMMAND)
    const interrupt = () => child.kill('SIGINT')
    options.signal?.addEventListener('abort', interrupt)
    const settle = () => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', interrupt)
    }
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    let pending = ''
    child.stderr.on('data', chunk => {
      stderr += chunk
      if (!options.onLine) return
      const lines = (pending + chunk).split(/[\r\n]+/)
      pending = lines.pop() ?? ''
      for (const line of lines) if (line.trim()) options.onLine(line.trim())
    })
    child.on('error', error => {
      settle()
      reject(error)
    })
    child.on('close', code => {
      settle()
      if (code === 0) resolve(options.withStderr ? stdout + stderr : stdout)
      else
        reject(new CommandError(`docker ${args.join(' ')}${code === null ? ' (took too long)' : ''}`, stderr + stdout))
    })
  })
}
