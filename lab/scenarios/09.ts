import { STATE_REACHED } from '../budgets.ts'
import { type FileLedger, findLongestFileGap, groupTracks } from '../checker/files.ts'
import { median } from '../checker/tally.ts'
import { claimNothingLost, claimSurvived } from '../common-claims.ts'
import { cut, type Fault, freeze, kill, rolling, switchRelease } from '../faults/index.ts'
import type { FaultRecord } from '../report/result.ts'
import type { Scenario } from '../scenario.ts'
import { type BreakOptions, ifReached, type Stage } from '../stage.ts'
import {
  AS_NOBODY,
  countConnected,
  countUnhealed,
  emptyMeasured,
  type FileWork,
  isNfsMounted,
  STORAGE_HOSTS,
  startAssets,
  startFiles,
  startNfsFiles,
  startPictures,
  type Volume,
  WEB_HOSTS,
  waitForHeal
} from '../storage.ts'
import type { FileLine } from '../workload/storage.ts'

/** No shopper waits longer for the list, whatever the storage does: the list is not on it. */
const LIST_WITHIN_MS = 2_500
/** No file operation waits longer when one of three bricks is lost: the silent ones are given up after network.ping-timeout. */
const FILES_WITHIN_MS = 6_000
/** Of each fault of one brick; --times says otherwise. */
const TIMES = 2

const NEXT = '99.0.0'

/** What one row of the table says: a fault, and each repetition's longest gaps. */
interface Row {
  name: string
  times: number
  writes: number[]
  reads: number[]
  pictures: number[]
  assets: number[]
  list: number[]
  healed: string
}

export const scenario: Scenario = {
  number: '09',
  title: 'Shared storage: the web content and files on GlusterFS, and on NFS',
  source: 'The pgpool, PostgreSQL and GlusterFS document; NFS: the three Apache servers lab',
  async run(stage) {
    const { settings } = stage
    const { short = false } = settings
    const holdMs = 3_000
    const times = settings.times ?? (short ? 1 : TIMES)
    const rows: Row[] = []
    stage.explain(
      'gluster01–03 keep three copies of one volume. web01 and web02 mount it: their release is on it, and what customers send. nfs01 has one copy'
    )
    await ifReached(
      stage.waitFor('all mounts see all bricks', STATE_REACHED, async () => {
        const counts = await Promise.all(WEB_HOSTS.map(host => countConnected(stage, host, 'replica')))
        return counts.every(count => count === STORAGE_HOSTS.length)
      })
    )
    await emptyMeasured(stage)
    const releases = await findReleases(stage)
    stage.claim(
      'both web servers run the release that was written once, to the volume',
      new Set(releases).size === 1 && releases[0] !== '',
      `${WEB_HOSTS.map((host, index) => `${host} ${releases[index] || 'nothing'}`).join(', ')}`
    )

    await stage.startWorkload({ customers: 4 })
    const assets = startAssets(stage)
    const pictures = startPictures(stage)
    const replica = startFiles(stage, 'replica')
    const sideLines = { assets: assets.lines, pictures: pictures.lines }
    await stage.pause(3_000)

    const breakStorage = async (work: FileWork, volume: Volume, fault: Fault, options: BreakOptions) => {
      const record = await stage.break(fault, { holdMs, ...options })
      const healedMs = await healAtRest(stage, work, volume)
      measure(stage, rows, record, work, sideLines, healedMs)
      return record
    }
    /** A fault of one brick of three: nobody may notice for long. */
    const breakOne = async (fault: Fault, options: BreakOptions) => {
      const records: FaultRecord[] = []
      for (let round = 0; round < times; round += 1)
        records.push(await breakStorage(replica, 'replica', fault, options))
      claimSurvived(stage, records, { withinMs: LIST_WITHIN_MS })
      claimFilesWentOn(stage, records, replica.lines)
      claimFilesWentOn(stage, records, pictures.lines, 'nobody who sends or looks at pictures')
      return records
    }

    if (!short) {
      stage.predict('A brick is killed: its connections are closed, and the two others go on at once')
      await breakOne(kill('gluster02'), {
        why: 'The kernel of a host closes the connections of a process that dies. Nobody has to wait for a silence'
      })
    }
    stage.predict(
      'A brick stands still: its connections stay open, and every file operation waits until it is given up'
    )
    await breakOne(freeze('gluster02'), {
      why: 'network.ping-timeout is 1 s here. With the rule, 42 s, every writer and every reader would have stood still as long'
    })
    if (!short) {
      stage.predict('A brick is cut off: the same silence')
      await breakOne(cut('gluster03'), {
        why: 'A mount cannot tell a cable from a standstill, and need not: what does not answer its ping is given up'
      })
      stage.predict('The server dies from which both mounts came: it told them where the bricks are, and no more')
      await breakOne(kill('gluster01'), {
        why: 'A mount asks one server for the list of bricks, and then talks to all of them. No file goes through that one server'
      })
      stage.predict('It is dead when a web server starts: the mount asks the next one (backup-volfile-servers)')
      await claimStartsWithout(stage, replica, 'gluster01')
    }

    stage.predict(
      'Two of three die: one copy could be the old one, so nobody reads or writes. The list goes on: it is in the database'
    )
    const outage = await breakStorage(replica, 'replica', kill('gluster02', 'gluster03'), {
      why: 'With cluster.quorum-type auto, two of three must agree. ENOTCONN at once, not a wait: pages come, with their styles, and pictures do not'
    })
    claimSurvived(stage, outage, { withinMs: LIST_WITHIN_MS })
    claimStopped(stage, outage, replica.lines)
    claimPicturesRefused(stage, outage, pictures.lines)

    await replica.end()
    claimFileLedger(stage, 'three copies', await replica.check())

    stage.predict(
      'A release is deployed while customers shop and send pictures: written once, a link moved, each server started again in turn'
    )
    const deployment = await stage.break(switchRelease(NEXT, ...WEB_HOSTS), {
      holdMs: 1_000,
      during: async () => {
        const now = await findReleases(stage)
        stage.claim(
          'both web servers run the new release',
          now.every(release => release === NEXT),
          now.join(', ')
        )
      },
      why: 'A server runs what it began with; its folder stays. The way back is the same link'
    })
    measure(stage, rows, deployment, undefined, sideLines, undefined)
    claimSurvived(stage, deployment, { withinMs: LIST_WITHIN_MS })

    if (!short) {
      stage.explain('The same with an arbiter: two copies, and a third server that keeps names alone')
      const arbiter = startFiles(stage, 'arbiter')
      await stage.pause(2_000)
      stage.predict('One of the two servers with a copy dies: the other and the arbiter are two of three')
      const one = await breakStorage(arbiter, 'arbiter', kill('gluster01'), { under: 'with an arbiter' })
      claimFilesWentOn(stage, [one], arbiter.lines)
      stage.predict('The arbiter dies: two copies are two of three')
      const vote = await breakStorage(arbiter, 'arbiter', kill('gluster03'), { under: 'the arbiter' })
      claimFilesWentOn(stage, [vote], arbiter.lines)
      claimSurvived(stage, [one, vote], { withinMs: LIST_WITHIN_MS, what: 'a brick’s death beside an arbiter' })
      await arbiter.end()
      claimFileLedger(stage, 'two copies and an arbiter', await arbiter.check())
      await claimArbiterKeepsNames(stage)
    }

    const isMounted = await isNfsMounted(stage)
    stage.explain(
      `NFS: nfs01, alone. ${isMounted ? 'The web servers have mounted it' : 'This machine’s kernel has no NFS: files are written and read through libnfs, not through a mount'}`
    )
    const nfs = startNfsFiles(stage, isMounted)
    await stage.pause(2_000)
    stage.predict('nfs01 dies: there is no other')
    const single = await stage.break(kill('nfs01'), {
      holdMs,
      afterwards: () => waitForFiles(stage, nfs.lines),
      why: 'One server is a single point of failure. After its start it first waits for clients that claim what they had open (Grace_Period)'
    })
    measure(stage, rows, single, nfs, sideLines, undefined)
    claimSurvived(stage, single, { withinMs: LIST_WITHIN_MS })
    claimStopped(stage, single, nfs.lines)
    await nfs.end()
    claimFileLedger(stage, 'NFS', await nfs.check(), isMounted)

    await Promise.all([assets.end(), pictures.end()])
    claimFileLedger(stage, 'pictures of items', await pictures.check())
    stage.claim(
      `whatever the storage does, nobody waits ${LIST_WITHIN_MS / 1000} s for a page’s style sheet: web servers have it in memory`,
      rows.every(row => row.assets.every(ms => ms < LIST_WITHIN_MS)),
      rows.map(row => `${row.name}: ${Math.max(...row.assets)} ms`).join('; ')
    )
    await stage.stopWorkload()
    await claimNothingLost(stage)
    stage.table(toTable(rows))
    for (const { name, writes } of rows)
      stage.figure({ name: `${name}: longest gap of a writer`, unit: 'ms', values: writes })
  }
}

/** Which release each web server runs, by the folder that its process is in. */
async function findReleases(stage: Stage): Promise<string[]> {
  const command = 'basename "$(readlink "/proc/$(pgrep -x -f "node .*dist/cli.js serve")/cwd")"'
  return Promise.all(
    WEB_HOSTS.map(async host => (await stage.lab.exec(host, [...AS_NOBODY, 'sh', '-c', command])).trim())
  )
}

function longestOf(lines: readonly FileLine[], what: FileLine['what'], fromMs: number, toMs: number): number {
  const tracks = groupTracks(lines.filter(line => line.what === what))
  if (tracks.length === 0) return Number.POSITIVE_INFINITY
  return Math.max(...tracks.map(track => findLongestFileGap(track.lines, fromMs, toMs)?.ms ?? Number.POSITIVE_INFINITY))
}

/** Keeps what a repetition showed: of writers and readers through either server the one that stood still longest. */
function measure(
  stage: Stage,
  rows: Row[],
  record: FaultRecord,
  work: FileWork | undefined,
  { assets, pictures }: Record<'assets' | 'pictures', readonly FileLine[]>,
  healedMs: number | undefined
): void {
  const [from, to] = [stage.startedAt + record.atMs, stage.startedAt + record.untilMs]
  let row = rows.find(({ name }) => name === record.name)
  if (!row) {
    row = { name: record.name, times: 0, writes: [], reads: [], pictures: [], assets: [], list: [], healed: '–' }
    rows.push(row)
  }
  row.times += 1
  row.assets.push(longestOf(assets, 'asset', from, to))
  row.list.push(record.longestGapMs ?? Number.POSITIVE_INFINITY)
  row.pictures.push(Math.max(longestOf(pictures, 'write', from, to), longestOf(pictures, 'read', from, to)))
  stage.observe(
    `longest gap of a page’s style sheet ${row.assets.at(-1)} ms, of a customer’s pictures ${row.pictures.at(-1)} ms`
  )
  if (work) {
    row.writes.push(longestOf(work.lines, 'write', from, to))
    row.reads.push(longestOf(work.lines, 'read', from, to))
    const failed = work.lines.filter(line => line.outcome !== 'ok' && line.at + line.ms >= from && line.at <= to)
    const errors = [...new Set(failed.map(({ what, error, outcome }) => `${what}: ${error ?? outcome}`))]
    stage.observe(
      `longest gap of a writer ${row.writes.at(-1)} ms, of a reader ${row.reads.at(-1)} ms; ${failed.length} file operations failed${errors.length > 0 ? ` (${errors.join(', ')})` : ''}`
    )
  }
  if (healedMs !== undefined) {
    row.healed = `${Math.round(Math.max(healedMs, Number.parseInt(row.healed, 10) || 0))}`
    stage.observe(`nothing left to heal ${healedMs} ms after the brick was back`)
  }
}

/** Each has done something before and after, so that its rest is no gap of a fault's. */
async function healAtRest(stage: Stage, work: FileWork, volume: Volume): Promise<number | undefined> {
  await waitForFiles(stage, work.lines)
  const healedMs = await work.rest(() => waitForHeal(stage, volume))
  await waitForFiles(stage, work.lines)
  return healedMs
}

async function claimStartsWithout(stage: Stage, work: FileWork, dead: (typeof STORAGE_HOSTS)[number]): Promise<void> {
  let reached = 0
  const withoutIt = {
    under: 'and web01 is started again meanwhile',
    during: async () => {
      await rolling('web01').inject(stage.lab)
      reached = await countConnected(stage, 'web01', 'replica')
    }
  }
  // What files do meanwhile is known already, and all that is written has to be healed.
  const record = await work.rest(() => stage.break(kill(dead), withoutIt))
  await healAtRest(stage, work, 'replica')
  claimSurvived(stage, record, { withinMs: LIST_WITHIN_MS })
  stage.claim(
    'a web server starts while the server is dead that its mount names first',
    reached === STORAGE_HOSTS.length - 1,
    `web01 in service, with ${reached} of ${STORAGE_HOSTS.length} bricks`
  )
}

function claimFilesWentOn(
  stage: Stage,
  records: readonly FaultRecord[],
  lines: readonly FileLine[],
  who = 'no writer and no reader of files'
): void {
  const [first] = records as [FaultRecord]
  const gaps = records.map(({ atMs, untilMs }) => {
    const [from, to] = [stage.startedAt + atMs, stage.startedAt + untilMs]
    return Math.max(longestOf(lines, 'write', from, to), longestOf(lines, 'read', from, to))
  })
  stage.claim(
    `${first.name}: ${who} waits ${FILES_WITHIN_MS / 1000} s`,
    gaps.every(gap => gap < FILES_WITHIN_MS),
    `${gaps.join(', ')} ms`
  )
}

/** Told, not waited for: no operation ends well, and none is acknowledged that is not there. */
function claimStopped(stage: Stage, record: FaultRecord, lines: readonly FileLine[]): void {
  // From a moment after the blow: what was under way may still have ended well.
  const [from, to] = [stage.startedAt + record.struckMs + 1_000, stage.startedAt + record.healingMs]
  const during = lines.filter(line => line.at + line.ms >= from && line.at + line.ms <= to)
  const ok = during.filter(line => line.outcome === 'ok').length
  const after = lines.filter(line => line.outcome === 'ok' && line.at > to).length
  stage.claim(
    `${record.name}: nothing is written or read, and afterwards it is again`,
    ok === 0 && during.length > 0 && after > 0,
    `meanwhile ${ok} of ${during.length} file operations that ended did so well; afterwards ${after}`
  )
}

/** With the site's own apology, which is 503, and not with a wait or another error. */
function claimPicturesRefused(stage: Stage, record: FaultRecord, lines: readonly FileLine[]): void {
  const [from, to] = [stage.startedAt + record.struckMs, stage.startedAt + record.healingMs]
  const ended = lines.filter(line => line.at + line.ms >= from && line.at + line.ms <= to)
  const failed = ended.filter(line => line.outcome !== 'ok')
  const longest = Math.max(0, ...ended.map(({ ms }) => ms))
  stage.claim(
    `${record.name}: the site says that there are no pictures just now`,
    failed.length > 0 && failed.every(({ error }) => error === '503'),
    `${failed.length} of ${ended.length} were answered ${[...new Set(failed.map(({ error }) => error))].join(', ')}; the longest took ${longest} ms`
  )
}

/** Until every writer and reader has ended something well again. */
async function waitForFiles(stage: Stage, lines: readonly FileLine[]): Promise<void> {
  const since = Date.now()
  await ifReached(
    stage.waitFor('files are written and read again', 2 * STATE_REACHED, async () =>
      groupTracks(lines).every(track => track.lines.some(line => line.outcome === 'ok' && line.at > since))
    )
  )
}

/** @param renames whether files were written beside and renamed: without it a write that was cut short leaves half a file */
function claimFileLedger(stage: Stage, on: string, ledger: FileLedger, renames = true): void {
  const { acknowledged, unknown, lost, wrong, half, misread, reads } = ledger
  const bad = [...lost, ...wrong, ...(renames ? half : [])]
  stage.promise(
    `${on}: every acknowledged file is there for both web servers, byte for byte${renames ? ', and none is half written' : ''}`,
    acknowledged > 50 && reads > 50 && bad.length === 0,
    `${acknowledged} acknowledged, ${unknown} ended with an error; ${lost.length} lost, ${wrong.length} with other bytes, ${half.length} half written. ${bad.slice(0, 5).join('; ')}`.trim()
  )
  stage.promise(
    `${on}: what one web server was told is written, the other one reads`,
    misread === 0,
    `${misread} of ${reads} reads found it missing or other than it was written`
  )
}

async function claimArbiterKeepsNames(stage: Stage): Promise<void> {
  const sizes = await Promise.all(
    STORAGE_HOSTS.map(async host => {
      const command = 'cd /data/bricks/arbiter/measured && ls | wc -l && cat * | wc -c'
      const [files, bytes] = (await stage.lab.exec(host, ['sh', '-c', command])).trim().split(/\s+/).map(Number)
      return { host, files, bytes }
    })
  )
  const [one, two, arbiter] = sizes
  stage.claim(
    'the arbiter has every name and not a byte of what is in the files',
    arbiter?.bytes === 0 && arbiter.files === one?.files && one?.bytes === two?.bytes && (one?.bytes ?? 0) > 0,
    sizes.map(({ host, files, bytes }) => `${host} ${files} files, ${bytes} bytes`).join('; ')
  )
  const left = await countUnhealed(stage, 'arbiter')
  stage.claim('at the end nothing is left to heal', left === 0, `${left ?? 'not all bricks answer'}`)
}

function toTable(rows: readonly Row[]) {
  const spread = (values: readonly number[]) => {
    const known = values.filter(Number.isFinite)
    if (known.length === 0) return '–'
    return known.length === 1 ? `${known[0]}` : `${Math.round(median(known))} / ${Math.max(...known)}`
  }
  return {
    title: 'The longest time without a file',
    note:
      'Milliseconds; median / worst where a fault was repeated. On each of two web servers a writer and a reader, 50 ms apart; the slower of the two ' +
      'counts. Between the fault and two seconds after its heal, which is 5 s long in itself. The last column is the time from then on until ' +
      'nothing was left to heal and both web servers saw all three, while the writers rested.',
    head: [
      'fault',
      'times',
      'a writer',
      'a reader',
      'a customer’s picture',
      'a page’s style sheet',
      'the list',
      'healed after'
    ],
    rows: rows.map(row => [
      row.name,
      row.times,
      spread(row.writes),
      spread(row.reads),
      spread(row.pictures),
      spread(row.assets),
      spread(row.list),
      row.healed
    ])
  }
}
