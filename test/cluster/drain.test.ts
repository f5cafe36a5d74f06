import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  addAcross,
  Client,
  eventually,
  forEachEngine,
  freshDatabase,
  request,
  signedIn,
  skipWithoutHaproxy,
  startHaproxy,
  startServer,
  type TestServer,
  untilByTurns,
  visibleText,
  webBalancer
} from '../helper.ts'

/** What each is answered by the one database that all servers here share; to be led to log in would be a failure, too. */
const expected = (path: string) => (path === 'add' ? 303 : 200)

/** Requests without pause, on connections that are kept, until told to stop. */
function keepSending(client: Client, paths: string[]) {
  const seen: { status: number; server: string; path: string }[] = []
  const failures: string[] = []
  let isStopping = false
  const done = (async () => {
    for (let n = 0; !isStopping; n++) {
      const path = paths[n % paths.length] ?? '/'
      try {
        const reply = path === 'add' ? await client.addItem({ tipo: `item ${n}` }) : await client.get(path)
        seen.push({ status: reply.status, server: String(reply.headers['x-served-by']), path })
        if (reply.status !== expected(path)) {
          failures.push(
            `${path} answered ${reply.status} (${reply.headers['x-served-by'] ?? 'HAProxy'}): ${visibleText(reply.text)}`
          )
        }
      } catch (error) {
        failures.push(`${path}: ${(error as Error).message}`)
      }
    }
  })()
  return {
    seen,
    failures,
    stop() {
      isStopping = true
      return done
    }
  }
}

forEachEngine(
  'leaving in order',
  engine => {
    test('after SIGTERM it is not ready at once, goes on serving for DRAIN_MS, and exits with 0', async t => {
      const { env } = await freshDatabase(t, engine)
      const server = await startServer(t, { ...env, DRAIN_MS: '60000' })
      const client = await signedIn(t, server)
      server.process.kill('SIGTERM')
      await eventually(async () => {
        const ready = await request(`${server.url}/health/ready`)
        assert.equal(ready.status, 503)
        assert.match(ready.text, /drain/i)
      })
      assert.equal((await request(`${server.url}/health/live`)).status, 200, 'it is live all the while')
      assert.ok(await client.isSignedIn())
      assert.equal((await client.addItem()).status, 303)

      const brief = await startServer(t, { ...env, DRAIN_MS: '1500' })
      const begin = performance.now()
      assert.equal(await brief.stop(), 0)
      const endedMs = performance.now() - begin
      assert.ok(endedMs >= 1400, `ended after ${endedMs} ms`)
    })

    test('what is in flight when the listener closes is finished', async t => {
      const { env } = await freshDatabase(t, engine)
      const server = await startServer(t, { ...env, DRAIN_MS: '100' })
      const client = await signedIn(t, server)
      assert.equal(await addAcross(client, server.url, () => server.process.kill('SIGTERM')), 303)
      assert.equal(await server.ended, 0)
      const next = await startServer(t, env)
      client.moveTo(next)
      assert.deepEqual(
        (await client.items()).map(item => item.tipo),
        ['Sent slowly']
      )
    })

    test('idle connections do not hold it back', async t => {
      const { env } = await freshDatabase(t, engine)
      const server = await startServer(t, { ...env, DRAIN_MS: '0' })
      const client = new Client(t, server)
      await client.get('/')
      // Who does not leave by itself is killed, and has no exit code.
      assert.equal(await server.stop(), 0)
    })

    test('another signal within a second is the same one, and a later one ends it at once', async t => {
      const { env } = await freshDatabase(t, engine)
      for (const [first, second] of [
        ['SIGTERM', 'SIGTERM'],
        ['SIGINT', 'SIGINT'],
        ['SIGHUP', 'SIGTERM'],
        ['SIGINT', 'SIGHUP']
      ] as const) {
        const server = await startServer(t, { ...env, DRAIN_MS: '60000' })
        const begin = performance.now()
        server.process.kill(first)
        await eventually(async () => assert.equal((await request(`${server.url}/health/ready`)).status, 503))
        await eventually(() => {
          server.process.kill(second)
          assert.ok(server.process.exitCode !== null, 'it is still there')
        })
        assert.notEqual(await server.ended, 0)
        const endedMs = performance.now() - begin
        assert.ok(endedMs >= 1000, `${first} and ${second} ended it after ${endedMs} ms`)
      }
    })

    test('a signal during the start ends it as well', async t => {
      const { env } = await freshDatabase(t, engine)
      const server = await startServer(t, { ...env, DRAIN_MS: '0' }, { waitFor: 'none' })
      await server.stop()
      assert.notEqual(server.process.signalCode, 'SIGKILL', 'it left by itself')
    })
  },
  ['sqlite']
)

describe('behind HAProxy', { skip: skipWithoutHaproxy() ?? false }, () => {
  forEachEngine(
    'two web servers',
    engine => {
      test('are taken by turns, with one session', async t => {
        const { env } = await freshDatabase(t, engine)
        const servers = await Promise.all([startServer(t, env), startServer(t, env)])
        const proxy = await startHaproxy(t, webBalancer(servers))
        await untilByTurns(proxy)
        const client = await signedIn(t, proxy)
        const turns: string[] = []
        for (let n = 0; n < 10; n++) {
          const reply = await client.get('/carrinho/')
          assert.equal(reply.status, 200)
          turns.push(String(reply.headers['x-served-by']))
        }
        for (let n = 1; n < turns.length; n++) assert.notEqual(turns[n], turns[n - 1], turns.join(' '))
      })

      test('can be terminated one after the other, and a client that keeps sending sees no failure', async t => {
        const { env } = await freshDatabase(t, engine)
        const options = { ...env, DRAIN_MS: '1000' }
        let servers: TestServer[] = await Promise.all([startServer(t, options), startServer(t, options)])
        const proxy = await startHaproxy(t, webBalancer(servers))
        await untilByTurns(proxy)
        const people = await Promise.all([1, 2, 3].map(() => signedIn(t, proxy)))
        const loads = people.map(client => keepSending(client, ['/carrinho/', 'add', '/']))
        const sent = () => loads.reduce((sum, load) => sum + load.seen.length, 0)
        const since = async (mark: number) => eventually(() => assert.ok(sent() > mark + 30, 'the load goes on'))

        for (const [index, server] of servers.entries()) {
          await since(sent())
          assert.equal(await server.stop(), 0)
          await since(sent())
          const again = await startServer(t, { ...options, PORT: String(server.port), SERVER_NAME: server.name })
          servers = servers.with(index, again)
          const marks = loads.map(load => load.seen.length)
          await eventually(() => {
            const since = loads.flatMap((load, n) => load.seen.slice(marks[n]))
            assert.ok(
              since.some(({ server }) => server === again.name),
              'the restarted server is used again'
            )
          })
        }
        await Promise.all(loads.map(load => load.stop()))
        for (const { name, process } of servers) assert.equal(process.exitCode, null, `${name} is the one started here`)
        assert.deepEqual(
          loads.flatMap(load => load.failures),
          []
        )
        for (const [index, client] of people.entries()) {
          const added = loads[index]?.seen.filter(({ path }) => path === 'add').length
          assert.equal((await client.items()).length, added, 'each acknowledged item is there, once')
        }
      })
    },
    ['mariadb']
  )
})
