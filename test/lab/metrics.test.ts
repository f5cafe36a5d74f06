import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sumMetric } from '../../lab/checker/metrics.ts'

const TEXT = `# HELP retries_total Run again
# TYPE retries_total counter
retries_total{cause="1213",server="web01"} 3
retries_total{server="web02",cause="1213"} 2
retries_total{cause="1205",server="web01"} 1
retries_total_other{cause="1213"} 9
plain 4.5
`

test('a metric is added up by its label, and no other metric with it', () => {
  assert.deepEqual(
    [...sumMetric(TEXT, 'retries_total', 'cause')],
    [
      ['1213', 5],
      ['1205', 1]
    ]
  )
  assert.deepEqual([...sumMetric(TEXT, 'plain', 'cause')], [['', 4.5]])
  assert.deepEqual([...sumMetric(TEXT, 'absent', 'cause')], [])
})
