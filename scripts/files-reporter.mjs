import { writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'

/**
 * A reporter for node's test runner: which files took the longest, for whoever wants to shorten the tests. Those that failed are
 * written to the file that CARRINHO_TEST_FAILED names, a line each.
 */
export default async function* files(events) {
  const ms = new Map()
  const failed = []
  for await (const { type, data } of events) {
    // Of a file's process, from its start to its end. Its tests may name another file: that of a helper which declares them.
    if (type !== 'test:complete' || data.nesting !== 0 || !data.file || resolve(data.name) !== data.file) continue
    ms.set(data.file, data.details.duration_ms)
    if (!data.details.passed) failed.push(`${relative('', data.file)}\n`)
  }
  if (process.env.CARRINHO_TEST_FAILED) writeFileSync(process.env.CARRINHO_TEST_FAILED, failed.join(''))
  if (ms.size < 2) return
  yield '\nThe slowest files, each by itself, in seconds:\n'
  for (const [file, total] of [...ms].sort(([, a], [, b]) => b - a).slice(0, 12)) {
    yield `${(total / 1000).toFixed(1).padStart(7)}  ${relative('', file)}\n`
  }
}
