import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { documentOf, Program, tokenFor } from './api.ts'
import type { Engine } from './engines.ts'
import type { Reply } from './requests.ts'
import type { Scope } from './scope.ts'
import { sharedSite } from './servers.ts'
import { signedIn } from './visitors.ts'

export interface ApiPicture {
  id: string
  type: string
  url: string
  thumbnailUrl: string
}
export interface ApiItem {
  id: string
  name: string
  quantity: number
  unit: string
  shop: string
  note: string
  done: boolean
  doneAt: string | null
  pictures: ApiPicture[]
  version: number
  merged?: boolean
}
export interface ApiList {
  id: string
  name: string
  version: number
  isFirst: boolean
  isTemplate: boolean
  putAwayAt: string | null
  open: number
  done: number
}
export interface ApiChanges {
  version: number
  full: boolean
  items: (ApiItem & { removed?: true })[]
}

export const itemIn = (reply: Reply): ApiItem => {
  assert.ok([200, 201].includes(reply.status), reply.text)
  return reply.json() as ApiItem
}
export const listIn = (reply: Reply): ApiList => {
  assert.ok([200, 201].includes(reply.status), reply.text)
  return reply.json() as ApiList
}
export const anyVersion = { headers: { 'if-match': '*' } }
export const namesOf = (items: { name: string }[]) => items.map(({ name }) => name)

/** Which file sees every good answer of which operations; together they are all that there are. */
export const operationsTried = {
  account: ['getAccount', 'listSuggestions'],
  items: ['listItems', 'addItem', 'getItem', 'editItem', 'adjustItem', 'removeItem'],
  many: ['addItems', 'clearItems', 'moveItems', 'copyItems', 'fillList', 'listShops'],
  pictures: ['listPictures', 'getPicture', 'getThumbnail', 'addPicture', 'removePicture'],
  shops: ['getShopOrder', 'setShopOrder', 'getItemOrder', 'setItemOrder'],
  lists: ['listLists', 'listRemovedLists', 'makeList', 'getList', 'editList', 'removeList', 'restoreList'],
  changes: ['listChanges', 'listHistory', 'undoChange', 'undoSince']
} as const

/** A server whose API programs of several accounts use. */
export function apiSite(engine: Engine, tried?: keyof typeof operationsTried, env: Record<string, string> = {}) {
  const site = sharedSite(engine, { API_LIMIT: '100000', ...env })
  const seen = new Set<string>()
  after(() => seen.clear())

  const member = async (t: Scope, server = site.server) => {
    const client = await signedIn(t, server)
    const program = new Program(server, await tokenFor(site, client.account.email, 'write'))
    t.after(() => {
      for (const one of program.seen) seen.add(one)
    })
    return { client, program }
  }
  return {
    site,
    member,
    items: async (program: Program, list = 'first') =>
      ((await program.get(`/lists/${list}/items`)).json() as { items: ApiItem[] }).items,
    changesSince: async (program: Program, since: number, list = 'first') =>
      (await program.get(`/lists/${list}/changes?since=${since}`)).json() as ApiChanges,
    countOf: async (table: string) => Number((await site.database.query(`select count(*) as n from ${table}`))[0]?.n),
    /** To be called last: that each answer was seen which the document promises of these operations. */
    allSeen() {
      test('each answer that the document promises of these was seen here', async () => {
        assert.ok(tried)
        const document = await documentOf(site.server.url)
        const names: readonly string[] = operationsTried[tried]
        const missing = Object.values(document.paths)
          .flatMap(methods => Object.values(methods))
          .filter(({ operationId }) => names.includes(operationId))
          .flatMap(({ operationId, responses }) => Object.keys(responses).map(status => `${operationId} ${status}`))
          .filter(one => /(200|201|304|404|412|428)$/.test(one) && !seen.has(one) && one !== 'makeList 404')
        assert.deepEqual(missing, [])
      })
    }
  }
}
