export interface ShareVerdict {
  holds: boolean
  /** "web01 150 of 150.0 ± 34", one per server. */
  evidence: string
}

/**
 * Whether the counts are what the weights say, each within four standard deviations of a random choice: wide enough that an
 * honest balancer practically never fails, narrow enough that a wrong weight does.
 */
export function checkShares(
  counts: Readonly<Record<string, number>>,
  weights: Readonly<Record<string, number>>
): ShareVerdict {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const weightSum = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  let holds = total > 0 && Object.keys(counts).every(name => Object.hasOwn(weights, name))
  const evidence = Object.entries(weights).map(([name, weight]) => {
    const share = weight / weightSum
    const expected = total * share
    const tolerance = 4 * Math.sqrt(total * share * (1 - share))
    const count = counts[name] ?? 0
    if (Math.abs(count - expected) > tolerance) holds = false
    return `${name} ${count} of ${expected.toFixed(0)} ± ${tolerance.toFixed(0)}`
  })
  return { holds, evidence: evidence.join(', ') }
}
