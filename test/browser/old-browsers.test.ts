import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type Node, parse, tokenizer } from 'acorn'
import type { Page } from 'playwright-core'
import { root, tcpProxy } from '../helper.ts'
import {
  addItem,
  browserSite,
  fillItem,
  isMarked,
  markWindow,
  openList,
  openPage,
  quantityField,
  readForm,
  removeButton,
  say,
  seeFocus,
  seeList,
  suiteOptions
} from './browser.ts'
import { missingInterfaces, missingStyles, oldestSyntax, takeAway } from './old-browsers.ts'

const assets = join(root, 'dist/static')
const read = (name: string) => readFileSync(join(assets, name), 'utf8')
const named = (ending: string) => readdirSync(assets).filter(name => name.endsWith(ending))

describe('phones five years old', suiteOptions, () => {
  const site = browserSite()
  const milk = { type: 'Leite', quantity: '6', shop: 'Mercado' }

  const openOldList = async (t: TestContext, options: Parameters<typeof openList>[2] = {}) => {
    const opened = await openList(t, site, options)
    await makeOld(opened.page)
    await opened.page.reload()
    await seeWhatIsMissing(opened.page)
    return opened
  }

  test('the list adds, says what is wrong, and deletes, without a reload', async t => {
    const { page } = await openOldList(t)
    await markWindow(page)
    await addItem(page, { ...milk, quantity: 'duas' })
    await page.getByText(say('field.amount', { max: 9999 })).waitFor()
    await seeFocus(quantityField(page))
    await addItem(page, milk)
    await page.getByText(say('flash.added', { type: 'Leite' })).waitFor()
    await addItem(page, { type: 'Pão', shop: 'Padaria' })
    await seeList(page, ['6 Leite Mercado', '1 Pão Padaria'])
    await page.locator('.step[data-step="1"][aria-hidden="true"]').click()
    assert.equal(await quantityField(page).inputValue(), '2')
    await removeButton(page, 'Pão').click()
    await page.getByText(say('list.js.removed', { type: 'Pão' })).waitFor()
    await removeButton(page, 'Leite').press('Enter')
    await page.getByText(say('list.empty.title')).waitFor()
    assert.ok(await isMarked(page), 'the page was reloaded')
  })

  test('with a bad signal the list keeps trying to add and to delete, and loses nothing', async t => {
    const proxy = await tcpProxy(t, site.server.port)
    const { page, client } = await openOldList(t, {
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
    assert.deepEqual(
      (await client.items()).map(({ tipo }) => tipo),
      ['Leite']
    )
  })

  test('an answer that never comes is given up, and asked for again', async t => {
    const { page } = await openOldList(t)
    let asked = 0
    await page.route('/carrinho/', route => {
      asked += 1
      // The first is left hanging, as a dead balancer does.
      return asked > 1 ? route.fallback() : undefined
    })
    await page.clock.install()
    await addItem(page, milk)
    for (let step = 0; step < 30 && asked < 2; step += 1) await page.clock.runFor(1_000)
    await page.clock.resume()
    await seeList(page, ['6 Leite Mercado'])
  })

  test('a form that could not be delivered sends itself again', async t => {
    const { page } = await openOldList(t)
    await page.context().clearCookies({ name: 'carrinho_csrf' })
    let posts = 0
    await page.route('/carrinho/', async route => {
      if (route.request().method() !== 'POST') return route.fallback()
      posts += 1
      const response = await route.fetch()
      // The page of an expired form, made to be that of an outage.
      const body = (await response.text()).replace('<send-again>', '<send-again after="1">')
      return route.fulfill({ response, body })
    })
    await fillItem(page, milk)
    await page.evaluate('document.getElementById("add").submit()')
    await page.getByRole('button', { name: say('resend.submit') }).waitFor()
    await seeList(page, ['6 Leite Mercado'])
    assert.equal(posts, 2)
  })

  test('the page for demonstrations measures and writes', async t => {
    const page = await openPage(t, site)
    await makeOld(page)
    await page.goto('/cluster')
    await seeWhatIsMissing(page)
    await page.locator('#pulse[data-state="good"]').waitFor()
    await page.locator('#write').click()
    await page.locator('#ledger .verdict[data-verdict="good"]').waitFor()
  })
})

describe('what is delivered', () => {
  test('has no syntax that the oldest browsers do not read', () => {
    const scripts = named('.js')
    assert.ok(scripts.length > 0)
    for (const name of scripts) {
      const text = read(name)
      parse(text, { ecmaVersion: oldestSyntax, sourceType: 'module' })
      for (const { value } of tokenizer(text, { ecmaVersion: oldestSyntax, sourceType: 'module' }) as Iterable<
        Node & { value?: { pattern?: string } }
      >) {
        assert.doesNotMatch(value?.pattern ?? '', /\(\?<[=!]/, `${name}: Safari looks behind from 16.4 on`)
      }
    }
  })

  /** Without them a page looks plainer, and nothing moves, overlaps or is cut off. */
  const harmless = [
    ':focus-visible',
    'appearance', // known there by its older name
    'color-scheme',
    'container-type',
    'cursor: pointer',
    'cursor: progress',
    'field-sizing', // asked for with @supports: the note's field does not grow
    'forced-color-adjust',
    'hyphens',
    'resize',
    'text-size-adjust',
    'text-wrap',
    'width: fit-content'
  ]

  test('has no styles that the oldest browsers miss', () => {
    const sheets = named('.css')
    assert.ok(sheets.length > 0)
    const found = new Set(sheets.flatMap(name => missingStyles(read(name))))
    assert.deepEqual([...found].sort(), [...harmless].sort())
  })
})

const makeOld = (page: Page): Promise<unknown> => page.addInitScript(takeAway, missingInterfaces)

/** That the page is as old as it says. */
async function seeWhatIsMissing(page: Page): Promise<void> {
  const there = await page.evaluate(`[
    'timeout' in AbortSignal, 'any' in AbortSignal, 'hasOwn' in Object, 'at' in Array.prototype, 'findLast' in Array.prototype,
    'structuredClone' in window, 'randomUUID' in crypto, 'requestSubmit' in HTMLFormElement.prototype,
    'ariaHidden' in Element.prototype, typeof SubmitEvent === 'function', 'submitter' in Event.prototype,
    'showModal' in document.createElement('dialog'), 'inert' in document.body, 'setHTMLUnsafe' in document.body
  ]`)
  assert.deepEqual(
    there,
    Array.from(there as boolean[], () => false)
  )
  assert.deepEqual(
    await page.evaluate(
      `['fetch' in window, 'AbortController' in window, 'append' in document.body, 'flat' in Array.prototype]`
    ),
    [true, true, true, true]
  )
}
