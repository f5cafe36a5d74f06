import type { Host } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { type Circumstance, compareReads } from '../stale-trials.ts'

const LATE: Host = 'mariadb02'
const LATE_MS = 100

/**
 * Again and again the node holds its tables for a moment, as it does while a backup begins: it goes on reading, and applies
 * afterwards what the other one committed meanwhile.
 */
function holdTables(stage: Stage): void {
  const seconds = LATE_MS / 1000
  const turn = `flush tables with read lock; do sleep(${seconds}); unlock tables; do sleep(${2 * seconds});`
  const holding = stage.lab.spawnIn(LATE, ['sh', '-c', `while :; do echo '${turn}'; done | mariadb`])
  holding.on('error', () => undefined)
}

const releaseTables = (stage: Stage): Promise<unknown> =>
  stage.lab.exec(LATE, ['pkill', '-x', 'mariadb']).catch(() => '')

const circumstances: readonly Circumstance[] = [
  { name: 'Galera' },
  {
    name: `Galera, a node that holds its tables for ${LATE_MS} ms at a time`,
    begin: async stage => {
      stage.undoAtEnd('held tables', async () => void (await releaseTables(stage)))
      holdTables(stage)
    },
    end: async stage => void (await releaseTables(stage))
  }
]

export const scenario: Scenario = {
  number: 'stale-reads',
  title: 'Stale reads on Galera, with and without causal reads, and what causal reads cost',
  source: 'What none of the documents asked: a write on one node, a read on the other',
  run: stage => compareReads(stage, 'wsrep_sync_wait on each connection', ['mariadb01', 'mariadb02'], circumstances)
}
