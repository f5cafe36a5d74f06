interface Remembered<V> {
  (text: string): V | undefined
  /** Computes nothing. */
  ifKnown(text: string): V | undefined
}

/**
 * What a pure function gave for the latest `max` texts for which it gave anything. Junk is not remembered: it would push
 * out what somebody needs on each of their requests.
 */
export function remember<V>(max: number, compute: (text: string) => V | undefined): Remembered<V> {
  const known = new Map<string, V>()
  const recall = (text: string) => {
    const seen = known.get(text)
    if (seen !== undefined) return seen
    const value = compute(text)
    if (value === undefined) return undefined
    if (known.size >= max) known.delete(known.keys().next().value as string)
    known.set(text, value)
    return value
  }
  return Object.assign(recall, { ifKnown: (text: string) => known.get(text) })
}
