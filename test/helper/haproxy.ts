import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { eventually, withinMs } from './patience.ts'
import { freePort } from './ports.ts'
import { track } from './processes.ts'
import { request } from './requests.ts'
import { defer, type Scope, tempFolder } from './scope.ts'

export interface Haproxy {
  url: string
  port: number
  logs: string[]
}

const accepts = async (port: number): Promise<void> => {
  const socket = net.connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}

/** A real HAProxy that listens on all that its file binds on 127.0.0.1. `config` gets a free port for it. */
export async function startHaproxy(t: Scope, config: (ports: { port: number }) => string): Promise<Haproxy> {
  const program = process.env.CARRINHO_TEST_HAPROXY
  assert.ok(program, 'no HAProxy to test with')
  const port = await freePort()
  const folder = await tempFolder(t)
  const file = join(folder, 'haproxy.cfg')
  const text = config({ port })
  await writeFile(file, text)
  const child = track(spawn(program, ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] }))
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const logs: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => logs.push(chunk))
  }
  defer(t, async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs.stop)
    await ended
    clearTimeout(timer)
  })
  await eventually(async () => {
    assert.equal(child.exitCode, null, `HAProxy ended:\n${logs.join('')}`)
    // It begins to listen on one after the other.
    const bound = [...text.matchAll(/^\s*bind 127\.0\.0\.1:(\d+)/gm)].map(match => Number(match[1]))
    for (const each of new Set([port, ...bound])) await accepts(each)
  })
  return { url: `http://127.0.0.1:${port}`, port, logs }
}

interface Behind {
  name: string
  port: number
}

/**
 * For `startHaproxy`: web servers by turns, away from who says that it is not ready, unless `isChecked` is false. A check that is
 * late on a busy machine is no failure. `defaults` and `frontend` are further lines, and win over these.
 */
export const webBalancer =
  (
    servers: Behind[],
    {
      isChecked = true,
      defaults = [],
      frontend = []
    }: { isChecked?: boolean; defaults?: string[]; frontend?: string[] } = {}
  ) =>
  ({ port }: { port: number }) =>
    [
      'defaults',
      'mode http',
      'timeout connect 300ms',
      'timeout client 60s',
      'timeout server 60s',
      'timeout check 5s',
      'retries 3',
      'option redispatch 1',
      'option forwardfor',
      ...defaults,
      'frontend web',
      `bind 127.0.0.1:${port}`,
      ...frontend,
      'default_backend webservers',
      'backend webservers',
      'balance roundrobin',
      ...(isChecked ? ['option httpchk GET /health/ready', 'default-server check inter 100ms fall 1 rise 1'] : []),
      ...servers.map(server => `server ${server.name} 127.0.0.1:${server.port}`),
      ''
    ].join('\n')

/** Waits until two requests in a row are answered by two servers. */
export const untilByTurns = ({ url }: { url: string }): Promise<void> =>
  eventually(async () => {
    const names = [await request(url), await request(url)].map(reply => reply.headers['x-served-by'])
    assert.equal(new Set(names).size, 2)
  })
