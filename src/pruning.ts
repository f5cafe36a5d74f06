import { setTimeout as sleep } from 'node:timers/promises'
import { finishDeletions } from './features/account-data/clearing.ts'
import { FAILURE_WINDOW_MS } from './features/accounts/login-throttle.ts'
import { sweep } from './features/pictures/sweep.ts'
import type { Files } from './files/files.ts'
import type { Store } from './open-store.ts'
import type { Prunable } from './store/tables.ts'

const EVERY_MS = 10 * 60_000
const BATCH = 200
const MAX_BATCHES = 50
const PAUSE_MS = 100

/** How long a change is remembered, and with it its key: longer than any browser's tab is likely to stay open on one form. */
const KEEP_CHANGES_MS = 365 * 24 * 60 * 60_000

/** A server that says nothing for so long has ended; one that ends in order takes its row along. */
const KEEP_SERVERS_MS = 60 * 60_000

/** What is past its time, and since when, in milliseconds since 1970. */
export const overdue = (now: number): Record<Prunable, number> => ({
  sessions: now,
  changes: now - KEEP_CHANGES_MS,
  lists: now - KEEP_CHANGES_MS,
  loginFailures: now - FAILURE_WINDOW_MS,
  servers: now - KEEP_SERVERS_MS,
  fileFolders: now - KEEP_SERVERS_MS,
  tokens: now
})

/** One round: small deletes with pauses, so that no other writer waits long. How many rows went. */
export async function prune(store: Store, now = Date.now(), signal?: AbortSignal, files?: Files): Promise<number> {
  let pruned = 0
  for (const [what, before] of Object.entries(overdue(now)) as [Prunable, number][]) {
    for (let batch = 0; batch < MAX_BATCHES && !signal?.aborted; batch++) {
      const work = store.beginJob('pruning')
      const deleted = await work.repeatable(() => work.prune(what, before, BATCH))
      pruned += deleted
      if (deleted < BATCH) break
      await sleep(PAUSE_MS)
    }
  }
  if (!signal?.aborted) await finishDeletions(store)
  if (!signal?.aborted && files) pruned += await sweep(store, files, { now })
  return pruned
}

/** Prunes now and then, at moments that differ between servers. Returns a function that stops it. */
export function startPruning(
  store: Store,
  files: Files,
  report: (error: unknown, pruned: number) => void,
  everyMs = EVERY_MS
): () => void {
  const aborter = new AbortController()
  let timer: NodeJS.Timeout
  const plan = () => {
    timer = setTimeout(
      () => {
        prune(store, Date.now(), aborter.signal, files)
          .then(pruned => report(undefined, pruned))
          .catch(error => report(error, 0))
          .finally(() => {
            if (!aborter.signal.aborted) plan()
          })
      },
      everyMs * (0.5 + Math.random())
    ).unref()
  }
  plan()
  return () => {
    aborter.abort()
    clearTimeout(timer)
  }
}
