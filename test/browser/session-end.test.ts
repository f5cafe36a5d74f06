import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { type Client, eventually, signedIn } from '../helper.ts'
import {
  browserSite,
  openList,
  pressLogOut,
  quickButton,
  quickField,
  removeButton,
  say,
  seeKeepingLogin,
  seeList,
  sendLogin,
  suiteOptions,
  tickBox
} from './browser.ts'

const items = ['Sal', 'Pão', 'Leite', 'Ovos'].map(tipo => ({ tipo }))
const untouched = ['5 Ovos Mercado', '5 Leite Mercado', '5 Pão Mercado', '5 Sal Mercado']
const moreButton = (page: Page, type: string) =>
  page.getByRole('button', { name: `${say('list.more')} ${type}`, exact: true })

/** As `5 Leite`, `✓ 5 Pão`, in the database. */
const seeSaved = (client: Client, expected: string[]) =>
  eventually(async () => {
    const rows = (await client.items()) as unknown as { tipo: string; quantidade: number; done: boolean }[]
    assert.deepEqual(
      rows.map(({ tipo, quantidade, done }) => `${done ? '✓ ' : ''}${quantidade} ${tipo}`).sort(),
      expected
    )
  })

/** Whoever has this browser's cookies now. */
async function becomes(page: Page, client: Client): Promise<void> {
  const context = page.context()
  await context.clearCookies()
  const url = new URL(page.url()).origin
  await context.addCookies([...client.cookies].map(([name, value]) => ({ name, value, url })))
}

describe('a session that ends while the list is open', suiteOptions, () => {
  const site = browserSite()

  test('loses nothing that was tapped: it is done after the login, once, and the shopper is told', async t => {
    const { page, client } = await openList(t, site, { items })
    await client.logout()
    // All in one go, so that some of it waits behind what is refused.
    await page.evaluate(`{
      const row = name => [...document.querySelectorAll('#items li')].find(li => li.querySelector('.i').textContent === name)
      const press = (name, what) => row(name).querySelector(what).click()
      press('Leite', 'input'); press('Leite', 'input'); press('Leite', 'input')
      press('Leite', '.more'); press('Leite', '.more')
      press('Sal', '.more'); press('Sal', '.more'); press('Sal', '.more')
      press('Pão', '.x')
    }`)
    await seeKeepingLogin(page)
    await client.login(client.account)
    await seeSaved(client, ['5 Leite', '5 Ovos', '5 Pão', '5 Sal'])
    await sendLogin(page, client.account)
    await page.locator('.note').getByText(say('list.js.keptSent')).waitFor()
    await seeSaved(client, ['8 Sal', '5 Ovos', '✓ 7 Leite'].sort())
    await seeList(page, ['5 Ovos Mercado', '8 Sal Mercado', '✓ Leite 7 · Mercado'])

    // What was sent is not sent again.
    await client.get('/carrinho/')
    await client.postJson('/carrinho/marcar', { done: [], open: (await client.items()).map(({ id }) => id) })
    await page.reload()
    await seeList(page, ['5 Ovos Mercado', '7 Leite Mercado', '8 Sal Mercado'])
    assert.deepEqual(await page.evaluate('Object.keys(sessionStorage)'), [])
  })

  test('also of what waits for an answer that never comes, and of what was tapped while the page went', async t => {
    const { page, client } = await openList(t, site, { items })
    await client.logout()
    const held: Route[] = []
    await page.route('**/carrinho/{marcar,quantidade}', route => void held.push(route))
    await tickBox(page, 'Leite').click()
    await tickBox(page, 'Pão').click()
    await moreButton(page, 'Sal').click()
    await eventually(async () => assert.equal(held.length, 3))
    // Behind those: a tick that is taken back, a step more, and a removal.
    await tickBox(page, 'Pão').click()
    await moreButton(page, 'Sal').click()
    await removeButton(page, 'Sal').click()
    await tickBox(page, 'Ovos').click()
    await held[0]?.continue()
    await seeKeepingLogin(page)
    await page.unroute('**/carrinho/{marcar,quantidade}')
    await sendLogin(page, client.account)
    await page.locator('.note').getByText(say('list.js.keptSent')).waitFor()
    await client.login(client.account)
    await seeSaved(client, ['5 Pão', '✓ 5 Leite', '✓ 5 Ovos'])
    await seeList(page, ['5 Pão Mercado', '✓ Ovos 5 · Mercado', '✓ Leite 5 · Mercado'])
  })

  test('keeps for its account what was tapped: whoever else signs in in that tab gets nothing of it', async t => {
    const { page, client } = await openList(t, site, { items })
    const other = await signedIn(t, site.server)
    await other.addItem({ tipo: 'Chá' })
    await client.logout()
    await tickBox(page, 'Leite').click()
    await seeKeepingLogin(page)
    const asked: string[] = []
    page.on('request', request => {
      if (request.method() === 'POST' && !request.url().endsWith('/login')) asked.push(request.url())
    })
    await sendLogin(page, other.account)
    await seeList(page, ['5 Chá Mercado'])
    await tickBox(page, 'Chá').click()
    await page.getByText(say('list.js.ticked', { type: 'Chá' })).waitFor()
    assert.deepEqual(
      asked.map(url => new URL(url).pathname),
      ['/carrinho/marcar'],
      'its own tick alone'
    )
    await page.context().clearCookies()
    await page.goto('/login?next=/carrinho/')
    await sendLogin(page, client.account)
    await page.locator('.note').getByText(say('list.js.keptSent')).waitFor()
    await seeList(page, ['5 Ovos Mercado', '5 Pão Mercado', '5 Sal Mercado', '✓ Leite 5 · Mercado'])
  })

  test('because another account signed in in another tab: what is tapped and typed here is not that one’s', async t => {
    const { page, client } = await openList(t, site, { items })
    const other = await signedIn(t, site.server)
    await other.addItem({ tipo: 'Chá' })
    await becomes(page, other)
    await tickBox(page, 'Leite').click()
    await page.locator('.note').getByText(say('login.kept')).waitFor()
    await seeList(page, ['5 Chá Mercado'])
    await seeSaved(client, ['5 Leite', '5 Ovos', '5 Pão', '5 Sal'])
    await becomes(page, client)
    await page.goto('/carrinho/')
    await seeSaved(client, ['5 Ovos', '5 Pão', '5 Sal', '✓ 5 Leite'])
    await seeList(page, ['5 Ovos Mercado', '5 Pão Mercado', '5 Sal Mercado', '✓ Leite 5 · Mercado'])

    await becomes(page, other)
    await quickField(page).fill('Prenda para a Ana')
    await quickButton(page).click()
    await seeList(page, ['5 Chá Mercado'])
    await seeSaved(other, ['5 Chá'])
  })

  test('does not tick off next week’s milk: what was tapped long before the login is not done, and that is said', async t => {
    const { page, client } = await openList(t, site, { items })
    await client.logout()
    await tickBox(page, 'Leite').click()
    await seeKeepingLogin(page)
    // Before the next page reads it.
    await page.addInitScript(`for (const name of Object.keys(sessionStorage)) {
      const writes = JSON.parse(sessionStorage[name])
      for (const write of writes) write.at -= 31 * 60000
      sessionStorage[name] = JSON.stringify(writes)
    }`)
    await sendLogin(page, client.account)
    await page.locator('.note').getByText(say('list.js.keptFailed')).waitFor()
    await seeList(page, untouched)
    await client.login(client.account)
    await seeSaved(client, ['5 Leite', '5 Ovos', '5 Pão', '5 Sal'])
    assert.deepEqual(await page.evaluate('Object.keys(sessionStorage)'), [])
  })

  for (const storage of ['full', 'off']) {
    test(`does not say that it is kept where the browser's storage is ${storage}`, async t => {
      const { page, client } = await openList(t, site, { items })
      const fails = `() => { throw new DOMException('no', 'QuotaExceededError') }`
      await page.addInitScript(
        storage === 'full'
          ? `Storage.prototype.setItem = ${fails}`
          : `Object.defineProperty(window, 'sessionStorage', { get: ${fails} })`
      )
      await page.reload()
      await client.logout()
      await tickBox(page, 'Leite').click()
      await page.waitForURL('**/login?kept=0&next=*')
      await page.getByText(say('login.notKept')).waitFor()
      assert.equal(await page.getByText(say('login.kept')).count(), 0)
    })
  }

  test('sends what is tapped whatever another release left in the tab', async t => {
    const { page, client } = await openList(t, site, { items })
    for (const left of ['{"taps":[]}', '[null,7,{"path":"/carrinho/marcar"}]', 'nothing']) {
      await page.evaluate(
        `sessionStorage.setItem('carrinho-kept-' + document.body.dataset.account, ${JSON.stringify(left)})`
      )
      await page.reload()
      await tickBox(page, 'Leite').click()
      const isTicked = await tickBox(page, 'Leite').isChecked()
      await seeSaved(client, ['5 Ovos', '5 Pão', '5 Sal', isTicked ? '✓ 5 Leite' : '5 Leite'].sort())
    }
  })

  test('says so where part of it can not be done any more', async t => {
    const { page, client } = await openList(t, site, { items })
    await client.logout()
    await tickBox(page, 'Leite').click()
    await seeKeepingLogin(page)
    await client.login(client.account)
    await client.get('/carrinho/')
    const milk = (await client.items()).find(({ tipo }) => tipo === 'Leite')
    await client.postJson('/apagar_artigo', { id: milk?.id })
    await sendLogin(page, client.account)
    await page.getByText(say('list.js.keptFailed')).waitFor()
    await seeList(
      page,
      untouched.filter(row => !row.includes('Leite'))
    )
  })

  test('is ended by the shopper after what was just tapped is done', async t => {
    const { page, client } = await openList(t, site, { items })
    const held: Route[] = []
    let isHolding = true
    await page.route('**/carrinho/marcar', route => (isHolding ? void held.push(route) : route.continue()))
    await tickBox(page, 'Leite').click()
    await tickBox(page, 'Pão').click()
    await tickBox(page, 'Pão').click()
    await eventually(async () => assert.equal(held.length, 2))
    const order: string[] = []
    page.on('request', request => void (request.url().endsWith('/logout') && order.push('log-out')))
    page.on('response', response => void (response.url().endsWith('/marcar') && order.push('tick')))
    await pressLogOut(page)
    // The page still answers: a tap that comes after the button was pressed.
    await tickBox(page, 'Ovos').click()
    isHolding = false
    for (const route of held) await route.continue()
    await page.waitForURL('**/')
    await page.getByText(say('flash.signedOut')).waitFor()
    assert.deepEqual(order, ['tick', 'tick', 'tick', 'tick', 'log-out'])
    await client.login(client.account)
    await seeSaved(client, ['5 Pão', '5 Sal', '✓ 5 Leite', '✓ 5 Ovos'])
  })

  test('is no different from a page that is left before there is an answer', async t => {
    const { page, client } = await openList(t, site, { items })
    const held: Route[] = []
    await page.route('**/carrinho/marcar', route => void held.push(route))
    await tickBox(page, 'Leite').click()
    await eventually(async () => assert.equal(held.length, 1))
    await tickBox(page, 'Leite').click()
    await tickBox(page, 'Pão').click()
    await page.goto('/servidor')
    await page.unroute('**/carrinho/marcar')
    await seeSaved(client, ['5 Leite', '5 Ovos', '5 Pão', '5 Sal'])
    await page.goto('/carrinho/')
    await seeSaved(client, ['5 Leite', '5 Ovos', '5 Sal', '✓ 5 Pão'])
    await seeList(page, ['5 Ovos Mercado', '5 Leite Mercado', '5 Sal Mercado', '✓ Pão 5 · Mercado'])
  })
})
