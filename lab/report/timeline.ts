import { findLongestFileGap, groupTracks } from '../checker/files.ts'
import type { Line } from '../workload/history.ts'
import type { FileLine } from '../workload/storage.ts'
import type { FaultRecord } from './result.ts'
import { escapeText, FAILURE, PALETTE, round } from './svg.ts'

const WIDTH = 1200
const LEFT = 130
const ROW = 12
const MARK = 8
/** A shorter gap is the probe's own rhythm, or a busy machine. */
const LEAST_SHADED_MS = 100

interface Window {
  fromMs: number
  toMs: number
  title: string
}

/**
 * The probes of a run: one mark each, in the row and colour of the web server that answered, the database node beneath,
 * failures in a row of their own. The whole run first, then a closer look at each fault, or at its worst repetition. Faults
 * are vertical lines; the longest gap of each is shaded and labelled. Where files were written and read, each who did so has a row,
 * with what failed above it and its own gap shaded.
 */
export function drawTimeline(
  history: readonly Line[],
  startedAtMs: number,
  faults: readonly FaultRecord[],
  files: readonly FileLine[] = []
): string {
  const tracks = groupTracks(files)
  const probes = history
    .filter(line => line.what === 'probe')
    .map(line => ({ ...line, doneMs: line.at + line.ms - startedAtMs }))
    .sort((a, b) => a.doneMs - b.doneMs)
  const names = (field: 'server' | 'node') => [...new Set(probes.flatMap(line => line[field] ?? []))].sort()
  const servers = names('server')
  const nodes = names('node')
  const rows = [
    ...servers.map(name => ({ field: 'server' as const, name })),
    ...nodes.map(name => ({ field: 'node' as const, name }))
  ]
  const first = probes[0]?.doneMs ?? 0
  const last = probes.at(-1)?.doneMs ?? 1
  const windows: Window[] = [{ fromMs: first, toMs: Math.max(last, first + 1), title: 'the whole run' }]
  for (const fault of keepWorst(faults)) {
    if (fault.longestGapMs === null || fault.gapAtMs === null) continue
    const databaseAtMs = fault.databaseGapAtMs ?? fault.gapAtMs
    const fromMs = Math.min(fault.atMs, fault.gapAtMs, databaseAtMs) - 500
    const gapsEndMs = Math.max(fault.gapAtMs + fault.longestGapMs, databaseAtMs + (fault.longestDatabaseGapMs ?? 0))
    const filesEndMs = tracks.map(({ lines }) => {
      const gap = findLongestFileGap(lines, startedAtMs + fault.atMs, startedAtMs + fault.untilMs)
      return gap && touches(gap, fault, startedAtMs) ? gap.toMs - startedAtMs : 0
    })
    const toMs = Math.max(fromMs + 4_000, gapsEndMs + 1_000, ...filesEndMs.map(ms => ms + 1_000))
    windows.push({ fromMs, toMs, title: fault.name })
  }

  const filesTop = (rows.length + 1) * ROW + (tracks.length > 0 ? 4 : 0)
  const rowsHeight = filesTop + tracks.length * ROW
  const panelHeight = 30 + rowsHeight + 26
  const panels = windows.map((window, index) => {
    const scale = (WIDTH - LEFT - 20) / (window.toMs - window.fromMs)
    const x = (ms: number) => round(LEFT + (ms - window.fromMs) * scale)
    const inside = (ms: number) => ms >= window.fromMs && ms <= window.toMs
    const top = index * panelHeight
    const bottom = top + 30 + rowsHeight
    const probesBottom = top + 30 + (rows.length + 1) * ROW
    const parts: string[] = [`<text x="4" y="${top + 14}" class="title">${escapeText(window.title)}</text>`]

    for (const fault of faults) {
      const nodesTop = top + 30 + servers.length * ROW
      for (const [atMs, lengthMs, from, label] of [
        [fault.gapAtMs, fault.longestGapMs, top + 20, ''],
        [fault.databaseGapAtMs, fault.longestDatabaseGapMs, nodesTop, ' without a database']
      ] as const) {
        if (atMs === null || lengthMs === null || lengthMs < LEAST_SHADED_MS) continue
        // One and the same pause is shaded once.
        if (label && fault.longestGapMs !== null && lengthMs < fault.longestGapMs * 1.2) continue
        const start = Math.max(atMs, window.fromMs)
        const end = Math.min(atMs + lengthMs, window.toMs)
        if (end <= start) continue
        parts.push(
          `<rect x="${x(start)}" y="${from}" width="${round(Math.max(1, (end - start) * scale))}" height="${probesBottom - from}" fill="${FAILURE}" opacity=".14"/>`,
          `<text x="${x(start) + 2}" y="${probesBottom + (label ? -3 : tracks.length > 0 ? -2 : 11)}" style="fill:${FAILURE};font-weight:600">${lengthMs} ms${label}</text>`
        )
      }
      for (const [ms, label, dash] of [
        [fault.atMs, 'fault', ''],
        [fault.healingMs, 'heal', '3 2']
      ] as const) {
        if (!inside(ms)) continue
        parts.push(
          `<line x1="${x(ms)}" x2="${x(ms)}" y1="${top + 18}" y2="${bottom}" stroke="#333" stroke-dasharray="${dash}"/>`,
          `<text x="${x(ms) + 2}" y="${top + 26}" class="small">${label}</text>`
        )
      }
    }

    rows.forEach(({ field, name }, rowIndex) => {
      const y = top + 30 + rowIndex * ROW
      const colour =
        PALETTE[(field === 'server' ? servers.indexOf(name) : servers.length + nodes.indexOf(name)) % PALETTE.length]
      const marks = probes.filter(line => line.outcome === 'ok' && line[field] === name && inside(line.doneMs))
      parts.push(
        `<text x="4" y="${y + MARK}">${escapeText(name)}</text>`,
        `<path d="${marks.map(line => `M${x(line.doneMs)} ${y}v${MARK}`).join('')}" stroke="${colour}" stroke-width="1.4"/>`
      )
    })
    const failedY = top + 30 + rows.length * ROW
    const failed = probes.filter(line => line.outcome !== 'ok' && inside(line.at - startedAtMs))
    parts.push(
      `<text x="4" y="${failedY + MARK}">failed</text>`,
      // Where they were sent: a probe that was given up ends seconds later.
      `<path d="${failed.map(line => `M${x(line.at - startedAtMs)} ${failedY}l4 ${MARK}m0 -${MARK}l-4 ${MARK}`).join('')}" stroke="${FAILURE}" fill="none"/>`
    )
    tracks.forEach(({ name, lines }, trackIndex) => {
      const y = top + 30 + filesTop + trackIndex * ROW
      const marks = lines
        .map(line => ({ ...line, doneMs: line.at + line.ms - startedAtMs }))
        .filter(each => inside(each.doneMs))
      const draw = (isOk: boolean) =>
        marks
          .filter(({ outcome }) => (outcome === 'ok') === isOk)
          .map(({ doneMs }) => `M${x(doneMs)} ${y}v${MARK}`)
          .join('')
      // Another storage's writers have nothing to say here.
      if (marks.length === 0) return
      const colour = PALETTE[(rows.length + trackIndex) % PALETTE.length]
      parts.push(
        `<text x="4" y="${y + MARK}">${escapeText(name)}</text>`,
        `<path d="${draw(true)}" stroke="${colour}" stroke-width="1.4"/>`,
        `<path d="${draw(false)}" stroke="${FAILURE}" stroke-width="1"/>`
      )
      for (const fault of faults) {
        const gap = findLongestFileGap(lines, startedAtMs + fault.atMs, startedAtMs + fault.untilMs)
        if (!gap || gap.ms < LEAST_SHADED_MS * 2 || !touches(gap, fault, startedAtMs)) continue
        const start = Math.max(gap.fromMs - startedAtMs, window.fromMs)
        const end = Math.min(gap.toMs - startedAtMs, window.toMs)
        if (end <= start) continue
        parts.push(
          `<rect x="${x(start)}" y="${y - 1}" width="${round((end - start) * scale)}" height="${ROW - 1}" fill="${FAILURE}" opacity=".14"/>`,
          `<text x="${x(start) + 2}" y="${y + MARK}" style="fill:${FAILURE};font-weight:600">${gap.ms} ms</text>`
        )
      }
    })
    const stepMs = niceStep((window.toMs - window.fromMs) / 10)
    for (let ms = Math.ceil(window.fromMs / stepMs) * stepMs; ms <= window.toMs; ms += stepMs) {
      parts.push(`<text x="${x(ms)}" y="${bottom + 22}" class="small axis">${round(ms / 1000)} s</text>`)
    }
    return parts.join('\n')
  })
  const height = windows.length * panelHeight + 4
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Probes of the run by web server and database node">
<style>text{font:11px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:13px}.small{font-size:9px;fill:#666}.axis{text-anchor:middle}</style>
<rect width="100%" height="100%" fill="#fff"/>
${panels.join('\n')}
</svg>
`
}

/** Of faults that were repeated often, those with the longest gap, in the order of the run. */
function keepWorst(faults: readonly FaultRecord[]): FaultRecord[] {
  const lengthOf = (fault: FaultRecord) => Math.max(fault.longestGapMs ?? 0, fault.longestDatabaseGapMs ?? 0)
  const worst = new Map<string, FaultRecord>()
  for (const fault of faults) {
    const known = worst.get(fault.name)
    if (!known || lengthOf(fault) > lengthOf(known)) worst.set(fault.name, fault)
  }
  return faults.length <= 14 ? [...faults] : [...worst.values()].sort((a, b) => a.atMs - b.atMs)
}

/** A gap that begins in what was watched of the fault: not the time before its first file, or after its last. */
const touches = (gap: { fromMs: number }, fault: FaultRecord, startedAtMs: number) =>
  gap.fromMs - startedAtMs >= fault.atMs - 1_000 && gap.fromMs - startedAtMs <= fault.untilMs

function niceStep(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(ms))
  return ([1, 2, 5, 10].find(factor => factor * power >= ms) ?? 10) * power
}
