import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { type Client, signedIn } from '../helper.ts'
import {
  browserSite,
  isMarked,
  markWindow,
  openPage,
  quickButton,
  quickField,
  suiteOptions,
  tickBox
} from './browser.ts'

const STYLES = /\/static\/main\.\w+\.css$/
const MORPH = /\/static\/morph\.\w+\.js$/
const HINTS = /\/static\/hints\.\w+\.js$/
const MOST_BYTES = 30 * 1024

/** Signed in, but with nothing of ours kept. */
async function asNew(client: Client): Promise<Client> {
  await client.get('/carrinho/') // what was done is said once
  client.cookies.delete('carrinho_styles')
  return client
}

/** How what is told by the styles looks, which a page without them does not. */
const looks = (page: Page): Promise<unknown> =>
  page.evaluate(`['body', '.top', 'main', '.sheet', 'button.send'].map(name => {
    const { backgroundColor, color, display, fontFamily, padding, borderRadius } = getComputedStyle(document.querySelector(name))
    return { name, backgroundColor, color, display, fontFamily, padding, borderRadius }
  }).concat(getComputedStyle(document.body, '::before').maskImage)`)

/** Asks for the list, and counts what comes over the line; what the browser has kept is not asked for. */
async function visit(page: Page): Promise<{ bytes: number; files: string[] }> {
  const devtools = await page.context().newCDPSession(page)
  const urls = new Map<string, string>()
  const files: string[] = []
  let bytes = 0
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, request.url))
  devtools.on('Network.requestServedFromCache', ({ requestId }) => urls.delete(requestId))
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    bytes += encodedDataLength
    const url = urls.get(requestId)
    if (url !== undefined && encodedDataLength > 0) files.push(url)
  })
  await devtools.send('Network.enable')
  await page.goto('/carrinho/', { waitUntil: 'networkidle' })
  await devtools.detach()
  return { bytes, files }
}

describe('a first visit', suiteOptions, () => {
  const site = browserSite()

  for (const javaScriptEnabled of [true, false]) {
    test(`needs no file of styles, ${javaScriptEnabled ? 'with' : 'without'} scripts, in light and dark, on paper`, async t => {
      const client = await signedIn(t, site.server)
      await client.addItem({ tipo: 'Leite' })
      const page = await openPage(t, site, {
        as: await asNew(client),
        javaScriptEnabled,
        viewport: { width: 360, height: 740 }
      })
      const asked: string[] = []
      await page.route(STYLES, route => {
        asked.push(route.request().url())
        return route.abort()
      })
      const seen = async () => {
        const all: unknown[] = []
        for (const colorScheme of ['light', 'dark'] as const) {
          for (const media of ['screen', 'print'] as const) {
            await page.emulateMedia({ colorScheme, media })
            all.push(await looks(page))
          }
        }
        await page.emulateMedia({ colorScheme: 'light', media: 'screen' })
        return all
      }
      await page.goto('/carrinho/')
      await tickBox(page, 'Leite').waitFor()
      const first = await seen()
      assert.deepEqual(asked, [], 'it does not even ask')
      await page.unroute(STYLES)
      await page.goto('/carrinho/')
      assert.deepEqual(await seen(), first, 'with the file beside')
      await page.goto('/carrinho/')
      assert.equal(await page.locator('style').count(), 0)
      assert.deepEqual(await seen(), first, 'with the file alone')
    })
  }

  test('costs at most 30 KB, so does the second, and the third asks for the page alone', async t => {
    const client = await signedIn(t, site.server)
    for (let n = 0; n < 30; n++) await client.addItem({ tipo: `Produto número ${n}`, local: `Loja ${n % 4}` })
    const page = await openPage(t, site, { as: await asNew(client) })
    const visits = [await visit(page), await visit(page), await visit(page)]
    for (const [n, { bytes }] of visits.entries())
      assert.ok(bytes > 2_000 && bytes < MOST_BYTES, `${n}: ${bytes} bytes`)
    const [first, second, third] = visits.map(({ files }) => files.filter(file => file.includes('/static/')))
    assert.ok(first?.some(file => MORPH.test(file)))
    assert.ok(!first?.some(file => STYLES.test(file)))
    assert.equal(second?.length, 1)
    assert.ok(second?.every(file => STYLES.test(file)))
    assert.deepEqual(third, [])
  })

  test('ticks, adds and shows what others did, also where what comes later does not come', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Leite' })
    const page = await openPage(t, site, { as: await asNew(client), losesConnections: true })
    for (const file of [STYLES, MORPH, HINTS]) await page.route(file, route => route.abort())
    await page.goto('/carrinho/')
    await markWindow(page)
    await client.addItem({ tipo: 'Sal' })
    await tickBox(page, 'Leite').check()
    await page.locator('item-list .done').getByText('Leite').waitFor()
    await tickBox(page, 'Sal').waitFor()
    await quickField(page).fill('2 kg laranjas')
    await quickButton(page).click()
    await tickBox(page, 'laranjas').waitFor()
    assert.ok(await isMarked(page), 'the page was reloaded')
    assert.deepEqual((await client.items()).map(({ tipo }) => tipo).sort(), ['Leite', 'Sal', 'laranjas'])
  })
})
