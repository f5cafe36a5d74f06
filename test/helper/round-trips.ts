import assert from 'node:assert/strict'
import type { TestDatabase } from './databases.ts'
import type { Env } from './processes.ts'
import type { Scope } from './scope.ts'
import { tcpProxy } from './tcp-proxy.ts'

/**
 * Counts what a web server asks of its database and waits for: commands of MySQL's protocol,
 * simple queries and syncs of PostgreSQL's.
 */
export async function roundTripCounter(t: Scope, database: TestDatabase): Promise<{ env: Env; take(): number }> {
  assert.ok(database.url)
  let count = 0
  const isQuery = database.engine === 'mariadb' ? isMysqlCommand : isPostgresRequest
  const readers = new WeakMap<object, (chunk: Buffer) => void>()
  const proxy = await tcpProxy(t, Number(new URL(database.url).port), (chunk, connection) => {
    let reader = readers.get(connection)
    if (!reader) {
      reader = database.engine === 'mariadb' ? mysqlPackets(onPacket) : postgresMessages(onPacket)
      readers.set(connection, reader)
    }
    reader(chunk)
    return undefined
  })
  function onPacket(packet: Buffer): void {
    if (isQuery(packet)) count += 1
  }
  return {
    env: database.envThrough(proxy.port),
    take() {
      const taken = count
      count = 0
      return taken
    }
  }
}

/** Cuts a byte stream into packets whose whole length `lengthOf` tells, undefined while it cannot yet. */
function splitPackets(lengthOf: (pending: Buffer) => number | undefined, onPacket: (packet: Buffer) => void) {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (true) {
      const length = lengthOf(pending)
      if (length === undefined || pending.length < length) return
      onPacket(pending.subarray(0, length))
      pending = pending.subarray(length)
    }
  }
}

function mysqlPackets(onPacket: (packet: Buffer) => void) {
  return splitPackets(pending => (pending.length < 4 ? undefined : 4 + pending.readUIntLE(0, 3)), onPacket)
}

const comStmtClose = 0x19

/** The first packet of a command has sequence number 0. Closing a statement is not answered. */
function isMysqlCommand(packet: Buffer): boolean {
  return packet[3] === 0 && packet[4] !== comStmtClose
}

function postgresMessages(onPacket: (packet: Buffer) => void) {
  let isStarted = false
  return splitPackets(
    pending => {
      // The start-up message has no type byte.
      const offset = isStarted ? 1 : 0
      return pending.length < offset + 4 ? undefined : offset + pending.readUInt32BE(offset)
    },
    packet => {
      if (isStarted) onPacket(packet)
      isStarted = true
    }
  )
}

function isPostgresRequest(packet: Buffer): boolean {
  return ['Q', 'S'].includes(String.fromCharCode(packet[0] ?? 0))
}
