import type { Lifecycle } from './lifecycle.ts'
import { failureName, rootError } from './store/failures.ts'
import type { Store } from './store/index.ts'

const EVERY_MS = 1000
/**
 * Without an answer it asks sooner at first, as a start takes under a second, and then less and less often: a database that
 * is short of time must not be kept from coming up by those who wait for it.
 */
const FIRST_EVERY_MS = 100
const GROWTH = 1.5
const ANSWER_MS = 1000
/** A trial write with its search for a node that has room. */
const TRIAL_MS = 3000

/**
 * Keeps asking whether the database answers and with which schema, so that health checks cost it nothing; once it was full,
 * also whether it has room again.
 */
export function startDatabaseMonitor(
  store: Store,
  lifecycle: Lifecycle,
  onChange: (change: { reachable: boolean; failure?: string; reason?: string }) => void
): () => void {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let reachable: boolean | undefined
  let waitMs = FIRST_EVERY_MS

  const ask = async () => {
    try {
      lifecycle.databaseAnswered(await store.schema(store.beginJob('database monitor', ANSWER_MS)))
      if (reachable !== true) onChange({ reachable: true })
      reachable = true
      waitMs = FIRST_EVERY_MS
      if (lifecycle.isStorageFull) await tryStorage(store, lifecycle)
    } catch (error) {
      const root = rootError(error)
      const failure = failureName(root)
      lifecycle.databaseFailed(failure)
      if (reachable !== false)
        onChange({ reachable: false, failure, reason: root instanceof Error ? root.message : String(root) })
      reachable = false
    }
    if (stopped) return
    timer = setTimeout(ask, reachable ? EVERY_MS : waitMs).unref()
    waitMs = Math.min(EVERY_MS, GROWTH * waitMs)
  }
  ask()

  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/** Until it succeeds nothing changes: who asks for readiness is told of the write that was given up. */
async function tryStorage(store: Store, lifecycle: Lifecycle): Promise<void> {
  const found = store.tryStorage(store.beginJob('storage trial', TRIAL_MS))
  await found.then(
    () => lifecycle.storageHasRoom(),
    () => {}
  )
}
