// Finds the gaps in a row of questions that are sent without waiting for each other. No page in here, so that tests load it.

/** Shorter than this between two good answers is the usual pace. */
const paceMs = 400

/**
 * A gap lasts from the arrival of the last good answer to a question sent before the first bad one, to the first arrival
 * of a good answer after. Bad is what got no good answer, and what got it after more than `slowMs`. Questions are looked at
 * in the order of sending, as an answer that never comes is only known by its deadline.
 */
export function gapFinder(isGood, slowMs) {
  let waiting = []
  let lastGoodAt
  let gap

  /** The gap that ends with this question, if one does. */
  const look = question => {
    if (!isGood(question)) {
      if (lastGoodAt !== undefined) gap ??= { fromMs: lastGoodAt, failures: 0 }
      if (gap) gap.failures += 1
      return undefined
    }
    const { sentAt, arrivedAt } = question
    if (lastGoodAt !== undefined && arrivedAt - sentAt > slowMs) gap ??= { fromMs: lastGoodAt, failures: 0 }
    // A later question may have been answered earlier.
    const others = waiting.filter(other => other.isSettled && isGood(other)).map(other => other.arrivedAt)
    const toMs = Math.min(arrivedAt, ...others)
    const ended = gap && { ...gap, toMs, ms: Math.round(toMs - gap.fromMs), question }
    gap = undefined
    lastGoodAt = Math.max(lastGoodAt ?? 0, arrivedAt)
    return ended && (ended.ms > paceMs || ended.failures > 0) ? ended : undefined
  }

  return {
    /** A question was sent: an object with `sentAt`, later `isSettled`, and `arrivedAt` where it was answered. */
    add(question) {
      waiting.push(question)
    },
    /** Gaps that are known to have ended since the last call. */
    takeEnded() {
      const ended = []
      while (waiting[0]?.isSettled) ended.push(look(waiting.shift()))
      return ended.filter(Boolean)
    },
    /** After a pause: what lies before is no beginning of a gap. */
    forget() {
      waiting = []
      lastGoodAt = undefined
      gap = undefined
    }
  }
}

/** A server is missed when it gave none of as many answers in a row. */
const missedAfter = 12
const usualShare = 0.25

/**
 * Tells from who answers, in order, that one has `gone`, which a good balancer hides, and that it is `back`. Only of
 * those that gave a good share of the answers before.
 */
export function absenceFinder() {
  let names = []
  const gone = new Set()
  return {
    /** What changed with this answer, if anything: at most one of each. */
    heard(name) {
      const changes = []
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
    forget() {
      names = []
      gone.clear()
    }
  }
}
