import type { Scenario } from '../scenario.ts'
import { compareReads } from '../stale-trials.ts'

export const scenario: Scenario = {
  number: 'stale-reads-pg',
  title: 'Stale reads behind pgpool-II, with reads kept on the primary and without',
  source: 'The pgpool document, whose load_balance_mode sends reads to any host',
  run: stage => compareReads(stage, 'reads kept on the primary', ['pg01', 'pg02', 'pg03'])
}
