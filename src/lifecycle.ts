import { randomBytes } from 'node:crypto'
import { release } from './release.ts'
import type { SchemaVersion } from './store/schema-window.ts'

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

/**
 * What this server knows of its database: `heard` of a moment ago; silent, and `unclear` whether to the other servers, too;
 * silent to all that could be asked (`lost`); or there for another server, and not for this one (`elsewhere`).
 */
export type DatabaseOutlook = 'heard' | 'unclear' | 'lost' | 'elsewhere'

/** Who this web server is and in what state: made by server.ts, passed to whoever asks. */
export class Lifecycle {
  readonly serverName: string
  readonly version = release
  /** Of this process: two servers may have one name. */
  readonly instance = randomBytes(16).toString('base64url')
  /** How many other servers could be asked for their database, when it last told of them. */
  siblings = 0
  readonly #readyGraceMs: number
  #phase: 'starting' | 'serving' | 'draining' = 'starting'
  #schema: SchemaVersion | undefined
  #answeredAt: number | undefined
  #failure = 'not asked yet'
  #full: { cause: string; lastAt: number } | undefined
  #readOnly: { cause: string; sinceAt: number } | undefined
  /** The sibling that can write while this server cannot. */
  #writer: string | undefined
  #outlook: DatabaseOutlook = 'heard'
  #elsewhere: string | undefined
  readonly #onElsewhere: ((server: string) => void)[] = []
  #address = ''

  constructor(serverName: string, readyGraceMs: number) {
    this.serverName = serverName
    this.#readyGraceMs = readyGraceMs
  }

  get isDraining(): boolean {
    return this.#phase === 'draining'
  }

  /** True once the database answered with a schema that this release can serve on. */
  get isSchemaFit(): boolean {
    return this.#schema !== undefined && this.#schema.problem === undefined
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

  /** True while it is to be found out whether the database takes writes again. */
  get isReadOnly(): boolean {
    return this.#readOnly !== undefined
  }

  /** A write was given up, as no node took it. True when that is news. @param cause a code, as in `databaseFailed` */
  readOnly(cause: string): boolean {
    if (this.#readOnly) return false
    this.#readOnly = { cause, sinceAt: performance.now() }
    return true
  }

  /** A trial was written. */
  writable(): void {
    this.#readOnly = undefined
    this.#writer = undefined
  }

  /** @param server the sibling that can write, while this one cannot; undefined when none is known to */
  siblingWrites(server: string | undefined): void {
    this.#writer = this.#readOnly && server
  }

  get database(): DatabaseOutlook {
    return this.#outlook
  }

  /** The server that has a database while this one has none. */
  get elsewhere(): string | undefined {
    return this.#elsewhere
  }

  /** Where balancers reach this server, and so its siblings; empty while none has come. */
  get address(): string {
    return this.#address
  }

  /** A trusted balancer came on this connection. */
  reachedAt({ localAddress, localPort }: { localAddress?: string | undefined; localPort?: number | undefined }): void {
    if (this.#address !== '' || localAddress === undefined || localPort === undefined) return
    const address = localAddress.replace(/^::ffff:/, '')
    this.#address = `${address.includes(':') ? `[${address}]` : address}:${localPort}`
  }

  /** Calls back each time that the database turns out to be another server's only. */
  onElsewhere(listener: (server: string) => void): void {
    this.#onElsewhere.push(listener)
  }

  databaseHeard(): void {
    this.#outlook = 'heard'
    this.#elsewhere = undefined
  }

  /** Nothing was heard of it for a moment. */
  databaseSilent(): void {
    if (this.#outlook === 'heard') this.#outlook = this.siblings > 0 ? 'unclear' : 'lost'
  }

  /** @param server the sibling that has a database, while this one has none; undefined when none is known to */
  siblingsAnswered(server: string | undefined): void {
    const isNews = server !== undefined && this.#outlook !== 'elsewhere'
    this.#outlook = server === undefined ? 'lost' : 'elsewhere'
    this.#elsewhere = server
    if (isNews) for (const listener of this.#onElsewhere) listener(server)
  }

  /**
   * How long a request may spend on the database, of at most `limitMs`: little once it has been away for longer than that,
   * so that pages say so at once. Until then a request waits as long as it may: an outage under its deadline fails nobody.
   */
  requestLimitMs(limitMs: number): number {
    const silentMs = performance.now() - (this.#answeredAt ?? Number.NEGATIVE_INFINITY)
    return silentMs > limitMs ? Math.min(limitMs, DOWN_REQUEST_MS) : limitMs
  }

  /** How long a request looks for a node that takes writes: little once there has been none for as long as it may wait. */
  writableWithinMs(limitMs: number): number {
    const isLong = this.#readOnly !== undefined && performance.now() - this.#readOnly.sinceAt > limitMs
    return isLong ? Math.min(limitMs, DOWN_REQUEST_MS) : limitMs
  }

  /** Whether balancers should send requests here. A short database outage does not change it: it would take every server out at once. */
  readiness(): Readiness {
    if (this.#phase === 'draining') return { ready: false, status: 'draining', reasons: ['shutting down'] }
    if (this.#phase === 'starting') return { ready: false, status: 'starting', reasons: ['not listening yet'] }
    if (this.#elsewhere !== undefined) {
      const reasons = [`no database here, ${this.#elsewhere} has one`]
      return { ready: false, status: 'unavailable', reasons }
    }
    const silentMs = performance.now() - (this.#answeredAt ?? Number.NEGATIVE_INFINITY)
    if (silentMs > this.#readyGraceMs) {
      return { ready: false, status: 'unavailable', reasons: [`the database does not answer: ${this.#failure}`] }
    }
    if (this.#schema?.problem !== undefined) {
      return { ready: false, status: 'unavailable', reasons: [this.#schema.problem] }
    }
    if (this.#full) {
      const reason = `the database's storage is full, only reading works: ${this.#full.cause}`
      return { ready: false, status: 'unavailable', reasons: [reason] }
    }
    if (this.#readOnly) {
      const reason = `the database takes no writes, only reading works: ${this.#readOnly.cause}`
      // Where that is so for all, to be unready would take reading away, too.
      if (this.#writer === undefined) return { ready: true, status: 'ready', reasons: [reason] }
      return { ready: false, status: 'unavailable', reasons: [`${reason}; ${this.#writer} can write`] }
    }
    return { ready: true, status: 'ready', reasons: [] }
  }
}
