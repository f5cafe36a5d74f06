import type { FastifyInstance, FastifyRequest } from 'fastify'
import { getCaller } from './bearer.ts'
import { Problem } from './problem.ts'
import { keyOf } from './request.ts'

/** What most requests take is a fraction of it; who waited so long is better off knowing. */
const PATIENCE_MS = 2000
const RETRY_AFTER_SECONDS = 1

/**
 * The same request a second time while the first is still being answered: as a rule it waits a moment, finds the first one's
 * change, and answers the same. A balancer that repeats a request does not bother the client so. Where the first one takes
 * long, because the database does, the second is told that it is in progress. On another web server the database holds
 * it back instead.
 */
export function refuseInProgress(api: FastifyInstance): void {
  const inHand = new Map<string, Promise<void>>()
  const finish = new WeakMap<FastifyRequest, () => void>()

  api.addHook('preHandler', async request => {
    if (request.method === 'GET' || request.method === 'HEAD') return
    const name = `${getCaller(request).account.id} ${keyOf(request)}`
    const patience = AbortSignal.timeout(PATIENCE_MS)
    for (let first = inHand.get(name); first !== undefined; first = inHand.get(name)) {
      if (!(await settles(first, patience))) {
        throw new Problem('in_progress', { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } })
      }
    }
    const end = new Promise<void>(resolve => {
      finish.set(request, () => {
        inHand.delete(name)
        resolve()
      })
    })
    inHand.set(name, end)
  })

  // Sent or failed, and whether anybody is still there to read it.
  api.addHook('onSend', async request => {
    finish.get(request)?.()
    finish.delete(request)
  })
}

/** Whether it ends before this signal. */
const settles = (first: Promise<void>, signal: AbortSignal): Promise<boolean> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve(false)
    const giveUp = () => resolve(false)
    signal.addEventListener('abort', giveUp, { once: true })
    first.then(() => {
      signal.removeEventListener('abort', giveUp)
      resolve(true)
    })
  })
