import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import {
  Client,
  eventually,
  findInput,
  forEachEngine,
  freshDatabase,
  inPage,
  patiently,
  type Reply,
  request,
  type Scope,
  signedIn,
  startServer,
  type TestDatabase,
  tcpProxy,
  visibleText
} from '../helper.ts'

const quick = { DB_CONNECT_MS: patiently(700), DB_STATEMENT_MS: patiently(1000), DB_REQUEST_MS: patiently(2500) }

async function behindProxy(t: Scope, database: TestDatabase) {
  assert.ok(database.url)
  const proxy = await tcpProxy(t, Number(new URL(database.url).port))
  return { proxy, env: { ...database.envThrough(proxy.port), ...quick } }
}

function assertUnavailable(reply: Reply) {
  assert.equal(reply.status, 503)
  assert.ok(Number(reply.headers['retry-after']) > 0, 'it says when to try again')
}

forEachEngine(
  'without its database',
  engine => {
    test('a server starts, is live, is not ready and says why; it recovers by itself', async t => {
      const database = await freshDatabase(t, engine)
      const { proxy, env } = await behindProxy(t, database)
      const before = await startServer(t, database.env)
      const client = await signedIn(t, before)
      await proxy.cut()

      const server = await startServer(t, env, { waitFor: 'live' })
      client.moveTo(server)
      const ready = await request(`${server.url}/health/ready`)
      assert.equal(ready.status, 503)
      assert.match(ready.text, /database/i)
      const page = await client.get('/carrinho/')
      assertUnavailable(page)
      assert.match(page.headers['content-type'] ?? '', /text\/html/)
      assert.match(page.text, /http-equiv="refresh"/, 'the page retries without scripts')
      const answer = await client.getJson('/carrinho/')
      assertUnavailable(answer)
      assert.equal((answer.json() as { error: string }).error, 'database_unavailable')
      const whoami = await request(`${server.url}/whoami`)
      assert.equal(whoami.status, 200, 'who it is it knows without a database')
      assert.equal((whoami.json() as { server: string }).server, server.name)

      await proxy.restore()
      await eventually(async () => assert.equal((await request(`${server.url}/health/ready`)).status, 200))
      assert.equal((await client.get('/carrinho/')).status, 200, 'still signed in')
    })

    test('an outage is never "not signed in", and nothing acknowledged is lost', async t => {
      const database = await freshDatabase(t, engine)
      const { proxy, env } = await behindProxy(t, database)
      const server = await startServer(t, env)
      const client = await signedIn(t, server)
      await client.addItem({ tipo: 'Before' })
      await client.get('/carrinho/')
      const form = {
        product_type: 'Typed during the outage',
        quantity: '3',
        local: 'Praça',
        operation: client.hidden('operation') ?? '',
        csrf_token: client.csrf() ?? ''
      }

      await proxy.cut()
      assertUnavailable(await client.get('/carrinho/'))
      assert.equal((await request(`${server.url}/health/live`)).status, 200)
      const refused = await client.postRaw('/carrinho/', form)
      assertUnavailable(refused)
      assert.ok(refused.text.includes('Typed during the outage'), 'what was typed is kept')
      assert.equal(findInput(refused.text, 'operation')?.value, form.operation, 'under the same operation')
      const login = new Client(t, server)
      await login.get('/login')
      const attempt = await login.post('/login', { ...client.account })
      assertUnavailable(attempt)
      assert.ok(!attempt.text.includes(client.account.password))

      await proxy.restore()
      const fields: Record<string, string> = {}
      for (const name of Object.keys(form)) fields[name] = findInput(refused.text, name)?.value ?? ''
      await eventually(async () => assert.equal((await client.get('/carrinho/')).status, 200))
      assert.equal((await client.postRaw('/carrinho/', fields)).status, 303)
      assert.equal((await client.postRaw('/carrinho/', fields)).status, 303)
      assert.deepEqual((await client.items()).map(item => item.tipo).sort(), ['Before', 'Typed during the outage'])
    })

    test('a short outage leaves it ready, a long one does not', async t => {
      const database = await freshDatabase(t, engine)
      const { proxy, env } = await behindProxy(t, database)
      const patient = await startServer(t, { ...env, READY_GRACE_MS: '600000' })
      const strict = await startServer(t, { ...env, READY_GRACE_MS: '300' })
      await proxy.cut()
      await eventually(async () => assert.equal((await request(`${strict.url}/health/ready`)).status, 503))
      assert.equal((await request(`${patient.url}/health/ready`)).status, 200)
      assert.equal((await request(`${strict.url}/health/live`)).status, 200)
      await proxy.restore()
      await eventually(async () => assert.equal((await request(`${strict.url}/health/ready`)).status, 200))
    })

    test('a database that says nothing more gets an answer within the deadline, and health checks do not wait for it', async t => {
      const database = await freshDatabase(t, engine)
      const { proxy, env } = await behindProxy(t, database)
      const server = await startServer(t, env)
      const client = await signedIn(t, server)
      await client.addItem({ tipo: 'Before' })
      await client.get('/carrinho/')
      proxy.freeze()
      const answered: string[] = []
      const ask = async (what: string, reply: Promise<Reply>) => {
        const { status } = await reply
        answered.push(what)
        return status
      }
      const pages = [client.get('/carrinho/'), client.getJson('/carrinho/'), client.get('/conta')]
      await Promise.all([
        ...pages.map(page => ask('page', page)),
        ask('health', request(`${server.url}/health/ready`)),
        ask('health', request(`${server.url}/health/live`))
      ])
      for (const reply of pages) assertUnavailable(await reply)
      assert.deepEqual(answered.slice(0, 2), ['health', 'health'])
      await proxy.restore()
      await eventually(async () => assert.equal((await client.get('/carrinho/')).status, 200))
      assert.deepEqual(
        (await client.items()).map(item => item.tipo),
        ['Before']
      )
    })

    test('connections that died while idle are replaced without anyone noticing', async t => {
      const database = await freshDatabase(t, engine)
      const { proxy, env } = await behindProxy(t, database)
      const server = await startServer(t, env)
      const client = await signedIn(t, server)
      for (let round = 1; round <= 5; round++) {
        await client.get('/carrinho/')
        await Promise.all([1, 2, 3, 4].map(() => client.get('/carrinho/')))
        await proxy.cut()
        await proxy.restore()
        assert.equal((await client.get('/carrinho/')).status, 200, `round ${round}`)
        assert.equal((await client.addItem({ tipo: `round ${round}` })).status, 303, `round ${round}`)
      }
      assert.equal((await client.items()).length, 5)
    })

    test('when the answer to a write is lost, it is settled under its key: added once', async t => {
      const database = await freshDatabase(t, engine)
      assert.ok(database.url)
      let marker: string | undefined
      let lost = 0
      const proxy = await tcpProxy(t, Number(new URL(database.url).port), chunk => {
        if (!marker || !chunk.includes(marker)) return undefined
        marker = undefined
        lost += 1
        return 'lose'
      })
      const server = await startServer(t, {
        ...database.envThrough(proxy.port),
        ...quick,
        DB_REQUEST_MS: patiently(8000)
      })
      const client = await signedIn(t, server)
      for (let round = 1; round <= 8; round++) {
        await client.get('/carrinho/')
        marker = `lost-answer-${round}`
        const reply = await client.addItem({ tipo: marker })
        assert.equal(reply.status, 303, `round ${round}`)
        await eventually(() => {
          const mine = server.logs.filter(line => line.includes(String(reply.headers['x-request-id'])))
          const told = mine.map(line => (JSON.parse(line) as { msg: string }).msg)
          assert.deepEqual(told, ['connection discarded', 'running again', 'an unknown commit is resolved'])
        })
      }
      assert.equal(lost, 8, 'each answer was really lost')
      const names = (await client.items()).map(item => item.tipo)
      assert.equal(names.length, 8)
      assert.equal(new Set(names).size, 8)
      const { text } = await request(`${server.url}/metrics`)
      assert.match(text, /unknown_commits_resolved_total\{[^}]*\} 8\n/)
    })

    test('the 503 page is whole: it needs no database', async t => {
      const database = await freshDatabase(t, engine)
      const { proxy, env } = await behindProxy(t, database)
      const server = await startServer(t, env)
      const client = await signedIn(t, server)
      await proxy.cut()
      const page = await client.get('/carrinho/', { 'accept-language': 'en' })
      assertUnavailable(page)
      assert.match(visibleText(page.text), /database is not answering/)
      assert.equal(page.headers['x-served-by'], server.name)
      client.cookies.delete('carrinho_styles')
      assert.ok(inPage(await client.get('/carrinho/')), 'nor files, where it comes first')
      assert.equal((await client.get('/servidor')).status, 200, 'also for who is signed in')
      for (const path of ['/servidor', '/metrics', '/nowhere']) {
        const { status } = await request(`${server.url}${path}`)
        assert.equal(status, path === '/nowhere' ? 404 : 200, path)
      }
    })
  },
  ['mariadb', 'postgres']
)

forEachEngine(
  'behind a pgpool that has just lost the primary',
  engine => {
    test('an add that gets an error of its own (XX000) runs again, and is on the list once', async t => {
      const database = await freshDatabase(t, engine)
      assert.ok(database.url)
      const server = await startServer(t, { ...database.env })
      const client = await signedIn(t, server)
      const admin = new pg.Client({ connectionString: database.url })
      await admin.connect()
      // A sequence goes on although the transaction is rolled back: the error comes once.
      await admin.query(`
        create sequence adds;
        create function lose() returns trigger language plpgsql as $$ begin
          if nextval('adds') = 1 then
            raise exception 'unable to read data from DB node 1' using errcode = 'XX000';
          end if;
          return new;
        end $$;
        create trigger lose before insert on compras for each row execute function lose();
        grant usage on sequence adds to public`)
      await admin.end()
      assert.equal((await client.addItem({ tipo: 'Leite' })).status, 303)
      assert.deepEqual(
        (await client.items()).map(item => item.tipo),
        ['Leite']
      )
    })
  },
  ['postgres']
)
