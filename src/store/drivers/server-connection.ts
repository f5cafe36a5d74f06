import type { EventEmitter } from 'node:events'
import type { Answer, Connection, NodeInfo } from '../connection.ts'

/** A connection to a database server: the end of it, which the pool must hear of once, is the same with every driver. */
export abstract class ServerConnection implements Connection {
  node: string
  role = 'primary'
  #gone = false
  #goneListener: (() => void) | undefined

  constructor(host: string, driver: EventEmitter) {
    this.node = host
    const gone = () => {
      if (this.#gone) return
      this.#gone = true
      this.#goneListener?.()
    }
    // Without a listener an 'error' between two statements would end the process.
    driver.on('error', gone)
    driver.on('end', gone)
  }

  abstract readonly isCausal: boolean
  abstract run(text: string, params: unknown[], timeoutMs: number, isCaughtUp?: boolean): Promise<Answer>
  abstract check(timeoutMs: number): Promise<void>
  abstract describe(timeoutMs: number): Promise<NodeInfo>
  /** Destroys the socket: the driver's goodbye would wait for a frozen peer. */
  protected abstract cut(): void

  isGone(): boolean {
    return this.#gone
  }

  destroy(): void {
    this.#gone = true
    this.cut()
  }

  onGone(listener: () => void): void {
    this.#goneListener = listener
  }
}
