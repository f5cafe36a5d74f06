import { type Line, listOf } from '../workload/history.ts'

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
  const repeatedLogins = history.filter(line => line.loggedOut).length
  const servers = new Map<string, Set<string>>()
  for (const line of history) {
    if (line.who === 'probe' || !line.server || line.outcome !== 'ok') continue
    servers.set(listOf(line), (servers.get(listOf(line)) ?? new Set()).add(line.server))
  }
  return { logins, repeatedLogins, movedBetweenServers: [...servers.values()].filter(names => names.size > 1).length }
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
