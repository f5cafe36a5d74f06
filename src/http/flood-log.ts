import type { FastifyBaseLogger } from 'fastify'

/** Kinds that are told apart within one window; what is made of a stranger's input must not fill the memory. */
const MAX_KINDS = 50

declare module 'fastify' {
  interface FastifyInstance {
    flood: FloodLog
  }
}

export interface FloodLog {
  /** Writes the line by `write`, unless one of its `kind` was written just now: then it is counted. */
  (kind: string, write: () => void): void
  /** Writes what was counted so far. */
  flush(): void
}

/**
 * For lines that strangers can cause as many of as they like. The first of a kind is written at once; what follows is counted
 * and told in one warning each `windowMs`, for as long as it goes on.
 */
export function floodLog(log: FastifyBaseLogger, windowMs = 1000): FloodLog {
  const counts = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined

  const flush = () => {
    for (const [kind, more] of counts) {
      if (more === 0) counts.delete(kind)
      else {
        log.warn({ kind, more }, 'and more of the kind')
        counts.set(kind, 0)
      }
    }
    timer = undefined
    if (counts.size > 0) timer = setTimeout(flush, windowMs).unref()
  }

  const note = (given: string, write: () => void) => {
    const kind = counts.has(given) || counts.size < MAX_KINDS ? given : 'others'
    const known = counts.get(kind)
    counts.set(kind, known === undefined ? 0 : known + 1)
    if (known === undefined) write()
    timer ??= setTimeout(flush, windowMs).unref()
  }
  return Object.assign(note, {
    flush() {
      clearTimeout(timer)
      flush()
      clearTimeout(timer)
    }
  })
}
