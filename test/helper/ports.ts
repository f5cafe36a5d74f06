import { randomInt } from 'node:crypto'
import net from 'node:net'

/** A port that nothing listens on, below the range that the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
  while (true) {
    const port = randomInt(20_000, 32_000)
    const server = net.createServer()
    const isFree = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}
