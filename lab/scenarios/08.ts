import { STATE_REACHED } from '../budgets.ts'
import { countBy } from '../checker/tally.ts'
import { claimForgeriesDropped, claimNothingLost, claimSurvived } from '../common-claims.ts'
import { kill } from '../faults/index.ts'
import type { Host } from '../network.ts'
import {
  findHostsOfPostgres,
  findPrimaries,
  findWatchful,
  PGPOOLS,
  POSTGRES_HOSTS,
  queryPostgres,
  waitForAllAttached
} from '../postgres.ts'
import type { FaultRecord } from '../report/result.ts'
import type { Scenario } from '../scenario.ts'
import { ifReached, type Stage } from '../stage.ts'
import { isWrite } from '../workload/history.ts'

/** The primary's death, and that of a pgpool. */
const PRIMARY_WITHIN_MS = 8_000
const POOL_WITHIN_MS = 3_000

export const scenario: Scenario = {
  number: '08',
  title: 'The same application on PostgreSQL: hot standbys behind pgpool, and the primary dies',
  source: 'The pgpool, PostgreSQL and GlusterFS document',
  async run(stage) {
    const { lab } = stage
    stage.explain(
      `web01|02 → ${lab.databaseVirtualAddress}, held by one of pgpool01–03 → pg01–03; commits wait for one standby`
    )
    const { primary } = await findHostsOfPostgres(stage)
    let standbys = ''
    await ifReached(
      stage.waitFor('two standbys receive', STATE_REACHED, async () => {
        standbys = await queryPostgres(
          stage,
          primary,
          "select string_agg(application_name, ', ' order by application_name) from pg_stat_replication where state = 'streaming'"
        )
        return standbys.split(', ').length === 2
      })
    )
    stage.claim(
      'one primary, two standbys that receive from it',
      standbys.split(', ').length === 2,
      `primary ${primary}, standbys ${standbys}`
    )
    const first = await ifReached(stage.findHolder(lab.databaseVirtualAddress, PGPOOLS))
    stage.claim("one pgpool holds the database's address", first !== undefined, first ?? 'none, or more than one')

    const watchful = await findWatchful(stage)
    stage.claim(
      "each pgpool hears the others' heartbeats, and would miss one that stands still",
      watchful.length === PGPOOLS.length,
      watchful.join(', ') || 'none does'
    )

    await claimForgeriesDropped(stage)
    await stage.startWorkload()
    await stage.pause(6_000)
    const nodes = countBy(stage.history, 'node')
    stage.observe(`answers by database node: ${JSON.stringify(nodes)}`)

    stage.predict(
      `${primary} dies, and with it every session through pgpool. The pgpools agree, their leader promotes the standby that received most`
    )
    let promoted: Host | undefined
    let tookMs: number | undefined
    const fault = await stage.break(kill(primary), {
      holdMs: 16_000,
      during: async () => {
        const others = POSTGRES_HOSTS.filter(host => host !== primary)
        const isPromoted = async () => {
          promoted = (await findPrimaries(stage, others))[0]
          return promoted !== undefined
        }
        tookMs = await ifReached(stage.waitFor('a standby is primary', STATE_REACHED, isPromoted))
      },
      why: 'A watch beside each pgpool hears of the death and wakes its health check, which sleeps 3 s otherwise; two of three votes, and a standby is promoted. The other one has to follow it before a commit is acknowledged, and the web servers’ sessions are opened anew'
    })
    claimSurvived(stage, fault, { withinMs: PRIMARY_WITHIN_MS })
    claimWritesReturned(stage, fault, primary)
    stage.claim(
      'a standby is promoted',
      tookMs !== undefined && promoted !== primary,
      tookMs === undefined ? 'no standby became primary' : `${promoted}, ${tookMs} ms after the kill`
    )
    let role = ''
    await ifReached(
      stage.waitFor(`${primary} is a standby`, STATE_REACHED, async () => {
        role = await queryPostgres(stage, primary, 'select pg_is_in_recovery()')
        return role === 't'
      })
    )
    stage.claim('the old primary comes back as a standby', role === 't', `pg_is_in_recovery() on ${primary}: ${role}`)
    const attachedMs = await waitForAllAttached(stage)
    stage.observe(`pgpool took it back by itself after ${attachedMs} ms more`)
    const last = (await ifReached(findHostsOfPostgres(stage)))?.primary
    stage.claim('there is one primary at the end', last !== undefined && last === promoted, last ?? 'none, or more')

    stage.predict(
      'The pgpool that holds the address dies: Keepalived on the others moves it, and nobody waits for the vote'
    )
    const holder = await stage.findHolder(lab.databaseVirtualAddress, PGPOOLS)
    const moved = await stage.break(kill(holder), {
      under: 'which holds the address',
      holdMs: POOL_WITHIN_MS + 1_000,
      why: 'Every pgpool passes statements on, so any may hold the address, and it moves 0.44 s at most after the last advert. In the document the watchdog’s leader holds it: after its death the others elect another, which takes it, in 2 to 8 s (POOL_KEEPALIVED_CONFIG= shows it)'
    })
    claimSurvived(stage, moved, { withinMs: POOL_WITHIN_MS })
    stage.predict('A pgpool dies that does not hold it: nobody notices')
    const now = await stage.findHolder(lab.databaseVirtualAddress, PGPOOLS)
    const spare = await stage.break(kill(PGPOOLS.find(host => host !== now) as Host), {
      under: 'which does not hold the address',
      holdMs: POOL_WITHIN_MS + 1_000,
      why: 'No statement went through it. Two of three are left, a majority: they can still replace a primary'
    })
    claimSurvived(stage, spare, { withinMs: POOL_WITHIN_MS })

    await stage.stopWorkload()
    await claimNothingLost(stage)
  }
}

/** A commit waits for a standby: writing goes on only when the other one has found the new primary. */
function claimWritesReturned(stage: Stage, fault: FaultRecord, oldPrimary: Host): void {
  const from = stage.startedAt + fault.atMs
  const first = stage.history
    .filter(line => isWrite(line.what) && line.outcome === 'ok')
    // The command that kills takes its time, during which the old primary still answers.
    .filter(line => line.node !== undefined && line.node !== oldPrimary)
    .map(line => line.at + line.ms - from)
    .filter(ms => ms > 0)
    .sort((a, b) => a - b)[0]
  stage.claim(
    'writes are acknowledged again before the old primary returns',
    first !== undefined && first < fault.healingMs - fault.atMs,
    first === undefined ? 'none was' : `the first ${Math.round(first)} ms after the order to kill`
  )
  if (first !== undefined)
    stage.figure({ name: 'first write after the primary died', unit: 'ms', values: [Math.round(first)] })
}
