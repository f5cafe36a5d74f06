import { STATE_REACHED } from '../budgets.ts'
import { claimNothingLost, claimSurvived, claimTotalOutage } from '../common-claims.ts'
import { kill, stop } from '../faults/index.ts'
import { readState, waitForSize } from '../galera.ts'
import type { Host } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { ifReached, type Stage } from '../stage.ts'

const SURVIVED_WITHIN_MS = 6_000

/** What a TCP check asks. */
const acceptsConnections = (stage: Stage, from: Host, to: Host): Promise<boolean> => {
  const connect = `exit(IO::Socket::INET->new(PeerAddr => "${stage.lab.address(to)}:3306", Timeout => 1) ? 0 : 1)`
  return stage.lab.exec(from, ['perl', '-MIO::Socket::INET', '-e', connect]).then(
    () => true,
    () => false
  )
}

/** A server's status in a balancer's statistics: the 18th field of its line. */
async function readServerStatus(stage: Stage, balancer: Host, server: Host): Promise<string> {
  const lines = (await stage.lab.exec(balancer, ['haproxy-admin', 'show stat'])).split('\n')
  return lines.map(line => line.split(',')).find(fields => fields[1] === server)?.[17] ?? ''
}

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
    stage.undoAtEnd('arbitrator', () => withoutArbitrator.heal(lab))
    await withoutArbitrator.inject(lab)
    await waitForSize(stage, 2)
    await stage.startWorkload()
    await stage.pause(3_000)

    stage.predict('Two nodes, no arbitrator. mariadb02 is stopped in order: mariadb01 goes on alone')
    const left = await stage.break(stop('mariadb02'), {
      under: 'no arbitrator',
      why: 'mariadb02 took its leave, so mariadb01 is one of one. Its agent had said so a second before the server ended, so that HAProxy had moved its sessions; on its return the group forms anew, and causal reads wait for that'
    })
    claimSurvived(stage, left, { withinMs: SURVIVED_WITHIN_MS })

    stage.predict(
      'mariadb02 crashes: one of two is not more than half, and mariadb01 refuses every query, though nothing is wrong with it'
    )
    let alone: Record<string, string> = {}
    let noticedMs = 0
    let accepts = false
    let status = ''
    const crash = await stage.break(kill('mariadb02'), {
      under: 'no arbitrator',
      holdMs: 8_000,
      during: async () => {
        await ifReached(
          stage.waitFor('mariadb01 has noticed', STATE_REACHED, async () => {
            alone = await readState(stage, 'mariadb01')
            noticedMs = Date.now() - stage.startedAt
            return alone.wsrep_cluster_status === 'non-Primary'
          })
        )
        accepts = await acceptsConnections(stage, 'haproxy03', 'mariadb01')
        await ifReached(
          stage.waitFor('haproxy03 has given mariadb01 up', STATE_REACHED, async () => {
            status = await readServerStatus(stage, 'haproxy03', 'mariadb01')
            return status.startsWith('DOWN')
          })
        )
      },
      why: 'mariadb01 is sure of the silence after about evs.suspect_timeout, 1 s, but not of what it means: mariadb02 may be alive beyond a cut. So it refuses until mariadb02 has started, has recovered and is back in the group'
    })
    stage.claim(
      'without an arbitrator the survivor of a crash leaves the Primary state',
      alone.wsrep_cluster_status === 'non-Primary',
      `mariadb01: wsrep_cluster_status ${alone.wsrep_cluster_status}`
    )
    stage.claim(
      'the report’s TCP check would take that node for healthy; the agent’s word does not',
      accepts && status.startsWith('DOWN'),
      `mariadb01 ${accepts ? 'accepts' : 'does not accept'} connections from haproxy03, whose statistics call it ${status}`
    )
    // Until the suspicion has become certainty, a good answer may still come: the outage is claimed from there on.
    claimTotalOutage(stage, { ...crash, struckMs: noticedMs })
    let states: Record<string, string>[] = []
    await ifReached(
      stage.waitFor('the cluster is whole', STATE_REACHED, async () => {
        states = await Promise.all((['mariadb01', 'mariadb02'] as const).map(host => readState(stage, host)))
        return states.every(state => state.wsrep_cluster_size === '2')
      })
    )
    stage.claim(
      'the cluster is whole again by itself when the node returns',
      states.every(state => state.wsrep_cluster_status === 'Primary' && state.wsrep_cluster_size === '2'),
      `${states.map(state => `${state.wsrep_cluster_status} of ${state.wsrep_cluster_size}`).join(' and ')}, ${crash.healedMs - crash.healingMs} ms after the node was switched on; nobody typed anything`
    )

    stage.explain('Now with the arbitrator: it stores nothing and only votes')
    await stage.heal(withoutArbitrator)
    await waitForSize(stage, 3)
    stage.predict('The stop in order is as before')
    const leftAgain = await stage.break(stop('mariadb02'), {
      under: 'with arbitrator',
      why: 'As before: who leaves in order is subtracted, and nobody’s vote is needed. The pause comes at its return, when the group forms anew'
    })
    claimSurvived(stage, leftAgain, { withinMs: SURVIVED_WITHIN_MS })
    await waitForSize(stage, 3)
    stage.predict(
      'mariadb02 crashes: two of three votes remain. Commits stall for about evs.suspect_timeout, 1 s, then go on'
    )
    const voted = await stage.break(kill('mariadb02'), {
      under: 'with arbitrator',
      why: 'Commits and causal reads waited on mariadb01 until the silence had lasted evs.suspect_timeout, 1 s, and the two votes that remain had agreed. The probe only asks for a node’s name and waits for neither, so look at the customers'
    })
    claimSurvived(stage, voted, { withinMs: SURVIVED_WITHIN_MS })
    await waitForSize(stage, 3)
    stage.predict('The other node, too')
    const votedAgain = await stage.break(kill('mariadb01'), {
      under: 'with arbitrator',
      why: 'As before: no node is the first. The arbitrator stores nothing, but two of three are a majority with it'
    })
    claimSurvived(stage, votedAgain, { withinMs: SURVIVED_WITHIN_MS })

    await stage.stopWorkload()
    await claimNothingLost(stage)
  }
}
