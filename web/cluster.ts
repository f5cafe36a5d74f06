// The page for demonstrations: who answers, by which way, and whether anything that was acknowledged is missing.

import './cluster/answer-strip.ts'
import './cluster/answer-pulse.ts'
import './cluster/answer-shares.ts'
import './cluster/request-path.ts'
import './cluster/fault-list.ts'
import './cluster/session-panel.ts'
import './cluster/ledger-panel.ts'
// Last: it puts the others to work.
import './cluster/cluster-watch.ts'
