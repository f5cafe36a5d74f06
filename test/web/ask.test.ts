import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { ask, askOnce, readJson } from '../../web/shared/ask.ts'

const withinMs = 5_000

async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    return new Promise(resolve => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('whether the site is away', () => {
  const own = { 'x-served-by': 'web01' }

  test('is told by what only a balancer says, or a web server that could not look', async t => {
    const url = await serve(t, ({ url = '' }, response) => {
      response.writeHead(Number(url.slice(1, 4)), url.endsWith('own') ? own : {}).end('text')
    })
    for (const path of [
      '/200',
      '/200own',
      '/201own',
      '/303own',
      '/400own',
      '/403',
      '/404own',
      '/409own',
      '/500own',
      '/507own'
    ]) {
      const answer = await askOnce(`${url}${path}`, { withinMs })
      assert.deepEqual([answer?.status, answer?.text], [Number(path.slice(1, 4)), 'text'], path)
    }
    for (const path of ['/500', '/502', '/503', '/504', '/502own', '/503own', '/504own']) {
      assert.equal(await askOnce(`${url}${path}`, { withinMs }), undefined, path)
    }
  })

  test('it is when nobody listens, when an answer never comes, and when half of one does', async t => {
    const nobody = await serve(t, () => {})
    const url = await serve(t, ({ url }, response) => {
      if (url === '/half')
        response.writeHead(200, { ...own, 'content-length': '100' }).write('half', () => response.destroy())
      if (url === '/stuck') response.writeHead(200, { ...own, 'content-length': '100' }).write('half')
    })
    assert.equal(await askOnce('http://127.0.0.1:1/', { withinMs }), undefined)
    assert.equal(await askOnce(nobody, { withinMs: 50 }), undefined)
    assert.equal(await askOnce(`${url}/half`, { withinMs }), undefined)
    assert.equal(await askOnce(`${url}/stuck`, { withinMs: 200 }), undefined)
  })

  test('it is not for who is signed out', async t => {
    const url = await serve(t, ({ url }, response) => {
      if (url === '/list') response.writeHead(302, { location: '/login?next=%2Flist' })
      else response.statusCode = url === '/json' ? 401 : 200
      response.end()
    })
    for (const [path, isSignedOut] of [
      ['/list', true],
      ['/json', true],
      ['/login', false],
      ['/other', false]
    ] as const) {
      assert.equal((await askOnce(`${url}${path}`, { withinMs }))?.isSignedOut, isSignedOut, path)
    }
  })
})

test('a question is repeated with the same words until the site is back', async t => {
  const heard: string[] = []
  const url = await serve(t, async (request: IncomingMessage, response) => {
    heard.push(`${request.method} ${await text(request)}`)
    response.writeHead(heard.length < 3 ? 503 : 201).end('{"status":"added"}')
  })
  let waits = 0
  const answer = await ask(url, {
    method: 'POST',
    body: new URLSearchParams({ operation: 'k1' }),
    withinMs,
    forMs: 60_000,
    onWait: () => {
      waits += 1
    }
  })
  assert.ok(answer)
  assert.equal(readJson(answer).status, 'added')
  assert.deepEqual(heard, Array(3).fill('POST operation=k1'))
  assert.equal(waits, 2)
})

test('a question is given up when its time has passed', async t => {
  let asked = 0
  const url = await serve(t, (_request, response) => {
    asked += 1
    response.writeHead(503).end()
  })
  assert.equal(await ask(url, { withinMs, forMs: 600 }), undefined)
  assert.equal(asked, 2)
})
