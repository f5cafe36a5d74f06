import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { areHealthy, type Fault } from './fault.ts'
import { kill } from './kill.ts'

/** Every machine of the lab but the shoppers' own, and the door through which this computer looks in. */
const machines = (lab: Lab): [Host, ...Host[]] =>
  lab.hosts.filter(host => host !== 'client' && host !== 'door') as [Host, ...Host[]]

/** kill -9 of everything at one moment, disks kept. */
export const powerCut = (): Fault => ({
  name: 'power cut of everything',
  inject: lab => kill(...machines(lab)).inject(lab),
  heal: lab => kill(...machines(lab)).heal(lab),
  isHealed: lab => areHealthy(lab, machines(lab))
})
