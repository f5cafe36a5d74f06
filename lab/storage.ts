import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { STATE_REACHED, STORAGE_EMPTIED, WORKLOAD_END } from './budgets.ts'
import { checkFiles, type FileLedger, type Found } from './checker/files.ts'
import { LOOK_EVERY_MS } from './lab.ts'
import type { Host } from './network.ts'
import { ifReached, type Stage } from './stage.ts'
import { within } from './waiting.ts'
import type { PicturesOptions } from './workload/pictures.ts'
import type { FileLine, StorageOptions } from './workload/storage.ts'

export const STORAGE_HOSTS = ['gluster01', 'gluster02', 'gluster03'] as const
export const WEB_HOSTS = ['web01', 'web02'] as const
/** Volumes by what they are called here, and where web servers have them. */
const VOLUMES = { replica: 'web', arbiter: 'arbiter' } as const
export type Volume = keyof typeof VOLUMES

/** Rhythm of each writer and each reader. */
const EVERY_MS = 50
const BEGINS_AGAIN_AFTER_MS = 300
/** So that a reader that began anew has something to read. */
const TOLD_AGAIN = 200

/** Files being written and read through both web servers, and how they are looked at in the end. */
export interface FileWork {
  lines: FileLine[]
  /** Nothing is written and read until it returns. */
  rest<T>(meanwhile: () => Promise<T>): Promise<T>
  /** Returns when all of them have done what they were at. */
  end(): Promise<void>
  /** Reads every file that is there through each web server, and compares with what was written. Call it after `end`. */
  check(): Promise<FileLedger>
}

/**
 * On each web server a writer and a reader, 50 ms apart: each reads what the other server's writer was told is there, at once
 * and again later.
 */
export function startFiles(stage: Stage, storage: Volume): FileWork {
  return startIn(stage, storage, `/srv/${VOLUMES[storage]}/measured`)
}

/** The same on the NFS server: through the web servers' mounts where the kernel has NFS, and otherwise through libnfs. */
export function startNfsFiles(stage: Stage, isMounted: boolean): FileWork {
  return startIn(stage, 'nfs', isMounted ? '/srv/nfs' : `nfs://${stage.lab.address('nfs01')}/export`)
}

export async function isNfsMounted(stage: Stage): Promise<boolean> {
  for (const host of WEB_HOSTS) {
    const isThere = await stage.lab.exec(host, ['grep', '-c', ' /srv/nfs nfs4 ', '/proc/mounts']).catch(() => '')
    if (isThere === '') return false
  }
  return true
}

function startIn(stage: Stage, storage: Volume | 'nfs', where: string): FileWork {
  const lines: FileLine[] = []
  const workers: ReturnType<typeof startWorker>[] = WEB_HOSTS.map((host, index) =>
    startWorker(stage, host, 'storage', { storage, host, where, everyMs: EVERY_MS }, line => {
      lines.push(line)
      if (line.what === 'write' && line.outcome === 'ok') workers[1 - index]?.tell({ name: line.name })
    })
  )
  const end = async () => void (await Promise.all(workers.map(worker => worker.end())))
  stage.undoAtEnd(`files on ${storage}`, end)
  const tellAll = (what: unknown) => workers.map(worker => worker.tell(what))
  return {
    lines,
    async rest(meanwhile) {
      tellAll({ rests: true })
      try {
        return await meanwhile()
      } finally {
        tellAll({ rests: false })
      }
    },
    end,
    async check() {
      const found = await Promise.all(WEB_HOSTS.map(async host => [host, await readAll(stage, host, where)] as const))
      return checkFiles(lines, new Map(found))
    }
  }
}

/** Between two pictures of the customer who sends them. */
const PICTURE_EVERY_MS = 400

/** A customer sends pictures through the site, and looks at each through either web server. */
export function startPictures(stage: Stage): Omit<FileWork, 'rest'> {
  const lines: FileLine[] = []
  const servers = Object.fromEntries(WEB_HOSTS.map(host => [host, `http://${stage.lab.address(host)}:5000`]))
  const options: PicturesOptions = { site: stage.lab.site, run: stage.run, servers, everyMs: PICTURE_EVERY_MS }
  const { end } = startWorker(stage, 'client', 'pictures', options, line => lines.push(line))
  stage.undoAtEnd('pictures', end)
  return {
    lines,
    end,
    async check() {
      const looks = lines.filter(line => line.what === 'final' && (line.outcome === 'ok' || line.outcome === 'wrong'))
      const found = WEB_HOSTS.map(host => {
        const here = looks.filter(line => line.host === host)
        return [host, new Map(here.map(({ name = '', outcome }) => [name, outcome === 'ok' ? name : outcome]))] as const
      })
      return checkFiles(lines, new Map(found))
    }
  }
}

/** A page's style sheet, read through the site as browsers do. */
export function startAssets(stage: Stage): Pick<FileWork, 'lines' | 'end'> {
  const lines: FileLine[] = []
  const options = { storage: 'site', host: 'client', where: stage.lab.site, everyMs: EVERY_MS }
  const { end } = startWorker(stage, 'client', 'storage', options, line => lines.push(line))
  stage.undoAtEnd('assets', end)
  return { lines, end }
}

/** Begins anew when its host is started again, as in a deployment. */
function startWorker(
  stage: Stage,
  host: Host,
  program: 'storage' | 'pictures',
  options: StorageOptions | PicturesOptions,
  onLine: (line: FileLine) => void
) {
  const told: string[] = []
  let isOver = false
  let complaints = ''
  let child: ChildProcess
  const start = () => {
    child = stage.lab.spawnIn(host, ['node', `/lab/workload/${program}.ts`, JSON.stringify(options)], 'nobody')
    child.stderr?.on('data', chunk => {
      complaints += chunk
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.write(told.slice(-TOLD_AGAIN).join(''))
    createInterface({ input: child.stdout as Readable }).on('line', text => {
      const line = readLine(text)
      if (!line) return
      stage.files.push(line)
      onLine(line)
    })
  }
  const ended = (async () => {
    for (;;) {
      start()
      const code = await new Promise<number | null>(resolve => child.on('close', resolve))
      if (isOver) return code
      await sleep(BEGINS_AGAIN_AFTER_MS)
      if (isOver) return 0
    }
  })()
  return {
    tell(what: unknown) {
      const text = `${JSON.stringify(what)}\n`
      told.push(text)
      if (child.stdin?.writable) child.stdin.write(text)
    },
    async end() {
      if (isOver) return
      isOver = true
      child.stdin?.end()
      const code = await within(WORKLOAD_END, ended)
      if (code === undefined) child.kill('SIGKILL')
      if (code !== 0) throw new Error(`files through ${host}: ${complaints.trim().slice(-500) || (code ?? 'too slow')}`)
    }
  }
}

/** Undefined for what was cut off in the middle, because its host went away. */
function readLine(text: string): FileLine | undefined {
  try {
    return JSON.parse(text) as FileLine
  } catch {
    return undefined
  }
}

/** As the application: an NFS server takes root for nobody in particular. */
export const AS_NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups']

/**
 * Each command until it ends well, or the listing fails: a server that has just started may refuse to open a file, and the hash of
 * what did not come is not that of other bytes.
 */
const nfsListing = (where: string) => `set -e
  whole=$(mktemp)
  again() { for n in 1 2 3 4 5 6 7 8 9 10; do "$@" >"$whole" && return; sleep 1; done; return 1; }
  again nfs-ls '${where}?version=4'
  names=$(awk 'length($NF) == 64 && $NF !~ /[^0-9a-f]/ { print $NF }' "$whole")
  for name in $names; do
    again nfs-cat "${where}/$name?version=4"
    echo "$(sha256sum <"$whole" | cut -d' ' -f1) $name"
  done
  rm "$whole"`

/** Each file's name and the hash of its content, as the host has them. Those that were still being written begin with a dot. */
async function readAll(stage: Stage, host: Host, where: string): Promise<Found> {
  const command = where.startsWith('nfs:')
    ? nfsListing(where)
    : `cd ${where} && find . -maxdepth 1 -type f -regex '\\./[0-9a-f]*' -printf '%P\\0' | xargs -0r -n 100 -P 4 sha256sum`
  const out = await stage.lab.exec(host, [...AS_NOBODY, 'sh', '-c', command], { timeoutMs: 5 * STATE_REACHED })
  return new Map(
    out
      .split('\n')
      .filter(Boolean)
      .map(line => line.split(/\s+/) as [string, string])
      .map(([hash, name]) => [name, hash])
  )
}

/** What was written in earlier runs goes: the folders hold this run's files alone. */
export async function emptyMeasured(stage: Stage): Promise<void> {
  const volumes = Object.values(VOLUMES).map(volume => `/srv/${volume}/measured`)
  const empty = (host: Host, folders: string[]) =>
    stage.lab.exec(host, ['find', ...folders, '-mindepth', '1', '-delete'], { timeoutMs: STORAGE_EMPTIED })
  await Promise.all([empty('web01', volumes), empty('nfs01', ['/export'])])
}

/** Entries that a brick has and another still lacks, of all the bricks; undefined when not all of them say so. */
export async function countUnhealed(stage: Stage, storage: Volume): Promise<number | undefined> {
  const asked = await findAnswering(stage)
  if (!asked) return undefined
  const ask = async (...what: string[]) => {
    const out = await stage.lab.exec(asked, ['gluster', 'volume', 'heal', VOLUMES[storage], ...what]).catch(() => '')
    const counts = [...out.matchAll(/Number of entries: (\d+)$/gm)].map(([, count]) => Number(count))
    return counts.length === STORAGE_HOSTS.length ? counts.reduce((sum, count) => sum + count, 0) : undefined
  }
  // `info` locks each entry that it looks at, and would be in the way of the heal: only when the bricks' own counts are 0.
  const counted = await ask('statistics', 'heal-count')
  return counted === 0 ? ask('info') : counted
}

async function findAnswering(stage: Stage): Promise<Host | undefined> {
  for (const host of STORAGE_HOSTS) if (await stage.lab.isHealthy(host)) return host
  return undefined
}

/** How many of the bricks each web server's mount is connected to, as the mount itself says. */
export async function countConnected(stage: Stage, host: Host, storage: Volume): Promise<number> {
  const volume = VOLUMES[storage]
  const command = `cat /srv/${volume}/.meta/graphs/active/${volume}-client-*/private | grep -c '^connected = 1'`
  return Number((await stage.lab.exec(host, ['sh', '-c', command]).catch(() => '0')).trim())
}

/** Healed: every server and web server sees all three bricks, and no brick lacks anything. @returns how long it took; undefined: it is not */
export async function waitForHeal(stage: Stage, storage: Volume): Promise<number | undefined> {
  return ifReached(
    stage.waitFor(
      `${storage}: nothing left to heal`,
      3 * STATE_REACHED,
      async () => {
        for (const host of WEB_HOSTS)
          if ((await countConnected(stage, host, storage)) < STORAGE_HOSTS.length) return false
        return (await countUnhealed(stage, storage)) === 0
      },
      LOOK_EVERY_MS
    )
  )
}
