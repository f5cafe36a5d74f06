import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mysqlVerdict } from '../../src/store/drivers/mysql-failures.ts'
import { postgresVerdict } from '../../src/store/drivers/postgres-failures.ts'
import { sqliteVerdict } from '../../src/store/drivers/sqlite.ts'
import {
  addUntilFull,
  assertKnownFull,
  assertRecovers,
  copyAccounts,
  type Engine,
  forEachEngine,
  freshDatabase,
  inTurn,
  request,
  type Scope,
  type SmallDisk,
  signedIn,
  skipUnlessInCi,
  skipWithoutHaproxy,
  skipWithoutMount,
  smallDisk,
  startHaproxy,
  startOwnServer,
  startServer,
  type TestDatabase
} from '../helper.ts'

type Server = Exclude<Engine, 'sqlite'>

const skip = skipUnlessInCi(skipWithoutMount()) ?? false

/** A database on a server with a disk of its own; undefined where there is no such server. All of them look the same to their users. */
async function onSmallDisk(t: Scope, engine: Server): Promise<{ disk: SmallDisk; database: TestDatabase } | undefined> {
  const disk = await smallDisk(t, 160 * 1024)
  const options = engine === 'mariadb' ? ['--innodb-log-file-size=8M'] : []
  const server = await startOwnServer(t, engine, disk.folder, { options, password: 'the same everywhere' })
  return server === undefined
    ? undefined
    : { disk, database: await freshDatabase(t, engine, { server, name: 'lists' }) }
}

forEachEngine(
  'a database server on a full disk',
  engine => {
    assert.ok(engine !== 'sqlite')

    test('is a page that keeps what was typed; nothing is lost, and it recovers by itself', { skip }, async t => {
      const found = await onSmallDisk(t, engine)
      if (!found) return t.skip(skipUnlessInCi(`no ${engine} to start`))
      const { disk, database } = found
      const server = await startServer(t, database.env)
      const client = await signedIn(t, server)
      disk.fill()
      const refused = await addUntilFull(client, 2000)
      await assertKnownFull(server, client, refused.added)
      disk.free()
      await assertRecovers(server, client, refused)
    })

    test('is left for one with room, and nobody notices', {
      skip: skip || (skipWithoutHaproxy() ?? false)
    }, async t => {
      const [small, large] = [await onSmallDisk(t, engine), await onSmallDisk(t, engine)]
      if (!small || !large) return t.skip(skipUnlessInCi(`no ${engine} to start`))
      const direct = await startServer(t, large.database.env)
      const client = await signedIn(t, direct)
      await copyAccounts(large.database, small.database)
      // Until the small one takes no item any more.
      const filling = await startServer(t, small.database.env)
      client.moveTo(filling)
      small.disk.fill()
      const onSmall = (await addUntilFull(client, 2000)).added.length
      await filling.stop()

      const { port } = await startHaproxy(t, ({ port }) => inTurn(port, [small.database, large.database]))
      const server = await startServer(t, large.database.envThrough(port))
      client.moveTo(server)
      await client.get('/carrinho/')
      const form = { csrf_token: client.csrf() ?? '', quantity: '1', local: 'x'.repeat(140) }
      for (let n = 0; n < 40; n++) {
        const type = `${n} `.padEnd(140, '.')
        const reply = await client.postRaw('/carrinho/', { ...form, product_type: type, operation: `elsewhere-${n}` })
        assert.equal(reply.status, 303, `item ${n}`)
        // An addition asks twice, so that with two connections in turn all writes could go to one of them: this asks once.
        if (n % 2 === 1) await client.get('/')
      }
      const count = async ({ database }: { database: TestDatabase }) =>
        Number((await database.query('select count(*) as n from compras'))[0]?.n)
      assert.equal(await count(large), 40)
      assert.equal(await count(small), onSmall)
      const { text } = await request(`${server.url}/metrics`)
      assert.match(
        text,
        /carrinho_database_retries_total\{[^}]*cause="(1114|53100)"[^}]*\} [1-9]/,
        'some were tried twice'
      )
      assert.equal((await request(`${server.url}/health/ready`)).status, 200)
    })
  },
  ['mariadb', 'postgres']
)

/** Its own words for it, from a trigger: for machines where no small disk may be mounted. */
const refuseItems = {
  mariadb: [
    `create trigger no_room before insert on compras for each row signal sqlstate 'HY000' set mysql_errno = 1114`
  ],
  postgres: [
    `create function no_room() returns trigger language plpgsql as $$ begin
       raise exception 'could not extend file' using errcode = '53100'; end $$`,
    'create trigger no_room before insert on compras for each row execute function no_room()'
  ]
}

forEachEngine(
  'a database that says it is full',
  engine => {
    assert.ok(engine !== 'sqlite')

    test('is asked elsewhere for a while, then it is a page that keeps what was typed', async t => {
      const database = await freshDatabase(t, engine)
      const server = await startServer(t, database.env)
      const client = await signedIn(t, server)
      for (const statement of refuseItems[engine]) await database.query(statement)
      const refused = await addUntilFull(client, 1)
      await assertKnownFull(server, client, [])
      const { text } = await request(`${server.url}/metrics`)
      assert.match(text, /carrinho_storage_full_total\{[^}]*cause="(1114|53100)"[^}]*\} 2\n/)
      await database.query(engine === 'postgres' ? 'drop trigger no_room on compras' : 'drop trigger no_room')
      await assertRecovers(server, client, refused)
    })
  },
  ['mariadb', 'postgres']
)

describe('what a database says of its storage, and of writes', () => {
  const said = (code: number | string, message = '') =>
    typeof code === 'number'
      ? Object.assign(new Error(message), { errno: code })
      : Object.assign(new Error(message), { code })

  test('is told from other trouble, by MariaDB', () => {
    const full: [number, string][] = [
      [1114, "The table 'compras' is full"],
      [1021, 'Disk full (/tmp/x); waiting for someone to free some space...'],
      [1030, 'Got error 28 "No space left on device" from storage engine InnoDB'],
      [1030, 'Got error 122 "Disk quota exceeded" from storage engine InnoDB'],
      [1030, 'Got error 135 "No more room in record file" from storage engine MyISAM'],
      [1026, `Error writing file './lists/x' (errno: 28 "No space left on device")`],
      [1878, 'Temporary file write failure.'],
      [3, `Error writing file '/tmp/MLfd=33' (Errcode: 28 "No space left on device")`]
    ]
    for (const [code, text] of full) assert.equal(mysqlVerdict(said(code, text)), 'full', text)
    const other: [number, string][] = [
      [1030, 'Got error 5 "Input/output error" from storage engine InnoDB'],
      [1030, 'Got error 128 from storage engine'],
      [1026, `Error writing file './lists/28' (errno: 5 "Input/output error")`],
      [1146, "Table 'lists.error 28' doesn't exist"]
    ]
    for (const [code, text] of other) assert.equal(mysqlVerdict(said(code, text)), 'final', text)
  })

  test('is told from a node that takes no writes, and from a file that may not be written', () => {
    for (const code of [1290, 1792, 1836, 1036, 1874]) assert.equal(mysqlVerdict(said(code)), 'readOnly', String(code))
    assert.equal(postgresVerdict(said('25006')), 'readOnly')
    const closed = () => false
    for (const code of ['SQLITE_READONLY', 'SQLITE_READONLY_DBMOVED']) {
      assert.equal(sqliteVerdict(said(code)), 'readOnly', code)
    }
    for (const code of ['SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC', 'SQLITE_CANTOPEN']) {
      assert.equal(sqliteVerdict(said(code), closed), 'readOnly', code)
    }
    for (const code of ['SQLITE_CORRUPT', 'SQLITE_ERROR'])
      assert.equal(sqliteVerdict(said(code), closed), 'final', code)
    assert.equal(sqliteVerdict(said('SQLITE_CONSTRAINT_UNIQUE'), closed), 'duplicate')
  })

  test('is told from other trouble, by PostgreSQL and SQLite', () => {
    assert.equal(postgresVerdict(said('53100', 'could not extend file')), 'full')
    assert.equal(postgresVerdict(said('53200', 'out of memory')), 'final')
    for (const code of ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE']) {
      assert.equal(sqliteVerdict(said(code)), 'full', code)
    }
    assert.equal(sqliteVerdict(said('SQLITE_IOERR_READ')), 'final')
  })
})
