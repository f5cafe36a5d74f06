import { type Host, isHost } from '../network.ts'
import { crashHaproxy } from './crash-haproxy.ts'
import { cut } from './cut.ts'
import type { Fault } from './fault.ts'
import { freeze } from './freeze.ts'
import { fullConnections } from './full-connections.ts'
import { kill } from './kill.ts'
import { loseDatabase } from './lose-database.ts'
import { loseQuorum } from './lose-quorum.ts'
import { nextRelease, nextReleaseServerFirst } from './next-release.ts'
import { oldSurvivor } from './old-survivor.ts'
import { powerCut } from './power-cut.ts'
import { rolling } from './rolling.ts'
import { slowDatabase } from './slow-database.ts'
import { stop } from './stop.ts'
import { stopHaproxy } from './stop-haproxy.ts'
import { stopKeepalived } from './stop-keepalived.ts'
import { switchRelease } from './switch-release.ts'

export type { Fault } from './fault.ts'
export {
  crashHaproxy,
  cut,
  freeze,
  fullConnections,
  kill,
  loseDatabase,
  loseQuorum,
  nextRelease,
  nextReleaseServerFirst,
  oldSurvivor,
  powerCut,
  rolling,
  slowDatabase,
  stop,
  stopHaproxy,
  stopKeepalived,
  switchRelease
}

interface Kind {
  hosts: 'none' | 'one' | 'some'
  /** What such a host's name begins with, where only some can break like this. */
  on?: RegExp
  create(...hosts: [Host, ...Host[]]): Fault
}

const KINDS: Readonly<Record<string, Kind>> = {
  kill: { hosts: 'some', create: kill },
  stop: { hosts: 'some', create: stop },
  freeze: { hosts: 'some', create: freeze },
  cut: { hosts: 'some', create: cut },
  rolling: { hosts: 'some', create: rolling },
  'crash-haproxy': { hosts: 'some', on: /^haproxy/, create: crashHaproxy },
  'stop-haproxy': { hosts: 'one', on: /^haproxy/, create: stopHaproxy },
  'stop-keepalived': { hosts: 'one', on: /^(haproxy|apache)/, create: stopKeepalived },
  'slow-database': { hosts: 'some', on: /^(mariadb|pg0)/, create: slowDatabase },
  'full-connections': { hosts: 'some', on: /^(mariadb|pg0)/, create: fullConnections },
  'lose-database': { hosts: 'some', on: /^web/, create: loseDatabase },
  'lose-quorum': { hosts: 'one', on: /^mariadb/, create: loseQuorum },
  'old-survivor': { hosts: 'one', on: /^mariadb/, create: oldSurvivor },
  'next-release': { hosts: 'some', on: /^web/, create: nextRelease },
  'next-release-server-first': { hosts: 'some', on: /^web/, create: nextReleaseServerFirst },
  'switch-release': { hosts: 'some', on: /^web/, create: (...hosts) => switchRelease('99.0.0', ...hosts) },
  'power-cut': { hosts: 'none', create: powerCut }
}

export const faultKinds = Object.keys(KINDS)

/** @throws an Error that says what is possible */
export function parseFault(name: string, hosts: string[]): Fault {
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined
  if (!kind) throw new Error(`no fault "${name}"; there are ${faultKinds.join(', ')}`)
  const known = hosts.filter(isHost)
  const fits = { none: hosts.length === 0, one: known.length === 1, some: known.length > 0 }[kind.hosts]
  if (!fits || known.length !== hosts.length) {
    const wanted = { none: 'no host', one: 'one host, such as haproxy01', some: 'one or more hosts, such as web01' }
    throw new Error(`${name} takes ${wanted[kind.hosts]}`)
  }
  const unfit = known.find(host => kind.on?.test(host) === false)
  if (unfit) throw new Error(`${name} is not for ${unfit}`)
  return kind.create(...(known as [Host, ...Host[]]))
}
