import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { FilesError } from './errors.ts'
import type { Answer, Ask, JobName, Report } from './jobs.ts'

const PROGRAM = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './hand.ts' : './hand.js', import.meta.url))
/** That can be waiting for a disk at a time and not be ended, which a disk that is gone may prevent. */
const MAX_STUCK = 3
const MAX_WAITING = 30
/** Until a job is begun: others come before it, and a process may have to be started. */
const BEGIN_MS = 20_000

export interface HandsOptions {
  /** Processes that work at a time. */
  count: number
  /** After this long without a job they end. */
  idleMs: number
}

interface Job {
  job: JobName
  ask: unknown
  /** From when it is begun. */
  limitMs: number
  resolve: (answer: never) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}

interface Hand {
  child: ChildProcess
  busyWith: Job | undefined
  idle: NodeJS.Timeout | undefined
}

export type Hands = ReturnType<typeof createHands>

/**
 * Processes that do what may take long, or for ever: reading and writing files, and reckoning with pictures. Neither the
 * event loop nor its threads wait for them. One that misses its deadline is given up and killed; where that does not end it,
 * as it waits in the kernel, it counts as stuck, and with three of those nothing is tried any more until one ends.
 */
export function createHands({ count, idleMs }: HandsOptions) {
  const hands = new Set<Hand>()
  const stuck = new Set<ChildProcess>()
  const waiting: Job[] = []
  let orders = 0
  let isClosed = false

  const settle = (job: Job) => {
    clearTimeout(job.timer)
    const at = waiting.indexOf(job)
    if (at >= 0) waiting.splice(at, 1)
  }

  const refuse = (job: Job, code: string) => {
    settle(job)
    job.reject(new FilesError('away', code))
  }

  const drop = (hand: Hand) => {
    hands.delete(hand)
    clearTimeout(hand.idle)
    const { child } = hand
    if (child.exitCode === null && child.signalCode === null) {
      stuck.add(child)
      child.once('exit', () => {
        stuck.delete(child)
        next()
      })
      child.kill('SIGKILL')
      // Mostly it has ended in a moment; who waits for that which does not is told what all others are told.
      if (stuck.size >= MAX_STUCK) for (const job of [...waiting]) refuse(job, 'ESTUCK')
      // Nobody waits for it, this process neither.
      child.unref()
      child.channel?.unref()
    }
  }

  const rest = (hand: Hand) => {
    hand.busyWith = undefined
    hand.idle = setTimeout(() => {
      hands.delete(hand)
      if (hand.child.connected) hand.child.disconnect()
    }, idleMs).unref()
    hand.child.unref()
    hand.child.channel?.unref()
    next()
  }

  /** It ended, or could not begin. What it was doing says nothing of the disk: it may have run out of memory. */
  const end = (hand: Hand) => {
    if (!hands.delete(hand)) return
    clearTimeout(hand.idle)
    const job = hand.busyWith
    if (job) {
      settle(job)
      job.reject(new FilesError('away', 'EENDED'))
    }
    next()
  }

  const employ = (): Hand => {
    const child = fork(PROGRAM, [], {
      serialization: 'advanced',
      // Nothing of what this process was told: no password of a database.
      env: { MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '2' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc']
    })
    const hand: Hand = { child, busyWith: undefined, idle: undefined }
    hands.add(hand)
    child.on('error', () => end(hand))
    child.once('exit', () => end(hand))
    return hand
  }

  const begun = (job: Job) => {
    clearTimeout(job.timer)
    job.timer = setTimeout(() => {
      settle(job)
      job.reject(new FilesError('away', 'ETIMEDOUT'))
      const hand = [...hands].find(({ busyWith }) => busyWith === job)
      if (hand) {
        hand.busyWith = undefined
        drop(hand)
        next()
      }
    }, job.limitMs)
  }

  const give = (hand: Hand, job: Job) => {
    clearTimeout(hand.idle)
    hand.busyWith = job
    const id = ++orders
    const { child } = hand
    const listen = (report: Report) => {
      if (report.id !== id) return
      if ('begun' in report) return begun(job)
      child.off('message', listen)
      settle(job)
      if ('failure' in report)
        job.reject(Object.assign(new Error(report.failure.message), { code: report.failure.code }))
      else job.resolve(report.answer as never)
      rest(hand)
    }
    child.on('message', listen)
    child.ref()
    child.channel?.ref()
    child.send({ id, job: job.job, ask: job.ask }, error => {
      if (error) end(hand)
    })
  }

  function next(): void {
    while (waiting.length > 0 && !isClosed) {
      const free = [...hands].find(hand => hand.busyWith === undefined)
      // Each that works now may be stuck in a moment.
      if (!free && hands.size >= Math.min(count, MAX_STUCK - stuck.size)) return
      const job = waiting.shift() as Job
      give(free ?? employ(), job)
    }
  }

  return {
    /**
     * What a hand answers, within the limit once it has begun.
     * @throws FilesError `away` when it does not, `busy` when too many wait; otherwise the hand's own error, with its code
     */
    ask<J extends JobName>(job: J, ask: Ask<J>, limitMs: number): Promise<Answer<J>> {
      if (isClosed || stuck.size >= MAX_STUCK) return Promise.reject(new FilesError('away', 'ESTUCK'))
      if (waiting.length >= MAX_WAITING) return Promise.reject(new FilesError('busy'))
      return new Promise((resolve, reject) => {
        const one: Job = {
          job,
          ask,
          limitMs,
          resolve: resolve as (answer: never) => void,
          reject,
          // That says nothing of the disk.
          timer: setTimeout(() => {
            settle(one)
            reject(new FilesError('busy'))
          }, BEGIN_MS)
        }
        waiting.push(one)
        next()
      })
    },

    /** Processes that could not be ended. */
    get stuck(): number {
      return stuck.size
    },

    close(): void {
      isClosed = true
      for (const job of [...waiting]) refuse(job, 'ECLOSED')
      for (const { child, idle } of hands) {
        clearTimeout(idle)
        child.kill('SIGKILL')
      }
      hands.clear()
    }
  }
}
