import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import {
  addAcross,
  childEnv,
  defer,
  type Env,
  eventually,
  forEachEngine,
  freePort,
  freshDatabase,
  request,
  root,
  type Scope,
  signedIn,
  startServer,
  track,
  withinMs
} from '../helper.ts'

interface NpmStart {
  url: string
  process: ChildProcess
  /** All that npm and the server said so far. */
  said(): string
}

/** `npm start` with a process group of its own, as a shell or a service manager gives one. */
async function npmStart(t: Scope, env: Env, command = ['npm', 'start']): Promise<NpmStart> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const [file = '', ...args] = command
  const child = track(
    spawn(file, args, {
      cwd: root,
      env: childEnv({ HOST: '127.0.0.1', TRUST_PROXY: '127.0.0.1', DRAIN_MS: '100', ...env, PORT: String(port) }),
      detached: true
    })
  )
  defer(t, () => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL')
    } catch {
      // Everyone in the group is gone.
    }
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
  }
  const isReady = async () => assert.equal((await request(`${url}/health/ready`)).status, 200, said)
  await eventually(isReady, { withinMs: withinMs.start })
  return { url, process: child, said: () => said }
}

const group = (signal: NodeJS.Signals) => (npm: NpmStart) => process.kill(-(npm.process.pid as number), signal)

/** util-linux's, which makes a real terminal; that of other systems takes other options. */
const hasTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux')

const TERMINAL = ['script', '--quiet', '--return', '--flush', '--command', 'exec npm start', '/dev/null']

forEachEngine(
  'npm start',
  engine => {
    for (const { how, command, end, code } of [
      { how: 'a signal to the whole process group, as Ctrl-C is', end: group('SIGINT'), code: 0 },
      { how: "systemd's stop, which tells npm and the server", end: group('SIGTERM'), code: 0 },
      { how: "docker's stop, which tells npm alone", end: (npm: NpmStart) => npm.process.kill('SIGTERM'), code: 0 },
      { how: 'the end of a session, which tells everyone', end: group('SIGHUP'), code: null },
      {
        how: 'Ctrl-C on a terminal',
        command: TERMINAL,
        end: (npm: NpmStart) => npm.process.stdin?.write('\x03'),
        code: 0
      },
      // `code` is that of what showed the terminal, which is killed.
      {
        how: 'a terminal that is closed',
        command: TERMINAL,
        end: (npm: NpmStart) => npm.process.kill('SIGKILL'),
        code: null
      }
    ]) {
      const skip = command && !hasTerminal ? 'there is no script of util-linux to make a terminal with' : false
      test(`finishes what is in flight at ${how}`, { skip }, async t => {
        const { env } = await freshDatabase(t, engine)
        const npm = await npmStart(t, env, command)
        const ended = once(npm.process, 'exit')
        const client = await signedIn(t, npm)
        assert.equal(await addAcross(client, npm.url, () => end(npm)), 303, npm.said())
        assert.equal((await ended)[0], code, npm.said())
        const next = await startServer(t, env)
        client.moveTo(next)
        assert.deepEqual(
          (await client.items()).map(item => item.tipo),
          ['Sent slowly']
        )
      })
    }
  },
  ['sqlite']
)
