import type { PrepareStatementInfo } from 'mysql2'
import type { DatabaseLimits } from '../../config/config.ts'
import type { ServerDatabase } from '../../config/database-url.ts'
import type { Answer, Connection, NodeInfo } from '../connection.ts'
import { NoConnection } from '../pool/errors.ts'
import { isOutOfStatements } from './mysql-failures.ts'
import { answerWithin, openWire, query, SELECT, SESSION, type Wire } from './mysql-wire.ts'
import { ServerConnection } from './server-connection.ts'

/**
 * @param causalReads read what was acknowledged before, on whichever Galera node one lands (wsrep_sync_wait)
 * @throws NoConnection
 */
export async function connect(
  database: ServerDatabase,
  limits: DatabaseLimits,
  causalReads: boolean
): Promise<Connection> {
  const wire = await openWire(database, limits)
  const seconds = Math.max(1, Math.ceil(limits.statementMs / 1000))
  try {
    // MySQL skips what stands in /*M! */. SIMULTANEOUS_ASSIGNMENT: an UPDATE reads the row as it was for all that it sets, as SQL
    // and the other databases have it. The statement's own deadline also ends it on the server.
    await query(
      wire,
      `${SESSION}, innodb_lock_wait_timeout = ${seconds}, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'
       /*M!, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,SIMULTANEOUS_ASSIGNMENT', max_statement_time = ${seconds}, wsrep_sync_wait = ${causalReads ? 7 : 0} */`,
      [],
      limits.connectMs
    )
    const node = new MysqlConnection(wire, database.host, causalReads)
    const { version } = await node.describe(limits.connectMs)
    // Compound statements outside stored programs are MariaDB's alone; see mysql-change.ts.
    if (!version.includes('MariaDB')) throw new NoConnection('connect', `needs MariaDB, found version ${version}`)
    return node
  } catch (error) {
    wire.socket.destroy()
    throw error
  }
}

/** MySQL skips what stands in the comment. */
const WITHOUT_WAITING = '/*M! set statement wsrep_sync_wait = 0 for */ '

const SPOKEN = `'character_set_client', 'character_set_connection', 'character_set_results'`

interface Prepared {
  info: PrepareStatementInfo
  isSelect: boolean
}

class MysqlConnection extends ServerConnection {
  isCausal = false
  readonly #wire: Wire
  readonly #waits: boolean
  readonly #prepared = new Map<string, Prepared>()
  readonly #destroy = () => this.destroy()

  /** @param waits its session was told to wait for causality, which only a node in a Galera cluster does */
  constructor(wire: Wire, host: string, waits: boolean) {
    super(host, wire.connection)
    this.#wire = wire
    this.#waits = waits
  }

  async run(text: string, params: unknown[], timeoutMs: number, isCaughtUp = false): Promise<Answer> {
    const statement = isCaughtUp && this.isCausal ? WITHOUT_WAITING + text : text
    const prepared = this.#prepared.get(statement) ?? (await this.#prepare(statement, timeoutMs))
    return prepared
      ? this.#execute(prepared, params, timeoutMs)
      : query(this.#wire, statement, params, timeoutMs, this.#destroy)
  }

  #execute({ info, isSelect }: Prepared, params: unknown[], timeoutMs: number): Promise<Answer> {
    return answerWithin(timeoutMs, this.#destroy, done => info.execute(params, done), isSelect)
  }

  /**
   * Once for each statement and connection; the application has a few dozen. Undefined where the server prepares no more: all
   * of its users together have one limit (`max_prepared_stmt_count`), which another application's leak uses up.
   */
  async #prepare(statement: string, timeoutMs: number): Promise<Prepared | undefined> {
    const info = await new Promise<PrepareStatementInfo>((resolve, reject) => {
      answerWithin(timeoutMs, this.#destroy, done => {
        this.#wire.connection.prepare(statement, (error, info) => {
          if (info) resolve(info)
          done(error, [])
        })
      }).catch(reject)
    }).catch(error => {
      if (isOutOfStatements(error)) return undefined
      throw error
    })
    if (!info) return undefined
    const prepared = { info, isSelect: SELECT.test(statement) }
    this.#prepared.set(statement, prepared)
    return prepared
  }

  async check(timeoutMs: number): Promise<void> {
    await query(this.#wire, `${WITHOUT_WAITING}select 1`, [], timeoutMs, this.#destroy)
  }

  /** Asks the node who it is. SHOW never waits for causality here: wsrep_sync_wait leaves its bit 8 out. */
  async describe(timeoutMs: number): Promise<NodeInfo> {
    const { rows } = await query(
      this.#wire,
      `show variables where variable_name in ('hostname', 'version', 'read_only', 'wsrep_on', 'wsrep_node_name', ${SPOKEN})`,
      [],
      timeoutMs,
      this.#destroy
    )
    const variables = new Map(rows.map(row => [String(row[0]), String(row[1])]))
    const foreign = [...variables].filter(([name, value]) => name.startsWith('character_set_') && value !== 'utf8mb4')
    if (foreign.length > 0) {
      const told = foreign.map(([name, value]) => `${name} ${value}`).join(', ')
      throw new NoConnection('connect', `the connection does not speak utf8mb4, which would garble text: ${told}`)
    }
    const inGalera = variables.get('wsrep_on') === 'ON'
    this.node = (inGalera && variables.get('wsrep_node_name')) || variables.get('hostname') || this.node
    this.role = variables.get('read_only') === 'ON' ? 'standby' : 'primary'
    this.isCausal = inGalera && this.#waits
    let clusterSize = 1
    if (inGalera) {
      const status = await query(
        this.#wire,
        `show global status like 'wsrep_cluster_size'`,
        [],
        timeoutMs,
        this.#destroy
      )
      clusterSize = Number(status.rows[0]?.[1] ?? 1)
    }
    return { node: this.node, role: this.role, version: variables.get('version') ?? 'unknown', clusterSize }
  }

  protected cut(): void {
    this.#wire.socket.destroy()
  }
}
