/** A reporter for node's test runner: which files took the longest, for whoever wants to shorten the tests. */
export default async function* slowestFiles(events) {
  const ms = new Map()
  for await (const { type, data } of events) {
    const isTopLevel = (type === 'test:pass' || type === 'test:fail') && data.nesting === 0
    if (isTopLevel && data.file) ms.set(data.file, (ms.get(data.file) ?? 0) + data.details.duration_ms)
  }
  const slowest = [...ms].sort(([, a], [, b]) => b - a).slice(0, 12)
  if (ms.size < 2) return
  yield '\nThe slowest files, each by itself, in seconds:\n'
  for (const [file, total] of slowest) {
    yield `${(total / 1000).toFixed(1).padStart(7)}  ${file.slice(file.lastIndexOf('test/'))}\n`
  }
}
