import { STATE_REACHED } from '../budgets.ts'
import { checkLedger } from '../checker/ledger.ts'
import { countSpreadLists } from '../checker/tally.ts'
import { claimNothingLost, claimTotalOutage } from '../common-claims.ts'
import { readConflicts, subtractConflicts } from '../conflicts.ts'
import { kill } from '../faults/index.ts'
import type { Host } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { ifReached, type Stage } from '../stage.ts'
import { isWrite } from '../workload/history.ts'

/** Of one customer's answers, the least share that each database node must have: HAProxy takes turns by connection, not by query. */
const LEAST_SHARE = 0.1

export const scenario: Scenario = {
  number: '03',
  title: 'Two Galera nodes behind haproxy03: queries go to either; haproxy03 is the single point of failure',
  source: 'Report, experiment 3',
  async run(stage) {
    const { lab } = stage
    stage.explain(
      `web01|02 → haproxy03 (${lab.address('haproxy03')}), TCP round robin → mariadb01|02, a Galera cluster`
    )
    const status = await lab.exec('mariadb01', ['mariadb', '-N', '-e', "show status like 'wsrep_cluster_size'"])
    stage.claim('wsrep_cluster_size is 2', status.trim().split(/\s+/)[1] === '2', status.trim().replace(/\s+/, ' '))

    stage.explain(
      'The web servers start last, as in the report: a pool that opened while one node was still joining would keep to the other'
    )
    await stage.waitFor('haproxy03 sees both nodes', STATE_REACHED, async () => {
      const lines = (await lab.exec('haproxy03', ['haproxy-admin', 'show stat'])).split('\n')
      return lines.filter(line => /^galera_cluster_backend,mariadb0[12],.*,UP,/.test(line)).length === 2
    })
    await lab.reconfigure({}, ['web01', 'web02'])
    await lab.waitForSite(text => stage.progress(text), stage.signal)
    await writeOnOneList(stage)

    stage.predict(
      'Round robin by connection: a web server’s pool has connections to both nodes, and one login’s queries use them all'
    )
    const customer = `${await stage.startWorkload({ customers: 4 })}01`
    await stage.pause(10_000)
    const one = stage.history.filter(line => line.who === customer && line.outcome === 'ok' && line.node)
    const shares = ['mariadb01', 'mariadb02'].map(node => one.filter(line => line.node === node).length / one.length)
    const changes = one.filter((line, index) => index > 0 && line.node !== one[index - 1]?.node).length
    stage.claim(
      "one login's queries are answered by both nodes in turn",
      one.length > 20 && shares.every(share => share >= LEAST_SHARE) && changes > 5,
      `${one.length} answers to ${customer}: mariadb01 ${Math.round((shares[0] ?? 0) * 100)} %, mariadb02 ${Math.round((shares[1] ?? 0) * 100)} %, ${changes} changes from one to the other`
    )

    stage.predict('haproxy03 is the only way to the database: both nodes are well, and nobody reaches them')
    let nodesWell = 0
    const fault = await stage.break(kill('haproxy03'), {
      during: async () => {
        for (const node of ['mariadb01', 'mariadb02'] as const) {
          const isWell = () => lab.isHealthy(node)
          const found = await ifReached(stage.waitFor(`${node} is well`, STATE_REACHED, isWell))
          if (found !== undefined) nodesWell += 1
        }
      },
      why: 'The web servers know the database by the address of haproxy03 alone, and no other host takes it: the outage lasts until haproxy03 runs again and the pools have connected through it'
    })
    claimTotalOutage(stage, fault)
    stage.claim('meanwhile both database nodes were Primary and Synced', nodesWell === 2, `${nodesWell} of 2`)
    await stage.stopWorkload()
    await claimNothingLost(stage)
  }
}

const WEBS: readonly Host[] = ['web01', 'web02']
const NODES: readonly Host[] = ['mariadb01', 'mariadb02']
/** One account in two tabs is two writers on one list, who hardly pause. */
const TABS = 2
const THINK_MS = 20
/** Of which two thirds add: the list stays below its limit, so that all of it can be compared. */
const WRITES = 200
const WRITTEN_WITHIN_MS = 60_000

/** Two writers raise one list's version on both nodes at once: one of two is taken back, and run again under its key. */
async function writeOnOneList(stage: Stage): Promise<void> {
  stage.predict(
    `${TABS} tabs write on one list through both web servers and both nodes. Each write raises the list's version, so that of two at once Galera takes one back; the web server runs it again, and the shopper does not notice`
  )
  const before = await readConflicts(stage, NODES, WEBS)
  const prefix = await stage.startWorkload({ customers: 1, tabs: TABS, thinkMs: THINK_MS, probeEveryMs: 200 })
  const lines = () => stage.history.filter(line => line.who.startsWith(prefix))
  const writes = () => lines().filter(({ what, outcome }) => isWrite(what) && outcome === 'ok')
  await ifReached(stage.waitFor(`${WRITES} writes`, WRITTEN_WITHIN_MS, async () => writes().length >= WRITES, 500))
  await stage.stopWorkload()
  const { refused, aborted, replayed, retries } = subtractConflicts(before, await readConflicts(stage, NODES, WEBS))

  const { lists, spread } = countSpreadLists(lines())
  stage.claim(
    'two writers wrote on one list, through both web servers and both database nodes',
    lists === 1 && spread === 1 && writes().length >= WRITES,
    `${writes().length} writes acknowledged, ${spread} of ${lists} lists written from both tabs through both servers and nodes`
  )
  // One that is taken back while it is being certified is counted as both.
  const conflicts = Math.max(refused, aborted)
  const again = Object.entries(retries)
  const retried = again.reduce((sum, [, count]) => sum + count, 0)
  const failed = lines().filter(({ outcome }) => outcome !== 'ok').length
  stage.figure({
    name: 'conflicts of two writers on one list',
    unit: `of ${writes().length} writes`,
    values: [conflicts]
  })
  stage.claim(
    'no conflict between the nodes reaches a shopper: each was run again',
    failed === 0 && retried + replayed >= conflicts,
    `${conflicts} conflicts at least (${refused} refused at commit, ${aborted} taken back before), ${replayed} replayed by the node, ` +
      `${retried} run again by the web servers (${again.map(([cause, count]) => `${cause}: ${count}`).join(', ') || 'none'}), ${failed} requests failed`
  )
  const { ledger, verdict, evidence } = checkLedger(lines())
  stage.promise(
    'what both wrote is on the list, all of it once',
    verdict === 'good' && ledger.unknown === 0,
    `${ledger.acknowledged} acknowledged, ${ledger.present} of them to be there at the end and there; ${evidence.join('; ')}`
  )
}
