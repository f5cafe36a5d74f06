import { tooBusy } from '../../errors.ts'

/** Of each kind; who comes later is told to try again. */
const MAX_WAITING = 200
const MAX_WAIT_MS = 6000

export type InTurn = <R>(kind: string, work: () => Promise<R>) => Promise<R>

/**
 * Lets work run, at most `places` at a time. Each kind has a queue of its own and the queues take turns, so that a crowd
 * of one kind, however large, costs another at most half of the places.
 * The function that it returns throws AppError busy when its queue is full, or nothing was free in time.
 */
export function takeTurns(places: number): InTurn {
  const queues = new Map<string, (() => void)[]>()
  let taken = 0

  const enter = (kind: string): Promise<void> | void => {
    if (taken < places) {
      taken++
      return
    }
    const queue = queues.get(kind) ?? []
    if (queue.length >= MAX_WAITING) throw tooBusy()
    queues.set(kind, queue)
    return new Promise((resolve, reject) => {
      const proceed = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(proceed), 1)
        if (queue.length === 0) queues.delete(kind)
        reject(tooBusy())
      }, MAX_WAIT_MS)
      queue.push(proceed)
    })
  }

  /** The place goes to the queue that has waited longest for one, which then goes to the end. */
  const leave = () => {
    const [next] = queues
    if (!next) {
      taken--
      return
    }
    const [kind, queue] = next
    const proceed = queue.shift()
    queues.delete(kind)
    if (queue.length > 0) queues.set(kind, queue)
    proceed?.()
  }

  return async (kind, work) => {
    await enter(kind)
    try {
      return await work()
    } finally {
      leave()
    }
  }
}

/** Work under one key runs one piece after the other, in the order in which it came. */
export function oneAtATime(): InTurn {
  const known = new Map<string, { inTurn: InTurn; users: number }>()

  return async (key, work) => {
    const line = known.get(key) ?? { inTurn: takeTurns(1), users: 0 }
    known.set(key, line)
    line.users++
    try {
      return await line.inTurn(key, work)
    } finally {
      if (--line.users === 0) known.delete(key)
    }
  }
}
