import { readdirSync, readFileSync } from 'node:fs'

/** Linux tells processor time in hundredths of a second, whatever its kernel counts in. */
const TICK_MS = 10

interface Stat {
  name: string
  parent: number
  /** Of all its threads. */
  ownMs: number
  /** Of its children that have ended. */
  endedMs: number
}

function readStat(pid: number): Stat | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(text) ?? []
  const fields = rest.split(' ').map(Number)
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15)
  return {
    name,
    parent: fields[1] ?? 0,
    ownMs: (user + system) * TICK_MS,
    endedMs: (endedUser + endedSystem) * TICK_MS
  }
}

/** Processor time that a process and its children have used so far, in milliseconds; those of the children that ended, too. */
export function cpuMs(pid: number): number {
  const self = readStat(pid)
  if (!self) throw new Error(`there is no process ${pid}`)
  const children = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => readStat(Number(name)))
    .filter(stat => stat?.parent === pid)
  return self.ownMs + self.endedMs + children.reduce((sum, child) => sum + (child?.ownMs ?? 0), 0)
}

export const processName = (pid: number): string | undefined => readStat(pid)?.name
export const parentOf = (pid: number): number | undefined => readStat(pid)?.parent

/** Processor time of a process's threads and its children's, each by its number, in milliseconds. */
export type Clock = ReadonlyMap<string, number>

export function clockOf(pid: number): Clock {
  const children = readdirSync('/proc').filter(name => /^\d+$/.test(name) && readStat(Number(name))?.parent === pid)
  return new Map([String(pid), ...children].flatMap(threadsOf))
}

/** What was used since; of a thread or child that ended meanwhile nothing is known. */
export const usedSince = (before: Clock, now: Clock): number =>
  [...now].reduce((sum, [thread, ms]) => sum + ms - (before.get(thread) ?? 0), 0)

function threadsOf(process: string): [string, number][] {
  const folder = `/proc/${process}/task`
  try {
    return readdirSync(folder).map(thread => {
      const [ns = 0] = readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ').map(Number)
      return [thread, ns / 1e6]
    })
  } catch {
    return []
  }
}
