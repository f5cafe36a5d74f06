import { countBy } from '../checker/tally.ts'
import {
  crashHaproxy,
  cut,
  freeze,
  fullConnections,
  kill,
  loseQuorum,
  oldSurvivor,
  powerCut,
  rolling,
  slowDatabase,
  stop,
  stopKeepalived
} from '../faults/index.ts'
import { waitForSize } from '../galera.ts'
import type { Host } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { runTrials, type Trial } from '../trials.ts'
import { holderOf, web, webTrials } from '../web-trials.ts'

const databaseBalancer = holderOf('databaseVirtualAddress', ['haproxy03', 'haproxy04'])
/** The node that answered most of late: the other one may have come back so recently that hardly anyone would miss it. */
const databaseNode = async (stage: Stage): Promise<Host> => {
  const recent = stage.history.filter(line => line.at > Date.now() - 3_000)
  const { mariadb01 = 0, mariadb02 = 0 } = countBy(recent, 'node')
  return mariadb01 > mariadb02 ? 'mariadb01' : 'mariadb02'
}

/** The figures are those of the table that this project set itself. */
const trials: Trial[] = [
  ...webTrials,
  { row: 'database balancer: kill -9', host: databaseBalancer, fault: kill, failed: 0, pauseMs: 1_500 },
  {
    row: 'database balancer: its HAProxy crashes',
    host: databaseBalancer,
    fault: crashHaproxy,
    failed: 0,
    pauseMs: 1_500
  },
  { row: 'database balancer: graceful stop', host: databaseBalancer, fault: stop, failed: 0 },
  { row: 'database balancer: its keepalived stopped', host: databaseBalancer, fault: stopKeepalived, failed: 0 },
  { row: 'database balancer: frozen', host: databaseBalancer, fault: freeze, failed: 0 },
  { row: 'database balancer: cut from the network', host: databaseBalancer, fault: cut, failed: 0 },
  { row: 'database node: graceful stop', host: databaseNode, fault: stop, failed: 0, pauseMs: 500 },
  {
    row: 'database nodes: rolling restart',
    fault: () => rolling('mariadb01', 'mariadb02'),
    failed: 0,
    pauseMs: 500,
    holdMs: 0
  },
  { row: 'database node: kill -9', host: databaseNode, fault: kill, failed: 0, pauseMs: 1_500 },
  { row: 'database node: frozen', host: databaseNode, fault: freeze, failed: 0, pauseMs: 4_000 },
  { row: 'database node: cut from the network', host: databaseNode, fault: cut, failed: 0, pauseMs: 4_000 },
  { row: 'database node: statements delayed 2 s', host: databaseNode, fault: slowDatabase, failed: 0 },
  { row: 'database node: connection table full', host: databaseNode, fault: fullConnections, failed: 0 },
  { row: 'two tabs on one list: a web server dies', host: web, fault: kill, failed: 0, pauseMs: 1_000, tabs: 2 },
  {
    row: 'two tabs on one list: a database node dies',
    host: databaseNode,
    fault: kill,
    failed: 0,
    pauseMs: 1_500,
    tabs: 2
  },
  // Two votes of three: no majority, whatever is done. What counts is that service returns with the node, and nobody types anything.
  {
    row: 'database node: kill -9 while the arbitrator is silent',
    host: databaseNode,
    fault: loseQuorum,
    holdMs: 10_000,
    servingWithinMs: 60_000
  },
  // The survivor is there, and must not serve: what was acknowledged last is on the dead one.
  {
    row: 'database node: kill -9 as the other returns with an old copy',
    host: databaseNode,
    fault: oldSurvivor,
    servingWithinMs: 60_000
  },
  { row: 'power cut of everything', fault: powerCut, holdMs: 1_000, servingWithinMs: 60_000 }
]

export const scenario: Scenario = {
  number: 'nothing-lost',
  title: 'Nothing lost: every fault, repeated, on MariaDB Galera with an arbitrator',
  source: 'What none of the documents measured',
  // Each fault strikes a whole cluster: a node is served by long before the arbitrator has come back.
  run: stage => runTrials(stage, trials, () => waitForSize(stage, 3))
}
