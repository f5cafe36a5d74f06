import type { TestDatabase } from './databases.ts'

const copied = {
  clientes: ['id_cliente', 'nome', 'email', 'password', 'email_key'],
  sessions: ['id_hash', 'customer_id', 'created_at', 'last_seen_at', 'expires_at', 'made_on', 'user_agent', 'address']
}

/** Gives another node the accounts and sessions of this one. */
export async function copyAccounts(from: TestDatabase, to: TestDatabase): Promise<void> {
  for (const [table, columns] of Object.entries(copied)) {
    for (const row of await from.query(`select ${columns.join(', ')} from ${table}`)) {
      const places = columns.map((_, index) => (to.engine === 'postgres' ? `$${index + 1}` : '?'))
      await to.query(
        `insert into ${table} (${columns.join(', ')}) values (${places.join(', ')})`,
        columns.map(column => row[column])
      )
    }
  }
}

const addressOf = ({ url }: TestDatabase) => new URL(url ?? '').host

/** As in front of a cluster: each connection leads to the next node. */
export const inTurn = (port: number, nodes: TestDatabase[]) => `
defaults
  mode tcp
  timeout connect 1s
  timeout client 1m
  timeout server 1m
listen database
  bind 127.0.0.1:${port}
  balance roundrobin
${nodes.map((node, index) => `  server node${index} ${addressOf(node)}`).join('\n')}
`
