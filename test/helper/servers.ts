import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { before } from 'node:test'
import { freshDatabase, type TestDatabase } from './databases.ts'
import type { Engine } from './engines.ts'
import { isFast } from './fast.ts'
import { eventually, withinMs } from './patience.ts'
import { freePort } from './ports.ts'
import { childEnv, cliFile, type Env, root, track } from './processes.ts'
import { request } from './requests.ts'
import { defer, isOfSuite, type Scope, suiteScope } from './scope.ts'

export interface TestServer {
  url: string
  port: number
  name: string
  process: ChildProcess
  /** Lines of standard output and standard error, as they came. */
  logs: string[]
  /** Resolves with the exit code, null when a signal ended it. */
  ended: Promise<number | null>
  /** SIGTERM unless said otherwise; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  kill(): Promise<void>
}

export interface ServerOptions {
  /** `none`: returns as soon as the process runs. */
  waitFor?: 'ready' | 'live' | 'none'
  /** The program of another build. */
  cli?: string
}

/**
 * With --fast a server is asked too little for it to be worth while that V8 makes its code faster, which takes a quarter of the
 * processor's time of a start.
 */
const LITTLE_USED = isFast ? ['--no-opt', '--import', join(root, 'test/helper/light-hashes.mjs')] : []

/** A running `carrinho serve`, which believes X-Forwarded-For from 127.0.0.1 so that clients have addresses of their own. */
export async function startServer(t: Scope, env: Env, options: ServerOptions = {}): Promise<TestServer> {
  assert.ok(!isFast || isOfSuite(t), 'a test that starts a server for itself is to say so: ownProcess')
  const port = env.PORT ? Number(env.PORT) : await freePort()
  const name = env.SERVER_NAME ?? `web-${port}`
  const child = track(
    spawn(process.execPath, [...LITTLE_USED, options.cli ?? cliFile, 'serve'], {
      env: childEnv({
        HOST: '127.0.0.1',
        TRUST_PROXY: '127.0.0.1',
        DRAIN_MS: '0',
        // Browsers and programs of a test all come from one address.
        SIGNUP_LIMIT: '10000',
        ...env,
        PORT: String(port),
        SERVER_NAME: name
      }),
      stdio: ['ignore', 'pipe', 'pipe']
    })
  )
  const logs: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      logs.push(...lines)
    })
  }
  const ended = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))
  const server: TestServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    name,
    process: child,
    logs,
    ended,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs.stop)
      const code = await ended
      clearTimeout(timer)
      return code
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    }
  }
  defer(t, () => server.kill())
  const waitFor = options.waitFor ?? 'ready'
  if (waitFor === 'none') return server
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const isUp = async () => {
    if (hasEnded()) return
    const { status } = await request(`${server.url}/health/${waitFor}`)
    assert.equal(status, 200, `the server is not ${waitFor}:\n${logs.slice(-20).join('\n')}`)
  }
  await eventually(isUp, { withinMs: withinMs.start })
  assert.ok(!hasEnded(), `the server ended:\n${logs.slice(-20).join('\n')}`)
  return server
}

export interface Site {
  scope: Scope
  database: TestDatabase
  server: TestServer
}

/** In the body of a `describe`: one database and one server for all of its tests, there once they run. */
export function sharedSite(engine: Engine, env: Env = {}): Site {
  const scope = suiteScope()
  const site = { scope } as Site
  before(async () => {
    site.database = await freshDatabase(scope, engine)
    site.server = await startServer(scope, { ...site.database.env, ...env })
  })
  return site
}
