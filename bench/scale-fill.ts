import { readFileSync } from 'node:fs'
import argon2 from 'argon2'
import Database from 'libsql'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { parentOf, processName } from './cpu.ts'
import { PASSWORD } from './fill.ts'

/** Five items a visit, so that those of an account lie where its visits left them, between other people's. */
const PER_VISIT = 5
const BATCH = 100_000

export interface Filled {
  run(sql: string): Promise<unknown>
  /** Accounts from id `from` on, each with its list, a session and no item. */
  addAccounts(from: number, count: number): Promise<void>
  /** So many items in all, each with its change, for the accounts from id `from` on. */
  addItems(from: number, accounts: number, count: number): Promise<void>
  /** Bytes of each table with its indexes. */
  sizes(): Promise<Record<string, number>>
  /** Of the database's first process; undefined where that is on another machine. */
  pid(): Promise<number | undefined>
  end(): Promise<void>
}

export const emailOf = (account: number) => `p${account}@example.org`
const TABLES = ['clientes', 'compras', 'lists', 'changes', 'sessions']

/** What both databases understand, but for how they count (`n`), hash, and make JSON and keys. */
interface Spelling {
  series(from: number, to: number): string
  /** Whole numbers by whole numbers. */
  divide(a: string, b: number): string
  concat(...parts: string[]): string
  hash(text: string): string
  json(pairs: string): string
  key: string
}

const mariadb: Spelling = {
  series: (from, to) => `(select seq as n from seq_${from}_to_${to}) s`,
  divide: (a, b) => `(${a} div ${b})`,
  concat: (...parts) => `concat(${parts.join(', ')})`,
  hash: text => `left(sha2(${text}, 256), 43)`,
  json: pairs => `json_object(${pairs})`,
  key: 'uuid()'
}
const postgres: Spelling = {
  series: (from, to) => `generate_series(${from}, ${to}) as s(n)`,
  divide: (a, b) => `(${a} / ${b})`,
  concat: (...parts) => `concat(${parts.join(', ')})`,
  hash: text => `left(encode(sha256((${text})::text::bytea), 'hex'), 43)`,
  json: pairs => `json_build_object(${pairs})::text`,
  key: 'gen_random_uuid()::text'
}
const sqlite: Spelling = {
  series: (from, to) =>
    `(with recursive s(n) as (select ${from} union all select n + 1 from s where n < ${to}) select n from s) s`,
  divide: (a, b) => `(${a} / ${b})`,
  concat: (...parts) => `(${parts.join(' || ')})`,
  hash: () => 'lower(hex(randomblob(21)))',
  json: pairs => `json_object(${pairs})`,
  key: 'lower(hex(randomblob(16)))'
}

async function filler(
  { series, divide, concat, hash, json, key }: Spelling,
  run: (sql: string) => Promise<unknown>
): Promise<Pick<Filled, 'addAccounts' | 'addItems'>> {
  const password = await argon2.hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  const now = Date.now()
  return {
    async addAccounts(from, count) {
      const accounts = series(from, from + count - 1)
      const email = concat("'p'", 'n', "'@example.org'")
      await run(`insert into clientes (id_cliente, nome, email, password, email_key)
        select n, ${concat("'Ana Martins '", 'n')}, ${email}, '${password}', ${email} from ${accounts}`)
      await run(`insert into lists (id, owner_id, first_of, name, version, created_at)
        select n, n, n, '', 0, ${now} from ${accounts}`)
      await run(`insert into sessions
          (id_hash, customer_id, created_at, last_seen_at, expires_at, made_on, user_agent, address)
        select ${hash('n')}, n, ${now}, ${now}, ${now + 86_400_000}, 'web01',
          'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36', '192.0.2.1'
        from ${accounts}`)
    },
    async addItems(from, accounts, count) {
      const account = `${from} + ${divide('n', PER_VISIT)} % ${accounts}`
      const version = `${divide('n', PER_VISIT * accounts)} * ${PER_VISIT} + n % ${PER_VISIT} + 1`
      const type = concat("'Produto número '", 'n % 500')
      const quantity = '1 + n % 12'
      for (let first = 0; first < count; first += BATCH) {
        const numbers = series(first, Math.min(first + BATCH, count) - 1)
        await run(`insert into compras (id_cliente, tipo, quantidade, local)
          select ${account}, ${type}, ${quantity}, 'Mercearia' from ${numbers}`)
        await run(`insert into changes
            (list_id, version, account_id, change_key, digest, kind, item_id, detail, at)
          select ${account}, ${version}, ${account}, ${key}, ${hash('n')}, 'add', n + 1,
            ${json(`'type', ${type}, 'quantity', ${quantity}, 'shop', 'Mercearia'`)}, ${now}
          from ${numbers}`)
      }
      await run(`update lists set version = ${Math.ceil(count / accounts) + PER_VISIT}
        where id between ${from} and ${from + accounts - 1}`)
    }
  }
}

export async function openMariadb(url: string): Promise<Filled> {
  const db = await mysql.createConnection(url)
  const run = (sql: string) => db.query(sql)
  return {
    run,
    ...(await filler(mariadb, run)),
    async sizes() {
      await db.query(`analyze table ${TABLES.join(', ')}`)
      const [rows] = await db.query<mysql.RowDataPacket[]>(
        `select table_name as name, data_length + index_length as bytes from information_schema.tables
         where table_schema = database()`
      )
      return Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)]))
    },
    async pid() {
      const [[row]] = await db.query<mysql.RowDataPacket[]>('select @@pid_file as file')
      try {
        const pid = Number(readFileSync(row?.file, 'utf8'))
        return /^(mariadbd|mysqld)/.test(processName(pid) ?? '') ? pid : undefined
      } catch {
        return undefined
      }
    },
    end: () => db.end()
  }
}

export async function openPostgres(url: string): Promise<Filled> {
  const db = new pg.Client({ connectionString: url })
  await db.connect()
  const run = (sql: string) => db.query(sql)
  return {
    run,
    ...(await filler(postgres, run)),
    async sizes() {
      for (const table of TABLES) await db.query(`vacuum analyze ${table}`)
      const { rows } = await db.query(
        `select relname as name, pg_total_relation_size(oid) as bytes from pg_class
         where relkind = 'r' and relnamespace = 'public'::regnamespace`
      )
      return Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)]))
    },
    async pid() {
      const { rows } = await db.query('select pg_backend_pid() as pid')
      const parent = parentOf(rows[0].pid)
      return parent !== undefined && processName(parent) === 'postgres' ? parent : undefined
    },
    end: () => db.end()
  }
}

/** @param folder the web server's DATA_DIR, after `migrate` */
export async function openSqlite(folder: string): Promise<Filled> {
  const db = new Database(`${folder}/carrinho.db`)
  db.exec('pragma busy_timeout = 60000')
  const run = async (sql: string) => db.exec(sql)
  return {
    run,
    ...(await filler(sqlite, run)),
    sizes: async () => ({}),
    pid: async () => undefined,
    async end() {
      db.close()
    }
  }
}
