import { readFileSync } from 'node:fs'
import type { SchemaVersion } from './store/migrate.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** A database without room is not called well before this: on a full disk some writes find room, and the next does not. */
const FULL_AT_LEAST_MS = 3000

/** How long a request waits for a database that has been silent for longer than a request may wait. */
const DOWN_REQUEST_MS = 1000

export interface Readiness {
  ready: boolean
  /** `ready`, `starting` or `draining`, or `unavailable` for want of a database, or of room in it. */
  status: 'ready' | 'starting' | 'draining' | 'unavailable'
  reasons: string[]
}

/** Who this web server is and in what state: made by server.ts, passed to whoever asks. */
export class Lifecycle {
  readonly serverName: string
  readonly version = version
  readonly #readyGraceMs: number
  #phase: 'starting' | 'serving' | 'draining' = 'starting'
  #schema: SchemaVersion | undefined
  #answeredAt: number | undefined
  #failure = 'not asked yet'
  #full: { cause: string; lastAt: number } | undefined

  constructor(serverName: string, readyGraceMs: number) {
    this.serverName = serverName
    this.#readyGraceMs = readyGraceMs
  }

  get isDraining(): boolean {
    return this.#phase === 'draining'
  }

  /** True once the database answered with the schema this release was written for. */
  get isSchemaCurrent(): boolean {
    return this.#schema !== undefined && this.#schema.found === this.#schema.known
  }

  serving(): void {
    if (this.#phase === 'starting') this.#phase = 'serving'
  }

  draining(): void {
    this.#phase = 'draining'
  }

  databaseAnswered(schema: SchemaVersion): void {
    this.#answeredAt = performance.now()
    this.#schema = schema
  }

  /** @param failure a code, never a message: those may name users and hosts */
  databaseFailed(failure: string): void {
    this.#failure = failure
  }

  /** True while it is to be found out whether the database has room again. */
  get isStorageFull(): boolean {
    return this.#full !== undefined
  }

  /** A write found no room. @param cause a code, as in `databaseFailed` */
  storageFull(cause: string): void {
    this.#full = { cause, lastAt: performance.now() }
  }

  /** A trial found room. */
  storageHasRoom(): void {
    if (this.#full && performance.now() - this.#full.lastAt >= FULL_AT_LEAST_MS) this.#full = undefined
  }

  /**
   * How long a request may spend on the database, of at most `limitMs`: little once it has been away for longer than that,
   * so that pages say so at once. Until then a request waits as long as it may: an outage under its deadline fails nobody.
   */
  requestLimitMs(limitMs: number): number {
    const silentMs = performance.now() - (this.#answeredAt ?? Number.NEGATIVE_INFINITY)
    return silentMs > limitMs ? Math.min(limitMs, DOWN_REQUEST_MS) : limitMs
  }

  /** Whether balancers should send requests here. A short database outage does not change it (architecture, rule 9). */
  readiness(): Readiness {
    if (this.#phase === 'draining') return { ready: false, status: 'draining', reasons: ['shutting down'] }
    if (this.#phase === 'starting') return { ready: false, status: 'starting', reasons: ['not listening yet'] }
    const silentMs = performance.now() - (this.#answeredAt ?? Number.NEGATIVE_INFINITY)
    if (silentMs > this.#readyGraceMs) {
      return { ready: false, status: 'unavailable', reasons: [`the database does not answer: ${this.#failure}`] }
    }
    const { found, known } = this.#schema ?? { found: 0, known: 0 }
    if (found !== known) {
      const advice = found < known ? 'run carrinho migrate' : 'run a newer carrinho'
      return {
        ready: false,
        status: 'unavailable',
        reasons: [`the schema is at version ${found}, this server knows ${known}: ${advice}`]
      }
    }
    if (this.#full) {
      const reason = `the database's storage is full, only reading works: ${this.#full.cause}`
      return { ready: false, status: 'unavailable', reasons: [reason] }
    }
    return { ready: true, status: 'ready', reasons: [] }
  }
}
