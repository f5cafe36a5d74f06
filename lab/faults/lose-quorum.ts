import { setTimeout as sleep } from 'node:timers/promises'
import { areHealthy, type FaultKind } from './fault.ts'
import { freeze } from './freeze.ts'
import { kill } from './kill.ts'

/** Longer than evs.suspect_timeout plus evs.inactive_timeout of lab.options: the survivor counts it as gone. Milliseconds. */
const SILENT_MS = 3_500

/**
 * Two of a cluster's three votes at once: the hosts crash while the arbitrator says nothing. It speaks again after seconds, but
 * then each side is a minority of the last Primary component, and Galera forms a new one only when all its members are back.
 */
export const loseQuorum: FaultKind = (...hosts) => {
  const silence = freeze('arbitrator')
  const crash = kill(...hosts)
  return {
    name: `${crash.name} while the arbitrator is silent`,
    inject: async lab => {
      await silence.inject(lab)
      await crash.inject(lab)
      await sleep(SILENT_MS)
      await silence.heal(lab)
    },
    heal: async lab => {
      await silence.heal(lab)
      await crash.heal(lab)
    },
    isHealed: lab => areHealthy(lab, [...hosts, 'arbitrator'])
  }
}
