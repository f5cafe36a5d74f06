import { get } from 'node:http'
import { json } from 'node:stream/consumers'
import { ASKED_MS, beatMs } from '../../beats.ts'
import type { Lifecycle } from '../../lifecycle.ts'
import type { Store } from '../../open-store.ts'
import type { ServerRow } from './queries.ts'

const UNTIL_MIGRATED_MS = 500
/** After a beat that failed the next comes so much sooner: who has a database again is soon known to have it. */
const SOONER = 6
const BEAT_LIMIT_MS = 2000
const LAST_LIMIT_MS = 500
/** Longer than a sibling takes to ask its database, and short enough for a request that waits for it. */
const ANSWER_MS = 400

export interface Siblings {
  /** The name of one of them whose database answers it right now; undefined when none says so in time. */
  findServed(): Promise<string | undefined>
  /** The same for one whose writes are taken, as far as it knows. */
  findWriter(): Promise<string | undefined>
  /** Takes this server's row along. */
  stop(): Promise<void>
}

/** Keeps this server's row in `servers` fresh while the database can be reached, and reads the others'. */
export function startSiblings(store: Store, lifecycle: Lifecycle, report: (error: unknown) => void): Siblings {
  /** By address. Which of those that were seen at one is there now, it says itself. */
  let others = new Map<string, ServerRow[]>()
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> = Promise.resolve()

  const beat = async () => {
    if (!lifecycle.isSchemaFit) return
    const work = store.beginJob('heartbeat', BEAT_LIMIT_MS)
    const { instance: id, serverName: name, address, version: release } = lifecycle
    const now = Date.now()
    const row = { id, name, address, release, seenAt: now }
    const failed = await work
      .repeatable(async () => {
        try {
          await store.servers.beat(work, row)
        } catch (error) {
          if (!work.isDuplicate(error)) throw error
        }
      })
      .then(
        () => undefined,
        error => ({ error })
      )
    // Also where it cannot write: then it is to know who can.
    const seen = await store.servers.seenSince(work, now - ASKED_MS)
    others = byAddress(seen.filter(other => other.id !== id && other.address !== '' && other.address !== address))
    lifecycle.siblings = others.size
    if (failed) throw failed.error
  }
  const everyMs = beatMs(store.dialect.engine)
  const plan = (afterMs: number) => {
    timer = setTimeout(() => {
      // Whom it knew, it goes on knowing: that is what they are for while the database is away.
      underWay = beat()
        .then(
          () => (lifecycle.isSchemaFit ? everyMs * (0.75 + Math.random() / 2) : UNTIL_MIGRATED_MS),
          error => {
            report(error)
            return everyMs / SOONER
          }
        )
        .then(nextMs => {
          if (!stopped) plan(nextMs)
        })
    }, afterMs).unref()
  }
  plan(0)

  return {
    // The first that says yes; none when all have said no, or nothing.
    findServed: () => firstOf(others, () => true),
    findWriter: () => firstOf(others, ({ writes }) => writes === true),

    async stop() {
      stopped = true
      clearTimeout(timer)
      await underWay
      await store.servers.remove(store.beginJob('heartbeat', LAST_LIMIT_MS), lifecycle.instance).catch(report)
    }
  }
}

function byAddress(servers: ServerRow[]): Map<string, ServerRow[]> {
  const grouped = new Map<string, ServerRow[]>()
  for (const server of servers) grouped.set(server.address, [...(grouped.get(server.address) ?? []), server])
  return grouped
}

/** What a sibling says of its database, which may be of a release that says less. */
interface Told {
  instance?: unknown
  writes?: unknown
}

const firstOf = (
  others: ReadonlyMap<string, readonly ServerRow[]>,
  isMeant: (told: Told) => boolean
): Promise<string | undefined> =>
  Promise.any(Array.from(others, ([address, servers]) => askSibling(address, servers, isMeant))).catch(() => undefined)

/**
 * The name of the one of `servers` that is at this address.
 * @throws when none of them is, or it has no database that is meant, or does not answer in time
 */
function askSibling(address: string, servers: readonly ServerRow[], isMeant: (told: Told) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_MS)
    get(`http://${address}/health/database`, { agent: false, signal }, response => {
      json(response).then(body => {
        const told = body as Told
        const here = servers.find(({ id }) => id === told.instance)
        if (response.statusCode === 200 && here && isMeant(told)) resolve(here.name)
        else reject(new Error(`no such database at ${address}`))
      }, reject)
    }).on('error', reject)
  })
}
