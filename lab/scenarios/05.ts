import { STATE_REACHED } from '../budgets.ts'
import { claimNothingLost, claimSurvived, claimTotalOutage } from '../common-claims.ts'
import { kill, stop } from '../faults/index.ts'
import type { Host } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const SURVIVED_WITHIN_MS = 6_000

/** What a node's agent says of itself, by name. */
async function readState(stage: Stage, host: Host): Promise<Record<string, string>> {
  const text = await stage.lab.exec(host, ['ask', '127.0.0.1']).catch(() => '')
  return Object.fromEntries(
    text
      .split('\n')
      .filter(Boolean)
      .map(line => line.split('=') as [string, string])
  )
}

const waitForSize = (stage: Stage, size: number) =>
  stage.waitFor(
    `a cluster of ${size}`,
    STATE_REACHED,
    async () => (await readState(stage, 'mariadb01')).wsrep_cluster_size === String(size)
  )

export const scenario: Scenario = {
  number: '05',
  title: 'Stop and crash of one of two Galera nodes, without and with an arbitrator',
  source: 'What the report missed: “a implementação final não apresenta nenhum SPOF”',
  async run(stage) {
    const { lab } = stage
    stage.explain(
      'A node that leaves in order says so, and the rest counts anew. A crash is silence: the rest must be more than half'
    )
    const withoutArbitrator = stop('arbitrator')
    await withoutArbitrator.inject(lab)
    await waitForSize(stage, 2)
    await stage.startWorkload()
    await stage.pause(3_000)

    stage.predict('Two nodes, no arbitrator. mariadb02 is stopped in order: mariadb01 goes on alone')
    claimSurvived(stage, await stage.break(stop('mariadb02'), { under: 'no arbitrator' }), SURVIVED_WITHIN_MS)

    stage.predict(
      'mariadb02 crashes: one of two is not more than half, and mariadb01 refuses every query, though nothing is wrong with it'
    )
    let alone: Record<string, string> = {}
    const crash = await stage.break(kill('mariadb02'), {
      under: 'no arbitrator',
      holdMs: 8_000,
      during: async () => {
        await stage.waitFor('mariadb01 has noticed', STATE_REACHED, async () => {
          alone = await readState(stage, 'mariadb01')
          return alone.wsrep_cluster_status !== 'Primary'
        })
      }
    })
    stage.claim(
      'without an arbitrator the survivor of a crash leaves the Primary state',
      alone.wsrep_cluster_status === 'non-Primary',
      `mariadb01: wsrep_cluster_status ${alone.wsrep_cluster_status}`
    )
    const { atMs } = crash
    // Until the suspicion has become certainty, a good answer may still come: the outage is claimed from there on.
    claimTotalOutage(stage, { ...crash, atMs: atMs + 3_000 })
    const states = await Promise.all((['mariadb01', 'mariadb02'] as const).map(host => readState(stage, host)))
    stage.claim(
      'the cluster is whole again by itself when the node returns',
      states.every(state => state.wsrep_cluster_status === 'Primary' && state.wsrep_cluster_size === '2'),
      `${states.map(state => `${state.wsrep_cluster_status} of ${state.wsrep_cluster_size}`).join(' and ')}, ${crash.healedMs - crash.healingMs} ms after the node was switched on; nobody typed anything`
    )

    stage.explain('Now with the arbitrator: it stores nothing and only votes')
    await stage.heal(withoutArbitrator)
    await waitForSize(stage, 3)
    stage.predict('The stop in order is as before')
    claimSurvived(stage, await stage.break(stop('mariadb02'), { under: 'with arbitrator' }), SURVIVED_WITHIN_MS)
    await waitForSize(stage, 3)
    stage.predict(
      'mariadb02 crashes: two of three votes remain. Commits stall for about evs.suspect_timeout, 1 s, then go on'
    )
    claimSurvived(stage, await stage.break(kill('mariadb02'), { under: 'with arbitrator' }), SURVIVED_WITHIN_MS)
    await waitForSize(stage, 3)
    stage.predict('The other node, too')
    claimSurvived(stage, await stage.break(kill('mariadb01'), { under: 'with arbitrator' }), SURVIVED_WITHIN_MS)

    await stage.stopWorkload()
    claimNothingLost(stage)
  }
}
