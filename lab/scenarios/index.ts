import type { Scenario } from '../scenario.ts'
import { scenario as scenario04 } from './04.ts'

export const scenarios: readonly Scenario[] = [scenario04]

/** @throws an Error that names those there are */
export function findScenario(number: string | undefined): Scenario {
  const found = scenarios.find(scenario => scenario.number === number)
  if (!found)
    throw new Error(`no scenario ${number ?? '(which?)'}; there are ${scenarios.map(each => each.number).join(', ')}`)
  return found
}
