// Finds the gaps in a row of questions that are sent without waiting for each other. No page in here, so that tests load it.

interface Question {
  sentAt: number
  isSettled: boolean
  /** Undefined where no answer came. */
  arrivedAt: number | undefined
}

/** `ms` long, to `toMs`; `question` is the one that ended it. */
export interface Gap<Q> {
  fromMs: number
  toMs: number
  ms: number
  failures: number
  question: Q
}

/** Shorter than this between two good answers is the usual pace. */
const paceMs = 400

/**
 * A gap lasts from the arrival of the last good answer to a question sent before the first bad one, to the first arrival
 * of a good answer after. Bad is what got no good answer, and what got it after more than `slowMs`. Questions are looked at
 * in the order of sending, as an answer that never comes is only known by its deadline.
 */
export function gapFinder<Q extends Question>(isGood: (question: Q) => boolean, slowMs: number) {
  let waiting: Q[] = []
  let lastGoodAt: number | undefined
  let gap: { fromMs: number; failures: number } | undefined

  /** The gap that ends with this question, if one does. */
  const look = (question: Q): Gap<Q> | undefined => {
    const { sentAt, arrivedAt } = question
    if (arrivedAt === undefined || !isGood(question)) {
      if (lastGoodAt !== undefined) gap ??= { fromMs: lastGoodAt, failures: 0 }
      if (gap) gap.failures += 1
      return undefined
    }
    if (lastGoodAt !== undefined && arrivedAt - sentAt > slowMs) gap ??= { fromMs: lastGoodAt, failures: 0 }
    // A later question may have been answered earlier.
    const others = waiting
      .filter(other => other.isSettled && isGood(other))
      .map(other => other.arrivedAt ?? Number.POSITIVE_INFINITY)
    const toMs = Math.min(arrivedAt, ...others)
    const ended = gap && { ...gap, toMs, ms: Math.round(toMs - gap.fromMs), question }
    gap = undefined
    lastGoodAt = Math.max(lastGoodAt ?? 0, arrivedAt)
    return ended && (ended.ms > paceMs || ended.failures > 0) ? ended : undefined
  }

  return {
    /** A question was sent: an object with `sentAt`, later `isSettled`, and `arrivedAt` where it was answered. */
    add(question: Q): void {
      waiting.push(question)
    },
    /** Gaps that are known to have ended since the last call. */
    takeEnded(): Gap<Q>[] {
      const ended: Gap<Q>[] = []
      while (waiting[0]?.isSettled) {
        const gap = look(waiting[0])
        waiting.shift()
        if (gap) ended.push(gap)
      }
      return ended
    },
    /** After a pause: what lies before is no beginning of a gap. */
    forget(): void {
      waiting = []
      lastGoodAt = undefined
      gap = undefined
    }
  }
}

interface Change {
  change: 'gone' | 'back'
  name: string
}

/** A server is missed when it gave none of as many answers in a row. */
const missedAfter = 12
const usualShare = 0.25

/**
 * Tells from who answers, in order, that one has `gone`, which a good balancer hides, and that it is `back`. Only of
 * those that gave a good share of the answers before.
 */
export function absenceFinder() {
  let names: string[] = []
  const gone = new Set<string>()
  return {
    /** What changed with this answer, if anything: at most one of each. */
    heard(name: string): Change[] {
      const changes: Change[] = []
      if (gone.delete(name)) changes.push({ change: 'back', name })
      names.push(name)
      names = names.slice(-2 * missedAfter)
      const before = names.slice(0, -missedAfter)
      const since = new Set(names.slice(-missedAfter))
      if (before.length < missedAfter) return changes
      for (const other of new Set(before)) {
        const share = before.filter(one => one === other).length / before.length
        if (since.has(other) || gone.has(other) || share < usualShare) continue
        gone.add(other)
        changes.push({ change: 'gone', name: other })
      }
      return changes
    },
    forget(): void {
      names = []
      gone.clear()
    }
  }
}
