import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFiles, findLongestFileGap, groupTracks } from '../../lab/checker/files.ts'
import { drawTimeline } from '../../lab/report/timeline.ts'
import type { FileLine } from '../../lab/workload/storage.ts'

const line = (at: number, what: FileLine['what'], name: string, more: Partial<FileLine> = {}): FileLine => ({
  at,
  ms: 5,
  storage: 'replica',
  host: 'web01',
  what,
  outcome: 'ok',
  name,
  ...more
})

const everywhere = (files: Record<string, string>) =>
  new Map(['web01', 'web02'].map(host => [host, new Map(Object.entries(files))]))

test('an acknowledged file must be there for every host, with its own bytes', () => {
  const lines = [line(0, 'write', 'aa'), line(50, 'write', 'bb'), line(60, 'read', 'aa', { host: 'web02' })]
  const good = checkFiles(lines, everywhere({ aa: 'aa', bb: 'bb' }))
  assert.deepEqual({ ...good }, { acknowledged: 2, unknown: 0, lost: [], wrong: [], half: [], misread: 0, reads: 1 })

  const found = everywhere({ aa: 'aa', bb: 'bb' })
  found.set('web02', new Map([['aa', 'cc']]))
  const bad = checkFiles(lines, found)
  assert.deepEqual(bad.lost, ['web02: bb'])
  assert.deepEqual(bad.wrong, ['web02: aa'])
})

test('a write that ended with an error may be there or not, and is half a file only when it is there with other bytes', () => {
  const lines = [line(0, 'write', 'aa'), line(50, 'write', 'bb', { outcome: 'fail', error: 'ENOTCONN' })]
  for (const files of [{ aa: 'aa' }, { aa: 'aa', bb: 'bb' }] as Record<string, string>[]) {
    const { lost, wrong, half, unknown } = checkFiles(lines, everywhere(files))
    assert.deepEqual({ lost, wrong, half, unknown }, { lost: [], wrong: [], half: [], unknown: 1 })
  }
  assert.deepEqual(checkFiles(lines, everywhere({ aa: 'aa', bb: 'b' })).half, ['web01: bb', 'web02: bb'])
})

test('who reads an acknowledged file and does not find it, or finds other bytes, has misread; who gets an error has not', () => {
  const outcomes = ['missing', 'wrong', 'fail', 'ok'] as const
  const lines = outcomes.map((outcome, index) => line(index * 50, 'read', 'aa', { outcome }))
  const { misread, reads } = checkFiles(lines, everywhere({}))
  assert.deepEqual({ misread, reads }, { misread: 2, reads: 4 })
})

test('the longest gap is between two good ends, whatever failed in between, or from the last one to the last attempt', () => {
  const lines = [0, 50, 100, 1300, 1350].map(at => line(at, 'write', `${at}`))
  lines.push(line(600, 'write', 'failed', { outcome: 'fail' }))
  assert.equal(findLongestFileGap(lines, 200, 400)?.ms, 1200)
  assert.equal(findLongestFileGap(lines, 1340, 2000)?.ms, 50)
  lines.push(line(4000, 'write', 'failed', { outcome: 'fail' }))
  assert.equal(findLongestFileGap(lines, 1340, 2000)?.ms, 4000 - 1355)
  assert.equal(findLongestFileGap([], 0, 100), undefined)
})

test('each writer and each reader of each storage has a row of its own in the plot, assets one, and failures are in it', () => {
  const lines = [
    line(10, 'write', 'aa'),
    line(20, 'read', 'aa', { host: 'web02' }),
    line(30, 'write', 'bb', { storage: 'nfs', outcome: 'fail' }),
    line(40, 'asset', '', { storage: 'site', host: 'web01' }),
    line(90, 'asset', '', { storage: 'site', host: 'web02' })
  ]
  const names = ['assets', 'nfs web01 writes', 'replica web01 writes', 'replica web02 reads']
  assert.deepEqual(
    groupTracks(lines).map(({ name }) => name),
    names
  )
  const probe = { who: 'probe', what: 'probe' as const, outcome: 'ok' as const, server: 'web01' }
  const svg = drawTimeline(
    [
      { ...probe, at: 0, ms: 5 },
      { ...probe, at: 200, ms: 5 }
    ],
    0,
    [],
    lines
  )
  for (const name of names) assert.ok(svg.includes(`>${name}</text>`), name)
})
