import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../helper.ts'
import { browserSite, openList, say, suiteOptions } from './browser.ts'

const items = [
  { tipo: 'Leite', quantidade: 6, local: 'Mercado' },
  { tipo: 'Pão', quantidade: 1, local: 'Padaria' }
]

/** What the page asked the device for. No test browser has another app to share with, or a printer. */
const asked = (page: Page) => page.evaluate(() => Reflect.get(globalThis, 'asked') as unknown[])

describe('a list that is sent or printed', suiteOptions, () => {
  const site = browserSite()

  test('goes to another app as text, with its title', async t => {
    const { page } = await openList(t, site, { items })
    await page.addInitScript(
      'globalThis.asked = []; Object.defineProperty(navigator, "share", { value: async what => asked.push(what) })'
    )
    await page.goto('/carrinho/texto')
    const text = await page.getByRole('textbox').inputValue()
    for (const { tipo, local } of items) assert.ok(text.includes(tipo) && text.includes(local), text)
    await page.getByRole('button', { name: say('text.js.share') }).click()
    await eventually(async () => assert.deepEqual(await asked(page), [{ title: say('list.title'), text }]))
  })

  for (const [how, hasClipboard] of [
    ['by the clipboard', true],
    ['by what is selected, on a site without TLS', false]
  ] as const) {
    test(`is copied ${how}`, async t => {
      const { page } = await openList(t, site, { items, permissions: ['clipboard-read', 'clipboard-write'] })
      if (!hasClipboard) await page.addInitScript('Object.defineProperty(navigator, "clipboard", { value: undefined })')
      await page.goto('/carrinho/texto')
      assert.equal(await page.getByRole('button', { name: say('text.js.share') }).count(), 0, 'there is no other app')
      const text = await page.getByRole('textbox').inputValue()
      await page.getByRole('button', { name: say('text.js.copy') }).click()
      await page.getByText(say('text.js.copied')).waitFor()
      // As the shopper pastes it: into the field of a list.
      await page.goto('/carrinho/')
      await page.getByLabel(say('quick.label'), { exact: true }).press('ControlOrMeta+v')
      await eventually(async () =>
        assert.equal(await page.getByLabel(say('quick.label'), { exact: true }).inputValue(), text)
      )
    })
  }

  test('is printed by a button, and on paper has neither that nor the site around it', async t => {
    const { page } = await openList(t, site, { items })
    await page.addInitScript('globalThis.asked = []; globalThis.print = () => asked.push("print")')
    await page.goto('/carrinho/imprimir')
    const button = page.getByRole('button', { name: say('print.js.print') })
    await button.click()
    assert.deepEqual(await asked(page), ['print'])
    await page.emulateMedia({ media: 'print' })
    await button.waitFor({ state: 'hidden' })
    for (const around of ['header.top', 'footer.foot']) await page.locator(around).waitFor({ state: 'hidden' })
    for (const { tipo } of items) await page.getByText(tipo).waitFor()
  })
})
