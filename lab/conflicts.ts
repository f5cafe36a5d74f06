import { sumMetric } from './checker/metrics.ts'
import type { Host } from './network.ts'
import type { Stage } from './stage.ts'

/** Of two changes that two nodes make to the same row at once, Galera takes one back: what was counted of that, since the hosts' start. */
export interface Conflicts {
  /** Refused at their commit, as another node's change of the row came first. */
  refused: number
  /** Taken back to let another node's change through; one that was being certified then is counted as refused, too. */
  aborted: number
  /** Of these, those that the node itself carried out again. */
  replayed: number
  /** What the web servers ran again, by the database's error code; 1213 is a conflict. */
  retries: Record<string, number>
}

const STATUS = {
  refused: 'wsrep_local_cert_failures',
  aborted: 'wsrep_local_bf_aborts',
  replayed: 'wsrep_local_replays'
}

/** @throws CommandError, or when a web server does not tell */
export async function readConflicts({ lab }: Stage, nodes: readonly Host[], webs: readonly Host[]): Promise<Conflicts> {
  const sums: Conflicts = { refused: 0, aborted: 0, replayed: 0, retries: {} }
  for (const node of nodes) {
    const out = await lab.exec(node, ['mariadb', '-N', '-B', '-e', "show global status like 'wsrep_local_%'"])
    for (const [name, variable] of Object.entries(STATUS) as [keyof typeof STATUS, string][]) {
      const value = new RegExp(`^${variable}\\s+(\\d+)$`, 'm').exec(out)?.[1]
      if (value === undefined) throw new Error(`${node} does not tell ${variable}`)
      sums[name] += Number(value)
    }
  }
  for (const web of webs) {
    const { status, body } = await lab.get('/metrics', { host: `${lab.address(web)}:5000`, accept: 'text/plain' })
    if (status !== 200) throw new Error(`${web} does not tell its metrics: ${status}`)
    for (const [cause, count] of sumMetric(body, 'carrinho_database_retries_total', 'cause'))
      sums.retries[cause] = (sums.retries[cause] ?? 0) + count
  }
  return sums
}

/** What came between the two. */
export function subtractConflicts(before: Conflicts, after: Conflicts): Conflicts {
  const retries = Object.entries(after.retries).map(([cause, count]) => [cause, count - (before.retries[cause] ?? 0)])
  return {
    refused: after.refused - before.refused,
    aborted: after.aborted - before.aborted,
    replayed: after.replayed - before.replayed,
    retries: Object.fromEntries(retries.filter(([, count]) => count !== 0))
  }
}
