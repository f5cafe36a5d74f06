import { isHost } from '../network.ts'
import { cut } from './cut.ts'
import type { Fault } from './fault.ts'
import { freeze } from './freeze.ts'
import { kill } from './kill.ts'
import { stop } from './stop.ts'
import { stopHaproxy } from './stop-haproxy.ts'

export type { Fault } from './fault.ts'
export { cut, freeze, kill, stop, stopHaproxy }

const KINDS = { kill, stop, freeze, cut, 'stop-haproxy': stopHaproxy } as const

export const faultKinds = Object.keys(KINDS)

/** @throws an Error that says what is possible */
export function parseFault(kind: string, hosts: string[]): Fault {
  if (!Object.hasOwn(KINDS, kind)) throw new Error(`no fault "${kind}"; there are ${faultKinds.join(', ')}`)
  const [first, ...others] = hosts.filter(isHost)
  if (!first || others.length + 1 !== hosts.length)
    throw new Error(`${kind} needs one or more hosts, such as haproxy01`)
  return kind === 'stop-haproxy' ? stopHaproxy(first) : KINDS[kind as 'kill'](first, ...others)
}
