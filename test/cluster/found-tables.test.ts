import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loginThrottle } from '../../src/features/accounts/login-throttle.ts'
import { createPasswords } from '../../src/features/accounts/passwords.ts'
import { accountRules } from '../../src/features/accounts/rules.ts'
import { cartRules } from '../../src/features/items/rules.ts'
import type { Store } from '../../src/open-store.ts'
import { inspect, migrate } from '../../src/store/migrate.ts'
import { forEachEngine } from '../helper.ts'
import { emails, guideRows, make, mysqlTables, open, PASSWORD, pgTables, sqliteTables } from './guide-tables.ts'

/** It works for everybody: somebody new, twice, with items, and who has an account already. */
async function assertWorks(store: Store, emails: string[]) {
  const work = store.begin(30_000)
  const rules = accountRules(store, createPasswords(), loginThrottle(store), { signupLimit: 100, loginLimit: 50 })
  const carts = cartRules(store)
  const whereOf = (accountId: number) => ({ accountId, list: 'first' }) as const
  const add = async (accountId: number, type: string) => {
    const item = { type, thousandths: 9_999_000, unit: '', shop: 'y'.repeat(140), note: 'ã'.repeat(500) }
    return (await carts.addItems(work, whereOf(accountId), [item])).status
  }
  const listOf = async (accountId: number) => (await carts.view(work, whereOf(accountId)))?.items ?? []
  // Everybody may have the same name, and one whose e-mail differs by an accent is somebody else.
  for (const email of ['novo@example.org', 'nóvo@example.org']) {
    const created = await rules.create(work, { email, name: 'x'.repeat(140), password: PASSWORD })
    assert.ok(created, `${email} is taken`)
    const { account } = created
    for (const type of ['🥖 baguete', 'Ελιές']) assert.equal(await add(account.id, type), 'done')
    const items = await listOf(account.id)
    assert.deepEqual(items.map(item => item.type).sort(), ['Ελιές', '🥖 baguete'])
    assert.equal(items[0]?.quantity, 9999)
    const removed = await carts.removeItems(work, whereOf(account.id), [items[0]?.id ?? 0])
    assert.deepEqual('missing' in removed && removed.missing, [])
    assert.equal((await listOf(account.id)).length, 1)
  }
  for (const email of emails) {
    assert.equal(await rules.setPassword(work, email, PASSWORD), 'set', `${email} is nobody's`)
    const login = await rules.logIn(work, { email, password: PASSWORD }, { network: '192.0.2.1', proofs: [] })
    assert.ok('account' in login, email)
    const before = await listOf(login.account.id)
    assert.equal(await add(login.account.id, 'Mais um'), 'done')
    assert.equal((await listOf(login.account.id)).length, before.length + 1)
  }
}

interface Found {
  title: string
  /** Statements that make the tables, and rows. */
  tables: string[]
  emails?: string[]
  create?: string
  /** What migrate says that it did. */
  says?: RegExp
}

const found: Record<'mariadb' | 'postgres' | 'sqlite', Found[]> = {
  mariadb: [
    { title: 'MyISAM', tables: mysqlTables('engine = MyISAM row_format = fixed'), says: /MyISAM/ },
    { title: 'Aria', tables: mysqlTables('engine = Aria transactional = 1'), says: /Aria/ },
    ...['compact', 'redundant'].map(format => ({
      title: `${format} rows with an index on a long text`,
      tables: [
        ...mysqlTables(`row_format = ${format} character set latin1`),
        'create index by_email on clientes (email)',
        'create index by_both on clientes (nome, email)'
      ]
    })),
    { title: 'utf8mb3', tables: mysqlTables('character set utf8mb3') },
    { title: 'latin1 compared by bytes', tables: mysqlTables('character set latin1 collate latin1_bin') },
    {
      title: 'collations that differ',
      tables: [
        ...mysqlTables('character set utf8mb4 collate utf8mb4_general_ci'),
        'alter table compras convert to character set latin1',
        'alter table clientes modify email varchar(255) character set utf8mb3 collate utf8mb3_bin not null'
      ]
    },
    {
      title: 'Flask-SQLAlchemy, with unique names and e-mails',
      tables: [
        ...mysqlTables('', 'integer not null auto_increment, primary key (id_cliente)').slice(0, 1),
        'create table compras (id_compras integer not null auto_increment, id_cliente integer, tipo varchar(80), quantidade integer, local varchar(80), primary key (id_compras), unique key one_a_customer (id_cliente), foreign key (id_cliente) references clientes (id_cliente))',
        'alter table clientes modify nome varchar(80) null, add unique (nome), add constraint email unique (email), add unique index ix_clientes_both (nome, password)',
        'create table alembic_version (version_num varchar(32) not null)',
        ...guideRows.map(row => row.replace("7, 'Rui'", "7, 'Rui'"))
      ],
      says: /unique|once/
    },
    {
      title: 'a dump whose keys and counters got lost',
      tables: mysqlTables('', 'int(11)').map(line => line)
    },
    {
      title: 'keys without counters, and a row 0',
      tables: [
        ...mysqlTables('', 'bigint not null primary key'),
        "insert into clientes values (0, 'Zero', 'zero@example.org', 'x')"
      ],
      emails: [...emails, 'zero@example.org']
    },
    { title: 'small ids', tables: mysqlTables('', 'tinyint not null auto_increment primary key') },
    { title: 'ids without a sign', tables: mysqlTables('', 'bigint(20) unsigned not null auto_increment primary key') },
    {
      title: 'a CSV import',
      tables: [
        'create table clientes (id_cliente int, nome text, email text, password text)',
        'create table compras (id_compras int, id_cliente varchar(20), tipo text, quantidade varchar(20), local text)',
        ...guideRows,
        "insert into clientes values (8, null, null, null), (10, 'Csv', 'csv@example.org\\r', 'x')",
        "insert into compras values (10, '7', 'Ovos', ' 12 ', null), (11, '7', 'Sal', null, 'x')"
      ],
      emails: [...emails, 'csv@example.org']
    },
    { title: 'short columns', tables: mysqlTables('', undefined, 'char(40) not null') },
    {
      title: 'columns of its own, generated ones too',
      tables: [
        ...mysqlTables(),
        'alter table clientes add criado timestamp default current_timestamp, add pontos int not null default 0, add nif char(9) null unique, add email_minusculo varchar(255) as (lower(email)) stored, add unique (email_minusculo)'
      ]
    },
    {
      title: 'an e-mail key that ignores accents',
      tables: [
        ...mysqlTables(),
        'alter table clientes add email_key varchar(255) character set utf8mb4 collate utf8mb4_unicode_ci, add unique index clientes_email_key (email_key)'
      ]
    }
  ],
  postgres: [
    { title: 'rows with ids of their own behind serial', tables: pgTables(), says: /counter/ },
    { title: 'identity', tables: pgTables('integer generated by default as identity primary key') },
    {
      title: 'identity always',
      tables: [
        ...pgTables('integer generated always as identity primary key').slice(0, 2),
        ...guideRows.map(row => row.replace(') values', ') overriding system value values'))
      ]
    },
    { title: 'no counter', tables: pgTables('integer primary key') },
    {
      title: 'no key and no counter',
      tables: pgTables('integer').map(line => line.replace(' references clientes', ''))
    },
    { title: 'a counter of a fixed default', tables: pgTables('integer default 0 primary key') },
    { title: 'big ids', tables: pgTables('bigserial primary key') },
    { title: 'small ids', tables: pgTables('smallserial primary key') },
    { title: 'text of any length', tables: pgTables('serial primary key', 'text', 'numeric(10,2)') },
    { title: 'short columns', tables: pgTables('serial primary key', 'char(40) not null', 'text') },
    {
      title: 'a sequence that nobody owns',
      tables: ['create sequence of_mine', ...pgTables("integer primary key default nextval('of_mine')")]
    },
    {
      title: 'unique names and e-mails, an index and a constraint',
      tables: [
        ...pgTables('serial primary key', 'varchar(80)'),
        'alter table clientes add unique (nome), add constraint by_email unique (email)',
        'create unique index by_lower on clientes (lower(email))'
      ],
      says: /once/
    },
    {
      title: 'a collation for which accents do not count',
      tables: [
        "create collation no_accents (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
        ...pgTables(),
        'alter table clientes alter email type varchar(255) collate no_accents, alter nome type varchar(255) collate no_accents, add email_key varchar(255) collate no_accents unique'
      ]
    },
    {
      title: 'a CSV import',
      tables: [
        'create table clientes (id_cliente integer, nome text, email text, password text)',
        'create table compras (id_compras integer, id_cliente text, tipo text, quantidade text, local text)',
        guideRows[0] ?? '',
        "insert into compras values (1, '1', 'Pão', ' 2 ', 'Aqui'), (9, '7', 'Leite', '3.0', null), (10, '7', 'Sal', null, '')",
        "insert into clientes values (8, null, null, null), (10, 'Csv', E'csv@example.org\\r\\n', 'x')"
      ],
      emails: [...emails, 'csv@example.org']
    }
  ],
  sqlite: [
    {
      title: 'the tables of Flask-SQLAlchemy',
      tables: sqliteTables
    }
  ]
}

forEachEngine('a database that was there before', engine => {
  for (const { title, tables, emails: people = emails, says } of found[engine]) {
    test(`works after migrate: ${title}`, async t => {
      const database = await make(t, engine, tables)
      const [before] = await database.query('select count(*) as n from clientes')
      const store = await open(t, database)
      const told = await migrate(store.dialect)
      if (says) assert.match(told.mended.join('\n'), says)
      const [after] = await database.query('select count(*) as n from clientes')
      assert.deepEqual(after, before)
      const { mended, applied, adopted, renewed } = await migrate(store.dialect)
      assert.deepEqual({ mended, applied, adopted, renewed }, { mended: [], applied: [], adopted: 0, renewed: 0 })
      assert.deepEqual(await inspect(store.dialect), { obstacles: [], rights: [], repairs: [] })
      await assertWorks(store, people)
    })
  }
})
