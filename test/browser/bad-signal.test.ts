import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { tcpProxy } from '../helper.ts'
import {
  addButton,
  addItem,
  browserSite,
  openList,
  readForm,
  removeButton,
  say,
  seeList,
  sendLogin,
  suiteOptions
} from './browser.ts'

describe('the list with a bad signal', suiteOptions, () => {
  const site = browserSite()
  const milk = { type: 'Leite', quantity: '6', shop: 'Mercado' }

  test('an item whose answers get lost is sent again under its key, and is on the list once', async t => {
    const way = await lossyWay(t)
    const { page, client } = await openList(t, site, { baseURL: way.url, losesConnections: true })
    way.isLosing = true
    await addItem(page, milk)
    await page.getByText(say('list.js.retrying')).waitFor()
    assert.deepEqual(await readForm(page), milk)
    way.isLosing = false
    await seeList(page, ['6 Leite Mercado'])
    assert.deepEqual(await readForm(page), { type: '', quantity: '1', shop: '' })
    assert.ok(way.posts > 1)
    assert.equal(way.keys.size, 1)
    assert.equal((await client.items()).length, 1)
  })

  test('a form that Chromium itself sends again, as the answer got lost, adds once', async t => {
    const way = await lossyWay(t)
    const { page } = await openList(t, site, { baseURL: way.url, losesConnections: true, javaScriptEnabled: false })
    way.isLosing = true
    way.onLoss = () => {
      way.isLosing = false
    }
    await addItem(page, milk)
    await page.getByText(say('flash.alreadyAdded', { type: 'Leite' })).waitFor()
    await seeList(page, ['6 Leite Mercado'])
    assert.equal(way.posts, 2)
  })

  test('while the site is away it keeps trying to add and to delete, and loses nothing', async t => {
    const proxy = await tcpProxy(t, site.server.port)
    const { page } = await openList(t, site, {
      items: [{ tipo: 'Sal' }],
      baseURL: `http://127.0.0.1:${proxy.port}`,
      losesConnections: true
    })
    await proxy.cut()
    await addItem(page, milk)
    await removeButton(page, 'Sal').click()
    await page.getByText(say('list.js.retrying')).waitFor()
    await page.locator('#items .going', { hasText: 'Sal' }).waitFor()
    assert.deepEqual(await readForm(page), milk)
    await proxy.restore()
    await seeList(page, ['6 Leite Mercado'])
    await page.reload()
    await seeList(page, ['6 Leite Mercado'])
  })

  test('a deletion whose answers all got lost is not called a failure: the list is asked', async t => {
    const { port } = await tcpProxy(t, site.server.port, chunk =>
      chunk.toString().startsWith('POST /carrinho/apagar') ? 'lose' : undefined
    )
    const { page, client } = await openList(t, site, {
      items: [{ tipo: 'Sal' }, { tipo: 'Pão' }],
      baseURL: `http://127.0.0.1:${port}`,
      losesConnections: true
    })
    await page.clock.install()
    await removeButton(page, 'Sal').click()
    await page.getByText(say('list.js.waiting', { type: 'Sal' })).waitFor()
    const given = page.getByText(say('list.js.unknown', { type: 'Sal' }))
    for (let step = 0; step < 60 && !(await given.isVisible()); step += 1) await page.clock.runFor(3_000)
    await given.waitFor()
    await page.locator('#items', { hasNotText: 'Sal' }).waitFor()
    assert.deepEqual(
      (await client.items()).map(({ tipo }) => tipo),
      ['Pão']
    )
  })

  test('a balancer without a server behind it, or whose server died half-way, is waited for', async t => {
    const { page } = await openList(t, site)
    let answers = 0
    await page.route('/carrinho/', route => {
      if (route.request().method() !== 'POST' || ++answers > 2) return route.fallback()
      // HAProxy says 500 when the server's connection ends after a `102 Processing`.
      return route.fulfill({ status: answers === 1 ? 503 : 500, body: 'an answer of the balancer alone' })
    })
    await addItem(page, milk)
    await page.getByText(say('list.js.retrying')).waitFor()
    await seeList(page, ['6 Leite Mercado'])
    assert.equal(answers, 3)
  })

  test('after an expired form, what was typed is sent with the next press', async t => {
    const { page } = await openList(t, site)
    await page.context().clearCookies({ name: 'carrinho_csrf' })
    await addItem(page, milk)
    await page.locator('#add').getByText(say('csrf.expired.text')).waitFor()
    assert.deepEqual(await readForm(page), milk)
    await addButton(page).click()
    await seeList(page, ['6 Leite Mercado'])

    await page.context().clearCookies({ name: 'carrinho_csrf' })
    // Where nothing was typed, it is sent again under a new token by itself.
    await removeButton(page, 'Leite').click()
    await seeList(page, [])
  })

  test('after an expired form without scripts, what was typed is on the page that says so', async t => {
    const { page } = await openList(t, site, { javaScriptEnabled: false })
    await page.context().clearCookies({ name: 'carrinho_csrf' })
    await addItem(page, milk)
    await page.getByRole('heading', { name: say('csrf.expired.title') }).waitFor()
    assert.deepEqual(await readForm(page), milk)
    await page.getByRole('button', { name: say('resend.submit') }).click()
    await seeList(page, ['6 Leite Mercado'])
  })

  for (const javaScriptEnabled of [true, false]) {
    const browser = javaScriptEnabled ? '' : ' without scripts'

    test(`signed out meanwhile${browser}, what was typed is there after signing in`, async t => {
      const { page, client } = await openList(t, site, { javaScriptEnabled })
      await client.logout()
      await addItem(page, milk)
      await page.waitForURL('**/login?next=*')
      await sendLogin(page, client.account)
      await page.waitForURL('**/carrinho/?*')
      assert.deepEqual(await readForm(page), milk)
      await addButton(page).click()
      await seeList(page, ['6 Leite Mercado'])
      assert.equal(new URL(page.url()).search, '')
    })

    test(`after going back${browser}, another item is added too`, async t => {
      const { page } = await openList(t, site, { javaScriptEnabled })
      await addItem(page, milk)
      await seeList(page, ['6 Leite Mercado'])
      await page.goto('/servidor')
      await page.goBack()
      if (!javaScriptEnabled) await page.goBack()
      await addItem(page, { type: 'Pão', shop: 'Padaria' })
      await seeList(page, ['6 Leite Mercado', '1 Pão Padaria'])
    })

    test(`a page that the browser kept${browser} does not drop another item sent under its used key`, async t => {
      const { page } = await openList(t, site, { javaScriptEnabled })
      const usedKey = await page.locator('#add [name=operation]').inputValue()
      await addItem(page, milk)
      await seeList(page, ['6 Leite Mercado'])
      await page
        .locator('#add [name=operation], #items [name=operation]')
        .evaluateAll((inputs, key) => inputs.map(input => Object.assign(input, { value: key })).length, usedKey)
      const bread = { type: 'Pão', quantity: '1', shop: 'Padaria' }
      await addItem(page, bread)
      await page.getByText(say('operation.reused')).waitFor()
      assert.deepEqual(await readForm(page), bread)
      await addButton(page).click()
      await seeList(page, ['6 Leite Mercado', '1 Pão Padaria'])
    })
  }

  /** A way to the server on which it gets every request, and while `isLosing` no answer to an add comes back. */
  async function lossyWay(t: TestContext) {
    const way = { url: '', isLosing: false, onLoss: () => {}, posts: 0, keys: new Set<string>() }
    const { port } = await tcpProxy(t, site.server.port, chunk => {
      const text = chunk.toString()
      for (const [, key = ''] of text.matchAll(/&operation=([^&\s]+)/g)) way.keys.add(key)
      if (!text.startsWith('POST /carrinho/')) return undefined
      way.posts += 1
      if (!way.isLosing) return undefined
      way.onLoss()
      return 'lose'
    })
    way.url = `http://127.0.0.1:${port}`
    return way
  }
})
