import type { FastifyBaseLogger } from 'fastify'
import type { Origin, StoreEvents } from '../store/events.ts'

/** Reasons that tell of no trouble: a connection's time was up, or one came late and was not needed any more. */
const ORDINARY = new Set(['age', 'surplus'])

/**
 * Counts the store's events and logs each in one line, with the id of the request whose work met it.
 * @param log undefined until there is one
 */
export function logStore(counters: StoreEvents, log: () => FastifyBaseLogger | undefined): StoreEvents {
  return {
    ...counters,
    retried(cause, origin) {
      counters.retried(cause, origin)
      log()?.info({ ...nameOf(origin), cause }, 'running again')
    },
    unknownResolved(origin) {
      counters.unknownResolved(origin)
      log()?.info(nameOf(origin), 'an unknown commit is resolved')
    },
    causalReadTimedOut(node, origin) {
      counters.causalReadTimedOut(node, origin)
      log()?.info({ ...nameOf(origin), node }, 'a causal read timed out')
    },
    connectionDiscarded(reason, node, origin) {
      counters.connectionDiscarded(reason, node, origin)
      log()?.[ORDINARY.has(reason) ? 'debug' : 'info']({ ...nameOf(origin), reason, node }, 'connection discarded')
    },
    storageFull(cause, origin) {
      counters.storageFull(cause, origin)
      log()?.warn({ ...nameOf(origin), cause }, "the database's storage is full, a write was given up")
    },
    readOnly(cause, origin) {
      counters.readOnly(cause, origin)
      log()?.info({ ...nameOf(origin), cause }, 'no database node takes writes, one was given up')
    },
    nodeSilent(node) {
      counters.nodeSilent(node)
      log()?.warn({ node }, 'a database node says nothing, its connections are given up')
    }
  }
}

/** As in the lines about requests. What is undefined is left out of the line. */
function nameOf(origin: Origin | undefined): { reqId?: string | undefined; job?: string | undefined } {
  return { reqId: origin?.requestId, job: origin?.job }
}
