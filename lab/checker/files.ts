import type { FileLine } from '../workload/storage.ts'
import { findGaps, type Gap } from './gaps.ts'

/** One who writes or reads, through one host: what has a gap of its own. */
export interface Track {
  name: string
  lines: FileLine[]
}

/** Of each storage what was written and read through each host; assets and pictures are a track, whichever server answers. */
export function groupTracks(lines: readonly FileLine[]): Track[] {
  const tracks = new Map<string, FileLine[]>()
  for (const line of lines.filter(({ what }) => what !== 'final')) {
    const name = trackOf(line)
    const known = tracks.get(name)
    if (known) known.push(line)
    else tracks.set(name, [line])
  }
  return [...tracks].map(([name, ofTrack]) => ({ name, lines: ofTrack })).sort((a, b) => a.name.localeCompare(b.name))
}

function trackOf({ storage, host, what }: FileLine): string {
  if (what === 'asset') return 'assets'
  // A picture is sent through the balancers, to either server.
  return storage === 'pictures' && what === 'write' ? 'pictures sent' : `${storage} ${host} ${what}s`
}

/** The longest time without a good end of what these did, that touches the window. Undefined when nothing ended well around it. */
export function findLongestFileGap(lines: readonly FileLine[], fromMs: number, toMs: number): Gap | undefined {
  const ended = lines.filter(line => line.outcome === 'ok').map(line => line.at + line.ms)
  const lastBegan = lines.reduce((latest, { at }) => Math.max(latest, at), 0)
  return findGaps(ended, lastBegan)
    .filter(gap => gap.toMs >= fromMs && gap.fromMs <= toMs)
    .reduce<Gap | undefined>((longest, gap) => (longest && longest.ms >= gap.ms ? longest : gap), undefined)
}

/** A folder as a host reads it at the end: of each file its name, and the hash of its content. */
export type Found = ReadonlyMap<string, string>

export interface FileLedger {
  /** Writes whose end was told, all of which must be there. */
  acknowledged: number
  /** Writes that ended with an error: they may be there, or not. */
  unknown: number
  /** Acknowledged, and not there for this host. */
  lost: string[]
  /** Acknowledged, and there with other bytes. */
  wrong: string[]
  /** Nobody was told that it is there; it is, with other bytes than those that its name stands for. */
  half: string[]
  /** Read by somebody meanwhile who found it missing, or other than it was written. */
  misread: number
  reads: number
}

/** What each host found at the end, against what was acknowledged to whoever wrote. */
export function checkFiles(lines: readonly FileLine[], foundBy: ReadonlyMap<string, Found>): FileLedger {
  const written = lines.filter(line => line.what === 'write')
  const acknowledged = written.filter(line => line.outcome === 'ok')
  const reads = lines.filter(line => line.what === 'read')
  const lost: string[] = []
  const wrong: string[] = []
  const half: string[] = []
  const isAcknowledged = new Set(acknowledged.map(({ name }) => name))
  for (const [host, found] of foundBy) {
    for (const { name = '' } of acknowledged) if (!found.has(name)) lost.push(`${host}: ${name.slice(0, 12)}`)
    for (const [name, hash] of found)
      if (name !== hash) (isAcknowledged.has(name) ? wrong : half).push(`${host}: ${name.slice(0, 12)}`)
  }
  return {
    acknowledged: acknowledged.length,
    unknown: written.length - acknowledged.length,
    lost,
    wrong,
    half,
    misread: reads.filter(line => line.outcome === 'missing' || line.outcome === 'wrong').length,
    reads: reads.length
  }
}
