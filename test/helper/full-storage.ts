import assert from 'node:assert/strict'
import { findInput, visibleText } from './html.ts'
import { eventually } from './patience.ts'
import { type Reply, request } from './requests.ts'
import type { TestServer } from './servers.ts'
import type { Client } from './visitors.ts'

const english = { 'accept-language': 'en' }

export interface RefusedForm {
  /** What was acknowledged before. */
  added: string[]
  /** The fields of the page that came back. */
  form: Record<string, string>
}

/**
 * Adds items until there is no room for one, and looks at that answer; at most `most`. Where a large write found no room a
 * smaller one may: those come after it, until they find none either.
 */
export async function addUntilFull(client: Client, most: number): Promise<RefusedForm> {
  const added: string[] = []
  while (added.length < most) {
    await client.get('/carrinho/', english)
    // Long ones, as a short one often finds room in a page that is there.
    const typed = {
      product_type: `${added.length} `.padEnd(20, '.') + '🥖'.repeat(100),
      quantity: '3',
      local: 'Praça'.padEnd(140, '.'),
      operation: client.hidden('operation') ?? ''
    }
    const reply = await client.post('/carrinho/', typed, english)
    if (reply.status === 303) {
      added.push(typed.product_type)
      continue
    }
    assertSaysFull(reply)
    const form: Record<string, string> = { csrf_token: client.csrf() ?? '' }
    for (const [name, value] of Object.entries(typed)) {
      assert.equal(findInput(reply.text, name)?.value, value, `${name} is kept`)
      form[name] = value
    }
    for (let n = 0; n < most; n++) {
      const small = { product_type: `small ${n}`, quantity: '1', local: 'x', csrf_token: form.csrf_token ?? '' }
      const answer = await client.postRaw('/carrinho/', small, { accept: 'application/json' })
      if (answer.status !== 201) {
        assertSaysFull(answer)
        return { added, form }
      }
      added.push(small.product_type)
    }
  }
  return assert.fail(`${most} items were added, and there was room for each`)
}

export function assertSaysFull(reply: Reply): void {
  assert.equal(reply.status, 503, visibleText(reply.text).slice(0, 500))
  assert.ok(Number(reply.headers['retry-after']) > 0, 'it says when to try again')
  if (reply.headers['content-type']?.includes('json')) {
    assert.equal((reply.json() as { error: string }).error, 'storage_full')
  } else assert.match(visibleText(reply.text), /no room to save/)
}

/** Not ready, alive, and what is on the list can be read. */
export async function assertKnownFull(server: TestServer, client: Client, added: string[]): Promise<void> {
  const ready = await request(`${server.url}/health/ready`)
  assert.equal(ready.status, 503)
  assert.match((ready.json() as { reasons: string[] }).reasons.join(), /full/)
  assert.equal((await request(`${server.url}/health/live`)).status, 200)
  assert.equal((await client.get('/carrinho/')).status, 200, 'the list can be read')
  assert.deepEqual((await client.items()).map(item => item.tipo).toSorted(), added.toSorted())
}

/** Ready by itself, and what was refused is added by the page that kept it, once. */
export async function assertRecovers(server: TestServer, client: Client, { added, form }: RefusedForm): Promise<void> {
  await eventually(async () => {
    const ready = await request(`${server.url}/health/ready`)
    assert.equal(ready.status, 200, ready.text)
  })
  for (let time = 1; time <= 2; time++) assert.equal((await client.postRaw('/carrinho/', form)).status, 303)
  assert.deepEqual(
    (await client.items()).map(item => item.tipo).toSorted(),
    [...added, form.product_type ?? ''].toSorted()
  )
}
