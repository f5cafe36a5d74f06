import type { Scenario } from '../scenario.ts'
import { compareReads } from '../stale-trials.ts'

export const scenario: Scenario = {
  number: 'stale-reads',
  title: 'Stale reads on Galera, with and without causal reads, and what causal reads cost',
  source: 'What none of the documents asked: a write on one node, a read on the other',
  run: stage =>
    compareReads(stage, 'wsrep_sync_wait on each connection', ['mariadb01', 'mariadb02'], [{ name: 'Galera' }])
}
