import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { LAB_DIR } from '../../lab/lab.ts'
import { defer, freePort, request, skipWithoutHaproxy, startHaproxy } from '../helper.ts'

const skip = skipWithoutHaproxy()

/** What a client says of itself that only a balancer may say, in the spellings that there are. */
const FORGED = {
  'X-Forwarded-For': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'X-FORWARDED-HOST': 'evil.test',
  'X-Forwarded-Port': '8443',
  'X-Forwarded-Anything-Else': 'forged',
  Forwarded: 'for=203.0.113.7;proto=https;host=evil.test',
  'X-Request-Id': 'forged'
}

/** A web server that answers with the request's headers as they came. */
async function startMirror(t: TestContext): Promise<number> {
  const server = http.createServer((request, response) => response.end(JSON.stringify(request.rawHeaders)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  defer(t, () => server.close())
  return (server.address() as AddressInfo).port
}

/** A real HAProxy with the lab's file as it is, but for where it listens, whom it asks and where its socket is. */
async function startBalancer(
  t: TestContext,
  name: string,
  mirror: number
): Promise<{ site: string; statistics: string }> {
  const own = '127.0.0.1'
  const values: Record<string, string> = { BIND: own, OWN_IP: own, VIRTUAL_IP: own, BALANCE: 'roundrobin' }
  const statistics = await freePort()
  const balancer = await startHaproxy(t, ({ port }) =>
    readFileSync(join(LAB_DIR, 'config/haproxy', name), 'utf8')
      // Its own address and the virtual one are the same here.
      .replace(/^\s*(stats socket|bind \$\{VIRTUAL_IP\}).*$/gm, '')
      .replace(/\$\{LAB_NET\}\.\d+:\d+/g, `${own}:${mirror}`)
      .replace(/^(\s*bind) \S+:(80|3306)$/gm, `$1 ${own}:${port}`)
      .replace(/^(\s*bind) \S+:9999$/gm, `$1 ${own}:${statistics}`)
      .replace(
        /\$\{(\w+)\}/g,
        (_, variable: string) => values[variable] ?? (variable.startsWith('WEIGHT') ? '1' : 'test')
      )
  )
  return { site: balancer.url, statistics: `http://${own}:${statistics}` }
}

for (const name of ['web.cfg', 'web-report.cfg', 'web-three.cfg']) {
  test(`${name}: what a client says of itself reaches no web server`, { skip }, async t => {
    const { site } = await startBalancer(t, name, await startMirror(t))
    const answer = await request(site, { headers: { ...FORGED, 'X-Own': 'kept' } })
    assert.equal(answer.status, 200, answer.text)
    const seen = answer.json() as string[]
    const names = seen.filter((_, index) => index % 2 === 0).map(text => text.toLowerCase())
    const values = seen.filter((_, index) => index % 2 === 1)
    assert.ok(values.includes('kept'), 'other headers go through')
    for (const value of Object.values(FORGED)) assert.ok(!values.includes(value), `${value} in ${seen.join(' ')}`)
    if (name !== 'web.cfg') return
    const own = names.filter(text => /^(x-forwarded-|forwarded$|x-request-id$)/.test(text))
    assert.deepEqual(own.sort(), ['x-forwarded-for', 'x-request-id'], 'once each, the balancer’s own')
    assert.ok(values.includes('127.0.0.1'))
  })
}

for (const name of ['web.cfg', 'web-report.cfg', 'web-three.cfg', 'db.cfg', 'db-report.cfg']) {
  test(`${name}: whoever is asked for the password of the statistics is told it`, { skip }, async t => {
    const { site, statistics } = await startBalancer(t, name, await startMirror(t))
    const pages = [`${statistics}/stats`, ...(name === 'web-three.cfg' ? [`${site}/haproxy_stats`] : [])]
    for (const page of pages) {
      // HAProxy hangs up after a 401, and does not say so before.
      const asked = await request(page, { headers: { connection: 'close' } })
      assert.equal(asked.status, 401)
      const [, user, password] = /user (\w+), password (\w+)/.exec(asked.text) ?? []
      assert.match(String(asked.headers['www-authenticate']), new RegExp(`user ${user}, password ${password}`))
      const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
      assert.equal((await request(page, { headers: { authorization } })).status, 200)
    }
  })
}

test('web.cfg: what carries a key is sent again when a web server breaks off, and no other write is', {
  skip
}, async t => {
  const tries = new Map<string, number>()
  const server = http.createServer((request, response) => {
    request.resume().once('end', () => {
      const name = request.url ?? ''
      tries.set(name, (tries.get(name) ?? 0) + 1)
      if (tries.get(name) === 1) request.socket.destroy()
      else response.end('done')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  defer(t, () => server.close())
  const { site } = await startBalancer(t, 'web.cfg', (server.address() as AddressInfo).port)
  const key = { 'idempotency-key': '8a7d4c0e-3f5b-4c3a-9a57-0c5f0a1f7d11' }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const [method, headers, body, isRepeated] of [
    ['POST', { ...key, 'content-type': 'application/json' }, '{"name":"a"}', true],
    ['PATCH', { ...key, 'content-type': 'application/json' }, '{"done":true}', true],
    ['DELETE', key, undefined, true],
    ['POST', form, 'operation=0123456789abcdef&product_type=a', true],
    ['GET', {}, undefined, true],
    ['POST', form, 'product_type=a', false],
    ['POST', { 'content-type': 'application/json', 'idempotency-key': '' }, '{"name":"a"}', false],
    ['PATCH', { 'content-type': 'application/json' }, '{"done":true}', false],
    ['DELETE', {}, undefined, false]
  ] as const) {
    const name = `/${method}-${tries.size}`
    const sent = body === undefined ? {} : { body, headers: { ...headers, 'content-length': String(body.length) } }
    // A connection that broke when it was used again is closed to the client, too: no answer.
    const status = await request(`${site}${name}`, { method, headers, ...sent }).then(
      reply => reply.status,
      () => 502
    )
    assert.deepEqual([status, tries.get(name)], isRepeated ? [200, 2] : [502, 1], `${name} ${JSON.stringify(headers)}`)
  }
})
