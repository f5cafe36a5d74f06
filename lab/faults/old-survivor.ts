import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../network.ts'
import { cut } from './cut.ts'
import { areHealthy, type FaultKind } from './fault.ts'
import { kill } from './kill.ts'

/** Cut off, while the other node and the arbitrator go on and acknowledge what it does not have. Milliseconds. */
const BEHIND_MS = 6_000

/**
 * The Galera node that is left has an old copy: it was cut off, and as it comes back the one that went on without it crashes. What
 * was acknowledged meanwhile is on the dead one alone, so nobody may serve until that has returned.
 */
export const oldSurvivor: FaultKind = (old = 'mariadb02') => {
  const other: Host = old === 'mariadb01' ? 'mariadb02' : 'mariadb01'
  const absence = cut(old)
  const crash = kill(other)
  return {
    name: `kill -9 of ${other} as ${old} comes back with an old copy`,
    inject: async lab => {
      await absence.inject(lab)
      await sleep(BEHIND_MS)
      await crash.inject(lab)
      await absence.heal(lab)
    },
    heal: async lab => {
      await absence.heal(lab)
      await crash.heal(lab)
    },
    isHealed: lab => areHealthy(lab, [old, other, 'arbitrator'])
  }
}
