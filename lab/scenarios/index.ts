import type { Scenario } from '../scenario.ts'
import { scenario as scenario01 } from './01.ts'
import { scenario as scenario02 } from './02.ts'
import { scenario as scenario03 } from './03.ts'
import { scenario as scenario04 } from './04.ts'
import { scenario as scenario05 } from './05.ts'
import { scenario as scenario06 } from './06.ts'
import { scenario as scenario07 } from './07.ts'
import { scenario as scenario08 } from './08.ts'
import { scenario as scenario09 } from './09.ts'
import { scenario as nothingLost } from './nothing-lost.ts'
import { scenario as nothingLostPostgres } from './nothing-lost-pg.ts'
import { scenario as soak } from './soak.ts'
import { scenario as staleReads } from './stale-reads.ts'
import { scenario as staleReadsPostgres } from './stale-reads-pg.ts'

export const scenarios: readonly Scenario[] = [
  scenario01,
  scenario02,
  scenario03,
  scenario04,
  scenario05,
  scenario06,
  scenario07,
  scenario08,
  scenario09,
  nothingLost,
  nothingLostPostgres,
  staleReads,
  staleReadsPostgres,
  soak
]

/** @throws an Error that names those there are */
export function findScenario(number: string | undefined): Scenario {
  const found = scenarios.find(scenario => scenario.number === number)
  if (!found)
    throw new Error(`no scenario ${number ?? '(which?)'}; there are ${scenarios.map(each => each.number).join(', ')}`)
  return found
}
