import assert from 'node:assert/strict'
import { assertProblem, type Program } from './api.ts'
import { findInput, visibleText } from './html.ts'
import { eventually } from './patience.ts'
import { request } from './requests.ts'
import type { Scope } from './scope.ts'
import type { TestServer } from './servers.ts'
import { type Account, Client, newAccount } from './visitors.ts'

const english = { 'accept-language': 'en' }

/** All that a shopper can look at. */
const PAGES = [
  ...['/', '/carrinho/', '/carrinho/opcoes', '/carrinho/historico', '/carrinho/imprimir', '/carrinho/texto'],
  ...[
    '/listas/',
    '/listas/ultima',
    '/conta',
    '/conta/copia.json',
    '/conta/tokens',
    '/sugestoes',
    '/lojas',
    '/procurar?q=leite'
  ],
  ...['/logout', '/servidor', '/whoami', '/cluster', '/api']
]

export const isReady = async ({ url }: TestServer) => {
  const { status, text } = await request(`${url}/health/ready`)
  return { status, reasons: (JSON.parse(text) as { reasons: string[] }).reasons }
}

/** The form of an addition that was refused, as the page that came back has it. */
export type KeptForm = Record<string, string>

/** Pages are read; what is written comes back with what was typed, and nothing of it is done. */
export async function assertOnlyReads(
  t: Scope,
  server: TestServer,
  client: Client & { account: Account },
  program: Program
): Promise<KeptForm> {
  const before = (await client.items()).map(item => item.tipo)
  for (const path of PAGES) {
    const { status, text } = await client.get(path)
    assert.ok(status < 400, `${path}: ${status} ${visibleText(text).slice(0, 300)}`)
  }
  await client.get('/carrinho/', english)
  const operation = client.hidden('operation') ?? ''
  const typed = { product_type: 'Pão de Mafra 🥖', quantity: '3', local: 'Praça', operation }
  const reply = await client.post('/carrinho/', typed, english)
  assert.equal(reply.status, 503, visibleText(reply.text).slice(0, 500))
  assert.match(visibleText(reply.text), /Only reading works at the moment/)
  assert.ok(Number(reply.headers['retry-after']) > 0, 'it says when to try again')
  const form: KeptForm = { csrf_token: client.csrf() ?? '' }
  for (const [name, value] of Object.entries(typed)) {
    assert.equal(findInput(reply.text, name)?.value, value, `${name} is kept`)
    form[name] = value
  }
  const [item] = await client.items()
  const removal = await client.postJson('/apagar_artigo', { id: item?.id })
  assert.equal(removal.status, 503)
  assert.equal((removal.json() as { error: string }).error, 'database_read_only')
  assertProblem(await program.call('POST', '/lists', { body: { name: 'Feira' } }), 503, 'database_read_only')
  assert.equal((await program.call('GET', '/lists')).status, 200)
  const other = new Client(t, server)
  assert.equal((await other.tryLogin(client.account)).status, 503)
  assert.equal(
    (await other.tryLogin({ ...client.account, password: 'not this one' })).status,
    503,
    'not counted, so not told'
  )
  await other.get('/signup')
  assert.equal((await other.post('/signup', { ...newAccount() })).status, 503)
  assert.equal(await other.isSignedIn(), false)
  await client.get('/logout')
  assert.equal((await client.post('/logout')).status, 503)
  assert.ok(await client.isSignedIn(), 'the session is there, and so is its cookie')

  assert.deepEqual(
    (await client.items()).map(item => item.tipo),
    before,
    'nothing was done'
  )
  const ready = await isReady(server)
  assert.equal(ready.status, 200, 'who reads is served')
  assert.match(ready.reasons.join(), /only reading works/)
  const { text } = await request(`${server.url}/metrics`)
  assert.match(text, /carrinho_read_only_total\{[^}]*\} [1-9]/)
  return form
}

/** By itself: what was refused is added by the page that kept it, once. */
export async function assertWritesAgain(server: TestServer, client: Client, form: KeptForm): Promise<void> {
  const before = (await client.items()).map(item => item.tipo)
  await eventually(async () => assert.deepEqual(await isReady(server), { status: 200, reasons: [] }))
  for (let time = 1; time <= 2; time++) assert.equal((await client.postRaw('/carrinho/', form)).status, 303)
  assert.deepEqual(
    (await client.items()).map(item => item.tipo).toSorted(),
    [...before, form.product_type ?? ''].toSorted()
  )
}
