import { isWrite, type Line, listOf } from '../workload/history.ts'
import { groupBy } from './group.ts'
import { gatherWrites } from './writes.ts'

export interface Requests {
  total: number
  ok: number
  failed: number
  unknown: number
}

export function countRequests(history: readonly Line[]): Requests {
  const count = (outcome: Line['outcome']) => history.filter(line => line.outcome === outcome).length
  return { total: history.length, ok: count('ok'), failed: count('fail'), unknown: count('unknown') }
}

/** How many good answers each value of `field` gave, by name. */
export function countBy(history: readonly Line[], field: 'server' | 'node' | 'balancer'): Record<string, number> {
  const counts = new Map<string, number>()
  for (const line of history) {
    const name = line[field]
    if (name && line.outcome === 'ok') counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)))
}

export interface Sessions {
  /** Sessions begun, by signing up or by logging in. */
  logins: number
  /** Logins that a customer was asked for although signed in. */
  repeatedLogins: number
  /** Customers whose session, made on one web server, was served by another as well. */
  movedBetweenServers: number
}

export function countSessions(history: readonly Line[]): Sessions {
  const logins = history.filter(
    line => (line.what === 'login' || line.what === 'signup') && line.outcome === 'ok'
  ).length
  const signedInAt = new Map<string, number>()
  for (const line of history) {
    if ((line.what !== 'login' && line.what !== 'signup') || line.outcome !== 'ok') continue
    const at = line.at + line.ms
    signedInAt.set(listOf(line), Math.min(signedInAt.get(listOf(line)) ?? at, at))
  }
  // Whoever was never told to be signed in is rightly asked to.
  const repeatedLogins = history.filter(
    line => line.loggedOut && (signedInAt.get(listOf(line)) ?? Number.POSITIVE_INFINITY) <= line.at
  ).length
  const servers = new Map<string, Set<string>>()
  for (const line of history) {
    if (line.who === 'probe' || !line.server || line.outcome !== 'ok') continue
    servers.set(listOf(line), (servers.get(listOf(line)) ?? new Set()).add(line.server))
  }
  return { logins, repeatedLogins, movedBetweenServers: [...servers.values()].filter(names => names.size > 1).length }
}

const acknowledgedWrites = (history: readonly Line[]) => gatherWrites(history).filter(({ outcome }) => outcome === 'ok')

export const countWrites = (history: readonly Line[]): number => acknowledgedWrites(history).length

/** `120 add, 60 tick, …`: writes that were acknowledged, by what they are. */
export const describeWrites = (history: readonly Line[]): string =>
  [...groupBy(acknowledgedWrites(history), ({ what }) => what)]
    .map(([what, all]) => `${all.length} ${what}`)
    .join(', ') || 'nothing'

/** Writes of which at least one attempt got no answer that tells whether it was done. */
export function countUnanswered(history: readonly Line[]): number {
  return new Set(
    history
      .filter(line => line.outcome === 'unknown')
      .map(line => `${listOf(line)} ${line.operation ?? line.item ?? ''}`)
  ).size
}

/** Lists on which writes were acknowledged to several tabs, by several web servers and several database nodes. */
export function countSpreadLists(history: readonly Line[]): { lists: number; spread: number } {
  const lists = new Map<string, { tabs: Set<string>; servers: Set<string>; nodes: Set<string> }>()
  for (const line of history) {
    if (!isWrite(line.what) || line.outcome !== 'ok') continue
    const list = lists.get(listOf(line)) ?? { tabs: new Set(), servers: new Set(), nodes: new Set() }
    lists.set(listOf(line), list)
    list.tabs.add(line.who)
    if (line.server) list.servers.add(line.server)
    if (line.node) list.nodes.add(line.node)
  }
  const spread = [...lists.values()].filter(({ tabs, servers, nodes }) =>
    [tabs, servers, nodes].every(names => names.size > 1)
  )
  return { lists: lists.size, spread: spread.length }
}

/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('median of nothing')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] as number
  return sorted.length % 2 ? upper : (upper + (sorted[middle - 1] as number)) / 2
}

/** The smallest of the values that at least `share` of them do not exceed. @throws when there is none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  if (found === undefined) throw new Error('quantile of nothing')
  return found
}
