import type { Lifecycle } from './lifecycle.ts'
import { failureName, rootError } from './store/failures.ts'
import type { Store } from './store/index.ts'

const EVERY_MS = 1000
/** Until the first answer: a start takes under a second. */
const FIRST_EVERY_MS = 100
const ANSWER_MS = 1000

/** Keeps asking whether the database answers and with which schema, so that health checks cost it nothing. */
export function startDatabaseMonitor(
  store: Store,
  lifecycle: Lifecycle,
  onChange: (change: { reachable: boolean; failure?: string }) => void
): () => void {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let reachable: boolean | undefined

  const ask = async () => {
    try {
      lifecycle.databaseAnswered(await store.schema(store.beginJob('database monitor', ANSWER_MS)))
      if (reachable !== true) onChange({ reachable: true })
      reachable = true
    } catch (error) {
      const failure = failureName(rootError(error))
      lifecycle.databaseFailed(failure)
      if (reachable !== false) onChange({ reachable: false, failure })
      reachable = false
    }
    if (!stopped) timer = setTimeout(ask, reachable ? EVERY_MS : FIRST_EVERY_MS).unref()
  }
  ask()

  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
