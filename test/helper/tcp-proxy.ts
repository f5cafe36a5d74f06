import { once } from 'node:events'
import net from 'node:net'
import { freePort } from './ports.ts'
import { defer, type Scope } from './scope.ts'

export interface TcpProxy {
  port: number
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>
  /** Keeps every connection and passes nothing on, as when a host vanishes without a word. */
  freeze(): void
  /** Keeps the connections there are and passes nothing on; new ones work, as when an address moved to another host. */
  strand(): void
  restore(): Promise<void>
}

/** What a proxy does after a chunk: by default nothing; `lose` passes it on, and breaks the connection in place of the answer. */
export type ProxyVerdict = 'lose' | undefined

/**
 * Stands between a server and its database, so that the way to it can be lost with the database itself unharmed.
 * `onClientData` sees what the client sends, connection by connection; `rewrite` changes what the server answers.
 */
export async function tcpProxy(
  t: Scope,
  targetPort: number,
  onClientData?: (chunk: Buffer, connection: object) => ProxyVerdict,
  rewrite: (chunk: Buffer) => Buffer = chunk => chunk
): Promise<TcpProxy> {
  const sockets = new Set<net.Socket>()
  const port = await freePort()
  let isFrozen = false

  const server = net.createServer(client => {
    const target = net.connect(targetPort, '127.0.0.1')
    const connection = {}
    let isLosing = false
    for (const [from, to] of [
      [client, target],
      [target, client]
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      if (isFrozen) from.pause()
      from.on('data', chunk => {
        if (from === client) isLosing ||= onClientData?.(chunk, connection) === 'lose'
        else if (isLosing) return client.destroy()
        return to.write(from === target ? rewrite(chunk) : chunk)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })

  const listen = () => {
    server.listen(port, '127.0.0.1')
    return once(server, 'listening')
  }
  const cut = async () => {
    const closed = server.listening ? new Promise(resolve => server.close(resolve)) : undefined
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await listen()
  defer(t, cut)
  return {
    port,
    cut,
    freeze() {
      isFrozen = true
      for (const socket of sockets) socket.pause()
    },
    strand() {
      isFrozen = false
      for (const socket of sockets) socket.pause()
    },
    async restore() {
      isFrozen = false
      for (const socket of sockets) socket.resume()
      if (!server.listening) await listen()
    }
  }
}
