import { STATE_REACHED } from './budgets.ts'
import type { Host } from './network.ts'
import type { Stage } from './stage.ts'

/** What a node's agent says of itself, by name. Empty where it does not answer. */
export async function readState(stage: Stage, host: Host): Promise<Record<string, string>> {
  const text = await stage.lab.exec(host, ['ask', '127.0.0.1']).catch(() => '')
  return Object.fromEntries(
    text
      .split('\n')
      .filter(Boolean)
      .map(line => line.split('=') as [string, string])
  )
}

/** Waits until mariadb01 sees so many members, the arbitrator among them. @throws when it does not come to that in time */
export const waitForSize = (stage: Stage, size: number): Promise<number> =>
  stage.waitFor(
    `a cluster of ${size}`,
    STATE_REACHED,
    async () => (await readState(stage, 'mariadb01')).wsrep_cluster_size === String(size)
  )
