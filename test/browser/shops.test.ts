import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { signedIn } from '../helper.ts'
import { browserSite, openPage, say, suiteOptions } from './browser.ts'

describe('the order of shops in a browser', suiteOptions, () => {
  const site = browserSite()

  for (const where of ['/lojas', '/lojas?loja=Lidl']) {
    test(`${where}: a row is dragged to another place, and by the buttons, and both last`, async t => {
      const client = await signedIn(t, site.server)
      const names = ['Aldi', 'Bazar', 'Lidl', 'Talho']
      for (const name of names) {
        await client.addItem(where === '/lojas' ? { tipo: 'Sal', local: name } : { tipo: name, local: 'Lidl' })
      }
      const page = await openPage(t, site, { as: client })
      await page.setViewportSize({ width: 360, height: 740 })
      await page.goto(where)
      const see = async (order: string[]) => {
        await page.locator('.order .name').first().waitFor()
        assert.deepEqual(await page.locator('.order .name').allInnerTexts(), order)
      }
      await see(names)

      const drag = async (from: number, to: number) => {
        // Away from the edges, where dragging scrolls.
        await page.evaluate('scrollTo(0, 0)')
        const boxes = await Promise.all([from, to].map(row => page.locator('.grip').nth(row).boundingBox()))
        const [start, end] = boxes.map(box => ({ x: (box?.x ?? 0) + 10, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 }))
        assert.ok(start && end)
        await page.mouse.move(start.x, start.y)
        await page.mouse.down()
        const down = end.y > start.y ? 12 : -12
        await page.mouse.move(end.x, end.y + down, { steps: 8 })
        await Promise.all([page.waitForNavigation(), page.mouse.up()])
      }
      await drag(0, 2)
      await page.getByText(say('flash.placed', { name: 'Aldi', place: 3 })).waitFor()
      await see(['Bazar', 'Lidl', 'Aldi', 'Talho'])
      await drag(3, 0)
      await see(['Talho', 'Bazar', 'Lidl', 'Aldi'])
      await drag(0, 3)
      await see(['Bazar', 'Lidl', 'Aldi', 'Talho'])

      const up = page.getByRole('button', { name: `${say('shops.up')}: Talho`, exact: true })
      await Promise.all([page.waitForNavigation(), up.press('Enter')])
      await see(['Bazar', 'Lidl', 'Talho', 'Aldi'])
      await page.reload()
      await see(['Bazar', 'Lidl', 'Talho', 'Aldi'])
    })
  }
})
