import assert from 'node:assert/strict'
import { findTags, visibleText } from './html.ts'
import type { Scope } from './scope.ts'
import type { Site } from './servers.ts'
import { type Client, signedIn } from './visitors.ts'

export interface Row {
  id: number
  tipo: string
  done: boolean
  thousandths: number
  unit: string
  local: string
  note: string
  quantidade: number
  version: number
}

export const rows = async (client: Client) => (await client.items()) as unknown as Row[]
export const rowOf = async (client: Client, type: string) => (await rows(client)).find(({ tipo }) => tipo === type)

/** The form of the list's rows, as a browser without scripts would send it with these boxes ticked. */
export async function rowForm(client: Client, ...[path, ...ticked]: string[]): Promise<[string, string][]> {
  const { text } = await client.get(path ?? '/carrinho/')
  const [form = ''] = /<form id="items"[\s\S]*?<\/form>/.exec(text) ?? []
  const inputs = findTags(form, 'input')
  const hidden = inputs.filter(({ type }) => type === 'hidden')
  const boxes = inputs.filter(box => box.type === 'checkbox' && ticked.includes(box['aria-label'] ?? ''))
  return [...hidden, ...boxes].map(({ name = '', value = '' }) => [name, value])
}
export const press = async (client: Client, path: string, form: [string, string][]) => {
  const reply = await client.postRaw(path, form)
  assert.equal(reply.status, 303, visibleText(reply.text))
  return reply
}
/** What the page says was done, with its button to take it back. */
export async function undo(client: Client): Promise<string> {
  const { text } = await client.get('/carrinho/')
  const [form = ''] = /<form method="post" action="[^"]*\/anular">[\s\S]*?<\/form>/.exec(text) ?? []
  const fields = findTags(form, 'input').map(({ name = '', value = '' }): [string, string] => [name, value])
  const button = findTags(form, 'button')[0]
  assert.ok(button, 'there is something to take back')
  await press(client, '/carrinho/anular', [...fields, [button.name ?? '', button.value ?? '']])
  return visibleText((await client.get('/carrinho/')).text)
}

/** The number of the one list beside the first. */
export const otherListOf = async (client: Client) =>
  findTags((await client.get('/listas/')).text, 'a')
    .flatMap(({ href = '' }) => /^\/listas\/(\d+)\/$/.exec(href)?.[1] ?? [])
    .at(-1) ?? ''

/** Somebody with these on their list, two of each. */
export async function withItems(t: Scope, { server }: Site, ...types: string[]) {
  const client = await signedIn(t, server)
  for (const tipo of types) await client.addItem({ tipo, quantidade: 2 })
  return client
}
