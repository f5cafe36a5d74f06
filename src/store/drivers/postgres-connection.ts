import pg from 'pg'
import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import type { Answer, Connection, NodeInfo } from '../connection.ts'
import { ConnectionLost, NoConnection } from '../pool/errors.ts'
import { bounded } from './bounded.ts'
import { isSqlState, loginMistake } from './postgres-failures.ts'
import { ServerConnection } from './server-connection.ts'
import { tlsOptions } from './tls.ts'

/** pgpool keeps a statement that begins with a comment on the primary; to PostgreSQL it is only a comment. */
export const ON_PRIMARY = '/*NO LOAD BALANCE*/ '

const SELECT = /^\s*select\b/i

/** @throws NoConnection */
export async function connect(
  database: ServerDatabase,
  limits: DatabaseLimits,
  onPrimary: boolean
): Promise<Connection> {
  const client = new pg.Client({
    host: database.host,
    port: database.port,
    user: database.user,
    password: database.password,
    database: database.name,
    ssl: database.tls ? tlsOptions(database.tls, database.host) : false,
    connectionTimeoutMillis: limits.connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 1000,
    application_name: 'carrinho',
    types: { getTypeParser: parserOf }
  })
  const connection = new PostgresConnection(client, database.host, onPrimary)
  catchParser(client)
  try {
    await client.connect()
    await connection.run(`set statement_timeout = ${limits.statementMs}`, [], limits.connectMs)
    const { role } = await connection.describe(limits.connectMs)
    // pgpool sends even these statements to a standby while it has no primary, for a second or two as it makes up its mind.
    if (onPrimary && role === 'standby') throw new Error(`${connection.node} is a standby, whose reads may be old`)
    return connection
  } catch (error) {
    connection.destroy()
    throw new NoConnection('connect', 'cannot connect to the database', { cause: loginMistake(error) ?? error })
  }
}

/** What the driver cannot read it throws out of the socket's listener, which would end the process: it ends the connection. */
function catchParser(client: pg.Client): void {
  const { connection } = client
  connection.once(client.ssl ? 'sslconnect' : 'connect', () => {
    const { stream } = connection
    const parsers = stream.listeners('data')
    stream.removeAllListeners('data')
    for (const parse of parsers) {
      stream.on('data', chunk => {
        try {
          parse(chunk)
        } catch (error) {
          stream.destroy(error as Error)
        }
      })
    }
  })
}

const INT8 = 20
/** int8 as a number: ours hold milliseconds and counts, far below 2^53. */
const parserOf = ((oid: number, format: 'text') =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser

/** Of the application's few dozen statements. */
const names = new Map<string, string>()

interface NamedText {
  name: string
  text: string
}

function nameOf(text: string): string {
  const name = names.get(text) ?? `carrinho_${names.size}`
  names.set(text, name)
  return name
}

class PostgresConnection extends ServerConnection {
  readonly isCausal: boolean
  readonly #client: pg.Client
  readonly #prefix: string
  readonly #named = new Map<string, NamedText>()
  readonly #destroy = () => this.destroy()

  constructor(client: pg.Client, host: string, onPrimary: boolean) {
    super(host, client)
    this.#client = client
    this.#prefix = onPrimary ? ON_PRIMARY : ''
    this.isCausal = onPrimary
  }

  run(text: string, params: unknown[], timeoutMs: number): Promise<Answer> {
    // Named, the server parses and plans it once a connection. What has no values is sent as it is.
    const asked = params.length > 0 ? this.#nameOf(text) : { text: this.#place(text) }
    return bounded(timeoutMs, this.#destroy, (resolve, reject) =>
      this.#client.query(
        { ...asked, values: params, rowMode: 'array' },
        (error: unknown, result: pg.QueryArrayResult) => {
          if (error) reject(isSqlState((error as { code?: unknown }).code) ? error : new ConnectionLost(error))
          else if (result.rows.length === 0 && result.command !== 'SELECT' && SELECT.test(text)) {
            // The answer to something else: to take that for no rows would sign people out.
            reject(new ConnectionLost(new Error('a SELECT was answered without rows')))
          } else resolve({ rows: result.rows, affectedRows: result.rowCount ?? 0 })
        }
      )
    )
  }

  #place(text: string): string {
    return SELECT.test(text) ? this.#prefix + text : text
  }

  #nameOf(text: string): NamedText {
    const known = this.#named.get(text)
    if (known) return known
    const placed = this.#place(text)
    const named = { name: nameOf(placed), text: placed }
    this.#named.set(text, named)
    return named
  }

  async check(timeoutMs: number): Promise<void> {
    await this.run('select 1', [], timeoutMs)
  }

  /**
   * Asks the node who it is: `cluster_name` where the operator set one, its address otherwise. Without a function that
   * pgpool would keep on the primary: where reads may go anywhere, this tells where this connection's go. The role needs
   * PostgreSQL 14.
   */
  async describe(timeoutMs: number): Promise<NodeInfo> {
    const { rows } = await this.run(
      `select current_setting('cluster_name'), host(inet_server_addr()), current_setting('in_hot_standby', true), current_setting('server_version'), current_setting('client_encoding')`,
      [],
      timeoutMs
    )
    const [name, address, inRecovery, version, encoding] = rows[0] ?? []
    if (encoding !== 'UTF8') {
      throw new NoConnection('connect', `the connection does not speak UTF8, which would garble text: ${encoding}`)
    }
    this.node = String(name || address || this.node)
    this.role = inRecovery === 'on' ? 'standby' : 'primary'
    return { node: this.node, role: this.role, version: String(version), clusterSize: 1 }
  }

  protected cut(): void {
    this.#client.connection.stream.destroy()
  }
}
