import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { readConfig } from '../../src/config/config.ts'
import { openStore } from '../../src/open-store.ts'
import { noEvents } from '../../src/store/events.ts'
import { cli, defer, type Engine, freshDatabase, type Scope, type TestDatabase } from '../helper.ts'

export const PASSWORD = 'uma palavra-passe'

/** Without processes, as there are many databases to try. */
export async function open(t: Scope, database: TestDatabase) {
  const store = await openStore(readConfig({ ...database.env, SESSION_SECRET: 'a secret of these tests' }), noEvents)
  defer(t, () => store.dialect.close(0))
  return store
}

export async function migrated(database: TestDatabase) {
  const result = await cli(['migrate'], database.env)
  assert.equal(result.code, 0, result.stderr)
  return result.stdout
}

export const guideRows = [
  "insert into clientes (id_cliente, nome, email, password) values (1, 'Inês', 'ines@example.org', 'x'), (7, 'Rui', 'rui@example.org', 'x')",
  "insert into compras (id_compras, id_cliente, tipo, quantidade, local) values (1, 1, 'Pão', 2, 'Aqui'), (9, 7, 'Leite', 1, 'Ali')"
]
export const emails = ['ines@example.org', 'rui@example.org']

export const mysqlTables = (
  options = '',
  id = 'int not null auto_increment primary key',
  text = 'varchar(255) not null'
) => [
  `create table clientes (id_cliente ${id}, nome ${text}, email ${text}, password ${text}) ${options}`,
  `create table compras (id_compras ${id}, id_cliente int, tipo ${text}, quantidade int not null, local ${text}) ${options}`,
  ...guideRows
]
export const pgTables = (id = 'serial primary key', text = 'varchar(255) not null', quantity = 'integer not null') => [
  `create table clientes (id_cliente ${id}, nome ${text}, email ${text}, password ${text})`,
  `create table compras (id_compras ${id}, id_cliente integer references clientes, tipo ${text}, quantidade ${quantity}, local ${text})`,
  ...guideRows
]

export const sqliteTables = [
  'create table clientes (id_cliente INTEGER NOT NULL, nome VARCHAR(80), email VARCHAR(120) NOT NULL, password VARCHAR(128) NOT NULL, PRIMARY KEY (id_cliente), UNIQUE (email))',
  'create table compras (id_compras INTEGER NOT NULL, id_cliente INTEGER, tipo VARCHAR, quantidade INTEGER, local VARCHAR, PRIMARY KEY (id_compras), FOREIGN KEY(id_cliente) REFERENCES clientes (id_cliente))',
  'create unique index ix_clientes_nome on clientes (nome)',
  ...guideRows
]

/** The guide's tables with two accounts in them, as they most often are. */
export const tablesOf = (engine: Engine) =>
  ({ sqlite: () => sqliteTables, mariadb: () => mysqlTables(), postgres: () => pgTables() })[engine]()

export async function make(t: Scope, engine: Engine, tables: string[]) {
  const database = await freshDatabase(t, engine, { migrate: false })
  if (engine === 'sqlite') await mkdir(String(database.env.DATA_DIR), { recursive: true })
  for (const statement of tables) await database.query(statement)
  return database
}
