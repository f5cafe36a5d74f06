import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'

/** Something that breaks, with its heal. Healing what is well does nothing. */
export interface Fault {
  /** As a sentence's subject: "kill -9 of haproxy01". */
  name: string
  inject(lab: Lab): Promise<void>
  heal(lab: Lab): Promise<void>
  isHealed(lab: Lab): Promise<boolean>
  /** Where its effect is not plain to see: asked after the heal, what shows that it struck. Undefined: nothing does. */
  effect?(lab: Lab): Promise<string | undefined>
}

export type FaultKind = (...hosts: Host[]) => Fault

export const areHealthy = async (lab: Lab, hosts: readonly Host[]) => {
  for (const host of hosts) if (!(await lab.isHealthy(host))) return false
  return true
}
