import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Page, Request } from 'playwright-core'
import { type Account, type Client, eventually, signedIn } from '../helper.ts'
import {
  browserSite,
  logIn,
  logOut,
  markWindow,
  openList,
  pressLogOut,
  say,
  seeKeepingLogin,
  seeList,
  sendLogin,
  suiteOptions,
  tickBox
} from './browser.ts'

type Person = Client & { account: Account }

const seeTicked = (client: Client, expected: string[]) =>
  eventually(async () => {
    const rows = (await client.items()) as unknown as { tipo: string; done: boolean }[]
    assert.deepEqual(
      rows.filter(({ done }) => done).map(({ tipo }) => tipo),
      expected
    )
  })

describe('a browser that two people use', suiteOptions, () => {
  const site = browserSite()

  /** Ana's list in one tab, and Bea, whose own list has tea on it. What is written in that browser is noted, with whose page it was. */
  async function open(t: TestContext) {
    const { page, client: ana } = await openList(t, site, {
      items: [{ tipo: 'Pão' }, { tipo: 'Leite' }],
      losesConnections: true
    })
    const bea = await signedIn(t, site.server)
    await bea.addItem({ tipo: 'Chá' })
    const written: { account: string | undefined; path: string; status: number }[] = []
    const note = async (request: Request) => {
      const answer = await request.response().catch(() => null)
      const path = new URL(request.url()).pathname
      if (request.method() === 'POST' && path.startsWith('/carrinho') && answer)
        written.push({ account: request.headers()['x-account'], path, status: answer.status() })
    }
    page.context().on('requestfinished', request => void note(request))
    return { page, ana, bea, written, otherTab: () => page.context().newPage() }
  }

  /** Her tick waits for a server that is away, until the function that is returned is called. */
  async function tickWhileAway(page: Page): Promise<() => void> {
    let isAway = true
    // For all that her page asks, its looks at the list, too.
    await page.route('**/*', route => (isAway ? route.abort() : route.continue()))
    await tickBox(page, 'Leite').click()
    await page.getByText(say('list.js.waiting', { type: 'Leite' })).waitFor()
    return () => {
      isAway = false
    }
  }

  /** Bea was here: she ticks her own, and logs out. */
  async function beaComesAndGoes(page: Page, bea: Person): Promise<void> {
    await logIn(page, bea.account)
    await seeList(page, ['5 Chá Mercado'])
    await tickBox(page, 'Chá').click()
    await page.getByText(say('list.js.ticked', { type: 'Chá' })).waitFor()
    await logOut(page)
    await page.getByText(say('flash.signedOut')).waitFor()
  }

  /** Ana's ticks are done and said, and Bea's list is as she left it. */
  async function anaFindsHerTicks(page: Page, ana: Person, bea: Person): Promise<void> {
    await page.locator('.note').getByText(say('list.js.keptSent')).waitFor()
    await ana.login(ana.account)
    await seeTicked(ana, ['Leite'])
    await bea.login(bea.account)
    await seeTicked(bea, ['Chá'])
    assert.deepEqual(await page.evaluate('Object.keys(sessionStorage)'), [])
  }

  test('keeps one’s taps through the log-out of the other in the same tab', async t => {
    const { page, ana, bea, written } = await open(t)
    await ana.logout()
    await tickBox(page, 'Leite').click()
    await seeKeepingLogin(page)
    await beaComesAndGoes(page, bea)
    await logIn(page, ana.account)
    await anaFindsHerTicks(page, ana, bea)
    assert.equal(new Set(written.map(({ account }) => account)).size, 2)
    assert.ok(written.every(({ account }) => account !== undefined))
  })

  test('keeps them through a log-out in another tab, where the first one waits at the login', async t => {
    const { page, ana, bea, otherTab } = await open(t)
    await ana.logout()
    await tickBox(page, 'Leite').click()
    await seeKeepingLogin(page)
    const tab = await otherTab()
    await beaComesAndGoes(tab, bea)
    await sendLogin(page, ana.account)
    await anaFindsHerTicks(page, ana, bea)
  })

  test('keeps them where the list itself stood open, and asked a server that was away', async t => {
    const { page, ana, bea, written, otherTab } = await open(t)
    const comeBack = await tickWhileAway(page)
    // Her cookie goes with Bea's.
    const tab = await otherTab()
    await tab.context().clearCookies()
    await beaComesAndGoes(tab, bea)
    comeBack()
    await seeKeepingLogin(page)
    await sendLogin(page, ana.account)
    await anaFindsHerTicks(page, ana, bea)
    const refused = written.filter(({ status }) => status === 401)
    assert.equal(refused.length, 1)
  })

  test('keeps them while the other is signed in, does nothing of them for that one, and says that they wait', async t => {
    const { page, ana, bea, otherTab } = await open(t)
    const comeBack = await tickWhileAway(page)
    const tab = await otherTab()
    await tab.context().clearCookies()
    await logIn(tab, bea.account)
    await seeList(tab, ['5 Chá Mercado'])
    comeBack()
    // Ana's tab becomes Bea's.
    await page.locator('.note').getByText(say('login.kept')).waitFor()
    await seeList(page, ['5 Chá Mercado'])
    await seeTicked(bea, [])
    await tickBox(tab, 'Chá').click()
    await tab.getByText(say('list.js.ticked', { type: 'Chá' })).waitFor()
    await logOut(tab)
    await logIn(page, ana.account)
    await anaFindsHerTicks(page, ana, bea)
  })

  test('keeps them where one went to another page of the site meanwhile', async t => {
    const { page, ana, bea, otherTab } = await open(t)
    await page.route('**/carrinho/marcar', route => route.abort())
    await tickBox(page, 'Leite').click()
    await page.getByText(say('list.js.waiting', { type: 'Leite' })).waitFor()
    await page.goto('/servidor')
    const tab = await otherTab()
    await tab.context().clearCookies()
    await beaComesAndGoes(tab, bea)
    await page.unroute('**/carrinho/marcar')
    await logIn(page, ana.account)
    await anaFindsHerTicks(page, ana, bea)
  })

  test('keeps one’s own through one’s own log-out from a page that sends nothing', async t => {
    const { page, ana, bea } = await open(t)
    await page.route('**/carrinho/marcar', route => route.abort())
    await tickBox(page, 'Leite').click()
    await page.getByText(say('list.js.waiting', { type: 'Leite' })).waitFor()
    await page.goto('/conta')
    await logOut(page)
    await page.unroute('**/carrinho/marcar')
    await beaComesAndGoes(page, bea)
    await logIn(page, ana.account)
    await anaFindsHerTicks(page, ana, bea)
  })

  test('has nothing left in it after a log-out, where nothing waits', async t => {
    const { page } = await open(t)
    await page.evaluate(`sessionStorage.setItem('carrinho-cluster', '{}')`)
    await tickBox(page, 'Leite').click()
    await markWindow(page)
    await pressLogOut(page)
    await page.getByText(say('flash.signedOut')).waitFor()
    assert.deepEqual(await page.evaluate('Object.keys(sessionStorage)'), [])
  })

  test('does not go on saying that taps are kept where they are no longer', async t => {
    const { page, ana } = await open(t)
    await ana.logout()
    await tickBox(page, 'Leite').click()
    await seeKeepingLogin(page)
    // As a tab that the browser had put aside while somebody logged out.
    await page.addInitScript('sessionStorage.clear()')
    await page.goto(page.url())
    await page.getByText(say('login.keptGone')).waitFor()
    assert.equal(await page.getByText(say('login.kept')).count(), 0)
  })

  test('shows nothing of what the other buys while one writes', async t => {
    const { page, bea, otherTab } = await open(t)
    await bea.get('/carrinho/')
    const [{ id } = { id: 0 }] = await bea.items()
    // What is ticked and taken off is what one buys.
    await bea.postJson('/carrinho/marcar', { done: [id], open: [] })
    await bea.postJson('/apagar_artigo', { id })
    await eventually(async () => {
      const { suggestions } = (await bea.getJson('/sugestoes?q=ch')).json() as { suggestions: unknown[] }
      assert.equal(suggestions.length, 1)
    })
    const tab = await otherTab()
    await tab.context().clearCookies()
    await logIn(tab, bea.account)
    await tab.waitForURL('**/carrinho/')
    const asked = page.waitForResponse('**/sugestoes?q=Ch')
    await page.getByLabel(say('quick.label'), { exact: true }).pressSequentially('Ch')
    assert.equal((await asked).status(), 401)
    assert.equal(await page.locator('.chips').count(), 0)
  })
})
