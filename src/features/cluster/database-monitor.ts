import type { Lifecycle } from '../../lifecycle.ts'
import type { Store } from '../../open-store.ts'
import { failureName, rootError } from '../../store/failures.ts'
import type { Siblings } from './siblings.ts'

const EVERY_MS = 1000
/**
 * Without an answer it asks sooner at first, as a start takes under a second, and then less and less often: a database that
 * is short of time must not be kept from coming up by those who wait for it.
 */
const FIRST_EVERY_MS = 100
const GROWTH = 1.5
const ANSWER_MS = 1000
/** A trial write. */
const TRIAL_MS = 3000

const LOOK_EVERY_MS = 100
/** The pool's watch hears from each node four times a second. */
const SILENT_MS = 350
/** By then the database has been asked once more. */
const ASK_SIBLINGS_AFTER_MS = 500
const ASK_SIBLINGS_EVERY_MS = 500

export interface DatabaseChange {
  reachable: boolean
  failure?: string
  reason?: string
  /** The server that has a database while this one has none. */
  elsewhere?: string
  /** Why this release cannot serve on the schema that was found. */
  problem?: string
  /** It takes writes again. */
  isWritable?: true
}

/**
 * Keeps asking whether the database answers and with which schema, so that health checks cost it nothing; once it was full, or
 * took no writes, also whether it has room again, or takes them. When it falls silent the siblings are asked: is it away, or is this server alone cut off from it?
 */
export function startDatabaseMonitor(
  store: Store,
  lifecycle: Lifecycle,
  siblings: Pick<Siblings, 'findServed' | 'findWriter'>,
  onChange: (change: DatabaseChange) => void
): () => void {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let reachable: boolean | undefined
  let problem: string | undefined
  /** Failures of this outage. */
  const told = new Set<string>()
  let waitMs = FIRST_EVERY_MS
  let isAsking = false

  const ask = async () => {
    clearTimeout(timer)
    isAsking = true
    try {
      const schema = await store.schema(store.beginJob('database monitor', ANSWER_MS))
      lifecycle.databaseAnswered(schema)
      if (reachable !== true) onChange({ reachable: true })
      if (schema.problem !== undefined && schema.problem !== problem) {
        onChange({ reachable: true, problem: schema.problem })
      }
      problem = schema.problem
      reachable = true
      waitMs = FIRST_EVERY_MS
      if (lifecycle.isStorageFull || lifecycle.isReadOnly) {
        const wasReadOnly = lifecycle.isReadOnly
        await tryStorage(store, lifecycle)
        if (lifecycle.isReadOnly) lifecycle.siblingWrites(await siblings.findWriter())
        else if (wasReadOnly) onChange({ reachable: true, isWritable: true })
      }
    } catch (error) {
      const root = rootError(error)
      const failure = failureName(root)
      lifecycle.databaseFailed(failure)
      if (reachable !== false) told.clear()
      // The first may be a wait that says nothing of its cause.
      if (!told.has(failure)) {
        onChange({ reachable: false, failure, reason: root instanceof Error ? root.message : String(root) })
      }
      told.add(failure)
      reachable = false
    }
    isAsking = false
    if (stopped) return
    timer = setTimeout(ask, reachable ? EVERY_MS : waitMs).unref()
    waitMs = Math.min(EVERY_MS, GROWTH * waitMs)
  }
  ask()

  let nextConsultationAt = 0
  let isConsulting = false
  const consult = async () => {
    isConsulting = true
    const server = await siblings.findServed()
    isConsulting = false
    // It may have answered meanwhile.
    if (stopped || store.dialect.silentMs() <= SILENT_MS) return
    const before = lifecycle.database
    lifecycle.siblingsAnswered(server)
    nextConsultationAt = performance.now() + ASK_SIBLINGS_EVERY_MS
    if (server !== undefined && before !== 'elsewhere') onChange({ reachable: false, elsewhere: server })
  }
  const looking = setInterval(() => {
    const silentMs = store.dialect.silentMs()
    if (silentMs <= SILENT_MS) {
      lifecycle.databaseHeard()
      nextConsultationAt = 0
      return
    }
    lifecycle.databaseSilent()
    if (reachable && !isAsking) void ask()
    const isTime = silentMs > ASK_SIBLINGS_AFTER_MS && performance.now() >= nextConsultationAt
    if (isTime && !isConsulting && lifecycle.siblings > 0) void consult()
  }, LOOK_EVERY_MS)
  looking.unref()

  return () => {
    stopped = true
    clearTimeout(timer)
    clearInterval(looking)
  }
}

/** Until it succeeds nothing changes: who asks for readiness is told of the write that was given up. */
async function tryStorage(store: Store, lifecycle: Lifecycle): Promise<void> {
  const found = store.tryStorage(store.beginJob('storage trial', TRIAL_MS))
  await found.then(
    () => {
      lifecycle.storageHasRoom()
      lifecycle.writable()
    },
    () => {}
  )
}
