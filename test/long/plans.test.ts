import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { openDialect, storeOn } from '../../src/open-store.ts'
import type { Dialect } from '../../src/store/dialect.ts'
import { noEvents } from '../../src/store/events.ts'
import { migrate } from '../../src/store/migrate.ts'
import type { Statement } from '../../src/store/statement.ts'
import { Work } from '../../src/store/work.ts'
import { forEachEngine, freshDatabase, sessionSecret, suiteScope, type TestDatabase } from '../helper.ts'

const ACCOUNTS = 10_000
/** Of each account. Few: to a planner a small table is as well read whole as asked many times. */
const ROWS = 4
/** Whose list and things are asked for. */
const SOMEBODY = 7

/** The tables that grow with the number of people. */
const GROWING = [
  'clientes',
  'compras',
  'lists',
  'changes',
  'remembered',
  'shop_orders',
  'pictures',
  'sessions',
  'tokens',
  'login_failures'
]

/** What looks through all accounts, as that is what it is for; no page and no program waits for any of them. */
const LOOK_THROUGH = [
  // `carrinho status`
  /^select count\(\*\) from .clientes. ?(where .password. not like .*)?$/s,
  // The pruning, every ten minutes: accounts whose deletion was cut off.
  /^select .* from .clientes. where .password. = /
]

forEachEngine('every statement', engine => {
  const scope = suiteScope()
  let database: TestDatabase
  let dialect: Dialect
  const statements = new Map<string, Statement>()
  /** The tables that are read from one end to the other, by rows or by a whole index. */
  const scannedBy = (sql: string, values: unknown[]): Promise<string[]> => {
    if (engine === 'sqlite') return scannedBySqlite(dialect, sql, values)
    return engine === 'mariadb' ? scannedByMariadb(database, sql, values) : scannedByPostgres(database, sql, values)
  }

  before(async () => {
    database = await freshDatabase(scope, engine)
    const config = readConfig({ ...database.env, SESSION_SECRET: sessionSecret })
    dialect = await openDialect(config, noEvents)
    scope.after(() => dialect.close(0))
    await migrate(dialect)
    storeOn(
      {
        ...dialect,
        compile(fragment) {
          const compiled = dialect.compile(fragment)
          statements.set(compiled.sql, compiled as unknown as Statement)
          return compiled
        }
      },
      config,
      noEvents
    )
    await fill(database)
  })

  test('finds its rows by an index, however many other people there are', async () => {
    assert.ok(statements.size > 80, 'all of them were seen')
    const scans: string[] = []
    for (const { sql, params } of statements.values()) {
      if (LOOK_THROUGH.some(it => it.test(sql))) continue
      const scanned = (await scannedBy(sql, valuesFor(params))).filter(table => GROWING.includes(table))
      if (scanned.length > 0) scans.push(`${scanned.join()}: ${sql}`)
    }
    assert.deepEqual(scans, [])
  })

  test('is judged by a plan that would show a scan', async () => {
    for (const [sql, table] of [
      ["select id_compras from compras where tipo = 'Leite'", 'compras'],
      ['select id from lists where version = 3', 'lists'],
      ['select id_compras from compras order by id_compras desc', 'compras'],
      ['select version from changes order by list_id, version', 'changes']
    ] as const) {
      assert.deepEqual(await scannedBy(sql, []), [table], sql)
    }
    assert.deepEqual(await scannedBy('select tipo from compras where id_cliente = 7', []), [])
  })
})

/** Texts, which the databases take for numbers where a column is one; not so what a LIMIT is given. */
const valuesFor = (params: Statement['params']): unknown[] =>
  params.map(param => {
    if (param.name === undefined) return (param as { value: unknown }).value
    return ['limit', 'skipped', 'keep'].includes(param.name) ? 10 : String(SOMEBODY)
  })

async function fill(database: TestDatabase): Promise<void> {
  const { engine } = database
  const series = (count: number) =>
    ({
      sqlite: `(with recursive r(n) as (select 1 union all select n + 1 from r where n < ${count}) select n from r) s`,
      mariadb: `(select seq as n from seq_1_to_${count}) s`,
      postgres: `generate_series(1, ${count}) as s(n)`
    })[engine]
  const named = (word: string, number = 'n') =>
    engine === 'mariadb' ? `concat('${word}', ${number})` : `'${word}' || ${number}`
  const each = series(ACCOUNTS * ROWS)
  const owner = `1 + (n - 1) % ${ACCOUNTS}`
  const place = `${{ sqlite: `(n - 1) / ${ACCOUNTS}`, mariadb: `(n - 1) div ${ACCOUNTS}`, postgres: `(n - 1) / ${ACCOUNTS}` }[engine]} + 1`
  const now = Date.now()
  for (const sql of [
    `insert into clientes (id_cliente, nome, email, password, email_key)
      select n, ${named('Ana ')}, ${named('p')}, '!', ${named('p')} from ${series(ACCOUNTS)}`,
    `insert into lists (id, owner_id, first_of, name, version, created_at)
      select n, ${owner}, case when n <= ${ACCOUNTS} then n end, '', ${ROWS}, ${now} from ${series(2 * ACCOUNTS)}`,
    `insert into compras (id_cliente, tipo, quantidade, local, list_id, uid)
      select ${owner}, ${named('Leite ')}, 1, 'Mercado', 0, ${named('u')} from ${each}`,
    `insert into changes (list_id, version, account_id, change_key, digest, kind, item_id, at)
      select ${owner}, ${place}, ${owner}, ${named('k')}, '-', 'add', n, ${now} + n from ${each}`,
    `insert into remembered (account_id, folded, name, shop, unit, thousandths, score, bought_at)
      select ${owner}, ${named('leite ')}, ${named('Leite ')}, '', '', 1000, n, ${now} from ${each}`,
    `insert into shop_orders (account_id, shop, name, ordered, by_hand, trips, learns, version)
      select ${owner}, ${named('lidl ')}, ${named('Lidl ')}, '[]', 0, '[]', 1, 1 from ${each}`,
    `insert into pictures (account_id, hash, small_hash, bytes, width, height, added_at, unnamed_since)
      select ${owner}, ${named('h')}, ${named('s')}, 1000, 100, 100, ${now}, case when n % 100 = 0 then ${now} + n end from ${each}`,
    `insert into sessions (id_hash, customer_id, created_at, last_seen_at, expires_at, made_on, user_agent, address)
      select ${named('h')}, ${owner}, ${now}, ${now}, ${now} + n, 'web01', '-', '-' from ${each}`,
    `insert into tokens (id, account_id, token_hash, name, scope, created_at, forget_at)
      select ${named('t')}, ${owner}, ${named('h')}, '-', 'read', ${now}, ${now} + n from ${each}`,
    `insert into login_failures (id, subject, failed_at) select ${named('f')}, ${named('s', owner)}, ${now} + n from ${each}`
  ]) {
    await database.query(sql)
  }
  if (engine === 'mariadb') await database.query(`analyze table ${GROWING.join()}`)
  if (engine === 'postgres') for (const table of GROWING) await database.query(`vacuum analyze ${table}`)
}

async function scannedBySqlite(dialect: Dialect, sql: string, values: unknown[]): Promise<string[]> {
  const { rows } = await dialect.run(new Work(dialect, noEvents, 60_000), `explain query plan ${sql}`, values, true)
  return rows.flatMap(row => /^SCAN (\w+)/.exec(String(row[3]))?.[1] ?? [])
}

async function scannedByMariadb(database: TestDatabase, sql: string, values: unknown[]): Promise<string[]> {
  const [row] = await database.query(`explain format=json ${sql}`, values)
  return nodesOf(JSON.parse(String(Object.values(row ?? {})[0])))
    .filter(({ access_type }) => access_type === 'ALL' || access_type === 'index')
    .map(({ table_name }) => String(table_name))
}

async function scannedByPostgres(database: TestDatabase, sql: string, values: unknown[]): Promise<string[]> {
  const [row] = await database.query(`explain (format json) ${sql}`, values)
  return nodesOf(row?.['QUERY PLAN'])
    .filter(node => {
      const type = String(node['Node Type'])
      return type === 'Seq Scan' || (/^Index (Only )?Scan$/.test(type) && node['Index Cond'] === undefined)
    })
    .map(node => String(node['Relation Name']))
}

/** Each object in it, at any depth. */
function nodesOf(plan: unknown): Record<string, unknown>[] {
  if (Array.isArray(plan)) return plan.flatMap(nodesOf)
  if (typeof plan !== 'object' || plan === null) return []
  return [plan as Record<string, unknown>, ...Object.values(plan).flatMap(nodesOf)]
}
