import type { NumberedList } from './checker/numbers.ts'
import type { Host } from './network.ts'
import { findPrimaries, isPostgres, POSTGRES_HOSTS } from './postgres.ts'
import type { Stage } from './stage.ts'

const COUNTS = ['version', 'changes', 'numbers', 'first', 'last', 'added', 'removed', 'items'] as const

/** One line a list, of these and its owner, for either engine; the owner comes last, as it alone may hold spaces. */
const LISTS = `select concat_ws(' ', l.version, count(c.version), count(distinct c.version), coalesce(min(c.version), 0),
    coalesce(max(c.version), 0), sum(case when c.kind = 'add' then 1 else 0 end),
    sum(case when c.kind = 'remove' and c.detail is not null then 1 else 0 end),
    (select count(*) from compras i where i.id_cliente = l.first_of and i.list_id = 0), a.email)
  from lists l join clientes a on a.id_cliente = l.owner_id left join changes c on c.list_id = l.id
  group by l.id, l.version, l.first_of, a.email`

/** The nodes that must have every change: of Galera all that are there, of PostgreSQL the primary. */
export async function findNodesWithAll(stage: Stage): Promise<Host[]> {
  const { hosts } = stage.lab
  if (hosts.some(isPostgres)) return findPrimaries(stage, POSTGRES_HOSTS)
  const nodes: Host[] = []
  for (const host of hosts) if (host.startsWith('mariadb') && (await stage.lab.isHealthy(host))) nodes.push(host)
  return nodes
}

/** All lists and the numbers of their changes, as the node has them. @throws CommandError */
export async function readNumbers({ lab }: Stage, host: Host): Promise<NumberedList[]> {
  const out = isPostgres(host)
    ? await lab.exec(host, ['psql', '-U', 'postgres', '-h', '127.0.0.1', '-d', 'carrinho', '-AXtqc', LISTS])
    : // What another node acknowledged is to be here first.
      await lab.exec(host, ['mariadb', '-N', '-B', 'carrinho', '-e', `set session wsrep_sync_wait = 1; ${LISTS}`])
  return out
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const fields = line.split(' ')
      const numbers = Object.fromEntries(COUNTS.map((name, index) => [name, Number(fields[index])]))
      return { ...numbers, owner: fields.slice(COUNTS.length).join(' ') } as NumberedList
    })
}
