import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { Refusal } from '../../src/errors.ts'
import { loginThrottle } from '../../src/features/accounts/login-throttle.ts'
import { createPasswords } from '../../src/features/accounts/passwords.ts'
import { accountRules } from '../../src/features/accounts/rules.ts'
import { cartRules } from '../../src/features/items/rules.ts'
import { openStore, type Store } from '../../src/open-store.ts'
import { noEvents } from '../../src/store/events.ts'
import { inspect, migrate } from '../../src/store/migrate.ts'
import {
  Client,
  cli,
  defer,
  forEachEngine,
  freshDatabase,
  newAccount,
  type Scope,
  signedIn,
  startServer,
  type TestDatabase,
  visibleText
} from '../helper.ts'

const PASSWORD = 'uma palavra-passe'

/** Without processes, as there are many databases to try. */
async function open(t: Scope, database: TestDatabase) {
  const store = await openStore(readConfig({ ...database.env, SESSION_SECRET: 'a secret of these tests' }), noEvents)
  defer(t, () => store.dialect.close(0))
  return store
}

/** It works for everybody: somebody new, twice, with items, and who has an account already. */
async function assertWorks(store: Store, emails: string[]) {
  const work = store.begin(30_000)
  const rules = accountRules(store, createPasswords(), loginThrottle(store), { signupLimit: 100, loginLimit: 50 })
  const carts = cartRules(store)
  const add = (accountId: number, type: string) =>
    carts.add(work, accountId, { type, quantity: 9999, shop: 'y'.repeat(140), note: 'ã'.repeat(500) }, randomUUID())
  const listOf = async (accountId: number) => (await carts.page(work, accountId)).items
  // Everybody may have the same name, and one whose e-mail differs by an accent is somebody else.
  for (const email of ['novo@example.org', 'nóvo@example.org']) {
    const created = await rules.create(work, { email, name: 'x'.repeat(140), password: PASSWORD })
    assert.ok(created, `${email} is taken`)
    const { account } = created
    for (const type of ['🥖 baguete', 'Ελιές']) assert.equal(await add(account.id, type), 'added')
    const items = await listOf(account.id)
    assert.deepEqual(items.map(item => item.type).sort(), ['Ελιές', '🥖 baguete'])
    assert.equal(items[0]?.quantity, 9999)
    assert.ok(await carts.remove(work, account.id, items[0]?.id ?? 0))
  }
  for (const email of emails) {
    assert.equal(await rules.setPassword(work, email, PASSWORD), 'set', `${email} is nobody's`)
    const login = await rules.logIn(work, { email, password: PASSWORD }, { network: '192.0.2.1', proofs: [] })
    assert.ok('account' in login, email)
    const before = await listOf(login.account.id)
    assert.equal(await add(login.account.id, 'Mais um'), 'added')
    assert.equal((await listOf(login.account.id)).length, before.length + 1)
  }
}

async function migrated(database: TestDatabase) {
  const result = await cli(['migrate'], database.env)
  assert.equal(result.code, 0, result.stderr)
  return result.stdout
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

const guideRows = [
  "insert into clientes (id_cliente, nome, email, password) values (1, 'Inês', 'ines@example.org', 'x'), (7, 'Rui', 'rui@example.org', 'x')",
  "insert into compras (id_compras, id_cliente, tipo, quantidade, local) values (1, 1, 'Pão', 2, 'Aqui'), (9, 7, 'Leite', 1, 'Ali')"
]
const emails = ['ines@example.org', 'rui@example.org']

const mysqlTables = (options = '', id = 'int not null auto_increment primary key', text = 'varchar(255) not null') => [
  `create table clientes (id_cliente ${id}, nome ${text}, email ${text}, password ${text}) ${options}`,
  `create table compras (id_compras ${id}, id_cliente int, tipo ${text}, quantidade int not null, local ${text}) ${options}`,
  ...guideRows
]
const pgTables = (id = 'serial primary key', text = 'varchar(255) not null', quantity = 'integer not null') => [
  `create table clientes (id_cliente ${id}, nome ${text}, email ${text}, password ${text})`,
  `create table compras (id_compras ${id}, id_cliente integer references clientes, tipo ${text}, quantidade ${quantity}, local ${text})`,
  ...guideRows
]

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
      tables: [
        'create table clientes (id_cliente INTEGER NOT NULL, nome VARCHAR(80), email VARCHAR(120) NOT NULL, password VARCHAR(128) NOT NULL, PRIMARY KEY (id_cliente), UNIQUE (email))',
        'create table compras (id_compras INTEGER NOT NULL, id_cliente INTEGER, tipo VARCHAR, quantidade INTEGER, local VARCHAR, PRIMARY KEY (id_compras), FOREIGN KEY(id_cliente) REFERENCES clientes (id_cliente))',
        'create unique index ix_clientes_nome on clientes (nome)',
        ...guideRows
      ]
    }
  ]
}

async function make(t: Parameters<typeof freshDatabase>[0], engine: keyof typeof found, tables: string[]) {
  const database = await freshDatabase(t, engine, { migrate: false })
  if (engine === 'sqlite') await mkdir(String(database.env.DATA_DIR), { recursive: true })
  for (const statement of tables) await database.query(statement)
  return database
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

forEachEngine('accounts are compared by their own key, byte for byte', engine => {
  const strangers = [
    'ínes@example.org',
    'inés@example.org ',
    'INÉS@example.org',
    'ines@éxample.org',
    'ines@example.org.'
  ]

  test('and an e-mail that nobody has gets nobody a new password', async t => {
    const database = await make(
      t,
      engine,
      engine === 'sqlite' ? (found.sqlite[0]?.tables ?? []) : engine === 'mariadb' ? mysqlTables() : pgTables()
    )
    const passwords = () => database.query('select password from clientes order by id_cliente')
    // Before and after their rows are adopted.
    if (engine !== 'sqlite') {
      await migrated(database)
      await database.query('update clientes set email_key = null')
    }
    for (const adopted of [false, true]) {
      if (adopted) await migrated(database)
      const before = await passwords()
      for (const email of strangers) {
        const set = await cli(['user', 'passwd', email, '--password-stdin'], database.env, PASSWORD)
        assert.equal(set.code, 1, `${email}: ${set.stdout}`)
        assert.match(set.stderr, /no account/)
      }
      assert.deepEqual(await passwords(), before)
    }
  })

  test('and those that differ by white space, line ends, capitals or invisible characters are one, the oldest', async t => {
    const tables =
      engine === 'sqlite' ? (found.sqlite[0]?.tables ?? []) : engine === 'mariadb' ? mysqlTables() : pgTables()
    const database = await make(t, engine, tables.slice(0, 2))
    const written = [
      '\tÍNES@Example.org\r\n',
      'ínes@example.org',
      ' rui@example.org\u00a0',
      'RU\u200bI@example.org',
      'I\u0301nes@example.org',
      'ines@example.org'
    ]
    const place = (n: number) => (engine === 'postgres' ? `$${n}` : '?')
    for (const [i, email] of written.entries()) {
      await database.query(
        `insert into clientes (id_cliente, nome, email, password) values (${i + 1}, ${place(1)}, ${place(2)}, 'x')`,
        [`Pessoa ${i + 1}`, email]
      )
    }
    const told = await migrated(database)
    if (engine !== 'sqlite') assert.match(told, /adopted 3 account.*\n.*3 account\(s\), id_cliente 2, 4, 5/)
    const server = await startServer(t, database.env)
    for (const [email, id] of [
      ['ínes@example.org', 1],
      [' ÍNES@EXAMPLE.ORG\t', 1],
      ['rui@example.org', 3],
      ['\u200erui@example.org', 3],
      ['ines@example.org', 6]
    ] as const) {
      const set = await cli(['user', 'passwd', email, '--password-stdin'], database.env, PASSWORD)
      assert.equal(set.code, 0, `${JSON.stringify(email)}: ${set.stderr}`)
      const client = new Client(t, server)
      await client.login({ email, password: PASSWORD })
      assert.ok(visibleText((await client.get('/conta')).text).includes(`Pessoa ${id}`), email)
    }
  })

  test('and whose key was made with an invisible character still gets in, also beside one without', async t => {
    const database = await freshDatabase(t, engine)
    const server = await startServer(t, database.env)
    const [clean, hidden, alone] = ['ana@example.org', 'an\u200ba@example.org', 'so\u00adzinha@example.org']
    await new Client(t, server).signup({ email: clean, name: 'Ana', password: `${PASSWORD} 1` })
    await new Client(t, server).signup({ email: 'x@example.org', name: 'Outra', password: `${PASSWORD} 2` })
    await new Client(t, server).signup({ email: 'y@example.org', name: 'Só', password: `${PASSWORD} 3` })
    const place = (n: number) => (engine === 'postgres' ? `$${n}` : '?')
    const rekey = (to: string, from: string) =>
      database.query(`update clientes set email = ${place(1)}, email_key = ${place(2)} where email = ${place(3)}`, [
        to,
        to,
        from
      ])
    await rekey(hidden, 'x@example.org')
    await rekey(alone, 'y@example.org')
    const login = (email: string, n: number) => new Client(t, server).login({ email, password: `${PASSWORD} ${n}` })
    await login(hidden, 2)
    await login(alone, 3)
    await login(clean, 1)
    await migrated(database)
    await login(hidden, 2)
    await login(clean, 1)
    await login(alone, 3)
    await login('sozinha@example.org', 3)
    const visitor = new Client(t, server)
    await visitor.get('/signup')
    const taken = await visitor.post('/signup', {
      email: '\u202aana@example.org\u202c',
      name: 'Ana',
      password: PASSWORD
    })
    assert.equal(taken.status, 400, 'the e-mail is taken')
  })
})

forEachEngine('only a collision on the key itself', engine => {
  test('means that an item was sent already, or that an e-mail is taken', async t => {
    const database = await freshDatabase(t, engine)
    const server = await startServer(t, database.env)
    const client = await signedIn(t, server)
    assert.equal((await client.addItem({ tipo: 'Um' })).status, 303)
    await database.query('create unique index one_shop on compras (local)')
    await database.query('create unique index one_name on clientes (nome)')
    const refused = await client.addItem({ tipo: 'Dois' })
    assert.equal(refused.status, 500)
    const visitor = new Client(t, server)
    await visitor.get('/signup')
    assert.equal((await visitor.post('/signup', { ...newAccount(), name: client.account.name })).status, 500)
    if (engine === 'sqlite') await server.stop()
    await migrated(database)
    const again = engine === 'sqlite' ? await startServer(t, database.env) : server
    client.moveTo(again)
    assert.equal((await client.addItem({ tipo: 'Dois' })).status, 303)
    assert.equal((await client.items()).length, 2)
    await new Client(t, again).signup({ ...newAccount(), name: client.account.name })
  })
})
