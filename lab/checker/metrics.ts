/** The values of a metric in Prometheus' text, added up by one of its labels. */
export function sumMetric(text: string, name: string, label: string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [, labels = '', value] of text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))) {
    const by = new RegExp(`(?:^|,)${label}="([^"]*)"`).exec(labels)?.[1] ?? ''
    sums.set(by, (sums.get(by) ?? 0) + Number(value))
  }
  return sums
}
