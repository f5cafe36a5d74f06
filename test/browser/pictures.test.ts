import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { ofPhone, photo, signedIn } from '../helper.ts'
import {
  axeFindings,
  browserSite,
  openPage,
  outgrownElements,
  say,
  seeFocus,
  sendLogin,
  smallTargets,
  suiteOptions
} from './browser.ts'

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true }
const field = (page: Page) => page.locator('input[type="file"]')
const send = (page: Page) => page.locator('picture-form .send').click()
const choose = (page: Page, buffer: Buffer, name = 'IMG_0001.jpg') =>
  field(page).setInputFiles({ name, mimeType: 'image/jpeg', buffer })
const isShown = (page: Page) =>
  page.evaluate<boolean>(`(async () => {
    const image = document.querySelector('.photos img')
    await image.decode()
    return image.naturalWidth === 240
  })()`)

describe('pictures in a browser', suiteOptions, () => {
  const site = browserSite()

  const withItem = async (t: Parameters<typeof openPage>[0]) => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Iogurte', local: 'Mercado' })
    return { client, id: (await client.items())[0]?.id }
  }

  test('a photograph is made small on the phone, without where and when, seen on the item and the list, and taken back', async t => {
    const { client } = await withItem(t)
    const page = await openPage(t, site, { ...phone, as: client })
    await page.goto('/carrinho/')
    await page.getByRole('link', { name: 'Iogurte', exact: true }).click()
    await page.getByRole('link', { name: say('pictures.add') }).click()
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(await outgrownElements(page), [])
    assert.deepEqual(await smallTargets(page), [])

    const taken = await photo({ width: 4000, height: 3000 })
    assert.ok(taken.includes('Telefone'))
    await choose(page, taken)
    const posted = page.waitForRequest(request => request.method() === 'POST')
    await send(page)
    const sent = (await posted).postDataBuffer()
    await page.getByText(say('flash.pictureAdded')).waitFor()
    assert.ok(await isShown(page))
    // Chromium hands over no file that it sends from memory: then the server's own test tells.
    if (sent) assert.ok(!sent.includes('Telefone') && !sent.includes('Exif'), 'nothing of it leaves the phone')
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(await outgrownElements(page), [])

    // As it was held: upright.
    const [width, height] = await page.evaluate<[number, number]>(`(async () => {
      const image = new Image()
      image.src = document.querySelector('.photos a').href
      await image.decode()
      return [image.naturalWidth, image.naturalHeight]
    })()`)
    assert.deepEqual([width, height], [1200, 1600])

    await page.goto('/carrinho/')
    await page.getByRole('link', { name: `${say('pictures.link')}: Iogurte` }).click()
    await page.getByRole('button', { name: say('pictures.remove', { n: 1 }) }).click()
    await page.getByText(say('flash.pictureRemoved')).waitFor()
    await page.getByText(say('pictures.none')).waitFor()
    await page.getByRole('button', { name: say('undo.button') }).click()
    await page.getByRole('link', { name: `${say('pictures.link')}: Iogurte` }).waitFor()
  })

  test('what is none is said at the field, with what was chosen still chosen; then another one is added', async t => {
    const { client, id } = await withItem(t)
    const page = await openPage(t, site, { ...phone, as: client })
    await page.goto(`/carrinho/artigo/${id}/fotografias`)
    await choose(page, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))
    await send(page)
    await seeFocus(page.locator('.summary'))
    assert.equal(await page.locator('#e-fotografia').innerText(), say('picture.kind'))
    assert.equal(
      await field(page).evaluate(input => (input as unknown as { files: { length: number } }).files.length),
      1
    )
    assert.deepEqual(await axeFindings(page), [])
    await choose(page, await photo(ofPhone))
    await send(page)
    await page.getByText(say('flash.pictureAdded')).waitFor()
    assert.equal(await page.locator('.photos li').count(), 1)
  })

  test('signed out meanwhile, it has to be chosen again, and the page says so after the login', async t => {
    const { client, id } = await withItem(t)
    const page = await openPage(t, site, { ...phone, as: client })
    await page.goto(`/carrinho/artigo/${id}/fotografias`)
    await client.logout()
    await choose(page, await photo())
    await send(page)
    await page.waitForURL('**/login?next=*')
    await sendLogin(page, client.account)
    await page.getByText(say('picture.again')).waitFor()
    await choose(page, await photo())
    await send(page)
    await page.getByText(say('flash.pictureAdded')).waitFor()
  })

  test('while there is no answer it is sent again, and is there once', async t => {
    const { client, id } = await withItem(t)
    const page = await openPage(t, site, { ...phone, as: client, losesConnections: true })
    const path = `/carrinho/artigo/${id}/fotografias`
    await page.goto(path)
    let tries = 0
    await page.route(`**${path}`, async route => {
      if (route.request().method() !== 'POST') return route.continue()
      tries += 1
      if (tries > 2) return route.continue()
      // Once before it arrived, once after it was done.
      if (tries === 2) await route.fetch({ maxRedirects: 0 })
      return route.abort('connectionreset')
    })
    await choose(page, await photo(ofPhone))
    await send(page)
    await page.getByText(say('picture.js.retrying')).waitFor()
    await page.locator('.photos li').first().waitFor()
    assert.equal(await page.locator('.photos li').count(), 1)
    assert.equal(tries, 3)
  })

  test('without scripts it is the server that makes it small', async t => {
    const { client, id } = await withItem(t)
    const page = await openPage(t, site, { ...phone, as: client, javaScriptEnabled: false })
    await page.goto(`/carrinho/artigo/${id}/fotografias`)
    await send(page)
    await page.getByRole('alert').getByText(say('picture.none')).waitFor()
    assert.equal(await page.getByText(say('picture.again')).count(), 0)
    await choose(page, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))
    await send(page)
    await page.getByRole('alert').getByText(say('picture.again')).waitFor()
    await choose(page, await photo(ofPhone))
    await send(page)
    await page.getByText(say('flash.pictureAdded')).waitFor()
    assert.equal(await page.locator('.photos li').count(), 1)
  })
})
