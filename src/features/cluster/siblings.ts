import { get } from 'node:http'
import { json } from 'node:stream/consumers'
import { ASKED_MS, beatMs } from '../../beats.ts'
import type { Lifecycle } from '../../lifecycle.ts'
import type { Store } from '../../open-store.ts'
import type { ServerRow } from './queries.ts'

const UNTIL_MIGRATED_MS = 500
/** After a beat that failed: who has a database again is soon known to have it. */
const AGAIN_MS = 500
const BEAT_LIMIT_MS = 2000
const LAST_LIMIT_MS = 500
/** Longer than a sibling takes to ask its database, and short enough for a request that waits for it. */
const ANSWER_MS = 400

export interface Siblings {
  /** The name of one of them whose database answers it right now; undefined when none says so in time. */
  findServed(): Promise<string | undefined>
  /** The same for one that has met no database that takes no writes. */
  findWriter(): Promise<string | undefined>
  /** Takes this server's row along. */
  stop(): Promise<void>
}

/** Keeps this server's row in `servers` fresh while the database can be reached, and reads the others'. */
export function startSiblings(store: Store, lifecycle: Lifecycle, report: (error: unknown) => void): Siblings {
  let others: ServerRow[] = []
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> = Promise.resolve()

  const beat = async () => {
    if (!lifecycle.isSchemaFit) return
    const work = store.beginJob('heartbeat', BEAT_LIMIT_MS)
    const { instance: id, serverName: name, address, version: release } = lifecycle
    const now = Date.now()
    const row = { id, name, address, release, seenAt: now }
    await work.repeatable(async () => {
      try {
        await store.servers.beat(work, row)
      } catch (error) {
        if (!work.isDuplicate(error)) throw error
      }
    })
    const seen = await store.servers.seenSince(work, now - ASKED_MS)
    others = latestAt(seen.filter(other => other.id !== id && other.address !== ''))
    lifecycle.siblings = others.length
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
            return AGAIN_MS
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

/** One at each address: what was there before has died, or left. */
function latestAt(servers: ServerRow[]): ServerRow[] {
  const latest = new Map<string, ServerRow>()
  for (const server of servers) {
    if (server.seenAt >= (latest.get(server.address)?.seenAt ?? 0)) latest.set(server.address, server)
  }
  return Array.from(latest.values())
}

/** What a sibling says of its database, which may be of a release that says less. */
interface Told {
  instance?: unknown
  writes?: unknown
}

const firstOf = (others: ServerRow[], isMeant: (told: Told) => boolean): Promise<string | undefined> =>
  Promise.any(others.map(other => askSibling(other, isMeant))).catch(() => undefined)

/** @throws when that server has no database that is meant, does not answer in time, or is another one by now */
function askSibling({ id, name, address }: ServerRow, isMeant: (told: Told) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_MS)
    get(`http://${address}/health/database`, { agent: false, signal }, response => {
      json(response).then(body => {
        const told = body as Told
        if (response.statusCode === 200 && told.instance === id && isMeant(told)) resolve(name)
        else reject(new Error(`${name} has no such database`))
      }, reject)
    }).on('error', reject)
  })
}
