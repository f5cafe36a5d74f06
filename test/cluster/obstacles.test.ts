import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/errors.ts'
import { inspect, migrate } from '../../src/store/migrate.ts'
import { cli, forEachEngine } from '../helper.ts'
import { guideRows, make, migrated, mysqlTables, open, pgTables } from './guide-tables.ts'

const obstacles: Record<'mariadb' | 'postgres', { title: string; tables: string[]; told: RegExp }[]> = {
  mariadb: [
    {
      title: 'a column that must have a value',
      tables: [...mysqlTables(), 'alter table clientes add nif char(9) not null'],
      told: /clientes\.nif/
    },
    {
      title: 'a guide column missing',
      tables: [...mysqlTables(), 'alter table clientes drop nome'],
      told: /no column nome.*add column/
    },
    {
      title: 'a generated column',
      tables: [...mysqlTables(), 'alter table clientes drop nome, add nome varchar(255) as (upper(email))'],
      told: /clientes\.nome is a generated column/
    },
    {
      title: 'ids at their end',
      tables: [...mysqlTables(), "insert into clientes values (2147483647, 'Fim', 'fim@example.org', 'x')"],
      told: /used up its ids/
    },
    {
      title: 'ids beyond their end',
      tables: [
        ...mysqlTables('', 'bigint primary key auto_increment'),
        "insert into compras values (9007199254740993, 1, 'x', 1, 'y')"
      ],
      told: /compras has used up/
    },
    {
      title: 'a counter at its end',
      tables: [...mysqlTables(), 'alter table compras auto_increment = 2147483647'],
      told: /compras has used up/
    },
    {
      title: 'ids twice',
      tables: [...mysqlTables('', 'int'), guideRows[0] ?? ''],
      told: /clientes\.id_cliente has 2 row/
    },
    {
      title: 'ids that are no numbers',
      tables: ['create table clientes (id_cliente char(36) primary key, nome text, email text, password text)'],
      told: /clientes\.id_cliente has the type char/
    },
    {
      title: 'another primary key',
      tables: [
        'create table clientes (id_cliente int, nome varchar(99), email varchar(99) primary key, password text)'
      ],
      told: /primary key \(email\)/
    },
    {
      title: 'numbers that are none',
      tables: [
        ...mysqlTables(),
        'alter table compras modify quantidade varchar(20)',
        "insert into compras values (20, 1, 'x', 'uma dúzia', 'y')"
      ],
      told: /compras\.quantidade .*1 row/
    },
    {
      title: 'bytes for text',
      tables: [...mysqlTables(), 'alter table clientes modify password varbinary(255)'],
      told: /clientes\.password holds bytes/
    },
    {
      title: 'a view',
      tables: [
        'create table c2 (id_cliente int, nome text, email text, password text)',
        'create view clientes as select * from c2'
      ],
      told: /clientes is no table/
    },
    {
      title: 'sessions of another program',
      tables: [...mysqlTables(), 'create table sessions (id int primary key, session_id varchar(255), data blob)'],
      told: /table sessions of another program/
    },
    {
      title: 'migrations of another program',
      tables: [...mysqlTables(), 'create table schema_migrations (version varchar(255) primary key)'],
      told: /table schema_migrations of another program/
    },
    {
      title: 'capitals in the name',
      tables: ['create table Clientes (id_cliente int primary key)'],
      told: /table Clientes.*rename to `clientes`/
    },
    {
      title: 'a unique index that another table needs',
      tables: [
        ...mysqlTables(),
        'alter table clientes add unique index by_email (email)',
        'create table other (email varchar(255), foreign key (email) references clientes (email))'
      ],
      told: /by_email.*refers/
    }
  ],
  postgres: [
    {
      title: 'a column that must have a value',
      tables: [
        ...pgTables(),
        'alter table clientes add nif char(9)',
        "update clientes set nif = 'x'",
        'alter table clientes alter nif set not null'
      ],
      told: /clientes\.nif/
    },
    {
      title: 'a guide column missing',
      tables: [...pgTables(), 'alter table clientes drop nome'],
      told: /no column nome.*add column/
    },
    {
      title: 'a column in capitals',
      tables: [...pgTables(), 'alter table clientes rename nome to "Nome"'],
      told: /rename column "Nome" to "nome"/
    },
    {
      title: 'a generated column',
      tables: [
        ...pgTables(),
        "alter table clientes drop nome, add nome varchar generated always as (email || 'x') stored"
      ],
      told: /clientes\.nome is a generated column/
    },
    {
      title: 'ids at their end',
      tables: [...pgTables(), "insert into clientes values (2147483647, 'Fim', 'fim@example.org', 'x')"],
      told: /used up its ids/
    },
    {
      title: 'a counter at its end',
      tables: [...pgTables(), "select setval('compras_id_compras_seq', 2147483647)"],
      told: /compras has used up/
    },
    {
      title: 'ids twice',
      tables: [...pgTables('integer').map(line => line.replace(' references clientes', '')), guideRows[0] ?? ''],
      told: /clientes\.id_cliente has 2 row/
    },
    {
      title: 'ids that are no numbers',
      tables: ['create table clientes (id_cliente uuid primary key, nome text, email text, password text)'],
      told: /id_cliente has the type uuid/
    },
    {
      title: 'numbers that are none',
      tables: [
        ...pgTables('serial primary key', 'text', 'text'),
        "insert into compras values (20, 1, 'x', 'uma dúzia', 'y')"
      ],
      told: /compras\.quantidade .*1 row/
    },
    {
      title: 'bytes for text',
      tables: ['create table clientes (id_cliente serial primary key, nome text, email text, password bytea)'],
      told: /clientes\.password holds bytes/
    },
    {
      title: 'a view',
      tables: ["create view clientes as select 1 as id_cliente, 'x' as nome, 'y' as email, 'z' as password"],
      told: /clientes is no table/
    },
    {
      title: 'sessions of another program',
      tables: ['create table sessions (id serial primary key, session_id text, data bytea)'],
      told: /table sessions of another program/
    },
    {
      title: 'a schema that is not looked at',
      tables: [
        'create schema lista',
        'set search_path = lista',
        'create table lista.clientes (id_cliente serial primary key)'
      ],
      told: /schema lista.*set search_path = "lista"/
    },
    {
      title: 'a unique constraint that another table needs',
      tables: [
        ...pgTables(),
        'alter table clientes add constraint by_email unique (email)',
        'create table other (email varchar(255) references clientes (email))'
      ],
      told: /by_email.*refers/
    }
  ]
}

forEachEngine(
  'migrate says what to do, and changes nothing, for',
  engine => {
    for (const { title, tables, told } of obstacles[engine as 'mariadb' | 'postgres']) {
      test(title, async t => {
        const database = await make(t, engine, tables)
        const shape = () =>
          database.query(
            `select table_name, column_name, data_type, is_nullable from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema', 'mysql', 'sys', 'performance_schema') ${engine === 'mariadb' ? 'and table_schema = database()' : ''} order by 1, 2`
          )
        const before = await shape()
        const store = await open(t, database)
        await assert.rejects(migrate(store.dialect), error => error instanceof Refusal && told.test(error.message))
        assert.match((await inspect(store.dialect)).obstacles.join('\n'), told)
        assert.deepEqual(await shape(), before)
      })
    }
  },
  ['mariadb', 'postgres']
)

forEachEngine(
  'an operator',
  engine => {
    test('is told in whole lines, by migrate and status, and by migrate what it mended', async t => {
      const own = engine === 'mariadb' ? mysqlTables('engine = MyISAM') : pgTables()
      const database = await make(t, engine as 'mariadb' | 'postgres', [...own, 'alter table clientes drop password'])
      for (const command of ['migrate', 'status']) {
        const { code, stderr } = await cli([command], database.env)
        assert.equal(code, 1, stderr)
        assert.match(stderr, /^clientes has no column password: alter table .* add column/)
        assert.doesNotMatch(stderr, /^\s+at /m)
      }
      await database.query("alter table clientes add column password varchar(255) not null default ''")
      assert.match(await migrated(database), /^mended: .*(MyISAM|counter)/)
      const status = await cli(['status'], database.env)
      assert.equal(status.code, 0, status.stderr)
    })
  },
  ['mariadb', 'postgres']
)
