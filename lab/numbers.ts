import { COUNTED_KINDS, type NumberedList } from './checker/numbers.ts'
import type { Host } from './network.ts'
import { findPrimaries, isPostgres, POSTGRES_HOSTS } from './postgres.ts'
import type { Stage } from './stage.ts'

const COUNTS = ['version', 'changes', 'numbers', 'first', 'last', 'came', 'went', 'items'] as const

/** How many items a change says it did this to, whichever database or program wrote it. */
const times = (what: string) => {
  const detail = "replace(coalesce(c.detail, ''), ' ', '')"
  return `coalesce(sum((char_length(${detail}) - char_length(replace(${detail}, '${what}', ''))) / ${what.length}), 0)`
}

/** One line a list, of these and its owner, for either engine; the owner comes last, as it alone may hold spaces. */
const LISTS = `select concat_ws(' ', l.version, count(c.version), count(distinct c.version), coalesce(min(c.version), 0),
    coalesce(max(c.version), 0),
    round(${times('"before":null')}), round(${times('"after":null')}),
    (select count(*) from compras i where i.id_cliente = l.first_of and i.list_id = 0),
    ${COUNTED_KINDS.map(kind => `sum(case when c.kind = '${kind}' then 1 else 0 end)`).join(', ')}, a.email)
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
      const take = (names: readonly string[]) => Object.fromEntries(names.map(name => [name, Number(fields.shift())]))
      return { ...take(COUNTS), kinds: take(COUNTED_KINDS), owner: fields.join(' ') } as NumberedList
    })
}
